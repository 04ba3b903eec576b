"""The measures of a ranking, as ir-measures computes them, and whether two rankings really differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

NAMES = ("hit@1", "hit@3", "RR@10", "nDCG@10", "R@10")
RESAMPLES = 10_000


def measure(ranked: Sequence[str], judged: Mapping[str, int]) -> dict[str, float]:
    """Return the measures of one question: documents best first, against grades above nothing.

    >>> measure(["a", "b"], {"b": 1})["RR@10"]
    0.5
    """
    ten = ranked[:10]
    places = [rank for rank, id in enumerate(ten, 1) if id in judged]
    gain = sum(judged[id] / math.log2(rank + 1) for rank, id in enumerate(ten, 1) if id in judged)
    ideal = sum(g / math.log2(rank + 1) for rank, g in enumerate(sorted(judged.values(), reverse=True)[:10], 1))
    return {
        "hit@1": float(bool(places) and places[0] == 1),
        "hit@3": float(bool(places) and places[0] <= 3),
        "RR@10": 1.0 / places[0] if places else 0.0,
        "nDCG@10": gain / ideal if ideal else 0.0,
        "R@10": len(places) / len(judged) if judged else 0.0,
    }


def mean(per_question: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each measure over all questions."""
    count = max(len(per_question), 1)
    return {name: sum(row[name] for row in per_question.values()) / count for name in NAMES}


def rounded(values: Mapping[str, float]) -> dict[str, float]:
    """Return figures with the four digits that are shown."""
    return {name: round(value, 4) for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference with the interval that holds it in 95 of 100 resamples of the questions."""

    difference: float
    low: float
    high: float


def paired(ours: Sequence[float], theirs: Sequence[float], *, seed: int = 0) -> Difference:
    """Return the mean of ours - theirs over the same questions, with its bootstrap interval."""
    gaps = np.asarray(ours) - np.asarray(theirs)
    if not len(gaps):
        return Difference(0.0, 0.0, 0.0)
    random = np.random.default_rng(seed)
    means = np.concatenate(
        [gaps[random.integers(0, len(gaps), (500, len(gaps)))].mean(axis=1) for _ in range(RESAMPLES // 500)]
    )
    low, high = np.quantile(means, (0.025, 0.975))
    return Difference(float(gaps.mean()), float(low), float(high))
