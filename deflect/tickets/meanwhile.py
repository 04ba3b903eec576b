"""What came to a ticket after an agent had opened its page: messages, answers and a close."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from deflect.store.database import Row
from kb.errors import Conflict

Query = Callable[[str, Sequence[Any]], Iterable[Mapping[str, Any]]]


class CameMeanwhile(Conflict):
    """Something public came while an agent was writing; `came` has the ids of the messages."""

    status = HTTPStatus.CONFLICT

    def __init__(self, sentence: str, came: list[str]) -> None:
        super().__init__(sentence)
        self.came = came


def check(query: Query, ticket: str, *, seen: int | None, when: str, was: str = "") -> None:
    """Raise CameMeanwhile if there is more than the first `seen` messages, or a ticket that `was` open is closed.

    `query` reads inside the transaction that sends, so that of two agents who press at once only one sends.
    """
    came = new_messages(query, ticket, seen=seen)
    facts = [_said(query, message, ticket) for message in came]
    if closer := _closed_by(query, ticket) if was == "open" else "":
        facts.append(f"{closer} closed this ticket")
    if facts:
        sentence = f"{' and '.join(dict.fromkeys(facts))} {when}."
        raise CameMeanwhile(sentence, [message["id"] for message in came])


def new_messages(query: Query, ticket: str, *, seen: int | None) -> list[Row]:
    """Return the messages after the first `seen` ones, without notes. Rows are numbered in the order of commits."""
    if seen is None:
        return []
    sql = 'SELECT id, author, "by" FROM messages WHERE ticket = ? ORDER BY rowid LIMIT -1 OFFSET ?'
    return [dict(row) for row in query(sql, [ticket, max(0, seen)]) if row["author"] != "note"]


def _said(query: Query, message: Row, ticket: str) -> str:
    author, by = message["author"], message["by"]
    if author == "agent":
        return f"{by or 'Another agent'} answered"
    if author == "requester":
        (row,) = query("SELECT name, email FROM tickets WHERE id = ?", [ticket])
        return f"{row['name'] or row['email']} wrote"
    return f"{by or 'Someone'} wrote automatically" if author == "machine" else f"{by or 'Someone'} wrote"


def _closed_by(query: Query, ticket: str) -> str:
    """Return the agent who closed the ticket, or "" if it is open."""
    if next(iter(query("SELECT state FROM tickets WHERE id = ?", [ticket])))["state"] != "closed":
        return ""
    sql = "SELECT who FROM audit WHERE what = ? AND (did = 'close' OR did LIKE 'solved by %') ORDER BY rowid DESC"
    closed = next(iter(query(sql, [ticket])), None)
    return closed["who"] if closed else "Another agent"
