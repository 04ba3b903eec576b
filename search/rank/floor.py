"""The calibrated probability that an offer holds the answer, and how its articles stand behind the first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from search.index.logistic import Matrix, sigmoid

FILE = Path(__file__).with_name("floor.json")

Features = Mapping[str, Matrix]  # name -> one value for each candidate


@dataclass(frozen=True, slots=True)
class Odds:
    """A logistic function of named features."""

    bias: float
    weights: Mapping[str, float]

    def of(self, features: Features) -> Matrix:
        """Return the probability of each candidate."""
        total = sum(weight * features[name] for name, weight in self.weights.items())
        return sigmoid(np.asarray(total + self.bias, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The odds that were fitted for one mode, with vectors or by words only, and its floor."""

    right: Odds  # that a candidate is the one, by its own features
    offer: Odds  # that one of the first three is, by features of the question and of these three
    floor: float

    def scores(self, features: Features, *, own: Matrix | None = None) -> Matrix:
        """Return the score of each candidate: the probability of the offer that it leads or follows in.

        `own` is the probability of each candidate where that was learned.

        The first has the probability that one of the first three answers; the others fall with their own, slowly,
        so that a sure offer shows three articles, one that is just sure enough its best only, and all that is shown
        is at or above the floor.
        """
        own = self.right.of(features) if own is None else own
        if not len(own):
            return own
        chance = float(self.offer.of(offer_features(features, own))[0])
        share = own / own.max()
        return np.asarray(chance * np.where(share < BEHIND, share, share**FALL), dtype=np.float64)


FALL = 0.015  # an article of a tenth of the best one's probability scores 3 % less, of a hundredth 7 %
BEHIND = 0.005  # of the best one's probability: no second or third article that was right had less, one in eight others
SHOWN = 3


def offer_features(features: Features, own: Matrix) -> Features:
    """Return the features of a question and its three best candidates as one row."""
    best = np.sort(own)[::-1][:SHOWN]
    likely = float(np.clip(best[0], 0.01, 0.99))
    row = {"first": np.log(likely / (1.0 - likely)), "three": best.sum()}
    row |= {name: features[name][0] for name in OF_QUESTION}
    return {name: np.asarray([value]) for name, value in row.items()}


OF_QUESTION = ("cosine", "contrast", "mean_dense", "best_lexical", "contrast_lexical", "best_covered", "solved")


@cache
def calibration(mode: str) -> Calibration:
    """Return the calibration of a mode: search or suggest, or one of them followed by a kind such as `-words`."""
    known = json.loads(FILE.read_text(encoding="utf-8"))[mode]
    return Calibration(Odds(**known["right"]), Odds(**known["offer"]), known["floor"])
