"""Writes to the outbox: hold a delivery while it is sent, and store what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from deflect.store.database import Row
from deflect.store.writer import write


@write()
def claim(db: Database, *, id: str, token: str, until: int, now: int) -> Row:
    """Count a try and hold the delivery before sending. `held` is False if another holds it, or it is not pending.

    Nothing is sent if the count cannot be stored, so no delivery repeats forever. A hold that is too far away comes
    from a clock that was ahead.
    """
    db.execute(
        """
        UPDATE outbox SET tries = tries + 1, changed = :now, held = :token, held_until = :until
        WHERE id = :id AND state = 'pending' AND (held IS NULL OR held_until <= :now OR held_until > :until)
        """,
        {"id": id, "token": token, "until": until, "now": now},
    )
    return {"held": db.execute("SELECT 1 FROM outbox WHERE id = ? AND held = ?", [id, token]).fetchone() is not None}


@write()
def let_go(db: Database, *, tokens: Sequence[str]) -> Row:
    """Let go of the deliveries that are held with these tokens, because their process has ended."""
    db.execute(f"UPDATE outbox SET held = NULL WHERE held IN ({', '.join('?' * len(tokens))})", list(tokens))
    return {}


@write()
def delivered(db: Database, *, id: str, note: str, now: int) -> Row:
    """Mark an outbox entry as sent; `note` is the receiver's id for it."""
    sql = "UPDATE outbox SET state = 'sent', held = NULL, changed = ?, note = ? WHERE id = ?"
    db.execute(sql, [now, note, id])
    return {}


@write()
def failed(db: Database, *, id: str, note: str, due: int | None, now: int, unsure: int = 0) -> Row:
    """Store the reason for a failed try and the time of the next. Without `due` the entry is dead until retried.

    `unsure` is the number of tries after which it was perhaps sent.
    """
    db.execute(
        """
        UPDATE outbox SET state = ?, due = ?, changed = ?, note = ?, unsure = ?, held = NULL
        WHERE id = ? AND state != 'sent'
        """,
        ["pending" if due is not None else "dead", due if due is not None else now, now, note, unsure, id],
    )
    return {}


@write()
def postpone(db: Database, *, sink: str, until: int, now: int) -> Row:
    """Postpone all pending deliveries of a sink to `until`, because the receiver asked for a pause."""
    db.execute(
        "UPDATE outbox SET due = ?, changed = ? WHERE sink = ? AND state = 'pending' AND due < ?",
        [until, now, sink, until],
    )
    return {}


@write()
def retry_deliveries(db: Database, *, ids: Sequence[str] | None, now: int) -> Row:
    """Make dead and pending entries due now: the given ids, or all. One that is being sent is not sent beside that."""
    chosen = "" if ids is None else f" AND id IN ({', '.join('?' * len(ids))})"
    sql = "UPDATE outbox SET state = 'pending', tries = 0, unsure = 0, due = ?, changed = ?"
    sql += " WHERE state IN ('dead', 'pending')"
    return {"retried": db.execute(sql + chosen, [now, now, *(ids or ())]).rowcount}
