"""Read past tickets from a help desk's history: text, date, and the article that an agent answered with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from deflect.history import records
from deflect.history.imports import moment
from deflect.history.records import BadLine, Document, References, Tally, text_of
from kb import progress
from kb.config import Settings
from kb.content import library

SUBJECTS = ("subject", "title", "raw_subject")
BODIES = ("body", "description", "message", "text", "question", "ticket_text", "ticket", "content")
ARTICLES = ("article", "article_id", "articles", "solved_by", "article_url", "url", "link", "answer")
TIMES = ("date", "created_at", "created", "at", "time", "solved_at")
PERSONS = ("email", "requester_email")
LONGEST = 8000  # characters that are kept of a message
TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Past:
    """One past ticket; `article` solved it according to the history, and `known` is True if we have that article."""

    id: str
    subject: str
    body: str
    lang: str
    category: str
    article: str | None
    known: bool
    person: str
    at: int


def read(
    path: Path, tally: Tally, *, split: str | None, settings: Settings, report: progress.Report
) -> Iterator[tuple[int, Past]]:
    """Yield past tickets with their line, from a file or from a split of a BEIR folder (by default, all splits).

    A file has JSON lines or CSV with a text, a date and an article, or is an export of tickets from Zendesk.
    """
    if path.is_dir():
        yield from _beir(path, split=split, report=report)
        return
    references = References.of(library.load(settings.articles, default_lang=settings.lang))
    for record in records.watched(records.read(path, tally), report=report, total=records.count(path)):
        try:
            yield record.line, ticket(record.document, references)
        except BadLine as error:
            tally.refuse(record.line, str(error))


def ticket(document: Document, references: References) -> Past:
    """Return the past ticket of a record; raise BadLine, which names the missing field."""
    document = _flat(document)
    subject, body = text_of(document, SUBJECTS), text_of(document, BODIES)
    if not subject and not body:
        raise BadLine(f"text is missing; give it in one of the fields {', '.join((*SUBJECTS[:2], *BODIES[:4]))}")
    at = moment(document, TIMES)
    article, known = _article(document, references)
    return Past(
        id=text_of(document, ("id", "_id", "ticket_id", "number")),
        subject=subject[:300],
        body=body[:LONGEST],
        lang=text_of(document, ("lang", "language", "locale"))[:35],
        category=text_of(document, ("category", "topic", "group", "form"))[:100],
        article=article,
        known=known,
        person=text_of(document, PERSONS),
        at=at,
    )


def _article(document: Document, references: References) -> tuple[str | None, bool]:
    """Return the article that a record names, or else the first one that an agent linked in public."""
    given = document.get("articles")
    named = str(given[0]) if isinstance(given, list) and given else text_of(document, ARTICLES)
    if named:
        found = references.article(named) or references.linked(named)
        if found is None and ("://" in named or " " in named):
            raise BadLine(f"{named[:100]} is not one of our articles; add this address to the article's 'aliases'")
        return found or named, found is not None
    replies = (references.linked(reply) for reply in _replies(document))
    found = next((article for article in replies if article), None)
    return found, found is not None


def _replies(document: Document) -> Iterator[str]:
    """Yield the agents' public comments, in order; every author except the requester counts as an agent."""
    requester = document.get("requester_id")
    comments = document.get("comments") or document.get("replies") or []
    for comment in comments if isinstance(comments, list) else []:
        if not isinstance(comment, dict) or comment.get("public") is False:
            continue
        if requester is None or comment.get("author_id") != requester:
            yield unescape(" ".join(str(comment.get(name) or "") for name in ("html_body", "plain_body", "body")))


def _flat(document: Document) -> Document:
    """Return a ticket from Zendesk with its fields under the names that this module reads."""
    inner = document.get("ticket")
    document = {**document, **inner} if isinstance(inner, dict) else dict(document)
    if isinstance(document.get("ticket"), dict):
        del document["ticket"]
    requester = document.get("requester")
    if isinstance(requester, dict):
        document |= {"email": requester.get("email"), "lang": document.get("lang") or requester.get("locale")}
        document.setdefault("requester_id", requester.get("id"))
    group = document.get("group")
    if isinstance(group, dict):
        document["group"] = group.get("name")
    comments = document.get("comments")
    if not text_of(document, BODIES) and isinstance(comments, list) and comments and isinstance(comments[0], dict):
        document["body"] = TAG.sub(" ", str(comments[0].get("plain_body") or comments[0].get("body") or ""))
    return document


def _beir(path: Path, *, split: str | None, report: progress.Report) -> Iterator[tuple[int, Past]]:
    from search.evaluate.beir import Folder

    folder = Folder(path)
    splits = [split] if split else folder.splits
    judged = {id: max(sorted(q), key=q.__getitem__) for name in splits for id, q in folder.qrels(name).items()}
    articles = {corpus: article for (article, _), corpus in folder.document_ids.items()}
    created = {str(row.document["_id"]): row.document for row in records.read(path / "queries.jsonl", Tally(str(path)))}
    for line, (id, article) in enumerate(judged.items(), 1):
        asked = folder.questions[id]
        yield line, _past(asked, created[id], f"{folder.name}:{id}", articles.get(article))
        report(line, len(judged))


def _past(asked: Any, row: Mapping[str, Any], id: str, article: str | None) -> Past:
    subject, body = asked.message
    at = moment({"created": row.get("created") or "1970-01-01"}, ("created",))
    category = str(row.get("category") or "")
    return Past(id, subject[:300], body[:LONGEST], asked.lang, category, article, article is not None, "", at)
