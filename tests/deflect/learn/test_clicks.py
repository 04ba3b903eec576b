"""The click model for simulated people with known attention and known fitting articles."""

from __future__ import annotations

import numpy as np
import pytest

from deflect.learn.evidence import Seen, examination, fitting
from deflect.offers.offer import propensity

LOOKED = np.asarray([1.0, 0.6, 0.4])
SHARE = 0.1  # of swaps


def people(offers: int, *, seed: int, pairs: int = 300) -> tuple[Seen, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Return offers of three cards, seen with the attention above, and the pairs that truly fit.

    Six of ten people who look at a fitting pair keep it, and one of twenty for another pair. The ranking is good, so
    that fitting pairs are mostly first, and counting follows by slot would mistake the ranking for attention.
    """
    random = np.random.default_rng(seed)
    fits = random.random((pairs, 3)) < [0.6, 0.2, 0.1]
    question = random.integers(0, pairs, offers)
    draw = random.random((offers, 2)) < SHARE
    place = np.tile([0, 1, 2], (offers, 1))
    place[draw[:, 0]] = [1, 0, 2]
    place[~draw[:, 0] & draw[:, 1]] = [0, 2, 1]
    right = fits[question[:, None], place]
    kept = (random.random(place.shape) < LOOKED) & (random.random(place.shape) < np.where(right, 0.6, 0.05))
    slot = np.tile([0, 1, 2], (offers, 1))
    chances = np.asarray([[propensity(card, at, of=3, share=SHARE) for at in range(3)] for card in range(3)])
    seen = Seen(
        pair=(question[:, None] * 3 + place).ravel(),
        place=place.ravel(),
        slot=slot.ravel(),
        propensity=chances[place, slot].ravel(),
        followed=kept.ravel(),
        kept=kept.ravel(),
    )
    return seen, fits.ravel()


def test_swaps_tell_where_people_look_though_better_articles_stand_higher() -> None:
    seen, _ = people(60_000, seed=1)
    assert examination(seen) == pytest.approx(LOOKED, abs=0.06)
    by_slot = [seen.followed[seen.slot == slot].mean() for slot in range(3)]
    assert by_slot[1] / by_slot[0] < 0.45  # a plain count would give this instead of .6


def test_while_few_were_swapped_it_says_what_is_usual() -> None:
    seen, _ = people(40, seed=2)
    assert examination(seen) == pytest.approx([1.0, 0.7, 0.49], abs=0.1)


def test_pairs_that_fit_are_told_from_those_that_were_opened_by_mistake() -> None:
    seen, fits = people(6_000, seed=3)
    chances = fitting(seen, looked=examination(seen))
    assert fits[chances >= 0.5].mean() > 0.95
    assert (chances[fits] >= 0.5).mean() > 0.9


def test_what_was_passed_over_in_a_high_slot_fits_less_than_in_a_low_one() -> None:
    seen, _ = people(3_000, seed=4)
    rows = np.asarray([[5000, 0], [5000, 0], [5000, 0], [5001, 2], [5001, 2], [5001, 2]])
    more = Seen(
        pair=np.append(seen.pair, rows[:, 0]),
        place=np.append(seen.place, rows[:, 1]),
        slot=np.append(seen.slot, rows[:, 1]),
        propensity=np.append(seen.propensity, np.full(6, 0.9)),
        followed=np.append(seen.followed, [True, False, False] * 2),
        kept=np.append(seen.kept, [True, False, False] * 2),
    )
    chances = fitting(more, looked=LOOKED)
    assert chances[5000] < chances[5001]


def test_a_pair_that_nobody_kept_is_no_evidence_and_neither_is_a_short_log() -> None:
    seen, _ = people(3_000, seed=5)
    chances = fitting(seen, looked=LOOKED)
    kept = np.bincount(seen.pair, weights=seen.kept, minlength=len(chances))
    assert not chances[kept == 0].any()
    short, _ = people(20, seed=6)
    assert not fitting(short, looked=LOOKED).any()
