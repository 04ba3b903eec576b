"""Calibrate scores: turn the features of a ranking into probabilities, which are compared with the floor."""

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
    """The fitted odds and the floor of one mode, with vectors or by words only."""

    right: Odds  # that a candidate is the right article, by its own features
    offer: Odds  # that one of the first three is right, by features of the question and of these three
    floor: float

    def scores(self, features: Features, *, own: Matrix | None = None) -> Matrix:
        """Return the score of each candidate. `own` is the probability of each, if it was learned.

        The best candidate's score is the probability that one of the first three is right. The other scores fall slowly
        with their own probability; below BEHIND they are proportional to it. So a sure offer shows three articles, an
        offer just above the floor shows its best only, and every article shown is at or above the floor.
        """
        own = self.right.of(features) if own is None else own
        if not len(own):
            return own
        chance = float(self.offer.of(offer_features(features, own))[0])
        share = own / own.max()
        return np.asarray(chance * np.where(share < BEHIND, share, share**FALL), dtype=np.float64)


FALL = 0.015  # an article with a tenth of the best one's probability scores 3 % less, with a hundredth 7 %
# Share of the best one's probability. No right article in second or third place had less; one in eight others did.
BEHIND = 0.005
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
    """Return the calibration of a mode: `search` or `suggest`, with or without a kind such as `-words`."""
    known = json.loads(FILE.read_text(encoding="utf-8"))[mode]
    return Calibration(Odds(**known["right"]), Odds(**known["offer"]), known["floor"])
