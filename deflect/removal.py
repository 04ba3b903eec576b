"""Taking away: one person from every table, and what is older than it may be kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from deflect.store import Row

BATCH = 2000  # rows that one write takes away, so that nobody waits for it

# The tables that hold something of a person, those first that depend on others; :people is a list of person ids.
PEOPLE = "(SELECT value FROM json_each(:people))"
KEYS = f"(SELECT id FROM keys WHERE person IN {PEOPLE})"
TICKETS = f"(SELECT id FROM tickets WHERE person IN {PEOPLE} OR lower(trim(email)) = :email)"
OWNED = {
    "event_texts": f"event IN (SELECT id FROM events WHERE key IN {KEYS})",
    "events": f"key IN {KEYS}",
    "outbox": f"ticket IN {TICKETS}",
    "messages": f"ticket IN {TICKETS}",
    "outcomes": f"ticket IN {TICKETS}",
    "idempotency": f"ticket IN {TICKETS}",
    "audit": f"what IN {TICKETS}",
    "tickets": f"id IN {TICKETS}",
    "contacts": f"person IN {PEOPLE}",
    "past_questions": f"person IN {PEOPLE}",
    "episodes": f"person IN {PEOPLE}",
    "keys": f"person IN {PEOPLE}",
    "people": f"id IN {PEOPLE}",
}


COPIES = f"""
    SELECT sink, count(*) AS copies FROM outbox
    WHERE sink != 'inbox' AND state = 'sent' AND ticket IN {TICKETS} GROUP BY sink ORDER BY sink
    """


def erase_person(db: Database, *, people: str, email: str) -> Row:
    """Remove people (a JSON list of ids) and the tickets from an e-mail address; return the rows removed by table."""
    where = {"people": people, "email": email}
    return {table: db.execute(f"DELETE FROM {table} WHERE {rows}", where).rowcount for table, rows in OWNED.items()}


def prune(db: Database, *, texts_before: int, events_before: int, keys_before: int) -> Row:
    """Remove a batch of what is too old: texts, events and episodes, idempotency keys; return how many rows."""
    aged: Sequence[tuple[str, str, str, int]] = (
        ("event_texts", "event", "received", texts_before),
        ("events", "id", "received", events_before),
        ("episodes", "id", "last", events_before),
        ("contacts", "id", "at", events_before),
        ("idempotency", "key", "created", keys_before),
    )
    removed = 0
    for table, key, age, before in aged:
        sql = f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {age} < ? LIMIT {BATCH})"
        removed += db.execute(sql, [before]).rowcount
    return {"removed": removed}
