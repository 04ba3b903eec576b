"""Read past tickets from a help desk's history: text, date, and the article that an agent answered with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deflect.history import dates, records, shapes
from deflect.history.imports import moment
from deflect.history.records import BadLine, Document, References, Tally, text_of
from kb import progress
from kb.config import Settings
from kb.content import library

SUBJECTS = ("subject",)
ARTICLES = ("article", "article_id", "solved_by", "article_url")
LINKS = ("url", "link", "answer", "html_url")  # may be a ticket's own address, or a text with a link
TIMES = (
    "date", "created_at", "created", "created_time", "created_date", "date_created", "opened_at", "submitted_at",
    "created_timestamp", "requested", "requested_at", "requested_date", "request_date", "received_at", "started_at",
    "at", "time", "timestamp", "solved_at",
)  # fmt: skip
PERSONS = ("email", "requester_email", "customer_email", "user_email", "contact_email", "from_email", "from")
IDS = ("id", "_id", "ticket_id", "conversation_id", "number", "ticket_number", "key")
LONGEST = 8000  # characters that are kept of a message


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
    path: Path,
    tally: Tally,
    *,
    split: str | None,
    settings: Settings,
    report: progress.Report,
    order: dates.Order | None = None,
) -> Iterator[tuple[int, Past]]:
    """Yield past tickets with their line, from a file or from a split of a BEIR folder (by default, all splits).

    A file has JSON lines or CSV with a text, a date and an article, or is an export from Zendesk, Intercom, Help Scout
    or Freshdesk. `order` is that of day and month in dates such as 02/10/2026, which are refused without it.
    """
    if path.is_dir():
        yield from _beir(path, split=split, report=report)
        return
    references = References.of(library.load(settings.articles, default_lang=settings.lang))
    for record in records.watched(records.read(path, tally), report=report, total=records.count(path)):
        try:
            yield record.line, ticket(record.document, references, order=order)
        except BadLine as error:
            tally.refuse(record.line, str(error))


def ticket(document: Document, references: References, *, order: dates.Order | None = None) -> Past:
    """Return the past ticket of a record; raise BadLine, which names the missing field."""
    document = shapes.flat(document)
    subject, body = text_of(document, SUBJECTS), text_of(document, ("body",))
    if not subject and not body:
        raise BadLine("text is missing; give it in one of the fields subject, title, body, description, message, text")
    at = moment(document, TIMES, order=order)
    article, known = _article(document, references)
    person = text_of(document, PERSONS)
    return Past(
        id=text_of(document, IDS),
        subject=subject[:300],
        body=body[:LONGEST],
        lang=text_of(document, ("lang", "language", "locale"))[:35],
        category=text_of(document, ("category", "topic", "group", "form"))[:100],
        article=article,
        known=known,
        person=person if "@" in person else "",
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
    linked = (references.referred(text_of(document, [name])) for name in LINKS)
    replies = (references.linked(reply) for reply in document["replies"])
    found = next((article for article in (*linked, *replies) if article), None)
    return found, found is not None


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
