"""What happened in the last days, for the admin pages: counts, latest events, refused origins, the audit log."""

from __future__ import annotations

import json

from deflect.store.clock import DAY
from deflect.store.database import Row, Store
from deflect.store.events import CATALOGUE

DAYS = 14


def by_day(store: Store, *, now: int, days: int = DAYS) -> list[Row]:
    """Return for each type of event how many came on each of the last days, in UTC, the oldest first, and in all."""
    first = now // DAY - days + 1
    rows = store.rows(
        "SELECT type, received / ? AS day, count(*) AS n FROM events WHERE received >= ? GROUP BY type, day",
        [DAY, first * DAY],
    )
    found = {(row["type"], row["day"]): row["n"] for row in rows}
    counts = {type: [found.get((type, first + i), 0) for i in range(days)] for type in CATALOGUE}
    return [{"type": type, "doc": CATALOGUE[type].doc, "days": n, "total": sum(n)} for type, n in counts.items()]


def latest(store: Store, *, type: str = "", limit: int = 100) -> list[Row]:
    """Return the latest events, of one type or all, with their redacted text."""
    rows = store.rows(
        """
        SELECT events.id, type, key, episode, article, rank, source, reason, events.received, data, text
        FROM events LEFT JOIN event_texts ON event_texts.event = events.id
        WHERE :type = '' OR type = :type
        ORDER BY events.received DESC, events.id LIMIT :limit
        """,
        {"type": type, "limit": limit},
    )
    return [row | {"data": json.loads(row["data"] or "{}")} for row in rows]


def since(store: Store, moment: int) -> dict[str, int]:
    """Return how many events of each type came since a time."""
    rows = store.rows("SELECT type, count(*) AS n FROM events WHERE received >= ? GROUP BY type", [moment])
    return {row["type"]: row["n"] for row in rows}


def refused_origins(store: Store) -> list[Row]:
    """Return the origins whose pages were refused, the latest first."""
    return store.rows("SELECT id AS origin, path, times, first, last FROM refused_origins ORDER BY last DESC, id")


def audit(store: Store, *, limit: int = 200) -> list[Row]:
    """Return what agents did, the latest first."""
    return store.rows(
        """
        SELECT who, did, what, created, EXISTS (SELECT 1 FROM tickets WHERE tickets.id = what) AS ticket
        FROM audit ORDER BY created DESC, id LIMIT ?
        """,
        [limit],
    )


def on_the_way(store: Store) -> int:
    """Return how many tickets still have to reach a help desk; our own inbox has them from the beginning."""
    row = store.one(
        "SELECT count(DISTINCT ticket) AS n FROM outbox WHERE state = 'pending' AND sink NOT IN (?, ?, ?)",
        ["inbox", "reply", "receipt"],
    )
    return int(row["n"]) if row else 0


def deliveries(store: Store) -> dict[str, int]:
    """Return how many deliveries are in each state."""
    return {row["state"]: row["n"] for row in store.rows("SELECT state, count(*) AS n FROM outbox GROUP BY state")}
