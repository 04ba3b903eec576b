"""Numbers about how episodes ended: deflection, returns, coverage, guardrails and outcomes.

Only episodes that have ended count, of people who could reach a human by some channel. People without such a channel
are counted separately, as unserved: their silence says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from deflect.report import statistics
from deflect.report.effect import Before, experiment
from deflect.report.numbers import Number, given, share, unknown
from deflect.report.outcomes import Ended, by_arm
from deflect.store.clock import SECOND


def of_episodes(
    episodes: Sequence[Ended], *, holdout: float, connected: bool, before: Before | None = None
) -> list[Number]:
    """Return all numbers of episodes, with the effect of offers and how many are unserved or pending."""
    done = [e for e in episodes if e.outcome != "pending"]
    served = [e for e in done if e.channels]
    return [
        *_usual(served),
        *experiment(served, holdout=holdout, connected=connected, before=before),
        *_guardrails(served),
        *_outcomes(served),
        share("unserved", len(done) - len(served), len(done), "episodes whose person could reach no human ÷ episodes"),
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
            "(shown and followed and not sent in the visit) ÷ shown; what vendors print, for comparison only",
            nobody=none_shown,
        ),
        share(
            "returned",
            sum(e.contacted for e in attributed),
            len(attributed),
            "attributed that contacted within 7 days ÷ attributed",
            nobody="nothing was attributed",
        ),
        share("coverage", offered, len(episodes), "episodes with an offer ÷ episodes"),
        share("abstention", len(episodes) - offered, len(episodes), "episodes without an offer ÷ episodes"),
    ]


def _guardrails(episodes: Sequence[Ended]) -> list[Number]:
    shown = [e for e in episodes if e.shown]
    formula = "episodes in which a shown article was said to be not it ÷ shown"
    found = [share("not this", sum(e.not_this for e in shown), len(shown), formula, nobody="no offer was shown")]
    for arm, of_arm in by_arm(e for e in episodes if e.offered)._asdict().items():
        left = sum(e.outcome == "left without reading" for e in of_arm)
        text = (
            f"left without reading ÷ episodes with an offer, {arm}; if it rises as contact falls, that is obstruction"
        )
        none = f"no episode with an offer in the {arm} arm has ended"
        found.append(replace(share("left without reading", left, len(of_arm), text, nobody=none), segment=f"arm={arm}"))
        found.append(replace(_time_to_send(of_arm, arm), segment=f"arm={arm}"))
    return found


def _time_to_send(episodes: Sequence[Ended], arm: str) -> Number:
    waits = [e.contact_after / SECOND for e in episodes if e.contact_after is not None]
    formula = f"median seconds from intent to contact, {arm}"
    if not waits:
        return unknown("time to send", "nobody contacted", formula)
    return given("time to send", statistics.median_interval(waits), len(waits), formula)


def _outcomes(episodes: Sequence[Ended]) -> list[Number]:
    names: Mapping[str, str] = {
        "solved": "said so, and no contact in 7 days",
        "contacted": "by any channel within 7 days",
        "left after reading": "neither said nor sent anything, after reading an article",
        "left without reading": "neither said nor sent anything, and read nothing",
    }
    return [
        share(f"ended {name}", sum(e.outcome == name for e in episodes), len(episodes), f"{text} ÷ episodes")
        for name, text in names.items()
    ]
