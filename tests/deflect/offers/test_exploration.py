"""Swaps of neighbouring cards: drawn by person and pair, at the set rate, and logged with their propensity."""

from __future__ import annotations

from collections import Counter

import pytest

from deflect.offers.offer import arranged, propensity
from deflect.store.people import arm

CARDS = ["a", "b", "c"]
PEOPLE = [f"visitor:{n}" for n in range(20_000)]


def test_without_a_share_nothing_moves_and_every_slot_was_sure() -> None:
    slots = arranged(CARDS, person="visitor:1", salt="s", share=0.0)
    assert (slots.order, slots.propensities) == ((0, 1, 2), (1.0, 1.0, 1.0))


def test_only_neighbours_change_places_and_only_one_pair_of_them() -> None:
    seen = Counter(arranged(CARDS, person=person, salt="s", share=0.2).order for person in PEOPLE)
    assert set(seen) == {(0, 1, 2), (1, 0, 2), (0, 2, 1)}
    assert seen[1, 0, 2] / len(PEOPLE) == pytest.approx(0.2, abs=0.01)
    assert seen[0, 2, 1] / len(PEOPLE) == pytest.approx(0.2 * 0.8, abs=0.01)


def test_the_propensity_of_a_slot_is_how_often_its_card_stands_there() -> None:
    stood: Counter[tuple[int, int]] = Counter()
    logged = {}
    for person in PEOPLE:
        slots = arranged(CARDS, person=person, salt="s", share=0.2)
        for slot, (card, chance) in enumerate(zip(slots.order, slots.propensities, strict=True)):
            stood[card, slot] += 1
            logged[card, slot] = chance
    for place, times in stood.items():
        assert times / len(PEOPLE) == pytest.approx(logged[place], abs=0.01)
    for card in range(3):
        assert sum(propensity(card, slot, of=3, share=0.2) for slot in range(3)) == pytest.approx(1.0)


def test_who_asks_again_sees_the_same_pair_in_the_same_order() -> None:
    for person in PEOPLE[:200]:
        one = arranged(CARDS, person=person, salt="s", share=0.2).order[:2]
        more_typed = arranged(["a", "b", "d"], person=person, salt="s", share=0.2).order[:2]
        assert (one == (1, 0)) == (more_typed == (1, 0))


def test_swaps_are_drawn_apart_from_the_arms() -> None:
    control = [person for person in PEOPLE if arm(person, salt="s", holdout=0.5) == "control"]
    swapped = sum(arranged(CARDS, person=person, salt="s", share=0.2).order[0] == 1 for person in control)
    assert swapped / len(control) == pytest.approx(0.2, abs=0.015)


def test_a_single_card_stays_and_none_is_none() -> None:
    assert arranged(["a"], person="visitor:1", salt="s", share=0.2).propensities == (1.0,)
    assert arranged([], person="visitor:1", salt="s", share=0.2).order == ()
