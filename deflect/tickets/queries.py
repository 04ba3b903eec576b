"""Queries for tickets, their messages and their deliveries."""

from __future__ import annotations

import json
from collections.abc import Sequence

from deflect.store.clock import HOUR, MINUTE
from deflect.store.database import Row, Store

NOBODY = "nobody"  # the agent filter for unassigned tickets


def matching(store: Store, text: str) -> str | None:
    """Return the ids of the tickets that contain every word of a text as a JSON list, or None if it has no words.

    A word may be in the number, subject, name, e-mail address or a message. ASCII texts use SQLite's lower(), which is
    ten times as fast as our fold() but handles ASCII only.
    """
    words = [word.lstrip("#") or word for word in text.casefold().split()[:12]]
    if not words:
        return None
    rows = store.rows(
        """
        WITH texts AS (
            SELECT id, id || ' ' || subject || ' ' || email || ' ' || coalesce(name, '') AS head FROM tickets
        )
        SELECT id FROM texts WHERE NOT EXISTS (
            SELECT 1 FROM json_each(:words) AS word
            WHERE NOT (instr(CASE WHEN :ascii THEN lower(head) ELSE fold(head) END, word.value)
                       OR EXISTS (SELECT 1 FROM messages WHERE ticket = texts.id
                                  AND instr(CASE WHEN :ascii THEN lower(body) ELSE fold(body) END, word.value))))
        """,
        {"words": json.dumps(words), "ascii": text.isascii()},
    )
    return json.dumps([row["id"] for row in rows])


def find(
    store: Store, *, state: str = "", agent: str = "", among: str | None = None, limit: int = 50, offset: int = 0
) -> list[Row]:
    """Return tickets, newest first.

    `state` is open, closed or "" for all; `agent` is a name, NOBODY for unassigned tickets or "" for all. `among` is a
    result of `matching`.

    >>> find(store, state="open", among=matching(store, "refund jo@example.com"))  # doctest: +SKIP
    """
    return store.rows(
        f"""
        SELECT id, subject, email, name, category, channel, state, agent, created, changed,
               (SELECT count(*) FROM messages WHERE messages.ticket = found.id) AS messages,
               (SELECT article FROM outcomes WHERE ticket = found.id AND withdrawn IS NULL
                ORDER BY created DESC, id LIMIT 1) AS solved_by
        FROM (
            SELECT * FROM tickets
            WHERE (:state = '' OR state = :state)
              AND (:agent = '' OR agent = :agent OR :agent = '{NOBODY}' AND agent IS NULL)
              AND (:among IS NULL OR id IN (SELECT value FROM json_each(:among)))
            ORDER BY created DESC, id LIMIT :limit OFFSET :offset
        ) AS found ORDER BY created DESC, id
        """,
        {"state": state, "agent": agent, "among": among, "limit": limit, "offset": offset},
    )


def sizes(store: Store, *, agent: str, among: str | None = None) -> Row:
    """Count tickets: `agent`'s open ones, unassigned open ones, open, closed and all; `among` limits them."""
    row = store.one(
        """
        SELECT coalesce(sum(state = 'open' AND agent = :agent), 0) AS mine,
               coalesce(sum(state = 'open' AND agent IS NULL), 0) AS unassigned,
               coalesce(sum(state = 'open'), 0) AS open,
               coalesce(sum(state = 'closed'), 0) AS closed,
               count(*) AS "all"
        FROM tickets WHERE :among IS NULL OR id IN (SELECT value FROM json_each(:among))
        """,
        {"agent": agent, "among": among},
    )
    return row or {}


def open_of_agents(store: Store) -> dict[str, int]:
    """Count the open tickets of each agent."""
    sql = "SELECT agent, count(*) AS n FROM tickets WHERE state = 'open' AND agent IS NOT NULL GROUP BY agent"
    return {row["agent"]: row["n"] for row in store.rows(sql)}


def counts(store: Store) -> dict[str, int]:
    """Count the tickets in each state."""
    return {row["state"]: row["n"] for row in store.rows("SELECT state, count(*) AS n FROM tickets GROUP BY state")}


def get(store: Store, id: str) -> Row | None:
    """Return a ticket with its extra fields as a dictionary, or None."""
    row = store.one("SELECT * FROM tickets WHERE id = ?", [id])
    return row | {"fields": json.loads(row["fields"] or "{}")} if row else None


def messages(store: Store, ticket: str) -> list[Row]:
    """Return a ticket's messages in order, each with the state of its deliveries."""
    return store.rows(
        """
        SELECT id, author, "by", channel, body, note, mark, created,
               (SELECT group_concat(sink || ': ' || state, ', ') FROM outbox
                WHERE outbox.ticket = messages.ticket AND message = messages.id AND sink != 'inbox') AS delivery
        FROM messages WHERE ticket = ? ORDER BY created, id
        """,
        [ticket],
    )


def solved_by(store: Store, ticket: str) -> Row | None:
    """Return the `article` that an agent marked as the solution of a ticket, and the agent (`by`), or None."""
    return store.one(
        """
        SELECT article, "by", created FROM outcomes
        WHERE ticket = ? AND withdrawn IS NULL ORDER BY created DESC, id LIMIT 1
        """,
        [ticket],
    )


def of_ids(store: Store, ids: Sequence[str]) -> list[Row]:
    """Return these tickets, latest first, each with its state and the article that solved it."""
    return store.rows(
        """
        SELECT id, subject, state, channel, agent, created,
               (SELECT count(*) FROM messages WHERE ticket = tickets.id AND author = 'agent') AS answers,
               (SELECT article FROM outcomes WHERE ticket = tickets.id AND withdrawn IS NULL
                ORDER BY created DESC, id LIMIT 1) AS solved_by
        FROM tickets WHERE id IN (SELECT value FROM json_each(?)) ORDER BY created DESC, id
        """,
        [json.dumps(list(ids))],
    )


def deliveries(store: Store, *, states: tuple[str, ...] = ("pending", "dead"), limit: int = 500) -> list[Row]:
    """Return outbox entries in these states: dead ones first, then by due time."""
    marks = ", ".join("?" * len(states))
    return store.rows(
        f"""
        SELECT outbox.id, outbox.ticket, sink, outbox.state, tries AS attempts, unsure, due, outbox.created,
               outbox.changed, note AS error, tickets.subject
        FROM outbox JOIN tickets ON tickets.id = outbox.ticket
        WHERE outbox.state IN ({marks}) ORDER BY outbox.state = 'dead' DESC, due, outbox.id LIMIT ?
        """,
        [*states, limit],
    )


# A delivery that another thread sends is not due. One that changed in the future, or is due later than any pause, was
# stored by a clock that was ahead.
DUE = """
    outbox.state = 'pending' AND (due <= :now OR outbox.changed > :now + :slack OR due > :now + :pause)
    AND (held IS NULL OR held_until <= :now OR held_until > :now + :hold)
    """
SLACK = {"slack": 5 * MINUTE, "pause": 31 * HOUR, "hold": 3 * HOUR}


def due(store: Store, *, now: int, sink: str | None = None, limit: int = 100) -> list[Row]:
    """Return outbox entries that are due, of one sink or of all, each with its ticket and message."""
    return store.rows(
        f"""
        SELECT outbox.id AS delivery, outbox.sink, outbox.tries, outbox.unsure, tickets.*,
               messages.author, messages.body, messages.note AS remark, messages.id AS message,
               messages."by" AS by_agent, messages.created AS written
        FROM outbox JOIN tickets ON tickets.id = outbox.ticket JOIN messages ON messages.id = outbox.message
        WHERE {DUE} AND (:sink IS NULL OR sink = :sink)
        ORDER BY due, outbox.created, outbox.id LIMIT :limit
        """,
        {"now": now, "sink": sink, "limit": limit} | SLACK,
    )


def held(store: Store) -> list[str]:
    """Return the tokens of the deliveries that are being sent."""
    rows = store.rows("SELECT DISTINCT held FROM outbox WHERE state = 'pending' AND held IS NOT NULL ORDER BY held")
    return [row["held"] for row in rows]


def sinks_due(store: Store, *, now: int) -> list[str]:
    """Return the sinks that have due deliveries."""
    rows = store.rows(f"SELECT DISTINCT sink FROM outbox WHERE {DUE} ORDER BY sink", {"now": now} | SLACK)
    return [row["sink"] for row in rows]


def mail_ids(store: Store, ticket: str, *, before: int) -> tuple[str, ...]:
    """Return the Message-IDs of the last 10 e-mails that a ticket's requester sent up to a time, latest last."""
    rows = store.rows(
        """
        SELECT mails.mail FROM mails JOIN messages ON messages.id = mails.message
        WHERE mails.ticket = ? AND mails.mail IS NOT NULL AND mails.created <= ? AND author = 'requester'
        ORDER BY mails.created DESC, mails.id LIMIT 10
        """,
        [ticket, before],
    )
    return tuple(row["mail"] for row in reversed(rows))


def answered_by(store: Store, ticket: str, *, before: int, limit: int = 5) -> list[Row]:
    """Return what a requester wrote since the answer before this one, latest first; without one, since the beginning.

    These are the messages that an answer written at the time `before` is about.
    """
    return store.rows(
        """
        SELECT body, created FROM messages
        WHERE ticket = :ticket AND author = 'requester' AND created <= :before AND created > coalesce(
            (SELECT max(created) FROM messages WHERE ticket = :ticket AND author = 'agent' AND created < :before), 0)
        ORDER BY created DESC, id LIMIT :limit
        """,
        {"ticket": ticket, "before": before, "limit": limit},
    )


def is_again(store: Store, ticket: str, message: str) -> bool:
    """Return True if a message is not the first one of its ticket."""
    first = store.one("SELECT id FROM messages WHERE ticket = ? ORDER BY created, id LIMIT 1", [ticket])
    return first is not None and bool(first["id"] != message)


def waiting_ids(store: Store) -> set[str]:
    """Return the ids of all deliveries that are pending or dead."""
    return {row["id"] for row in store.rows("SELECT id FROM outbox WHERE state IN ('pending', 'dead')")}
