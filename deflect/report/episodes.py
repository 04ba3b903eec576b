"""The episodes behind a number of the report, and one episode in detail.

Each number that counts episodes has a filter here under the same name, so a page can list exactly the episodes that
the number counts, also within a segment. The detail of an episode is its outcome, its events and the contacts of the
person in the seven days after it began. Texts were redacted when they were stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from deflect.report.outcomes import Ended, ended
from deflect.report.report import SPLITS, values_of
from deflect.store.database import Row, Store
from deflect.store.people import WINDOW


def served(test: Callable[[Ended], bool]) -> Callable[[Ended], bool]:
    """Return `test` limited to ended episodes of people with a human channel; most numbers count only these."""
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
    """Return the episodes that the number `of` counts, in one arm and `within` a segment named as in the report.

    An unknown number counts all episodes; an empty arm or segment does not limit them.
    """
    chosen, (by, label, arm_within) = FILTERS.get(of, FILTERS["all"]), _segment(within)
    arms = {arm, arm_within} - {""}
    return [
        e for e in episodes if chosen(e) and all(e.arm == one for one in arms) and (not by or label in values_of(e, by))
    ]


def _segment(within: str) -> tuple[str, str, str]:
    """Return the parts of a segment's name: the split, its value, and the arm.

    >>> _segment("lang=en, arm=control"), _segment("lang=unknown"), _segment("arm=control")
    (('lang', 'en', 'control'), ('lang', '', ''), ('', '', 'control'))
    """
    rest, mark, arm = within.rpartition("arm=")
    by, _, label = (rest.removesuffix(", ") if mark else within).partition("=")
    return (by if by in SPLITS else "", "" if label == "unknown" else label, arm if mark else "")


STEPS = """
    SELECT events.id, type, article, rank, source, reason, revision, events.received AS at, data,
           coalesce(text, '') AS text
    FROM events JOIN keys ON keys.id = events.key LEFT JOIN event_texts ON event_texts.event = events.id
    WHERE keys.person = :person AND events.received >= :start AND events.received <= :end
      AND (episode IS NULL OR episode = :episode)
    ORDER BY events.received, events.at, events.id LIMIT 500
    """

TICKETS = """
    SELECT id AS ticket, channel, created AS at FROM tickets
    WHERE person = :person AND created >= :start AND created <= :end
    UNION ALL SELECT ticket, channel, at FROM contacts WHERE person = :person AND at >= :start AND at <= :end
    ORDER BY 3, 1
    """


@dataclass(frozen=True, slots=True)
class Detail:
    """An episode with its outcome, its events and the contacts within its window."""

    episode: Ended
    steps: tuple[Row, ...]
    contacts: tuple[Row, ...]


def detail(store: Store, id: str, *, now: int) -> Detail | None:
    """Return an episode with the events and contacts of its seven days, or None if there is no such episode."""
    row = store.one("SELECT person, started FROM episodes WHERE id = ?", [id])
    if row is None:
        return None
    nearby = ended(store, start=row["started"] - WINDOW, end=row["started"] + 1, now=now)
    own = [e for e in nearby if e.person == row["person"] and e.started <= row["started"]]
    if not own:
        return None
    episode = own[-1]  # a second episode of the same person is part of the first
    period = {"person": episode.person, "start": episode.started, "end": episode.started + WINDOW, "episode": id}
    steps = tuple(step | {"data": json.loads(step["data"] or "{}")} for step in store.rows(STEPS, period))
    contacts = {key: period[key] for key in ("person", "start", "end")}
    return Detail(episode, steps, tuple(store.rows(TICKETS, contacts)))
