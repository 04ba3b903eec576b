"""A number of the report: its interval, its base, its formula, and its text for people.

A number that cannot be measured has a sentence as its value, which begins with "not measured" and gives the reason.
Most numbers are shares; `FORMS` maps the beginnings of other names to their formatters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from deflect.report import statistics
from deflect.report.statistics import Interval

Need = Literal["contacts", "holdout"]
NOT_MEASURED = "not measured: "


def shown(document: Mapping[str, Any]) -> str:
    """Return a report as lines for a terminal: value and interval, with the formula and n below."""
    lines = [f"{document['from']} to {document['to']}"]
    segment = None
    for number in document["numbers"]:
        if number.get("segment") != segment:
            segment = number.get("segment")
            lines += ["", segment] if segment and not segment.startswith("arm=") else []
        arm = f" ({segment.rsplit('=', 1)[1]})" if segment and "arm=" in segment else ""
        value, interval = worded(number["name"], number["value"]), interval_of(number)
        lines.append(f"{number['name'] + arm:32} {value}{interval}")
        lines.append(f"{'':32} {number['formula']}; n = {number['n']:,}")
    return "\n".join(lines)


def interval_of(number: Mapping[str, Any]) -> str:
    """Return the interval of a number as text, or "" if it has none."""
    low, high = number["low"], number["high"]
    if low is None:
        return ""
    return f"  [{worded(number['name'], low)}, {worded(number['name'], high) if high is not None else 'no limit'}]"


def worded(name: str, value: float | str) -> str:
    """Return a value as text: a share in percent, unless `FORMS` has another format for its name.

    >>> worded("coverage", 0.5), worded("time to send", 90.0), worded("inflation", 2.5)
    ('50.0 %', '1 min 30 s', '2.50 times')
    """
    if isinstance(value, str):
        return value
    for beginning, form in FORMS.items():
        if name.startswith(beginning):
            return form(value)
    return f"{100 * value:.1f} %"


def duration(seconds: float) -> str:
    """Return seconds in the two largest units.

    >>> duration(7300)
    '2 h 1 min'
    """
    for unit, size, lower, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} {seconds % size // part:.0f} {lower}"
    return f"{seconds:.0f} s"


FORMS: Mapping[str, Callable[[float], str]] = {
    "time to send": duration,
    "inflation": lambda value: f"{value:.2f} times",
    "self-service score": lambda value: f"{value:.2f} to 1",
    "touches per ticket": lambda value: f"{value:.2f}",
    "help users per 1,000": lambda value: f"{value:.1f}",
    "sample ratio": lambda value: f"p = {value:.3g}",
    "episodes to go": lambda value: f"{value:,.0f}",
    "pending": lambda value: f"{value:,.0f}",
    "net deflection": lambda value: f"{100 * value:+.1f} points",
}


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the report: value, interval, base `n` and formula.

    `value` is a sentence that begins with "not measured" if the number cannot be measured. `needs` has what must be set
    up first, if that is the reason.
    """

    name: str
    value: float | str
    low: float | None
    high: float | None
    n: int
    formula: str
    segment: str | None = None
    needs: tuple[Need, ...] = ()

    @property
    def measured(self) -> bool:
        """True if the value is a number, not a reason."""
        return not isinstance(self.value, str)

    @property
    def why(self) -> str:
        """The reason of a number that is not measured."""
        return str(self.value).removeprefix(NOT_MEASURED)

    def document(self) -> dict[str, Any]:
        """Return the number as JSON, without `needs`, and without `segment` if it covers all segments."""
        document = asdict(self)
        del document["needs"]
        if self.segment is None:
            del document["segment"]
        return document | {name: _rounded(document[name]) for name in ("value", "low", "high")}


def share(name: str, hits: int, n: int, formula: str, *, nobody: str = "no episode has ended yet") -> Number:
    """Return a proportion with Wilson's interval."""
    if n == 0:
        return unknown(name, f"{nobody}", formula)
    return given(name, statistics.wilson(hits, n), n, formula)


def given(name: str, interval: Interval, n: int, formula: str) -> Number:
    """Return an estimate with its interval."""
    return Number(name, interval.value, interval.low, interval.high, n, formula)


def unknown(name: str, why: str, formula: str, *, n: int = 0, needs: tuple[Need, ...] = ()) -> Number:
    """Return a number that is not measured, with the reason."""
    return Number(name, f"{NOT_MEASURED}{why}", None, None, n, formula, needs=needs)


def _rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value
