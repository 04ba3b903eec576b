"""A number of the report: its value, its interval, what it is out of, and its formula."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from deflect.report import statistics
from deflect.report.statistics import Interval


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the report: its interval, what it is out of, and how it is computed.

    `value` is a sentence that begins with "not measured" where the number cannot be known.
    """

    name: str
    value: float | str
    low: float | None
    high: float | None
    n: int
    formula: str
    segment: str | None = None

    @property
    def measured(self) -> bool:
        """Whether it is a number."""
        return not isinstance(self.value, str)

    def document(self) -> dict[str, Any]:
        """Return the number as JSON; the whole has no segment."""
        document = asdict(self)
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


def unknown(name: str, why: str, formula: str, *, n: int = 0) -> Number:
    """Return a number that is not measured, and why."""
    return Number(name, f"not measured: {why}", None, None, n, formula)


def _rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value
