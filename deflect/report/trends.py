"""Numbers over time: a period in days, weeks or months, with what changed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deflect.report.changes import Change
from deflect.report.episode_numbers import of_episodes
from deflect.report.numbers import Number
from deflect.report.report import Material
from deflect.report.search_numbers import of_searches
from deflect.store.clock import DAY, to_datetime

MOST = 35  # points: more of them hold too few episodes each to say anything


@dataclass(frozen=True, slots=True)
class Point:
    """One stretch of a trend: its numbers by name, and what changed in it."""

    start: int
    end: int
    numbers: dict[str, Number]
    changes: tuple[Change, ...]

    @property
    def label(self) -> str:
        """The day on which it begins."""
        return f"{to_datetime(self.start):%d %b}"

    def value(self, name: str) -> float | None:
        """Return a number's value, None where it is not measured."""
        value = self.numbers[name].value
        return None if isinstance(value, str) else value


def stretch(start: int, end: int) -> int:
    """Return how long one point is, so that a period has at most 35: a day, a week, or four weeks.

    >>> stretch(0, 31 * DAY) // DAY, stretch(0, 90 * DAY) // DAY
    (1, 7)
    """
    return next((days * DAY for days in (1, 7, 28) if (end - start) / (days * DAY) <= MOST), 364 * DAY)


def trend(
    whole: Material, changes: Sequence[Change], *, start: int, end: int, holdout: float, connected: bool
) -> list[Point]:
    """Return the points of a period, the last perhaps short."""
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
