"""What visitors write: events, offers and tickets; each write may be sent again without doing anything twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sqlite_utils import Database

from deflect.delivery import receipt
from deflect.store.attachments import place_of
from deflect.store.clock import DAY, HOUR
from deflect.store.database import Row
from deflect.store.events import COLUMNS
from deflect.store.people import begin_episode, kept_under, link, owns
from kb.errors import Conflict, FileLost

MOST_RECEIPTS = ((HOUR, 3), (DAY, 10))  # that one person is sent: a form must not be a way to fill mailboxes


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


def log_event(db: Database, *, keys: Sequence[str], event: Row, now: int) -> Row:
    """Append one event that the server wrote itself; nobody waits for it."""
    return log_events(db, keys=keys, events=[event], now=now)


def offer(db: Database, *, keys: Sequence[str], intent: Row, event: Row, now: int, episode: str | None = None) -> Row:
    """Log an offer and return its episode and arm; the first of an episode is the contact intent."""
    begun = _episode(db, keys, intent, episode=episode, now=now)
    append(db, kept_under(keys), event | {"episode": begun["id"], "arm": begun["arm"]}, now=now)
    return {"episode": begun["id"], "arm": begun["arm"]}


def create_ticket(
    db: Database,
    *,
    keys: Sequence[str],
    intent: Row,
    ticket: Row,
    message: Row,
    outbox: Sequence[Row],
    sent: Row,
    idempotency: Row,
    now: int,
    episode: str | None = None,
    files: Sequence[Row] = (),
    folder: str = "",
) -> Row:
    """Keep a ticket with message, outbox entries and event in one transaction; the same key gives the same ticket.

    Its `files` are in `folder` already.
    """
    earlier = db.execute("SELECT digest, ticket FROM idempotency WHERE key = ?", [idempotency["key"]]).fetchone()
    if earlier and earlier["digest"] != idempotency["digest"]:
        raise Conflict("this Idempotency-Key came with another body before; use a new key for a new ticket")
    if earlier:
        return _created(db, earlier["ticket"])
    begun = _episode(db, keys, intent, episode=episode, now=now)
    person = link(db, keys, now=now)
    insert(
        db,
        "tickets",
        ticket | {"person": person, "episode": begun["id"], "state": "open", "created": now, "changed": now},
    )
    insert(db, "messages", message | {"ticket": ticket["id"], "created": now})
    attach(db, ticket=ticket["id"], message=message["id"], files=files, folder=folder, now=now)
    for entry in outbox:
        if entry["sink"] != receipt.SINK or not has_many(db, person, now=now):
            enqueue(db, entry, ticket=ticket["id"], message=message["id"], now=now)
    insert(db, "idempotency", idempotency | {"ticket": ticket["id"], "created": now})
    append(db, kept_under(keys), sent | {"episode": begun["id"]}, now=now)
    return _created(db, ticket["id"])


def attach(db: Database, *, ticket: str, message: str, files: Sequence[Row], folder: str, now: int) -> None:
    """Write down the files of a message, which are on disk before; raises FileLost for one that is not.

    Only this writer removes files (`deflect.privacy.removal.drop_files`), so none goes between this look and its row.
    """
    for file in files:
        if not place_of(Path(folder), file["digest"]).is_file():
            raise FileLost(f"the file {file['name']} is no longer here; send it again")
        insert(db, "attachments", file | {"ticket": ticket, "message": message, "created": now})


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


def insert(db: Database, table: str, row: Row) -> int:
    """Insert `row` unless its id is there already; return how many rows that made."""
    names = ", ".join(f'"{name}"' for name in row)
    sql = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(row))}) ON CONFLICT DO NOTHING'
    return int(db.execute(sql, list(row.values())).rowcount)


def _episode(db: Database, keys: Sequence[str], intent: Row, *, episode: str | None, now: int) -> Row:
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


def enqueue(db: Database, entry: Row, *, ticket: str, message: str, now: int) -> None:
    row = {
        "ticket": ticket,
        "message": message,
        "state": "pending",
        "tries": 0,
        "due": now,
        "created": now,
        "changed": now,
    }
    insert(db, "outbox", row | entry)


def has_many(db: Database, person: str, *, now: int) -> bool:
    """Say whether so much was written from an address that receipts would only fill somebody's mailbox."""
    sql = "SELECT count(*) AS n FROM tickets WHERE person = ? AND created > ?"
    return any(db.execute(sql, [person, now - span]).fetchone()["n"] > most for span, most in MOST_RECEIPTS)


def _created(db: Database, ticket: str) -> Row:
    row = db.execute("SELECT id, channel FROM tickets WHERE id = ?", [ticket]).fetchone()
    return {"ticket": ticket, "channel": row["channel"] if row else "web"}
