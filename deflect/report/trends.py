"""Trends: the numbers of a period by day, week or month, with marks for changes; and the activity of the last days.

Each point is computed from its part of the period's material, with the same functions as the report. Two kinds of
change are marked: commits to the articles, read from git, and the first use of a new ranker, read from the log. Without
git, the first kind is missing. The activity of the last days consists of counts of events, the latest events, the audit
log and the deliveries.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deflect.report.episodes import of_episodes
from deflect.report.numbers import Number
from deflect.report.report import Material
from deflect.report.search_numbers import of_searches
from deflect.store.clock import DAY, SECOND, to_datetime
from deflect.store.database import Row, Store
from deflect.store.events import CATALOGUE
from kb.content import git

DAYS = 14
MOST = 35  # points; with more, each would have too few episodes
PATIENCE = 5.0  # seconds that git may take for a long history, after which the trend has no marks

RANKERS = """
    SELECT ranker, min(at) AS at FROM (
        SELECT json_extract(data, '$.ranker') AS ranker, received AS at FROM events WHERE type IN ('offer', 'search'))
    WHERE ranker IS NOT NULL GROUP BY ranker HAVING min(at) >= :start AND min(at) < :end ORDER BY at, ranker
    """


@dataclass(frozen=True, slots=True)
class Change:
    """A change; `what` is "articles" or "index"."""

    at: int
    what: str
    detail: str


def changes(store: Store, articles: Path, *, start: int, end: int) -> list[Change]:
    """Return the changes of a period, oldest first."""
    rows = store.rows(RANKERS, {"start": start, "end": end})
    found = [Change(row["at"], "index", str(row["ranker"])) for row in rows]
    return sorted([*found, *_commits(articles, start=start, end=end)], key=lambda change: (change.at, change.detail))


def _commits(folder: Path, *, start: int, end: int) -> Iterator[Change]:
    """Yield the commits that changed the articles; outside a repository, there are none."""
    span = (f"--since=@{start // SECOND}", f"--until=@{end // SECOND}")
    said = git.output(folder, "log", "--format=%ct %s", *span, "--", ".", timeout=PATIENCE)
    for line in said.decode("utf-8", "replace").splitlines():
        seconds, _, subject = line.partition(" ")
        if start <= int(seconds) * SECOND < end:
            yield Change(int(seconds) * SECOND, "articles", subject)


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a trend: its numbers by name, and the changes in its time."""

    start: int
    end: int
    numbers: dict[str, Number]
    changes: tuple[Change, ...]

    @property
    def label(self) -> str:
        """The day on which it begins."""
        return f"{to_datetime(self.start):%d %b}"

    def value(self, name: str) -> float | None:
        """Return the value of a number, or None if it is not measured."""
        value = self.numbers[name].value
        return None if isinstance(value, str) else value


def stretch(start: int, end: int) -> int:
    """Return the length of one point, so that a period has at most 35: a day, a week, four weeks or a year.

    >>> stretch(0, 31 * DAY) // DAY, stretch(0, 90 * DAY) // DAY
    (1, 7)
    """
    return next((days * DAY for days in (1, 7, 28) if (end - start) / (days * DAY) <= MOST), 364 * DAY)


def trend(
    whole: Material, changes: Sequence[Change], *, start: int, end: int, holdout: float, connected: bool
) -> list[Point]:
    """Return the points of a period, oldest first; the last may be shorter."""
    size = stretch(start, end)
    first = start // DAY * DAY
    return [
        _point(whole, changes, start=at, end=min(at + size, end), holdout=holdout, connected=connected)
        for at in range(first, end, size)
    ]


def _point(
    whole: Material, changes: Sequence[Change], *, start: int, end: int, holdout: float, connected: bool
) -> Point:
    episodes = [e for e in whole.episodes if start <= e.started < end]
    searches = [s for s in whole.searches if start <= s.day < end]
    numbers = [*of_episodes(episodes, holdout=holdout, connected=connected), *of_searches(searches)]
    within = tuple(change for change in changes if start <= change.at < end)
    return Point(start, end, {number.name: number for number in numbers if number.segment is None}, within)


def by_day(store: Store, *, now: int, days: int = DAYS) -> list[Row]:
    """Return the count of each type of event, for each of the last days (UTC, oldest first) and in total."""
    first = now // DAY - days + 1
    rows = store.rows(
        "SELECT type, received / ? AS day, count(*) AS n FROM events WHERE received >= ? GROUP BY type, day",
        [DAY, first * DAY],
    )
    found = {(row["type"], row["day"]): row["n"] for row in rows}
    counts = {type: [found.get((type, first + i), 0) for i in range(days)] for type in CATALOGUE}
    return [{"type": type, "doc": CATALOGUE[type].doc, "days": n, "total": sum(n)} for type, n in counts.items()]


def latest(store: Store, *, type: str = "", limit: int = 100) -> list[Row]:
    """Return the latest events, of one type or all, with their redacted text."""
    rows = store.rows(
        """
        SELECT events.id, type, key, episode, article, rank, source, reason, events.received, data, text
        FROM events LEFT JOIN event_texts ON event_texts.event = events.id
        WHERE :type = '' OR type = :type
        ORDER BY events.received DESC, events.id LIMIT :limit
        """,
        {"type": type, "limit": limit},
    )
    return [row | {"data": json.loads(row["data"] or "{}")} for row in rows]


def since(store: Store, moment: int) -> dict[str, int]:
    """Return the number of events of each type since a time."""
    rows = store.rows("SELECT type, count(*) AS n FROM events WHERE received >= ? GROUP BY type", [moment])
    return {row["type"]: row["n"] for row in rows}


def audit(store: Store, *, limit: int = 200) -> list[Row]:
    """Return the actions of agents, latest first."""
    return store.rows(
        """
        SELECT who, did, what, created, EXISTS (SELECT 1 FROM tickets WHERE tickets.id = what) AS ticket
        FROM audit ORDER BY created DESC, id LIMIT ?
        """,
        [limit],
    )


def on_the_way(store: Store) -> int:
    """Return the number of tickets still to be delivered to a help desk; our own inbox has them from the start."""
    row = store.one(
        "SELECT count(DISTINCT ticket) AS n FROM outbox WHERE state = 'pending' AND sink NOT IN (?, ?, ?)",
        ["inbox", "reply", "receipt"],
    )
    return int(row["n"]) if row else 0


def deliveries(store: Store) -> dict[str, int]:
    """Return the number of deliveries in each state."""
    return {row["state"]: row["n"] for row in store.rows("SELECT state, count(*) AS n FROM outbox GROUP BY state")}
