"""The effect of offers: net deflection against a control group, and checks of the experiment.

A share of people, the holdout, is never shown an offer. Net deflection is the share of episodes in the control arm with
a contact within seven days, minus the same share in the treatment arm. In both arms, only episodes count in which an
offer cleared the floor. Net deflection is not shown while contacts are unknown, while an arm is empty, or while the
arms are so uneven that assignment or logging must be broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from deflect.report import statistics
from deflect.report.numbers import Need, Number, given, unknown
from deflect.report.outcomes import Ended, by_arm
from deflect.report.statistics import Arms, Interval

NO_HOLDOUT = "KB_HOLDOUT is 0, so there is no control group"
MISSING: Mapping[Need, str] = {"contacts": "contacts are not connected", "holdout": NO_HOLDOUT}
EFFECTS = (0.02, 0.05)  # the differences for which the missing episodes are computed
EXPECTED = 20_000  # episodes at which the interval for daily looks is narrowest
NET = (
    "P(contact within 7 days, control) − P(same, treatment), "
    "over episodes where an offer cleared the floor in both arms"
)
INFLATION = "attributed deflection ÷ net deflection"
Before = Callable[[Ended], Sequence[float]]


def experiment(
    episodes: Sequence[Ended], *, holdout: float, connected: bool, before: Before | None = None
) -> list[Number]:
    """Return net deflection (plain, adjusted, and valid on any day), inflation, the sample ratio and the power."""
    arms = by_arm(e for e in episodes if e.offered and e.holdout != 0)  # without a holdout there is no control arm
    needs = _needs(holdout=holdout, connected=connected)
    why = "; ".join(MISSING[need] for need in needs) or _unknown(arms, episodes, holdout=holdout)
    n = len(arms.control) + len(arms.treatment)
    names = {
        "net deflection": NET,
        "net deflection, adjusted": "the same, adjusted for the person's earlier tickets and visits (CUPED)",
        "net deflection, any day": "the same, with an interval that stays valid if you look every day",
    }
    rest = [_balance(episodes, holdout=holdout), *_power(arms.control, n=n, holdout=holdout)]
    if why:
        named = (names | {"inflation": INFLATION}).items()
        return [*(unknown(name, why, text, n=n, needs=needs) for name, text in named), *rest]
    net = _net(arms)
    found = [given(name, net, n, formula) for name, formula in names.items()]
    found[1] = given(found[1].name, _adjusted(arms, before) or net, n, found[1].formula)
    found[2] = given(found[2].name, _any_day(arms, net), n, found[2].formula)
    return [*found, _inflation(episodes, net), *rest]


def _needs(*, holdout: float, connected: bool) -> tuple[Need, ...]:
    """Return what must be set up before net deflection can be measured."""
    there: Mapping[Need, object] = {"contacts": connected, "holdout": holdout}
    return tuple(need for need, found in there.items() if not found)


def _unknown(arms: Arms[list[Ended]], episodes: Sequence[Ended], *, holdout: float) -> str:
    """Return the reason why net deflection is not measured although all is set up, or "" if it is measured."""
    for name, of_arm in arms._asdict().items():
        if not of_arm:
            return f"no episode with an offer in the {name} arm has ended"
    p = _imbalance(episodes, holdout=holdout)
    if p < statistics.OUT_OF_BALANCE:
        return f"the arms are out of balance (p = {p:.2g}); assignment or logging is broken"
    return ""


def _net(arms: Arms[list[Ended]]) -> Interval:
    """Return Newcombe's interval of the difference, on counts divided by the design effect of repeated people."""
    (hits, n), (other_hits, other_n) = arms.each(_contacted)
    return statistics.newcombe(hits, n, other_hits, other_n)


def _contacted(episodes: Sequence[Ended]) -> tuple[float, float]:
    """Return the contacts and the episodes of an arm, both divided by the design effect."""
    outcomes = [float(e.contacted) for e in episodes]
    effect = statistics.design_effect(outcomes, [e.person for e in episodes])
    return sum(outcomes) / effect, len(outcomes) / effect


def _adjusted(arms: Arms[list[Ended]], before: Before | None) -> Interval | None:
    if before is None or min(arms.each(len)) < 2:
        return None
    earlier = arms.each(lambda episodes: np.array([before(e) for e in episodes], dtype=float))
    if not any(rows.any() for rows in earlier):
        return None
    outcomes = arms.each(lambda episodes: np.array([e.contacted for e in episodes], dtype=float))
    return statistics.cuped(outcomes, earlier, people=arms.each(lambda episodes: [e.person for e in episodes]))


def _any_day(arms: Arms[list[Ended]], net: Interval) -> Interval:
    (hits, n), (other_hits, other_n) = arms.each(_contacted)
    error = statistics.difference_error(hits, n, other_hits, other_n)
    reach = error * statistics.any_day_factor(n + other_n, expected=EXPECTED)
    return Interval(net.value, max(-1.0, net.value - reach), min(1.0, net.value + reach))


def _inflation(episodes: Sequence[Ended], net: Interval) -> Number:
    shown = [e for e in episodes if e.shown]
    attributed = sum(e.attributed for e in shown) / len(shown) if shown else 0.0
    if net.value <= 0:
        return unknown("inflation", "net deflection is not above zero", INFLATION, n=len(shown))
    high = attributed / net.low if net.low > 0 else None
    return Number("inflation", attributed / net.value, attributed / net.high, high, len(shown), INFLATION)


def _imbalance(episodes: Iterable[Ended], *, holdout: float) -> float:
    """Return the probability of arms this uneven, counting people, given the holdout at each one's assignment."""
    people = {e.person: e for e in episodes if e.offered}
    expected = sum(holdout if e.holdout is None else e.holdout for e in people.values())
    control, treatment = by_arm(people.values()).each(len)
    return statistics.sample_ratio(control, treatment, expected_control=expected)


def _balance(episodes: Sequence[Ended], *, holdout: float) -> Number:
    formula = "P(arms this uneven if assignment and logging work), chi-square; below 0.001, net deflection is not shown"
    people = len({e.person for e in episodes if e.offered})
    if not people or not holdout:
        return unknown("sample ratio", f"{'no offers yet' if holdout else NO_HOLDOUT}", formula)
    return Number("sample ratio", _imbalance(episodes, holdout=holdout), None, None, people, formula)


def _power(control: Sequence[Ended], *, n: int, holdout: float) -> list[Number]:
    """Return the number of episodes with an offer still needed to find differences of 2 and of 5 points."""
    rate = sum(e.contacted for e in control) / len(control) if control else 0.8
    assumed = "" if control else " (assumed until there is a control group)"
    found = []
    for effect in EFFECTS:
        name = f"episodes to go for {effect * 100:.0f} points"
        formula = f"episodes still needed to find a difference of {effect * 100:.0f} points with 80 % power"
        if not holdout:
            found.append(unknown(name, f"{NO_HOLDOUT}", formula))
            continue
        if rate <= effect:
            found.append(
                unknown(name, "the contact rate of the control arm is no higher than the difference", formula, n=n)
            )
            continue
        whole = 2 * statistics.episodes_an_arm(rate, effect) * statistics.cost_of_holdout(holdout)
        formula += (
            f", at a control contact rate of {rate:.0%}{assumed} and a holdout of {holdout:.0%}: {whole:,.0f} in all"
        )
        found.append(Number(name, max(0, round(whole) - n), None, None, n, formula))
    return found
