"""The help desk's own numbers, from tickets and their messages."""

from __future__ import annotations

from collections.abc import Sequence

from deflect.report import statistics
from deflect.report.numbers import Number, given, share, unknown
from deflect.store.clock import HOUR
from deflect.store.store import Row, Store

# Who writes again after the first answer, or whose ticket was opened again, was not helped at the first contact.
TICKETS = """
    SELECT tickets.id, lang, category, channel, state, created,
           (SELECT count(*) FROM messages WHERE ticket = tickets.id AND author = 'agent') AS answers,
           (SELECT min(created) FROM messages WHERE ticket = tickets.id AND author = 'agent') AS first_answer,
           EXISTS (SELECT 1 FROM messages AS again WHERE ticket = tickets.id AND author = 'requester' AND created >
                   (SELECT min(created) FROM messages WHERE ticket = again.ticket AND author = 'agent')) AS came_back,
           EXISTS (SELECT 1 FROM audit WHERE what = tickets.id AND did = 'reopen') AS reopened
    FROM tickets WHERE created >= :start AND created < :end ORDER BY created, id
    """


def tickets(store: Store, *, start: int, end: int) -> list[Row]:
    """Return the tickets of a period with how often and when they were answered."""
    return store.rows(TICKETS, {"start": start, "end": end})


def of_tickets(rows: Sequence[Row], *, target: int, now: int) -> list[Number]:
    """Return the desk's numbers; `target` is hours within which the first answer is due."""
    closed = [row for row in rows if row["state"] == "closed"]
    first = sum(row["answers"] <= 1 and not row["came_back"] and not row["reopened"] for row in closed)
    due = [row for row in rows if row["first_answer"] or row["created"] + target * HOUR <= now]
    in_time = sum(
        row["first_answer"] is not None and row["first_answer"] - row["created"] <= target * HOUR for row in due
    )
    touches = "answers of agents ÷ tickets that were answered or closed"
    reply = f"tickets first answered within {target} hours ÷ tickets answered, or older than that"
    resolution = "closed after at most one answer, never opened again and without another message ÷ closed tickets"
    found = [
        share("first-contact resolution", first, len(closed), resolution, nobody="no ticket is closed"),
        _touches([row["answers"] for row in rows if row["answers"] or row["state"] == "closed"], touches),
    ]
    if rows and not any(row["answers"] for row in rows):
        why = "answers are written elsewhere"
        return [found[0], unknown("touches per ticket", why, touches), unknown("reply within target", why, reply)]
    return [*found, share("reply within target", in_time, len(due), reply, nobody="no ticket is due")]


def _touches(answers: Sequence[int], formula: str) -> Number:
    if not answers:
        return unknown("touches per ticket", "no ticket was answered or closed", formula)
    return given("touches per ticket", statistics.mean_interval(answers), len(answers), formula)
