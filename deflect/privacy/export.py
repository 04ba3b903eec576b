"""Export all data about people and their actions, as rows and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, TextIO

from deflect.privacy.cells import safe
from deflect.store.clock import to_rfc3339
from deflect.store.database import reading
from kb.config import Settings

TIMES = {"created", "changed", "at", "received", "started", "last", "due"}

QUERIES = {
    "tickets": """
        SELECT tickets.id, created, changed, state, channel, external_id, subject,
               (SELECT body FROM messages WHERE ticket = tickets.id ORDER BY created, id LIMIT 1) AS body,
               email, name, verified, proven, segment, category, fields, lang, page, episode,
               (SELECT article FROM outcomes WHERE ticket = tickets.id AND withdrawn IS NULL
                ORDER BY created DESC, id LIMIT 1) AS solved_by,
               agent
        FROM tickets ORDER BY created, tickets.id
        """,
    "events": """
        SELECT events.id, type, key, keys.person, episode, article, rank, source, revision, reason, at, events.received,
               data, text
        FROM events JOIN keys ON keys.id = events.key LEFT JOIN event_texts ON event_texts.event = events.id
        ORDER BY events.received, events.id
        """,
    "episodes": """
        SELECT episodes.id, person, key, arm, channels, page, lang, category, started, last,
               (SELECT count(*) FROM events WHERE episode = episodes.id AND type = 'shown') AS shown,
               (SELECT count(*) FROM events WHERE episode = episodes.id AND type = 'follow') AS followed,
               (SELECT count(*) FROM events WHERE episode = episodes.id AND type = 'solved') AS solved,
               (SELECT count(*) FROM tickets WHERE episode = episodes.id) AS tickets
        FROM episodes ORDER BY started, episodes.id
        """,
    "messages": """
        SELECT id, ticket, author, channel, body, created, "by", note, mark FROM messages ORDER BY created, id
        """,
    "attachments": """
        SELECT id, ticket, message, name, media, size, digest AS sha256, created
        FROM attachments ORDER BY created, ticket, place, id
        """,
    "outcomes": """
        SELECT outcomes.id, ticket, outcomes.article, outcomes."by", outcomes.created, tickets.person
        FROM outcomes LEFT JOIN tickets ON tickets.id = outcomes.ticket
        WHERE withdrawn IS NULL ORDER BY outcomes.created, outcomes.id
        """,
    "drafts": """
        SELECT ticket, agent, text, article, note, seen, revision, changed FROM drafts
        ORDER BY ticket, agent, waiting
        """,
    "contacts": "SELECT id, person, key, channel, ticket, at, created FROM contacts ORDER BY at, id",
    "questions": """
        SELECT id, subject, body, lang, category, article, person, key, source, at, created
        FROM past_questions ORDER BY at, id
        """,
    "people": "SELECT id AS key, person, created FROM keys ORDER BY person, created, id",
    "deliveries": """
        SELECT id, ticket, message, sink, state, tries, due, created, changed, note, articles
        FROM outbox ORDER BY created, id
        """,
    "mails": """
        SELECT id, mail, sender, via, what, ticket, message, created, address, name, subject
        FROM mails ORDER BY created, id
        """,
    "users": "SELECT id AS month, users FROM active_users ORDER BY at, id",
    "apart": "SELECT id, one, other, who, created FROM apart ORDER BY created, id",
    "audit": "SELECT id, who, did, what, created FROM audit ORDER BY created, id",
}

# Tables of the installation, without data about people: secrets, sessions, allowed origins, keys against repeats.
NOT_EXPORTED = (
    "gap_marks",
    "secrets",
    "admins",
    "second_factors",
    "sessions",
    "used_tokens",
    "idempotency",
    "refused_origins",
    "allowed_origins",
    "runs",
)


def rows(settings: Settings, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of `kind`, with times as text."""
    with reading(settings) as store:
        for row in store.each(QUERIES[kind]):
            yield {
                name: to_rfc3339(value) if name in TIMES and value is not None else value for name, value in row.items()
            }


def to_csv(settings: Settings, kind: str, out: TextIO) -> None:
    """Write `kind` as CSV with a header. Cells that a spreadsheet could run as a formula get a leading apostrophe."""
    with reading(settings) as store:
        names = store.columns(QUERIES[kind])
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    for row in rows(settings, kind):
        writer.writerow({name: safe(value) for name, value in row.items()})
