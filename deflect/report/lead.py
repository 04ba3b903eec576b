"""The report's first page, for the person who leads support: what was saved, and how that compares with before.

Tickets avoided are net deflection times the episodes that were offered an article. Without a control group they cannot
be measured, so the people who said that an article solved it are given instead, as a lower bound. A change is called
better or worse only if chance alone would rarely make it: the 95 % interval of the difference excludes zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from babel import numbers

from deflect.report import statistics
from deflect.report.episodes import FILTERS
from deflect.report.numbers import Number
from deflect.report.report import Material, Report

Kind = Literal["count", "share", "hours", "money", "mean"]
Change = Literal["better", "worse", "unclear", "none"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with that of the period before; `value` is None if it cannot be measured, and `note` says what to do.

    `number` is the name of the report's number behind it. `at_least` is True for a lower bound.
    """

    label: str
    kind: Kind
    value: float | None
    low: float | None = None
    high: float | None = None
    before: float | None = None
    change: Change = "none"
    note: str = ""
    number: str = ""
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The numbers of a period and the material they were computed from."""

    report: Report
    material: Material

    @property
    def is_empty(self) -> bool:
        """True if nothing happened in the period."""
        return not (self.material.episodes or self.material.searches or self.material.tickets)


@dataclass(frozen=True, slots=True)
class Lead:
    """The first page: what was saved, success, what is missing, and the desk."""

    saved: tuple[Figure, ...]
    success: tuple[Figure, ...]
    missing: tuple[Figure, ...]
    desk: tuple[Figure, ...]


def lead(now: Part, before: Part | None, *, cost: float, minutes: float) -> Lead:
    """Return the figures of a period against the one before, which is None without earlier data.

    `cost` and `minutes` are those of one ticket; with 0, money and hours are not given.
    """
    avoided = _avoided(now, before)
    return Lead(
        saved=(avoided, _hours(avoided, minutes), _money(avoided, cost)),
        success=(
            _share("searches that led to an article", "search success", now, before),
            _share("people who helped themselves", "self-service adoption", now, before),
            _share("offers that solved it", "confirmed deflection", now, before),
        ),
        missing=(
            _share("searches without a result", "zero-result", now, before, less_is_better=True),
            _share("searches with nothing opened", "no-follow", now, before, less_is_better=True),
            _share("messages without a fitting article", "abstention", now, before, less_is_better=True),
        ),
        desk=(
            _tickets(now, before),
            _share("solved by the first answer", "first-contact resolution", now, before),
            _share("answered in time", "reply within target", now, before),
            _touches(now, before),
        ),
    )


def _avoided(now: Part, before: Part | None) -> Figure:
    label = "tickets avoided"
    net = now.report.number("net deflection")
    base = _offered(now)
    if isinstance(net.value, str) or net.low is None or net.high is None:
        return _solved(now, before, label, net)
    earlier = before.report.number("net deflection") if before else None
    value, low, high = (x * base for x in (net.value, net.low, net.high))
    if before is None or earlier is None or isinstance(earlier.value, str):
        return Figure(label, "count", value, low, high, number="net deflection")
    was = earlier.value * _offered(before)
    return Figure(label, "count", value, low, high, was, _beyond(was, low, high), number="net deflection")


def _solved(now: Part, before: Part | None, label: str, net: Number) -> Figure:
    """Return the people who said that an article solved it, as a lower bound, with the way to a better figure."""
    count, was = (_count(part, "ended solved") if part else None for part in (now, before))
    note = "People who said that an article solved it. "
    if "holdout" in net.needs:
        note += "To measure all, set KB_HOLDOUT=0.1: one in ten then gets no offers, for comparison."
    elif "contacts" in net.needs:
        note += "To measure all, import the contacts of your help desk."
    else:
        note += "All are measured once both groups have episodes that are seven days old."
    change = _of_counts(count, was, less_is_better=False)
    return Figure(label, "count", count, before=was, change=change, note=note, number="ended solved", at_least=True)


def _hours(avoided: Figure, minutes: float) -> Figure:
    note = "" if minutes else "Set how many minutes a ticket takes."
    return _times(avoided, "hours saved", "hours", minutes / 60, note)


def _money(avoided: Figure, cost: float) -> Figure:
    return _times(avoided, "money saved", "money", cost, "" if cost else "Set what a ticket costs.")


def _times(avoided: Figure, label: str, kind: Kind, factor: float, note: str) -> Figure:
    if not factor or avoided.value is None:
        return Figure(label, kind, None, note=note)
    low, high, was = (x * factor if x is not None else None for x in (avoided.low, avoided.high, avoided.before))
    return Figure(
        label, kind, avoided.value * factor, low, high, was, avoided.change, number=avoided.number,
        at_least=avoided.at_least,
    )  # fmt: skip


def _share(label: str, name: str, now: Part, before: Part | None, *, less_is_better: bool = False) -> Figure:
    number = now.report.number(name)
    if isinstance(number.value, str):
        return Figure(label, "share", None, note=_reason(number), number=name)
    earlier = before.report.number(name) if before else None
    if earlier is None or isinstance(earlier.value, str):
        return Figure(label, "share", number.value, number.low, number.high, number=name)
    difference = statistics.newcombe(number.value * number.n, number.n, earlier.value * earlier.n, earlier.n)
    change = _change(difference.low, difference.high, less_is_better=less_is_better)
    return Figure(label, "share", number.value, number.low, number.high, earlier.value, change, number=name)


def _tickets(now: Part, before: Part | None) -> Figure:
    count, was = (len(part.material.tickets) if part else None for part in (now, before))
    return Figure("tickets", "count", count, before=was, change=_of_counts(count, was, less_is_better=True))


def _touches(now: Part, before: Part | None) -> Figure:
    name = "touches per ticket"
    number = now.report.number(name)
    if isinstance(number.value, str):
        return Figure("answers per ticket", "mean", None, note=_reason(number), number=name)
    earlier = before.report.number(name) if before else None
    was = None if earlier is None or isinstance(earlier.value, str) else earlier.value
    change: Change = "none" if was is None else "unclear"
    if earlier and was is not None and None not in (number.low, number.high, earlier.low, earlier.high):
        change = _change(number.low - earlier.high, number.high - earlier.low, less_is_better=True)  # type: ignore[operator]
    return Figure("answers per ticket", "mean", number.value, number.low, number.high, was, change, number=name)


def _offered(part: Part) -> int:
    """Return the ended episodes of people who were offered an article and could see it."""
    return sum(FILTERS["net deflection"](e) and e.arm == "treatment" for e in part.material.episodes)


def _count(part: Part, name: str) -> int:
    return sum(FILTERS[name](e) for e in part.material.episodes)


def _reason(number: Number) -> str:
    """Return why a number is missing, as a sentence."""
    return f"{number.why[:1].upper()}{number.why[1:]}."


def _beyond(was: float, low: float, high: float) -> Change:
    """Return whether an earlier value lies outside of an interval in which more is better."""
    return "better" if was < low else "worse" if was > high else "unclear"


def _of_counts(count: int | None, was: int | None, *, less_is_better: bool) -> Change:
    """Compare two Poisson counts of periods of the same length by the normal approximation."""
    if count is None or was is None or not count + was:
        return "none"
    reach = statistics.z() * math.sqrt(count + was)
    return _change(count - was - reach, count - was + reach, less_is_better=less_is_better)


def _change(low: float, high: float, *, less_is_better: bool) -> Change:
    """Return the kind of change from the interval of a difference."""
    if low <= 0 <= high:
        return "unclear"
    return "better" if (high < 0) == less_is_better else "worse"


def in_words(kind: Kind, value: float, *, currency: str = "") -> str:
    """Return a figure's value as text.

    >>> in_words("count", 41.6), in_words("share", 0.613), in_words("money", 1234.5, currency="EUR")
    ('42', '61 %', '€1,234')
    """
    match kind:
        case "share":
            return f"{100 * value:.0f} %" if abs(value) >= 0.01 or not value else f"{100 * value:.1f} %"
        case "mean":
            return f"{value:.1f}"
        case "hours":
            return f"{value:,.0f} h" if abs(value) >= 10 else f"{value:,.1f} h"
        case "money" if currency:
            return numbers.format_currency(round(value), currency, locale="en", format="¤#,##0", currency_digits=False)
        case _:
            return f"{value:,.0f}"


def presets(today: date) -> Sequence[tuple[str, date, date]]:
    """Return the periods to choose from: (label, first day, last day).

    >>> [(label, str(first), str(last)) for label, first, last in presets(date(2026, 3, 15))][3:5]
    [('this month', '2026-03-01', '2026-03-15'), ('last month', '2026-02-01', '2026-02-28')]
    """
    month = today.replace(day=1)
    end_of_last = month - timedelta(days=1)
    days = [(f"{n} days", today - timedelta(days=n - 1), today) for n in (7, 30, 90)]
    return [
        *days,
        ("this month", month, today),
        ("last month", end_of_last.replace(day=1), end_of_last),
        ("this year", today.replace(month=1, day=1), today),
    ]
