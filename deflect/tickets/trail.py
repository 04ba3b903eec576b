"""A requester's trail: what the person behind a ticket searched, read and was offered before and after writing."""

from __future__ import annotations

import json
from dataclasses import dataclass

from deflect.store.clock import DAY
from deflect.store.store import Row, Store

BEFORE = 30 * DAY
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: `what` is the event's type, `text` what was asked, `articles` what it was about."""

    at: int
    what: str
    text: str
    articles: tuple[str, ...]
    detail: str
    revision: str
    source: str = ""


def trail(store: Store, ticket: Row, *, before: int = BEFORE, limit: int = LONGEST) -> list[Step]:
    """Return the steps of the ticket's person in the 30 days before it and since, the oldest first.

    With `before` it is another time, in microseconds; of more than `limit` steps the latest are returned.
    """
    rows = store.rows(
        """
        SELECT * FROM (
            SELECT events.*, coalesce(text, '') AS text
            FROM events JOIN keys ON keys.id = events.key LEFT JOIN event_texts ON event_texts.event = events.id
            WHERE keys.person = ? AND events.received >= ?
            ORDER BY events.received DESC, min(events.at, events.received) DESC LIMIT ?
        ) ORDER BY received, at, type != 'intent', id -- the intent comes with the first offer, and before it
        """,
        [ticket["person"], ticket["created"] - before, limit],
    )
    return [_step(row) for row in rows]


def lines(store: Store, ticket: Row) -> tuple[str, ...]:
    """Return the trail up to the ticket as plain lines, for sinks."""
    steps = [
        step for step in trail(store, ticket) if step.at <= ticket["created"] and step.what not in ("intent", "sent")
    ]
    return tuple(
        " ".join(part for part in (step.what, step.text, ", ".join(step.articles), step.detail) if part)
        for step in steps
    )


def _step(row: Row) -> Step:
    data = json.loads(row["data"] or "{}")
    articles = tuple(data.get("cards") or ()) if row["type"] == "offer" else tuple(filter(None, [row["article"]]))
    detail, revision, source = _detail(row, data), row["revision"] or "", row["source"] or ""
    return Step(row["received"], row["type"], row["text"], articles, detail, revision, source)


def _detail(row: Row, data: Row) -> str:
    match row["type"]:
        case "search":
            return f"{data.get('hits', 0)} hits" if data.get("hits") else "no hits"
        case "offer":
            return (
                "nothing offered"
                if data.get("abstained")
                else "held back (control arm)"
                if data.get("arm") == "control"
                else ""
            )
        case "follow":
            return f"from {row['source']}" + (f", rank {row['rank']}" if row["rank"] else "")
        case "unhelpful" | "not_this":
            return (row["reason"] or "").replace("_", " ")
        case "sent":
            return str(data.get("ticket", ""))
    return ""
