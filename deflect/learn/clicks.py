"""What people followed, as evidence of what fits: freed of the place where it stood, and how sure each is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.index.logistic import Matrix, sigmoid

SLOTS = 3
USUAL = (0.7, 0.7)  # how often a card is looked at, as a share of the one above it, while few swaps say otherwise
FEW = 20.0  # follows in swapped offers that weigh as much as what is usual
LEAST = 30  # opened and kept cards without which nothing is said
STEPS = 60
OFTEN, SELDOM = 0.5, 0.05  # how often a card that is looked at is kept, where it fits and where not; what is usual
LOOKS = 200.0  # looks that weigh as much as what is usual: texts that came once cannot tell the two apart
SHARE = 0.3  # of pairs that fit, to begin with

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Seen:
    """Cards that were on a screen, one a row: whose question and article, where, by what chance, and what was done.

    A pair is a question's text and an article. `followed` is that it was opened; `kept` that it was also read, not
    said to be wrong, and that no ticket came.
    """

    pair: Counts
    place: Counts  # that the ranking gave it, from 0
    slot: Counts  # in which it was shown, from 0
    propensity: Matrix
    followed: NDArray[np.bool_]
    kept: NDArray[np.bool_]


def examination(seen: Seen) -> Matrix:
    """Return how often the card of each slot is looked at, the first as 1.

    Of two neighbouring places, the articles stand in either slot by lot; so their follows, each divided by its
    propensity, differ by the slot alone (intervention harvesting: Agarwal et al. 2019, WSDM, arXiv 1812.05161).
    With few swaps it is held near what is usual; a lower card is never looked at more.
    """
    shares = [1.0]
    for upper in range(SLOTS - 1):
        rows = (seen.place == upper) | (seen.place == upper + 1)
        rates = [_rate(seen, rows & (seen.slot == slot)) for slot in (upper, upper + 1)]
        swapped = rows & (seen.place != seen.slot) & (np.maximum(seen.place, seen.slot) == upper + 1)
        many = float((swapped & seen.followed).sum())
        measured = rates[1] / rates[0] if rates[0] else USUAL[upper]
        ratio = (many * measured + FEW * USUAL[upper]) / (many + FEW)
        shares.append(shares[-1] * float(np.clip(ratio, 0.1, 1.0)))
    return np.asarray(shares)


def fitting(seen: Seen, *, looked: Matrix) -> Matrix:
    """Return P(its article fits the question) for each pair, 0 for one that nobody kept.

    A pair fits or does not; a card that is looked at is kept more often where it does. How often either way, and how
    many pairs fit, is found by expectation and maximisation over all pairs (the position-based model with two kinds
    of pairs; Chuklin, Markov and de Rijke 2015, chapter 3). A card that was passed over counts against its pair, and
    counts less the lower it stood.
    """
    pairs = int(seen.pair.max()) + 1 if len(seen.pair) else 0
    cells = seen.pair * SLOTS + seen.slot
    shown = np.bincount(cells, minlength=pairs * SLOTS).reshape(pairs, SLOTS).astype(np.float64)
    kept = np.bincount(cells, weights=seen.kept, minlength=pairs * SLOTS).reshape(pairs, SLOTS).astype(np.float64)
    total, looks = kept.sum(axis=1), shown @ looked
    often, seldom, share = OFTEN, SELDOM, SHARE
    chance = np.zeros(pairs)
    if total.sum() < LEAST:
        return chance
    for _ in range(STEPS):
        odds = (
            np.log(share / (1.0 - share)) + _likely(kept, shown, looked * often) - _likely(kept, shown, looked * seldom)
        )
        chance = sigmoid(np.clip(odds, -50.0, 50.0))
        often = _held(OFTEN, kept=float(chance @ total), looks=float(chance @ looks))
        seldom = min(
            0.9 * often, _held(SELDOM, kept=float((1.0 - chance) @ total), looks=float((1.0 - chance) @ looks))
        )
        share = float(np.clip(chance.mean(), 0.02, 0.9))
    return np.where(total > 0, chance, 0.0)


def _held(usual: float, *, kept: float, looks: float) -> float:
    """Return how often cards are kept, held near what is usual while there were few looks."""
    return min(0.98, float((kept + usual * LOOKS) / (looks + LOOKS)))


def _rate(seen: Seen, rows: NDArray[np.bool_]) -> float:
    """Return how often the cards of `rows` are followed, each weighed by what it stands for."""
    weights = 1.0 / seen.propensity[rows]
    return float(weights @ seen.followed[rows] / weights.sum()) if len(weights) else 0.0


def _likely(kept: Matrix, shown: Matrix, rate: Matrix) -> Matrix:
    """Return the log-likelihood of what was done with each pair, if its cards are kept at `rate` by slot."""
    return np.asarray((kept * np.log(rate) + (shown - kept) * np.log1p(-rate)).sum(axis=1), dtype=np.float64)
