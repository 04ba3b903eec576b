"""Check a contact form, and store its ticket and deliveries before confirming that the message was sent."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deflect.offers.episode import LONGEST_TITLE, Visit, intent, keys, new_id, new_ticket_id, page_address
from deflect.privacy.email_keys import normal_email
from deflect.store import attachments, clock
from deflect.store.attachments import Attachment
from deflect.store.services import Services
from deflect.store.tokens import Claims
from deflect.tickets import ticket_writes
from deflect.tickets.ticket_writes import RECEIPT
from kb.config import Settings
from kb.errors import BadRequest
from kb.metrics import TICKETS
from kb.patterns import EMAIL

CHANNEL = "web"  # of the form and the API; e-mail, chat and phone have channels of their own
TYPED = "e-mail typed"  # the field for a typed address that differs from the token's
KEY = re.compile(r"[\x21-\x7e]{1,255}")
LONGEST = {"subject": 300, "body": 50_000, "email": 254, "name": 200, "category": 100}

NO_SUBJECT = "Enter a subject."
NO_BODY = "Enter a message."
NO_EMAIL = "Enter your e-mail address so that we can reply."
BAD_EMAIL = "Enter a valid e-mail address, such as name@example.com."
TOO_LONG = "This is too long. Please shorten it."
BAD_FIELDS = "Extra fields must be a flat object with at most 30 short values."
SENTENCES = (NO_SUBJECT, NO_BODY, NO_EMAIL, BAD_EMAIL, TOO_LONG, BAD_FIELDS)  # the pages translate them


class BadMessage(BadRequest):
    """An invalid message; `fields` has one sentence for each invalid field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in fields.items()))
        self.fields = dict(fields)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the requester filled in the form."""

    subject: str
    body: str
    email: str
    name: str = ""
    category: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Created:
    """The answer to `POST /tickets`: the ticket's id and channel."""

    ticket: str
    channel: str


def check(document: Mapping[str, Any]) -> Message:
    """Return the message of a posted form, trimmed. Raise BadMessage with a sentence for each invalid field."""
    texts, wrong = {}, {}
    for name, longest in LONGEST.items():
        value = document.get(name)
        texts[name] = printable(value, lines=name == "body").strip() if isinstance(value, str) else ""
        if value is not None and not isinstance(value, str):
            wrong[name] = "This must be text."
        elif len(texts[name]) > longest:
            wrong[name] = TOO_LONG
    for name, sentence in (("subject", NO_SUBJECT), ("body", NO_BODY), ("email", NO_EMAIL)):
        if not texts[name]:
            wrong.setdefault(name, sentence)
    if texts["email"] and not EMAIL.fullmatch(texts["email"]):
        wrong.setdefault("email", BAD_EMAIL)
    fields = document.get("fields") or {}
    if not _are_fields(fields):
        wrong["fields"] = BAD_FIELDS
    if wrong:
        raise BadMessage(wrong)
    return Message(**texts, fields=fields)


def signed(document: Mapping[str, Any], claims: Claims) -> dict[str, Any]:
    """Return a posted form with the e-mail address of the token, if the token has one.

    If the requester typed another address, it becomes an extra field: the requester may want an answer there.
    """
    typed, fields = document.get("email"), document.get("fields") or {}
    if not claims.email:
        return dict(document)
    differs = isinstance(typed, str) and typed.strip() and normal_email(typed) != normal_email(claims.email)
    if differs and isinstance(fields, dict):
        fields = {**fields, TYPED: typed}
    return {**document, "email": claims.email, "fields": fields}


def check_key(key: str | None) -> str:
    """Return the Idempotency-Key of a request. Raise BadRequest if it is missing or invalid."""
    if key is None or not key.strip():
        raise BadRequest(
            "the header Idempotency-Key is missing; send a new random one, such as a UUID, with each new ticket"
        )
    if not KEY.fullmatch(key.strip()):
        raise BadRequest("the header Idempotency-Key must be 1 to 255 visible ASCII characters")
    return key.strip()


def create_ticket(
    services: Services, visit: Visit, message: Message, *, key: str, files: Sequence[Attachment] = ()
) -> Created:
    """Store the ticket, its files and its deliveries in one transaction; they are on disk when this returns.

    The files must be on disk already. The same key and message give the same ticket. Raise Conflict if the key was used
    for another message, FileLost if a file is missing, and StorageFull or Unavailable if nothing could be stored.
    """
    settings = services.settings
    now, ticket, first = clock.now(), new_ticket_id(), new_id()
    who = keys(services, visitor=visit.visitor, email=message.email, claims=visit.claims)
    row = {
        **{name: getattr(message, name) for name in ("subject", "email", "name", "category")},
        "id": ticket,
        "fields": json.dumps(_fields(visit, message), sort_keys=True, ensure_ascii=False),
        "channel": CHANNEL,
        "external_id": None,
        "lang": visit.lang or settings.lang,
        "page": page_address(visit.page),
        "verified": visit.claims.id or visit.claims.email or None,
        "segment": visit.claims.segment or None,
        "proven": "token" if normal_email(visit.claims.email) == normal_email(message.email) else None,
    }
    created = services.writer.run(
        ticket_writes.create_ticket,
        keys=who,
        intent=intent(services, visit),
        episode=visit.episode,
        ticket=row,
        message={"id": first, "author": "requester", "channel": CHANNEL, "body": message.body},
        outbox=[*({"id": new_id(), "sink": sink} for sink in settings.sinks), *receipts(settings)],
        sent={"id": new_id(), "type": "sent", "at": now, "ticket": ticket, "channel": CHANNEL},
        idempotency={"key": key, "digest": digest(message, files)},
        files=attachments.rows(files, new=new_id),
        folder=str(attachments.folder(settings)),
        now=now,
    )
    if created.pop("new"):
        TICKETS.labels(CHANNEL).inc()
    return Created(**created)


def receipts(settings: Settings) -> list[dict[str, Any]]:
    """Return the delivery of a receipt, or none if receipts are off. Its articles are chosen when it is sent."""
    return [{"id": new_id(), "sink": RECEIPT}] if settings.receipts and settings.can_reply else []


def digest(message: Message, files: Sequence[Attachment] = ()) -> str:
    """Return a hash that is the same when a message is sent twice."""
    typed = [message.subject, message.body, message.email, message.name, message.category, dict(message.fields)]
    parts = typed + ([[[file.name, file.digest] for file in files]] if files else [])
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _fields(visit: Visit, message: Message) -> dict[str, Any]:
    """Return the extra fields and the page's title, which is not part of `digest` and may differ in a repeat."""
    title = printable(visit.title, lines=False).strip()[:LONGEST_TITLE]
    return ({"title": title} if title else {}) | dict(message.fields)


def _are_fields(fields: Any) -> bool:
    return isinstance(fields, dict) and len(fields) <= 30 and all(map(_is_field, fields.items()))


def _is_field(field: tuple[str, Any]) -> bool:
    name, value = field
    plain = value is None or isinstance(value, (str, int, float, bool))
    return plain and len(name) <= 100 and name.isprintable() and len(str(value)) <= 2000 and str(value).isprintable()


def printable(text: str, *, lines: bool) -> str:
    """Replace control characters and lone surrogates by spaces; `lines` keeps line ends and tabs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    keep = "\n\t" if lines else ""
    return "".join(
        c if c in keep or (c >= " " and c != "\x7f" and not "\ud800" <= c <= "\udfff") else " " for c in text
    )
