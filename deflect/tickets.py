"""Reading tickets, their messages and their deliveries: whole queries, each next to the function that asks it."""

from __future__ import annotations

import json

from deflect.clock import HOUR
from deflect.store import Row, Store


def find(store: Store, *, state: str = "", text: str = "", limit: int = 50, offset: int = 0) -> list[Row]:
    """Return tickets, the newest first: open, closed or all, and with `text` in them."""
    return store.rows(
        """
        SELECT id, subject, email, name, category, channel, state, created, changed,
               (SELECT count(*) FROM messages WHERE messages.ticket = tickets.id) AS messages,
               (SELECT article FROM outcomes WHERE ticket = tickets.id ORDER BY created DESC, id LIMIT 1) AS solved_by
        FROM tickets
        WHERE (:state = '' OR state = :state)
          AND (:text = '' OR id = upper(:text)
               OR instr(lower(subject), lower(:text)) OR instr(lower(email), lower(:text))
               OR EXISTS (SELECT 1 FROM messages WHERE ticket = tickets.id AND instr(lower(body), lower(:text))))
        ORDER BY created DESC, id LIMIT :limit OFFSET :offset
        """,
        {"state": state, "text": text, "limit": limit, "offset": offset},
    )


def counts(store: Store) -> dict[str, int]:
    """Return how many tickets there are in each state."""
    return {row["state"]: row["n"] for row in store.rows("SELECT state, count(*) AS n FROM tickets GROUP BY state")}


def get(store: Store, id: str) -> Row | None:
    """Return one ticket, its extra fields as a dictionary."""
    row = store.one("SELECT * FROM tickets WHERE id = ?", [id])
    return row | {"fields": json.loads(row["fields"] or "{}")} if row else None


def messages(store: Store, ticket: str) -> list[Row]:
    """Return a ticket's messages in order, each with how its delivery stands."""
    return store.rows(
        """
        SELECT id, author, channel, body, created,
               (SELECT group_concat(sink || ': ' || state, ', ') FROM outbox WHERE message = messages.id) AS delivery
        FROM messages WHERE ticket = ? ORDER BY created, id
        """,
        [ticket],
    )


def solved_by(store: Store, ticket: str) -> str | None:
    """Return the article that solved a ticket, if an agent said so."""
    row = store.one("SELECT article FROM outcomes WHERE ticket = ? ORDER BY created DESC, id LIMIT 1", [ticket])
    return str(row["article"]) if row else None


def deliveries(store: Store, *, states: tuple[str, ...] = ("pending", "dead"), limit: int = 500) -> list[Row]:
    """Return outbox entries of these states, those due first."""
    marks = ", ".join("?" * len(states))
    return store.rows(
        f"""
        SELECT outbox.id, outbox.ticket, sink, outbox.state, tries AS attempts, due, outbox.created, outbox.changed,
               note AS error, tickets.subject
        FROM outbox JOIN tickets ON tickets.id = outbox.ticket
        WHERE outbox.state IN ({marks}) ORDER BY outbox.state = 'dead' DESC, due, outbox.id LIMIT ?
        """,
        [*states, limit],
    )


def due(store: Store, *, now: int, limit: int = 100) -> list[Row]:
    """Return outbox entries that are due, with the ticket and the message that they carry.

    No pause is longer than two hours: what seems due later waits for a clock that has been set back since.
    """
    return store.rows(
        """
        SELECT outbox.id AS delivery, outbox.sink, outbox.tries, tickets.*, messages.author, messages.body,
               messages.created AS written
        FROM outbox JOIN tickets ON tickets.id = outbox.ticket JOIN messages ON messages.id = outbox.message
        WHERE outbox.state = 'pending' AND (due <= :now OR due > :now + :most)
        ORDER BY due, outbox.created, outbox.id LIMIT :limit
        """,
        {"now": now, "most": 2 * HOUR, "limit": limit},
    )


def waiting_ids(store: Store) -> set[str]:
    """Return the ids of all deliveries that are pending or dead."""
    return {row["id"] for row in store.rows("SELECT id FROM outbox WHERE state IN ('pending', 'dead')")}
