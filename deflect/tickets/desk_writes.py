"""What agents and the outbox write: answers, notes, whose a ticket is, closing, deliveries, and who did what."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from deflect.offers.visit_writes import enqueue, insert
from deflect.store.database import Row
from kb.errors import Conflict, NotFound


def add_message(db: Database, *, message: Row, outbox: Sequence[Row], who: str, now: int) -> Row:
    """Keep an agent's answer or note, with the outbox entries that carry an answer.

    The same form sent twice is kept once; raises Conflict where it comes with another text, as after going back.
    """
    _must_exist(db, message["ticket"])
    if insert(db, "messages", message | {"by": who, "created": now}):
        for entry in outbox:
            enqueue(db, entry, ticket=message["ticket"], message=message["id"], now=now)
        answerer = who if message["author"] == "agent" else None  # whoever answers first has the ticket
        sql = "UPDATE tickets SET changed = ?, agent = coalesce(agent, ?) WHERE id = ?"
        db.execute(sql, [now, answerer, message["ticket"]])
        audit(db, id=message["id"], who=who, did=message["author"], what=message["ticket"], now=now)
    elif db.execute("SELECT body FROM messages WHERE id = ?", [message["id"]]).fetchone()["body"] != message["body"]:
        raise Conflict("this form was sent before with another text; load the ticket again, and paste this one there")
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


def assign_ticket(db: Database, *, id: str, ticket: str, agent: str | None, who: str, now: int) -> Row:
    """Give a ticket to an agent, or to nobody."""
    _must_exist(db, ticket)
    db.execute("UPDATE tickets SET agent = ? WHERE id = ?", [agent, ticket])
    audit(db, id=id, who=who, did=f"assigned to {agent or 'nobody'}", what=ticket, now=now)
    return {"ticket": ticket}


def claim(db: Database, *, id: str, now: int) -> Row:
    """Count a try before it is made: where this cannot be kept, nothing is sent that would be sent again and again."""
    db.execute("UPDATE outbox SET tries = tries + 1, changed = ? WHERE id = ?", [now, id])
    return {}


def delivered(db: Database, *, id: str, note: str, now: int) -> Row:
    """Mark an outbox entry as carried; `note` is the id that the receiver gave it."""
    db.execute("UPDATE outbox SET state = 'sent', changed = ?, note = ? WHERE id = ?", [now, note, id])
    return {}


def failed(db: Database, *, id: str, note: str, due: int | None, now: int) -> Row:
    """Keep why a try failed; the next is `due`, or there is none and the entry is dead until somebody retries it."""
    state = "pending" if due is not None else "dead"
    db.execute(
        "UPDATE outbox SET state = ?, due = ?, changed = ?, note = ? WHERE id = ? AND state != 'sent'",
        [state, due if due is not None else now, now, note, id],
    )
    return {}


def postpone(db: Database, *, sink: str, until: int, now: int) -> Row:
    """Let all that waits for a sink wait until a time at least, since its receiver asked for a pause."""
    db.execute(
        "UPDATE outbox SET due = ?, changed = ? WHERE sink = ? AND state = 'pending' AND due < ?",
        [until, now, sink, until],
    )
    return {}


def retry(db: Database, *, ids: Sequence[str] | None, now: int) -> Row:
    """Make dead and waiting entries due now: those named, or all of them."""
    chosen = "" if ids is None else f" AND id IN ({', '.join('?' * len(ids))})"
    sql = "UPDATE outbox SET state = 'pending', tries = 0, due = ?, changed = ? WHERE state IN ('dead', 'pending')"
    return {"retried": db.execute(sql + chosen, [now, now, *(ids or ())]).rowcount}


def audit(db: Database, *, id: str, who: str, did: str, what: str, now: int) -> Row:
    """Write down what an agent did."""
    insert(db, "audit", {"id": id, "who": who, "did": did, "what": what, "created": now})
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


def allow_origin(db: Database, *, id: str, origin: str, who: str, now: int) -> Row:
    """Let pages of an origin post events and tickets."""
    if insert(db, "allowed_origins", {"id": origin, "who": who, "created": now}):
        audit(db, id=id, who=who, did="allow origin", what=origin, now=now)
    db.execute("DELETE FROM refused_origins WHERE lower(id) = ?", [origin])
    return {}


def forbid_origin(db: Database, *, id: str, origin: str, who: str, now: int) -> Row:
    """Take back that pages of an origin may post."""
    if db.execute("DELETE FROM allowed_origins WHERE id = ?", [origin]).rowcount:
        audit(db, id=id, who=who, did="forbid origin", what=origin, now=now)
    return {}


def _must_exist(db: Database, ticket: str) -> None:
    if not db.execute("SELECT 1 FROM tickets WHERE id = ?", [ticket]).fetchone():
        raise NotFound(f"there is no ticket {ticket}; it may have been erased")
