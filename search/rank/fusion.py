"""The weight between words and meaning, and the one ranking that is made of both.

The keyword leg and the semantic leg score every document in [0, 1], on scales that do not depend on the other
documents of the query. A document's score is their convex combination: the weight times its meaning plus the rest
times its words. Typed queries and messages share one weight. It is lower for codes and quoted words, which mean
nothing to an encoder, and higher for documents in another language than the question, whose words mislead. An
article's best section is chosen with a weight of its own. What solved questions teach replaces all of them but
ALONE, which ranks the articles that nothing was learned about.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from search.index.postings import Floats

DENSE = 0.65  # of typed queries and messages: flat between .5 and .8 on eight English collections
EXACT = 0.25  # of a typed query that is nothing but codes or quoted words
ACROSS = 0.75  # between languages: flat from .6 to 1 for short questions, .65 is best for messages
IN_SECTION = 0.6  # of the score that chooses the section of an article
ALONE = (13.0, 7.0)  # of meaning and of words beside learned odds; fitted to a thousand messages of a real desk


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
