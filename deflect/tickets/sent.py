"""What the page after sending tells: the message as it was stored, and when an answer can be expected."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from deflect.store import attachments, clock
from deflect.store.clock import DAY, HOUR
from deflect.store.database import Row, Store
from deflect.store.file_kinds import readable
from kb.config import Settings
from kb.errors import HelpCenterError
from kb.failures import degraded

WINDOW = 60 * DAY
ENOUGH = 20  # tickets; the median of fewer says little


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it was stored."""

    ticket: str
    subject: str
    body: str
    email: str
    category: str
    files: tuple[tuple[str, str], ...]  # names and sizes


@dataclass(frozen=True, slots=True)
class Expected:
    """In how many hours the first answer can be expected: `measured`, or the target of the settings."""

    hours: int
    measured: bool


def sent(store: Store, ticket: str) -> Sent | None:
    """Return the first message of a ticket, None if there is none or it can't be read."""
    try:
        row = store.one(
            """
            SELECT tickets.id, subject, email, category, messages.id AS message, body FROM tickets
            JOIN messages ON messages.ticket = tickets.id AND author = 'requester'
            WHERE tickets.id = ? ORDER BY messages.created, messages.id LIMIT 1
            """,
            [ticket],
        )
        return _sent(store, row) if row else None
    except HelpCenterError as error:
        degraded("no-database", error)
        return None


def _sent(store: Store, row: Row) -> Sent:
    files = attachments.of_message(store, row["message"])
    return Sent(
        ticket=row["id"],
        subject=row["subject"],
        body=row["body"],
        email=row["email"],
        category=row["category"] or "",
        files=tuple((file["name"], readable(file["size"])) for file in files),
    )


def expected(store: Store, settings: Settings) -> Expected | None:
    """Return when an answer can be expected, None if most recent messages were not answered.

    With enough tickets it is the median of the last sixty days, in which a ticket without an answer counts as the
    slowest; else it is KB_REPLY_TARGET.
    """
    try:
        hours = _waits(store, since=clock.now() - WINDOW)
    except HelpCenterError as error:
        degraded("no-database", error)
        return None
    if len(hours) < ENOUGH:
        return Expected(settings.reply_target, measured=False)
    median = sorted(hours, key=lambda one: (one is None, one or 0))[len(hours) // 2]
    return Expected(max(1, ceil(median)), measured=True) if median is not None else None


def _waits(store: Store, *, since: int) -> list[float | None]:
    """Return the hours until the first answer of each ticket that is older than a day, None without an answer."""
    rows = store.rows(
        """
        SELECT tickets.created, state,
            (SELECT min(created) FROM messages WHERE ticket = tickets.id AND author = 'agent') AS answered
        FROM tickets WHERE tickets.created >= ? AND tickets.created <= ?
        """,
        [since, clock.now() - DAY],
    )
    waited = [row for row in rows if row["answered"] or row["state"] == "open"]  # closed without words: thanks, spam
    return [(row["answered"] - row["created"]) / HOUR if row["answered"] else None for row in waited]


def copy(found: Sent, *, title: str) -> str:
    """Return a message as a text to be kept."""
    files = "".join(f"\n- {name} ({size})" for name, size in found.files)
    return f"{title}\n{found.ticket}\n\n{found.subject}\n\n{found.body}\n{files}\n"
