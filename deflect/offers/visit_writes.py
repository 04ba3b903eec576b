"""Events and offers in the database; each write may run again without doing anything twice."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlite_utils import Database

from deflect.store.database import Row, insert
from deflect.store.events import COLUMNS
from deflect.store.people import begin_episode, kept_under, link, owns
from deflect.store.writer import write

HASTE = 0.4  # seconds that a page waits for the log: a visitor must not wait longer


@write()
def log_events(db: Database, *, keys: Sequence[str], events: Sequence[Row], now: int) -> Row:
    """Append events of one person; an id that is there already is not stored again, a foreign episode is refused."""
    person = link(db, keys, now=now)
    stored, refused = 0, []
    for event in events:
        if event.get("episode") and not owns(db, person, event["episode"]):
            refused.append({"id": event["id"], "why": "episode is not one of this visitor's; POST offers gives it"})
        else:
            stored += append(db, kept_under(keys), event, now=now)
    return {"stored": stored, "refused": refused}


@write(patience=HASTE)
def log_event(db: Database, *, keys: Sequence[str], event: Row, now: int) -> Row:
    """Append one event that the server wrote itself; nobody waits for it."""
    return log_events(db, keys=keys, events=[event], now=now)


@write(patience=HASTE)
def offer(db: Database, *, keys: Sequence[str], intent: Row, event: Row, now: int, episode: str | None = None) -> Row:
    """Log an offer and return its episode and arm; the first of an episode is the contact intent."""
    begun = begun_episode(db, keys, intent, episode=episode, now=now)
    append(db, kept_under(keys), event | {"episode": begun["id"], "arm": begun["arm"]}, now=now)
    return {"episode": begun["id"], "arm": begun["arm"]}


def append(db: Database, key: str, event: Row, *, now: int) -> int:
    """Append one event, its text beside it; return 1, or 0 when its id is there already."""
    row = {name: event.get(name) for name in ("id", "type", "at", *COLUMNS)}
    rest = {name: value for name, value in event.items() if name not in row and name != "text"}
    new = insert(
        db, "events", row | {"key": key, "received": now, "data": json.dumps(rest, sort_keys=True) if rest else None}
    )
    if new and event.get("text"):
        insert(db, "event_texts", {"event": event["id"], "text": event["text"], "received": now})
    return new


def begun_episode(db: Database, keys: Sequence[str], intent: Row, *, episode: str | None, now: int) -> Row:
    """Return the episode of a contact intent: the one that goes on, or a new one, logged."""
    person = link(db, keys, now=now)
    details = {name: intent[name] for name in ("fresh", "holdout", "page", "lang", "category", "channels")}
    begun = begin_episode(db, person, episode=episode, now=now, **details)
    if begun["new"]:
        names = ("page", "lang", "channels", "holdout", "segment", "device", "text")
        event = {name: intent.get(name) for name in names}
        append(
            db,
            kept_under(keys),
            event | {"id": intent["id"], "type": "intent", "at": now, "episode": begun["id"], "arm": begun["arm"]},
            now=now,
        )
    return begun
