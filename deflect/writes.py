"""Every write that web pages, API, outbox and agents make, by name; each may be sent again without doing twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlite_utils import Database

from deflect.events import COLUMNS
from deflect.people import begin_episode, link, owns
from deflect.store import Row
from kb.errors import Conflict, NotFound

Write = Callable[..., Any]


def log_events(db: Database, *, keys: Sequence[str], events: Sequence[Row], now: int) -> Row:
    """Append events of one person; an id that is there already is not stored again, a foreign episode is refused."""
    person = link(db, keys, now=now)
    stored, refused = 0, []
    for event in events:
        if event.get("episode") and not owns(db, person, event["episode"]):
            refused.append({"id": event["id"], "why": "episode is not one of this visitor's; POST offers gives it"})
        else:
            stored += append(db, keys[-1], event, now=now)
    return {"stored": stored, "refused": refused}


def offer(db: Database, *, keys: Sequence[str], intent: Row, event: Row, now: int, episode: str | None = None) -> Row:
    """Log an offer that was computed and return its episode and arm; the first one of an episode is the contact intent."""
    begun = _episode(db, keys, intent, episode=episode, now=now)
    append(db, keys[-1], event | {"episode": begun["id"], "arm": begun["arm"]}, now=now)
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
) -> Row:
    """Keep a ticket, its first message, its outbox entries and the event in one transaction; the same key gives the same ticket."""
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
    for entry in outbox:
        _enqueue(db, entry, ticket=ticket["id"], message=message["id"], now=now)
    insert(db, "idempotency", idempotency | {"ticket": ticket["id"], "created": now})
    append(db, keys[-1], sent | {"episode": begun["id"]}, now=now)
    return _created(db, ticket["id"])


def add_message(db: Database, *, message: Row, outbox: Sequence[Row], who: str, now: int) -> Row:
    """Keep an agent's answer or note, with the outbox entries that carry an answer."""
    _must_exist(db, message["ticket"])
    if insert(db, "messages", message | {"created": now}):
        for entry in outbox:
            _enqueue(db, entry, ticket=message["ticket"], message=message["id"], now=now)
        db.execute("UPDATE tickets SET changed = ? WHERE id = ?", [now, message["ticket"]])
        audit(db, id=message["id"], who=who, did=message["author"], what=message["ticket"], now=now)
    return {"message": message["id"]}


def close_ticket(db: Database, *, id: str, ticket: str, article: str | None, who: str, now: int) -> Row:
    """Close a ticket, or close it as solved by an article, which is an outcome that the ranking learns from."""
    _must_exist(db, ticket)
    db.execute("UPDATE tickets SET state = 'closed', changed = ? WHERE id = ?", [now, ticket])
    if article:
        insert(db, "outcomes", {"id": id, "ticket": ticket, "article": article, "by": who, "created": now})
    audit(db, id=id, who=who, did="solved by " + article if article else "close", what=ticket, now=now)
    return {"ticket": ticket}


def reopen_ticket(db: Database, *, id: str, ticket: str, who: str, now: int) -> Row:
    """Open a closed ticket again; what it was solved by no longer counts."""
    _must_exist(db, ticket)
    db.execute("UPDATE tickets SET state = 'open', changed = ? WHERE id = ?", [now, ticket])
    db.execute("DELETE FROM outcomes WHERE ticket = ?", [ticket])
    audit(db, id=id, who=who, did="reopen", what=ticket, now=now)
    return {"ticket": ticket}


def delivered(db: Database, *, id: str, note: str, now: int) -> Row:
    """Mark an outbox entry as carried; `note` is the id that the receiver gave it."""
    db.execute(
        "UPDATE outbox SET state = 'sent', tries = tries + 1, changed = ?, note = ? WHERE id = ?", [now, note, id]
    )
    return {}


def failed(db: Database, *, id: str, note: str, due: int | None, now: int) -> Row:
    """Count a failed try; the next is `due`, or there is none and the entry is dead until somebody retries it."""
    state = "pending" if due is not None else "dead"
    db.execute(
        "UPDATE outbox SET state = ?, tries = tries + 1, due = ?, changed = ?, note = ? WHERE id = ? AND state != 'sent'",
        [state, due if due is not None else now, now, note, id],
    )
    return {}


def retry(db: Database, *, ids: Sequence[str] | None, now: int) -> Row:
    """Make dead and waiting entries due now: those named, or all of them."""
    chosen = "" if ids is None else f" AND id IN ({', '.join('?' * len(ids))})"
    sql = f"UPDATE outbox SET state = 'pending', tries = 0, due = ?, changed = ? WHERE state IN ('dead', 'pending'){chosen}"
    return {"retried": db.execute(sql, [now, now, *(ids or ())]).rowcount}


def audit(db: Database, *, id: str, who: str, did: str, what: str, now: int) -> Row:
    """Write down what an agent did."""
    insert(db, "audit", {"id": id, "who": who, "did": did, "what": what, "created": now})
    return {}


def set_password(db: Database, *, id: str, hash: str, now: int) -> Row:
    """Keep the hash of an agent's password; sessions that began before no longer count."""
    db.execute(
        """
        INSERT INTO admins (id, hash, changed) VALUES (?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, changed = excluded.changed
        """,
        [id, hash, now],
    )
    return {}


def refused_origin(db: Database, *, origin: str, path: str, now: int) -> Row:
    """Count a refused origin, so that the owner sees what to allow; the longest unseen of 200 makes room."""
    db.execute(
        """
        INSERT INTO refused_origins (id, path, times, first, last) VALUES (?, ?, 1, ?, ?)
        ON CONFLICT (id) DO UPDATE SET times = times + 1, last = excluded.last, path = excluded.path
        """,
        [origin, path, now, now],
    )
    db.execute(
        "DELETE FROM refused_origins WHERE id NOT IN (SELECT id FROM refused_origins ORDER BY last DESC LIMIT 200)"
    )
    return {}


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
        event = {name: intent[name] for name in ("page", "lang", "channels")}
        append(
            db,
            keys[-1],
            event | {"id": intent["id"], "type": "intent", "at": now, "episode": begun["id"], "arm": begun["arm"]},
            now=now,
        )
    return begun


def _enqueue(db: Database, entry: Row, *, ticket: str, message: str, now: int) -> None:
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


def _created(db: Database, ticket: str) -> Row:
    row = db.execute("SELECT id, channel FROM tickets WHERE id = ?", [ticket]).fetchone()
    return {"ticket": ticket, "channel": row["channel"] if row else "web"}


def _must_exist(db: Database, ticket: str) -> None:
    if not db.execute("SELECT 1 FROM tickets WHERE id = ?", [ticket]).fetchone():
        raise NotFound(f"there is no ticket {ticket}; it may have been erased")


WRITES: Mapping[str, Write] = {
    write.__name__: write
    for write in (
        log_events, offer, create_ticket, add_message, close_ticket, reopen_ticket, delivered, failed, retry, audit,
        set_password, refused_origin,
    )
}  # fmt: skip
