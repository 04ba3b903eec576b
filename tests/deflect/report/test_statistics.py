"""Intervals and checks against published values and values worked out by hand."""

import math

import numpy as np
import pytest

from deflect.report.statistics import (
    Arms,
    any_day_factor,
    cost_of_holdout,
    cuped,
    design_effect,
    episodes_an_arm,
    mean_interval,
    median_interval,
    newcombe,
    sample_ratio,
    wilson,
)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),  # Newcombe 1998, Stat. Med. 17:857, table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_agrees_with_the_printed_table(hits: int, n: int, low: float, high: float) -> None:
    share = wilson(hits, n)
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("one", "two", "low", "high"),  # Newcombe 1998, Stat. Med. 17:873, table II, method 10
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_agrees_with_the_printed_table(
    one: tuple[int, int], two: tuple[int, int], low: float, high: float
) -> None:
    gap = newcombe(*one, *two)
    assert (round(gap.low, 4), round(gap.high, 4)) == (low, high)


def test_the_power_line_is_the_design_s() -> None:
    assert episodes_an_arm(0.80, 0.02) == 6510
    assert episodes_an_arm(0.80, 0.05) == 1094
    assert cost_of_holdout(0.5) == 1.0
    assert round(cost_of_holdout(0.1), 2) == 2.78


def test_people_who_come_once_widen_nothing_and_people_who_come_twice_alike_double_the_variance() -> None:
    assert design_effect([1, 0, 1, 0], ["a", "b", "c", "d"]) == 1.0
    assert design_effect([1, 1, 0, 0], ["a", "a", "b", "b"]) == 2.0
    assert design_effect([1, 1, 1], ["a", "a", "b"]) == 1.0  # nothing varies


def test_a_balanced_sample_is_likely_and_a_lopsided_one_is_not() -> None:
    assert sample_ratio(100, 900, expected_control=100) == 1.0
    # (60-50)^2/50 + (40-50)^2/50 = 4, and P(chi-square > 4) = erfc(sqrt(2))
    assert sample_ratio(60, 40, expected_control=50) == pytest.approx(math.erfc(math.sqrt(2)))
    assert sample_ratio(140, 860, expected_control=100) < 0.001
    assert sample_ratio(0, 10, expected_control=0) == 1.0
    assert sample_ratio(1, 9, expected_control=0) == 0.0


def test_the_daily_look_costs_about_half_as_much_again_where_it_is_tuned_for_and_more_elsewhere() -> None:
    best = any_day_factor(10_000, expected=10_000)
    assert 2.5 < best < 3.1
    assert any_day_factor(300, expected=10_000) > best
    assert any_day_factor(1_000_000, expected=10_000) > best


def test_arms_swapped_turn_the_adjusted_effect_round() -> None:
    rng = np.random.default_rng(3)
    outcomes, before = (Arms(rng.normal(size=shape), rng.normal(size=shape)) for shape in (50, (50, 2)))
    effect, swapped = cuped(outcomes, before), cuped(Arms(*reversed(outcomes)), Arms(*reversed(before)))
    assert (swapped.value, swapped.low, swapped.high) == pytest.approx((-effect.value, -effect.high, -effect.low))


def test_cuped_takes_away_what_was_there_before_and_narrows_the_interval() -> None:
    rng = np.random.default_rng(1)
    before = rng.normal(size=(4000, 1))
    y = before[:, 0] * 2 + rng.normal(size=4000) * 0.5
    y[2000:] += 1.0  # the control arm has one more
    adjusted = cuped(Arms(y[2000:], y[:2000]), Arms(before[2000:], before[:2000]))
    assert adjusted.low < 1.0 < adjusted.high
    assert adjusted.high - adjusted.low < 0.08  # 2 * 1.96 * sqrt(0.25 / 2000 * 2) is 0.062; unadjusted it is 0.26


def test_cuped_counts_people_who_come_twice_alike_as_one() -> None:
    rng = np.random.default_rng(2)
    before, y = rng.normal(size=(400, 1)), rng.normal(size=400)
    once = [f"p{n}" for n in range(200)]
    twice = [f"p{n // 2}" for n in range(400)]
    outcomes, earlier = Arms(y[200:], y[:200]), Arms(before[200:], before[:200])
    one = cuped(outcomes, earlier, people=Arms(once, once))
    again = [arms.each(lambda part: np.repeat(part, 2, axis=0)) for arms in (outcomes, earlier)]
    two = cuped(*again, people=Arms(twice, twice))
    assert two.high - two.low == pytest.approx(one.high - one.low, rel=0.01)


def test_cuped_without_anything_before_is_the_plain_difference() -> None:
    nothing = np.zeros((3, 1))
    gap = cuped(Arms(np.array([1.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])), Arms(nothing, nothing))
    assert gap.value == pytest.approx(1 / 3)


def test_mean_and_median_have_intervals_around_them() -> None:
    assert mean_interval([2.0]).low == 2.0
    middle = median_interval(range(1, 102))
    assert (middle.value, middle.low, middle.high) == (51.0, 41.0, 62.0)
