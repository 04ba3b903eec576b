"""Group questions that ask the same. The same questions always give the same groups."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deflect.redaction.redaction import unmarked
from search.text.analyzer import analyzer

Floats = NDArray[np.float32]
NEAR = 0.25  # cosine from which questions ask the same, compared by words
NEAR_VECTORS = 0.60  # by vectors: with six articles removed, their gaps came first to eighth; at .5, four did
CORE = 40  # terms of a message to compare: the rarest


def by_words(texts: Sequence[str], langs: Sequence[str]) -> Floats:
    """Return a row of term weights for each text, of length one.

    Terms of a single text are left out, since they match no other.
    """
    counted = [_terms(text, lang) for text, lang in zip(texts, langs, strict=True)]
    frequency = Counter(term for terms in counted for term in terms)
    names = sorted(term for term, n in frequency.items() if n > 1)
    place = {term: n for n, term in enumerate(names)}
    rows = np.zeros((len(texts), len(names)), dtype=np.float32)
    for row, terms in zip(rows, counted, strict=True):
        rare = sorted((t for t in terms if t in place), key=lambda t: (frequency[t], t))[:CORE]
        for term in rare:
            row[place[term]] = (1 + math.log(terms[term])) * math.log(1 + len(texts) / frequency[term])
    return unit(rows)


def unit(rows: Floats) -> Floats:
    """Return rows of length one; an empty row stays empty."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1, lengths), dtype=np.float32)


def grouped(rows: Floats, *, near: float) -> list[list[int]]:
    """Return the row numbers in groups, largest first; each group begins with the row that has the most neighbours.

    The row with the most ungrouped neighbours takes them, then the next, until every row is in a group.
    """
    if not len(rows):
        return []
    close = rows @ rows.T >= near
    np.fill_diagonal(close, True)
    free, groups = np.ones(len(rows), dtype=bool), []
    counts = close.sum(axis=1)
    while free.any():
        head = int(np.argmax(np.where(free, counts, -1)))  # the first of equals
        members = np.flatnonzero(close[head] & free)
        free[members] = False
        counts -= close[:, members].sum(axis=1)
        groups.append([head, *(int(n) for n in members if n != head)])
    return sorted(groups, key=lambda group: (-len(group), group[0]))


def telling(texts: Sequence[str], langs: Sequence[str], group: Sequence[int], *, k: int = 4) -> list[str]:
    """Return the words that distinguish a group from all others, in their most frequent form."""
    inside, outside = Counter[str](), Counter[str]()
    written: dict[str, Counter[str]] = {}
    members = set(group)
    for n, (text, lang) in enumerate(zip(texts, langs, strict=True)):
        terms = _terms(text, lang)
        (inside if n in members else outside).update(terms.keys())
        if n in members:
            for word in _words(text):
                for term in _terms(word, lang):
                    written.setdefault(term, Counter())[word] += 1
    size, rest = len(members), max(1, len(texts) - len(members))
    scores = {
        term: n / size * math.log((n / size + 0.01) / (outside[term] / rest + 0.01))
        for term, n in inside.items()
        if n > 1 or size == 1
    }
    best = sorted((term for term in scores if term in written), key=lambda term: (-scores[term], term))
    words = (min(written[term], key=lambda word: (-written[term][word], word)) for term in best)
    return list(dict.fromkeys(words))[:k]  # two languages may stem one word in two ways


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{3,40}", unmarked(text).lower())


def _terms(text: str, lang: str) -> Counter[str]:
    known = analyzer(lang)
    words = (word for word in _words(text) if not known.is_stopword(word))
    return Counter(term for word in words for term in known.query(word))
