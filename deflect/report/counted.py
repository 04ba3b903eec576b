"""Which episodes stand behind a number of the report: by the number's name, in an arm, and within a segment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from deflect.report.outcomes import Ended
from deflect.report.report import SPLITS, values_of


def served(test: Callable[[Ended], bool]) -> Callable[[Ended], bool]:
    """Return a test of episodes that have ended, of people who could reach somebody: most numbers count only these."""
    return lambda e: bool(e.channels) and e.outcome != "pending" and test(e)


FILTERS: Mapping[str, Callable[[Ended], bool]] = {
    "all": lambda e: True,
    "confirmed deflection": served(lambda e: e.shown and e.outcome == "solved"),
    "attributed deflection": served(lambda e: e.attributed),
    "returned": served(lambda e: e.attributed and e.contacted),
    "net deflection": served(lambda e: e.offered),
    "coverage": served(lambda e: e.offered),
    "abstention": served(lambda e: not e.offered),
    "not this": served(lambda e: e.shown and e.not_this),
    "left without reading": served(lambda e: e.offered and e.outcome == "left without reading"),
    "time to send": served(lambda e: e.offered and e.contacted),
    "unserved": lambda e: not e.channels and e.outcome != "pending",
    "pending": lambda e: e.outcome == "pending",
    "ended solved": served(lambda e: e.outcome == "solved"),
    "ended contacted": served(lambda e: e.outcome == "contacted"),
    "ended left after reading": served(lambda e: e.outcome == "left after reading"),
    "ended left without reading": served(lambda e: e.outcome == "left without reading"),
}


def counted(episodes: Iterable[Ended], *, of: str, arm: str, within: str) -> list[Ended]:
    """Return the episodes that a number counts, in an arm, and `within` a segment as the report names it.

    A name that there is not counts all.
    """
    chosen, (by, label, arm_within) = FILTERS.get(of, FILTERS["all"]), _segment(within)
    arms = {arm, arm_within} - {""}
    return [
        e for e in episodes if chosen(e) and all(e.arm == one for one in arms) and (not by or label in values_of(e, by))
    ]


def _segment(within: str) -> tuple[str, str, str]:
    """Return what a segment's name says: by what it is split, the value there, and the arm.

    >>> _segment("lang=en, arm=control"), _segment("lang=unknown"), _segment("arm=control")
    (('lang', 'en', 'control'), ('lang', '', ''), ('', '', 'control'))
    """
    rest, mark, arm = within.rpartition("arm=")
    by, _, label = (rest.removesuffix(", ") if mark else within).partition("=")
    return (by if by in SPLITS else "", "" if label == "unknown" else label, arm if mark else "")
