"""Both legs for one question over one collection, and the ranking that they make together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from search import floor, fusion, lexical
from search.analyzer import analyzer
from search.collection import Collection, Mask
from search.embedder import Vectors
from search.lexical import Lexical
from search.postings import Floats
from search.query import Query, parse
from search.semantic import Semantic

System = Literal["bm25", "dense", "hybrid", "learned"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the text of each language's keyword leg, and the vectors with their shares."""

    queries: Mapping[str, Query]
    vectors: Vectors | None
    shares: Sequence[float] = (1.0,)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The scores of all documents for one question; hidden documents score below nothing."""

    scores: Floats  # fused, in [0, 1]; -1 for what may not be seen
    dense: Floats  # in [0, 1]
    lexical: Lexical
    semantic: Semantic | None
    order: Sequence[int]  # the best documents, best first

    def features(self) -> Floats:
        """Return the features of the documents in `order`."""
        return floor.features(self.dense, self.lexical.scores, self.lexical.weight, self.order, self.scores)


def parsed(collection: Collection, text: str, *, langs: Sequence[str]) -> dict[str, Query]:
    """Return `text` as the words of each of `langs`, with the synonyms of that language."""
    return {lang: parse(text, analyzer(lang), synonyms=collection.synonyms(lang)) for lang in langs}


def rank(
    collection: Collection,
    question: Question,
    *,
    mask: Mask,
    k: int,
    system: System = "hybrid",
    weight: float = fusion.DENSE,
) -> Ranking:
    """Score every document that `mask` shows by the legs that `system` names, and order the best `k`."""
    words = _lexical(collection, question, mask) if system != "dense" else _no_words(collection)
    found = _semantic(collection, question) if system != "bm25" else None
    dense = np.zeros(len(collection.documents), dtype=np.float32)
    if found is not None:
        dense = fusion.dense_scale(found.scores, background=collection.manifest.background)
    share = weight if system in ("hybrid", "learned") else 1.0
    scores = fusion.combine(dense, words.scores, weight=share if found is not None else 0.0)
    hidden = ~mask
    scores[hidden], dense[hidden] = -1.0, 0.0
    seen = int(mask.sum())
    return Ranking(scores, dense, words, found, fusion.order(scores, collection.names, k=min(k, seen)))


def _semantic(collection: Collection, question: Question) -> Semantic | None:
    if question.vectors is None or collection.vectors is None:
        return None
    return collection.vectors.search(question.vectors, shares=question.shares)


def _no_words(collection: Collection) -> Lexical:
    size = len(collection.documents)
    zeros = np.zeros(size, dtype=np.float32)
    return Lexical(zeros, np.zeros(size, dtype=np.int16), 0, zeros)


def _lexical(collection: Collection, question: Question, mask: Mask) -> Lexical:
    """Score the documents of each language by that language's postings, and put the hidden ones at nothing."""
    total = _no_words(collection)
    scores, matched, weight, asked = total.scores.copy(), total.matched.copy(), total.weight.copy(), 0
    for lang, query in question.queries.items():
        own = lexical.score(collection.postings[lang], query, size=len(scores))
        scores, matched = np.maximum(scores, own.scores), np.maximum(matched, own.matched)
        weight, asked = np.maximum(weight, own.weight), max(asked, own.asked)
    return Lexical(scores * mask, (matched * mask).astype(np.int16), asked, weight * mask)
