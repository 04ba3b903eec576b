"""The shapes of help desks' exports, turned into one: Zendesk, Intercom, Help Scout, Freshdesk, and plain tables.

`flat` gives every record the same names: subject, body, email, created_at, lang, group, and `replies`, the texts that
agents wrote in public. Fields that it doesn't know stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deflect.history.records import Document, text_of
from deflect.history.tables import name_of
from kb.render.plain_text import of_html

WRAPPERS = ("ticket", "helpdesk_ticket", "conversation")  # a record in a field of this name
PREFIXES = ("ticket_", "conversation_")  # of columns: "Ticket subject" is the subject
NOTES = ("helpdesk_notes", "comments", "replies", "conversations", "threads", "notes", "conversation_parts")
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
MARKUP = re.compile(r"</(p|div|span|a|b|strong|em|ul|ol|li|td|blockquote|pre|body|html)>|<br\s*/?>", re.IGNORECASE)
TEXTS = ("plain_body", "body_text", "body", "html_body", "body_html", "text", "note")
PERSONS = ("requester", "primary_customer", "customer", "contact", "user", "author", "created_by")
CUSTOMERS = frozenset(("customer", "contact", "lead", "user", "end-user", "end_user"))  # types of a part or its author
BODIES = (
    "body", "description_text", "description", "message", "text", "question", "ticket", "content", "first_message",
    "initial_message", "message_body", "preview",
)  # fmt: skip


def flat(document: Document) -> Document:
    """Return a record of any of these systems with its fields under the names that the import reads."""
    record = _unprefixed(_unwrapped(_snake(document)))
    source = record.get("source")
    if isinstance(source, dict):  # Intercom
        record = {"subject": source.get("subject"), "body": source.get("body"), "author": source.get("author")} | {
            name: value for name, value in record.items() if name != "source" and value
        }
    parts = list(_parts(record))
    requester = _requester(record)
    record |= {name: value for name, value in requester.items() if value and not record.get(name)}
    record["replies"] = [whole for part in parts if (whole := _reply(part, record.get("requester_id")))]
    record["body"] = _body(record, parts)
    record["subject"] = plain(text_of(record, ("subject", "title", "raw_subject")))
    if isinstance(group := record.get("group"), dict):
        record["group"] = group.get("name")
    return record


def plain(value: str) -> str:
    """Return a text without markup.

    >>> plain("<p>It is <b>broken</b> &amp; dark</p>"), plain("if a < b")
    ('It is broken & dark', 'if a < b')
    """
    return of_html(value).strip() if MARKUP.search(value) else value


def _snake(document: Document) -> Document:
    """Return a document with its names in lower case with underscores: `createdAt` and "Created at" are one."""
    return {name_of(HUMP.sub("_", str(name))): value for name, value in document.items()}


def _unwrapped(document: Document) -> Document:
    for name in WRAPPERS:
        inner = document.get(name)
        if isinstance(inner, dict):
            rest = {key: value for key, value in document.items() if key != name}
            return {**rest, **_snake(inner)}
    return document


def _unprefixed(record: Document) -> Document:
    """Return a record whose columns "Ticket subject" and "Conversation ID" are also called "subject" and "id"."""
    found = (
        (name.removeprefix(prefix), value)
        for name, value in record.items()
        for prefix in PREFIXES
        if name.startswith(prefix)
    )
    return dict(found) | record


def _requester(record: Document) -> Document:
    """Return the e-mail address, id and language of the person who asked."""
    for name in PERSONS:
        person = record.get(name)
        if isinstance(person, dict):
            person = _snake(person)
            return {"email": person.get("email"), "requester_id": person.get("id"), "lang": person.get("locale")}
    return {}


def _parts(record: Document) -> Iterator[Document]:
    """Yield the comments, threads or parts of a record, in their order."""
    inner = record.get("_embedded")
    for holder in (record, inner if isinstance(inner, dict) else {}):
        for name in NOTES:
            found = holder.get(name)
            if isinstance(found, dict):
                found = found.get(name)
            for part in found if isinstance(found, list) else []:
                if isinstance(part, dict):
                    yield _snake(note if isinstance(note := part.get("helpdesk_note"), dict) else part)


def _is_public(part: Document) -> bool:
    kind = text_of(part, ("type", "part_type")).lower()
    return part.get("public") is not False and part.get("private") is not True and kind != "note"


def _is_of_requester(part: Document, requester: Any) -> bool:
    """Return True if the person who asked wrote a part; every other author counts as an agent."""
    author = part.get("author")
    kind = text_of(author if isinstance(author, dict) else part, ("type",)).lower()
    if part.get("incoming") is True or kind in CUSTOMERS:
        return True
    return requester is not None and requester in (part.get("author_id"), part.get("user_id"))


def _reply(part: Document, requester: Any) -> str:
    """Return the whole text of an agent's public reply, with its links, or ""."""
    if not _is_public(part) or _is_of_requester(part, requester):
        return ""
    return " ".join(str(part[name]) for name in TEXTS if part.get(name))


def _body(record: Document, parts: list[Document]) -> str:
    """Return the text of the first message: the record's own, or that of the first part in time that isn't a reply."""
    own = text_of(record, BODIES)
    if own or not parts:
        return plain(own)
    by_time = sorted(parts, key=lambda part: text_of(part, ("created_at",)))
    first = next((p for p in by_time if _is_of_requester(p, record.get("requester_id"))), by_time[0])
    return plain(text_of(first, TEXTS))
