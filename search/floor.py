"""The calibrated probability that an article answers, from a few bounded features of how it was found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FEATURES = ("dense", "lexical", "covered", "margin", "top_dense", "top_lexical", "agree")
FILE = Path(__file__).with_name("floor.json")


@dataclass(frozen=True, slots=True)
class Calibration:
    """The weights of one mode, with and without vectors, and the floor that was tuned for it."""

    bias: float
    weights: Mapping[str, float]
    floor: float

    def probability(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return P(this article answers) for rows of features in the order of `FEATURES`."""
        weights = np.asarray([self.weights.get(name, 0.0) for name in FEATURES])
        return (1.0 / (1.0 + np.exp(-(features @ weights + self.bias)))).astype(np.float32)


@cache
def calibration(mode: str) -> Calibration:
    """Return the fitted calibration of a mode: search, suggest, or one of them followed by `-words`."""
    known = json.loads(FILE.read_text(encoding="utf-8"))
    return Calibration(**known[mode])


def features(
    dense: NDArray[np.float32],
    lexical: NDArray[np.float32],
    covered: NDArray[np.float32],
    ranked: Sequence[int],
    fused: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return a row of features for each of `ranked`, documents best first."""
    rows = np.zeros((len(ranked), len(FEATURES)), dtype=np.float32)
    if not len(ranked):
        return rows
    numbers = np.asarray(ranked)
    scores = fused[numbers]
    best = scores.max()
    second = np.partition(scores, -2)[-2] if len(scores) > 1 else 0.0
    rows[:, 0], rows[:, 1], rows[:, 2] = dense[numbers], lexical[numbers], covered[numbers]
    rows[:, 3] = np.where(scores == best, scores - second, scores - best)
    rows[:, 4], rows[:, 5] = dense.max(), lexical.max()
    rows[:, 6] = (dense[numbers] == dense.max()).astype(np.float32) * (lexical[numbers] == lexical.max())
    return rows
