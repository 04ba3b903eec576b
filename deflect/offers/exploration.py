"""Exploration: now and then two neighbouring cards change places, so that a place can be told from an article."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deflect.store.experiment import position


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Which card of the ranking, counted from 0, stands in each slot, and how probable it was that it would."""

    order: tuple[int, ...]
    propensities: tuple[float, ...]


def arranged(articles: Sequence[str], *, person: str, salt: str, share: float) -> Arrangement:
    """Return the slots of `articles`, the best first; at most one pair of neighbours changes places.

    From the top, each pair does with probability `share`. The draw is the person's and the pair's, so that who asks
    again while typing sees the same. It is independent of the arm, which is drawn from the same salt.

    >>> arranged(["a", "b", "c"], person="visitor:1", salt="s", share=0.0)
    Arrangement(order=(0, 1, 2), propensities=(1.0, 1.0, 1.0))
    """
    order = list(range(len(articles)))
    for upper in range(len(articles) - 1):
        pair = "\0".join(sorted(articles[upper : upper + 2]))
        if share > 0 and position(f"\0{person}\0{pair}", salt=salt) < share:
            order[upper], order[upper + 1] = order[upper + 1], order[upper]
            break
    chances = tuple(propensity(card, slot, of=len(order), share=share) for slot, card in enumerate(order))
    return Arrangement(tuple(order), chances)


def propensity(card: int, slot: int, *, of: int, share: float) -> float:
    """Return the probability that the card ranked at `card` of so many stands in `slot`, both counted from 0.

    >>> [propensity(0, slot, of=3, share=0.5) for slot in range(3)]
    [0.5, 0.5, 0.0]
    """
    down = _swapped(card, of=of, share=share)
    up = _swapped(card - 1, of=of, share=share)
    return {0: 1.0 - down - up, 1: down, -1: up}.get(slot - card, 0.0)


def _swapped(upper: int, *, of: int, share: float) -> float:
    """Return how probable it is that the card at `upper` and the one below it change places."""
    return share * (1.0 - share) ** upper if 0 <= upper < of - 1 else 0.0
