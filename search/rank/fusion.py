"""Combine the scores of words and meaning into one ranking.

The keyword leg and the semantic leg score every document in [0, 1], on scales that don't depend on the other documents
of the query. A document's score is their convex combination: weight * meaning + (1 - weight) * words. Typed queries and
messages share one weight. It is lower for codes and quoted words, which an encoder doesn't understand, and higher for
documents in another language than the question, whose words mislead. A separate weight chooses an article's best
section. Weights learned from solved questions replace all of these except ALONE, which ranks the articles that nothing
was learned about.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from search.index.postings import Floats

DENSE = 0.65  # for typed queries and messages: flat between .5 and .8 on eight English collections
EXACT = 0.25  # for a typed query of codes or quoted words only
ACROSS = 0.75  # between languages: flat from .6 to 1 for short questions, .65 is best for messages
IN_SECTION = 0.6  # for the choice of an article's section
ALONE = (13.0, 7.0)  # (meaning, words) on the scale of learned odds; fitted to a thousand messages of a real help desk


def dense_scale(cosines: Floats, *, background: float) -> Floats:
    """Scale cosines to [0, 1], where 0 is `background`, the mean cosine of unrelated texts of this collection."""
    scaled = (cosines - background) / (1.0 - background)
    return np.asarray(np.clip(scaled, 0.0, 1.0), dtype=np.float32)


def combine(dense: Floats, lexical: Floats, *, weight: float | Floats = DENSE) -> Floats:
    """Return weight * dense + (1 - weight) * lexical, two scores of the same documents.

    Both are in [0, 1] by theory, and are not divided by the query's maximum. So the result can be compared between
    queries (Bruch, Gai and Ingber 2023, arXiv 2210.11934).
    """
    return np.asarray(weight * dense + (1.0 - weight) * lexical, dtype=np.float32)


def order(scores: Floats, names: Sequence[str], *, k: int) -> list[int]:
    """Return the numbers of the `k` best scores, best first. Equal scores are in order of name."""
    count = min(k, len(scores))
    if not count:
        return []
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    above = np.flatnonzero(scores > least).tolist()
    ranked = sorted(zip((-scores[above]).tolist(), map(names.__getitem__, above), above, strict=True))
    equal = heapq.nsmallest(count - len(above), np.flatnonzero(scores == least).tolist(), key=names.__getitem__)
    return [*(number for _, _, number in ranked), *equal]
