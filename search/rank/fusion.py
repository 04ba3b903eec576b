"""Convex combination: one ranking from two scores that share a scale."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from search.index.postings import Floats

DENSE = 0.65  # flat between .5 and .8 on eight English collections


def dense_scale(cosines: Floats, *, background: float) -> Floats:
    """Return cosines on [0, 1], where 0 is what two unrelated texts of this collection have in common."""
    scaled = (cosines - background) / (1.0 - background)
    return np.asarray(np.clip(scaled, 0.0, 1.0), dtype=np.float32)


def combine(dense: Floats, lexical: Floats, *, weight: float | Floats = DENSE) -> Floats:
    """Return the weighted sum of two scores of the same documents, `weight` that of the first.

    Both lie in [0, 1] by theory, not by the maximum of the query at hand, so that the result can be compared
    between queries (Bruch, Gai and Ingber 2023, arXiv 2210.11934).
    """
    return np.asarray(weight * dense + (1.0 - weight) * lexical, dtype=np.float32)


def order(scores: Floats, names: Sequence[str], *, k: int) -> list[int]:
    """Return the numbers of the `k` best scores, best first; equal scores go in order of name."""
    count = min(k, len(scores))
    if not count:
        return []
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    above = np.flatnonzero(scores > least).tolist()
    ranked = sorted(zip((-scores[above]).tolist(), map(names.__getitem__, above), above, strict=True))
    equal = heapq.nsmallest(count - len(above), np.flatnonzero(scores == least).tolist(), key=names.__getitem__)
    return [*(number for _, _, number in ranked), *equal]
