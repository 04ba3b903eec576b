"""Intervals, checks and sample sizes for the numbers of the report, each with the source of its formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
U = TypeVar("U")
Floats = NDArray[np.float64]
ALPHA = 0.05
OUT_OF_BALANCE = 0.001  # a sample ratio this unlikely means that assignment or logging is broken


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the interval that holds the truth 95 times in 100."""

    value: float
    low: float
    high: float


class Arms(NamedTuple, Generic[T]):
    """A value for each arm of an experiment: people in `control` are shown no offer, people in `treatment` are."""

    control: T
    treatment: T

    def each(self, make: Callable[[T], U]) -> Arms[U]:
        """Return the result of `make` for each arm.

        >>> Arms([1, 2], [3]).each(len)
        Arms(control=2, treatment=1)
        """
        return Arms(make(self.control), make(self.treatment))


def z(alpha: float = ALPHA) -> float:
    """Return the normal quantile of a two-sided interval.

    >>> round(z(), 4)
    1.96
    """
    return NormalDist().inv_cdf(1 - alpha / 2)


def wilson(hits: float, n: float, *, alpha: float = ALPHA) -> Interval:
    """Return a proportion with Wilson's score interval (Wilson 1927; Newcombe 1998, Stat. Med. 17:857, method 3).

    >>> share = wilson(81, 263)
    >>> round(share.low, 4), round(share.high, 4)
    (0.2553, 0.3662)
    """
    if n <= 0:
        raise ValueError("a proportion needs n above zero")
    p, q = hits / n, z(alpha)
    middle, spread = p + q * q / (2 * n), q * math.sqrt(p * (1 - p) / n + q * q / (4 * n * n))
    scale = 1 + q * q / n
    return Interval(p, max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def poisson(count: int, *, alpha: float = ALPHA) -> Interval:
    """Return a count of rare events with Byar's interval for its mean (Breslow and Day 1987, IARC 82, p. 69).

    >>> few = poisson(10)
    >>> round(few.low, 2), round(few.high, 2)
    (4.79, 18.39)
    """
    n, q = count, z(alpha) / 3
    low = n * (1 - 1 / (9 * n) - q / math.sqrt(n)) ** 3 if n else 0.0
    high = (n + 1) * (1 - 1 / (9 * (n + 1)) + q / math.sqrt(n + 1)) ** 3
    return Interval(n, max(0.0, low), high)


def newcombe(hits: float, n: float, other_hits: float, other_n: float, *, alpha: float = ALPHA) -> Interval:
    """Return the difference of two proportions with Newcombe's hybrid score interval.

    Newcombe 1998, Stat. Med. 17:873, method 10, without continuity correction.

    >>> gap = newcombe(56, 70, 48, 80)
    >>> round(gap.value, 4), round(gap.low, 4), round(gap.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    one, two = wilson(hits, n, alpha=alpha), wilson(other_hits, other_n, alpha=alpha)
    gap = one.value - two.value
    below = math.hypot(one.value - one.low, two.high - two.value)
    above = math.hypot(one.high - one.value, two.value - two.low)
    return Interval(gap, gap - below, gap + above)


def design_effect(outcomes: Sequence[float], people: Sequence[str]) -> float:
    """Return the factor by which repeated episodes of the same people widen the variance of a share; at least 1.

    The variance of cluster totals divided by that of independent episodes (Kish 1965; Donner and Klar 2000).

    >>> design_effect([1, 1, 0, 0], ["a", "a", "b", "b"])
    2.0
    """
    n = len(outcomes)
    mean = sum(outcomes) / n if n else 0.0
    independent = sum((y - mean) ** 2 for y in outcomes)
    if not independent:
        return 1.0
    totals: dict[str, float] = {}
    for y, person in zip(outcomes, people, strict=True):
        totals[person] = totals.get(person, 0.0) + y - mean
    return max(1.0, sum(total**2 for total in totals.values()) / independent)


def cuped(
    outcomes: Arms[Floats], before: Arms[Floats], *, people: Arms[Sequence[str]] | None = None, alpha: float = ALPHA
) -> Interval:
    """Return control minus treatment, adjusted for differences that existed before the experiment.

    CUPED: Deng, Xu, Kohavi and Walker 2013, WSDM. `outcomes` has one value per episode, `before` one row of covariates
    per episode. The slope is fitted on both arms together, so that the adjustment keeps the effect. With `people`, the
    interval is widened by the design effect of people with several episodes.
    """
    y, x = np.concatenate(outcomes), np.concatenate(before)
    centred = x - x.mean(axis=0)
    slope, *_ = np.linalg.lstsq(centred, y - y.mean(), rcond=None)
    adjusted = y - centred @ slope
    arms = Arms(adjusted[: len(outcomes.control)], adjusted[len(outcomes.control) :])
    gap = float(arms.control.mean() - arms.treatment.mean())
    effects = [1.0, 1.0]
    if people is not None:
        effects = [design_effect(arm.tolist(), who) for arm, who in zip(arms, people, strict=True)]
    variances = [effect * arm.var(ddof=1) / len(arm) for effect, arm in zip(effects, arms, strict=True)]
    spread = z(alpha) * math.sqrt(variances[0] + variances[1])
    return Interval(gap, gap - spread, gap + spread)


def difference_error(hits: float, n: float, other_hits: float, other_n: float) -> float:
    """Return the standard error of a difference of proportions, each pulled slightly toward one half.

    Agresti and Caffo 2000, Am. Stat. 54:280. Otherwise, arms without any contact would have an error of zero.
    """
    p, q = (hits + 1) / (n + 2), (other_hits + 1) / (other_n + 2)
    return math.sqrt(p * (1 - p) / (n + 2) + q * (1 - q) / (other_n + 2))


def any_day_factor(n: float, *, expected: float, alpha: float = ALPHA) -> float:
    """Return the half-width, in standard errors, of an interval that stays valid if it is checked every day.

    The normal-mixture confidence sequence (Robbins 1970; Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024,
    Ann. Statist. 52:2613, theorem 2.2), its mixture tuned to be narrowest at `expected` observations.

    >>> round(any_day_factor(10_000, expected=10_000), 2)
    3.04
    """
    tune = -2 * math.log(alpha)
    scaled = n * (tune + math.log(tune + 1)) / expected
    return math.sqrt(2 * (1 + 1 / scaled) * math.log(math.sqrt(1 + scaled) / alpha))


def sample_ratio(control: int, treatment: int, *, expected_control: float) -> float:
    """Return the probability of arms this uneven if assignment and logging work: chi-square with one degree of freedom.

    Fabijan et al. 2019, KDD, "Diagnosing sample ratio mismatch". `expected_control` is a number of people.

    >>> round(sample_ratio(60, 40, expected_control=50), 4)
    0.0455
    """
    n = control + treatment
    if not 0 < expected_control < n:
        return 1.0 if control == expected_control else 0.0
    chi = (control - expected_control) ** 2 / expected_control
    chi += (treatment - (n - expected_control)) ** 2 / (n - expected_control)
    return math.erfc(math.sqrt(chi / 2))


def episodes_an_arm(contact_rate: float, effect: float, *, alpha: float = ALPHA, power: float = 0.8) -> int:
    """Return the episodes needed in each of two equal arms to find `effect` (Fleiss 1981, without correction).

    >>> episodes_an_arm(0.80, 0.02), episodes_an_arm(0.80, 0.05)
    (6510, 1094)
    """
    one, two = contact_rate, contact_rate - effect
    mean = (one + two) / 2
    no_effect = z(alpha) * math.sqrt(2 * mean * (1 - mean))
    some_effect = NormalDist().inv_cdf(power) * math.sqrt(one * (1 - one) + two * (1 - two))
    return math.ceil(((no_effect + some_effect) / effect) ** 2)


def cost_of_holdout(holdout: float) -> float:
    """Return the total episodes that a smaller control arm needs, as a multiple of those for two equal arms.

    >>> round(cost_of_holdout(0.1), 2)
    2.78
    """
    return 1 / (4 * holdout * (1 - holdout))


def mean_interval(values: Sequence[float], *, alpha: float = ALPHA) -> Interval:
    """Return a mean with its normal interval.

    >>> mean_interval([1.0, 3.0]).value
    2.0
    """
    data = np.asarray(values, dtype=float)
    mean = float(data.mean())
    spread = z(alpha) * float(data.std(ddof=1)) / math.sqrt(len(data)) if len(data) > 1 else 0.0
    return Interval(mean, mean - spread, mean + spread)


def median_interval(values: Sequence[float], *, alpha: float = ALPHA) -> Interval:
    """Return a median with the order statistics around it (Conover 1999, by the normal approximation).

    >>> median_interval([1, 2, 3, 4, 100])
    Interval(value=3.0, low=1.0, high=100.0)
    """
    data = sorted(float(value) for value in values)
    n = len(data)
    reach = z(alpha) * math.sqrt(n) / 2
    low, high = max(0, math.floor(n / 2 - reach)), min(n - 1, math.ceil(n / 2 + reach))
    return Interval(float(np.median(data)), data[low], data[high])
