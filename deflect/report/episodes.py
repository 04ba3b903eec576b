"""The numbers about how episodes ended, the episodes behind each of them, and one episode in detail.

Numbers count only episodes that have ended, of people with at least one channel to a human. People without a channel
could not have written, so they are counted separately, as unserved. Each number that counts episodes has a filter here
under the same name, so that a page can list exactly the episodes that the number counts, also within a segment. The
detail of an episode is its outcome, the events of its browsers, and the contacts in the seven days after it began that
are counted with it. Texts were redacted when they were stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from deflect.report import statistics
from deflect.report.effect import Before, experiment
from deflect.report.numbers import Number, given, share, unknown
from deflect.report.outcomes import SPLITS, Ended, by_arm, ended, values_of
from deflect.store.clock import SECOND
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

    An unknown number counts all episodes. An empty arm or segment sets no limit.
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
    FROM events LEFT JOIN event_texts ON event_texts.event = events.id
    WHERE events.key IN (SELECT key FROM events WHERE episode = :episode)
      AND events.received >= :start AND events.received <= :end
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
    acts = {name: period[name] for name in ("start", "end", "episode")}
    steps = tuple(step | {"data": json.loads(step["data"] or "{}")} for step in store.rows(STEPS, acts))
    contacts = {key: period[key] for key in ("person", "start", "end")}
    return Detail(episode, steps, tuple(store.rows(TICKETS, contacts)))


def of_episodes(
    episodes: Sequence[Ended], *, holdout: float, connected: bool, before: Before | None = None
) -> list[Number]:
    """Return all numbers of episodes, with the effect of offers and the unserved and pending episodes."""
    done = [e for e in episodes if e.outcome != "pending"]
    reachable = [e for e in done if e.channels]
    unserved = len(done) - len(reachable)
    return [
        *_usual(reachable),
        *experiment(reachable, holdout=holdout, connected=connected, before=before),
        *_guardrails(reachable),
        *_outcomes(reachable),
        share("unserved", unserved, len(done), "episodes of people with no channel to a human ÷ episodes"),
        Number("pending", len(episodes) - len(done), None, None, len(episodes), "episodes younger than 7 days"),
    ]


def _usual(episodes: Sequence[Ended]) -> list[Number]:
    shown = [e for e in episodes if e.shown]
    solved = sum(e.outcome == "solved" for e in shown)
    attributed = [e for e in shown if e.attributed]
    offered = sum(e.offered for e in episodes)
    none_shown = "no offer was shown"
    return [
        share("confirmed deflection", solved, len(shown), "solved ÷ episodes shown an offer", nobody=none_shown),
        share(
            "attributed deflection",
            len(attributed),
            len(shown),
            "(shown, followed, and not sent in the visit) ÷ shown; the measure that vendors use, for comparison only",
            nobody=none_shown,
        ),
        share(
            "returned",
            sum(e.contacted for e in attributed),
            len(attributed),
            "attributed episodes with a contact within 7 days ÷ attributed",
            nobody="no episode was attributed",
        ),
        share("coverage", offered, len(episodes), "episodes with an offer ÷ episodes"),
        share("abstention", len(episodes) - offered, len(episodes), "episodes without an offer ÷ episodes"),
    ]


def _guardrails(episodes: Sequence[Ended]) -> list[Number]:
    shown = [e for e in episodes if e.shown]
    formula = 'episodes in which a shown article was answered with "Not this" ÷ shown'
    found = [share("not this", sum(e.not_this for e in shown), len(shown), formula, nobody="no offer was shown")]
    for arm, of_arm in by_arm(e for e in episodes if e.offered)._asdict().items():
        left = sum(e.outcome == "left without reading" for e in of_arm)
        text = f"left without reading ÷ episodes with an offer, {arm}; a rise while contacts fall means obstruction"
        none = f"no episode with an offer in the {arm} arm has ended"
        found.append(replace(share("left without reading", left, len(of_arm), text, nobody=none), segment=f"arm={arm}"))
        found.append(replace(_time_to_send(of_arm, arm), segment=f"arm={arm}"))
    return found


def _time_to_send(episodes: Sequence[Ended], arm: str) -> Number:
    waits = [e.contact_after / SECOND for e in episodes if e.contact_after is not None]
    formula = f"median time from the start of a message to the contact, {arm}"
    if not waits:
        return unknown("time to send", "no one contacted us", formula)
    return given("time to send", statistics.median_interval(waits), len(waits), formula)


def _outcomes(episodes: Sequence[Ended]) -> list[Number]:
    names: Mapping[str, str] = {
        "solved": 'answered "This solved it", with no contact within 7 days',
        "contacted": "contact by any channel within 7 days",
        "left after reading": "no answer and no contact, after reading an article",
        "left without reading": "no answer and no contact, and no article read",
    }
    return [
        share(f"ended {name}", sum(e.outcome == name for e in episodes), len(episodes), f"{text} ÷ episodes")
        for name, text in names.items()
    ]
