"""Lessons: questions with the article that solved each, from imported history, from agents and from visitors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deflect.history import dates, import_tickets, import_writes, records
from deflect.history.import_tickets import Past
from deflect.history.records import Document, Tally
from deflect.privacy.email_keys import email_hash
from deflect.redaction.redaction import redact
from deflect.store import clock
from deflect.store.database import Store
from deflect.store.people import WINDOW
from deflect.store.writer import opened
from kb import progress
from kb.config import Settings


@dataclass(frozen=True, slots=True)
class Lesson:
    """One question with a known answer; texts are redacted, `person` is an id or empty, `at` is in microseconds.

    `source` is `agent`, `visitor`, or the name of the imported history. An outcome has the weight 1. A followed card
    has less, and is never used to evaluate.
    """

    id: str
    subject: str
    body: str
    lang: str
    article: str
    person: str
    source: str
    at: int
    weight: float = 1.0


def lessons(store: Store, *, before: int | None = None) -> list[Lesson]:
    """Return the outcomes to learn from, oldest first; with `before`, only those known at that time.

    A visitor's answer counts once seven days have passed without a contact by that person.
    """
    end = before if before is not None else 2**62
    rows = store.rows(
        """
        SELECT id, subject, body, lang, article, coalesce(person, '') AS person, source, at FROM past_questions
        WHERE article IS NOT NULL AND at < :end
        UNION ALL
        SELECT outcomes.id, tickets.subject,
               (SELECT body FROM messages WHERE ticket = tickets.id ORDER BY created, id LIMIT 1),
               tickets.lang, outcomes.article, tickets.person, 'agent', outcomes.created
        FROM outcomes JOIN tickets ON tickets.id = outcomes.ticket
        WHERE outcomes.article IS NOT NULL AND withdrawn IS NULL AND outcomes.created < :end
        UNION ALL
        SELECT solved.id, '',
               (SELECT text FROM events AS offer JOIN event_texts ON event_texts.event = offer.id
                WHERE offer.episode = solved.episode AND offer.type = 'offer' AND offer.received <= solved.received
                ORDER BY offer.received DESC, offer.id LIMIT 1) AS body,
               episodes.lang, solved.article, episodes.person, 'visitor', solved.received
        FROM events AS solved JOIN episodes ON episodes.id = solved.episode
        WHERE solved.type = 'solved' AND solved.received + :window < :known
          AND NOT EXISTS (SELECT 1 FROM tickets WHERE tickets.person = episodes.person
                          AND tickets.created BETWEEN episodes.started AND solved.received + :window)
          AND NOT EXISTS (SELECT 1 FROM contacts WHERE contacts.person = episodes.person
                          AND contacts.at BETWEEN episodes.started AND solved.received + :window)
          AND NOT EXISTS (SELECT 1 FROM events AS sent JOIN keys ON keys.id = sent.key
                          WHERE keys.person = episodes.person
                            AND sent.received BETWEEN episodes.started AND solved.received + :window
                            AND (sent.type = 'sent'
                                 OR (sent.type = 'attempted' AND json_extract(sent.data, '$.accepted'))))
          AND NOT EXISTS (SELECT 1 FROM events AS undo
                          WHERE undo.episode = solved.episode AND undo.type = 'undo'
                            AND undo.received >= solved.received
                            AND coalesce(undo.article, solved.article) = solved.article)
        ORDER BY 8, 1
        """,
        {"end": end, "known": before if before is not None else clock.now(), "window": WINDOW},
    )
    return [_lesson(row) for row in rows if row["body"] or row["subject"]]


def load(
    settings: Settings,
    path: Path,
    *,
    split: str | None = None,
    order: dates.Order | None = None,
    report: progress.Report = progress.silent,
) -> Document:
    """Import a help desk's history: past tickets, redacted, each with the article that solved it, if any.

    `order` is that of day and month in dates such as 02/10/2026, which are refused without it.
    """
    tally, counts, now = Tally(str(path)), {"solved": 0, "unknown": 0}, clock.now()
    with opened(settings) as (store, writer):
        found = import_tickets.read(path, tally, split=split, order=order, settings=settings, report=report)
        records.keep(
            _rows(found, counts, secret=store.secret("email"), source=path.stem, lang=settings.lang),
            tally,
            send=lambda rows: writer.run(import_writes.import_questions, rows=rows, now=now),
            size=100,
        )
    return tally.document() | counts


def shown(document: Document) -> str:
    """Return an import's totals as lines for a terminal."""
    more = f"{document['solved']:,} name the article that solved them"
    if document["unknown"]:
        more += f", {document['unknown']:,} of these an article that does not exist here"
    return f"{records.shown(document)}\n{more}"


def _rows(
    found: Iterable[tuple[int, Past]], counts: dict[str, int], *, secret: str, source: str, lang: str
) -> Iterator[tuple[int, Document]]:
    for line, past in found:
        counts["solved"] += past.article is not None
        counts["unknown"] += past.article is not None and not past.known
        whole = "\n".join((past.subject, past.body, str(past.at)))
        id = past.id or hashlib.sha256(whole.encode()).hexdigest()[:32]
        question = {
            "id": id if ":" in id else f"{source}:{id}",
            "subject": redact(past.subject),
            "body": redact(past.body),
            "lang": past.lang or lang,
            "category": redact(past.category),
            "article": past.article,
            "source": source,
            "at": past.at,
        }
        yield line, {"keys": [email_hash(secret, past.person)] if past.person else [], "question": question}


def _lesson(row: Document) -> Lesson:
    """Return a row as a lesson. Texts of tickets are redacted here; others were redacted before they were stored."""
    texts = {name: redact(row[name] or "") if row["source"] == "agent" else row[name] or "" for name in _TEXTS}
    return Lesson(**(row | texts | {"lang": row["lang"] or ""}))


_TEXTS = ("subject", "body")
