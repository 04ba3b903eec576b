"""Rank the documents of a collection for one question by both legs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from search.index.embedder import Vectors
from search.index.learned import FEATURES, Learned
from search.index.logistic import Matrix, softmax
from search.index.postings import Floats
from search.rank import fusion, lexical, semantic
from search.rank.asked import Asked
from search.rank.collection import Collection, Mask
from search.rank.floor import Features
from search.rank.lexical import Lexical
from search.rank.semantic import Semantic

System = Literal["bm25", "dense", "hybrid", "learned"]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The scores of all documents for one question; hidden documents score -1."""

    scores: Floats  # fused, in [0, 1]; -1 for hidden documents
    dense: Floats  # in [0, 1]
    lexical: Lexical
    semantic: Semantic | None
    order: Sequence[int]  # the best documents, best first
    chances: Floats | None = None  # the learned probability of each document; None if nothing was learned
    nearest: float = 0.0  # cosine of the nearest solved question

    def features(self) -> Features:
        """Return the features that give each document in `order` its probability; all but `margin` in [0, 1]."""
        numbers = np.asarray(self.order, dtype=np.int64)
        scores, ones = self.scores[numbers].astype(np.float64), np.ones(len(numbers))
        best = np.sort(scores)[::-1][:2] if len(scores) > 1 else np.asarray([*scores, 0.0])
        shown = self.scores >= 0
        dense, words = self.dense[shown], self.lexical.scores[shown]
        of_question = {
            "contrast": _contrast(dense),
            "mean_dense": dense.mean() if len(dense) else 0.0,
            "best_lexical": words.max(initial=0.0),
            "contrast_lexical": _contrast(words),
            "best_covered": self.lexical.weight.max(initial=0.0),
            # Unscaled: the scale of one collection must not hide an unrelated question.
            "cosine": self.semantic.cosines[shown].max(initial=0.0) if self.semantic is not None else 0.0,
            "solved": self.nearest,
        }
        return {
            "dense": self.dense[numbers].astype(np.float64),
            "lexical": self.lexical.scores[numbers].astype(np.float64),
            "covered": self.lexical.weight[numbers].astype(np.float64),
            "margin": np.where(scores == best[0], scores - best[1], scores - best[0]) if len(scores) else scores,
            **{name: float(value) * ones for name, value in of_question.items()},
        }

    @property
    def own(self) -> Matrix | None:
        """The learned probability of each document in `order`."""
        return None if self.chances is None else self.chances[np.asarray(self.order, dtype=np.int64)].astype(np.float64)


def taught(collection: Collection, ranking: Ranking, learned: Learned, *, question: Vectors, k: int) -> Ranking:
    """Return `ranking` ordered by the learned P(article solves the question), over all visible documents."""
    columns, shown = collection.columns(learned), ranking.scores >= 0
    known = learned.features(question)
    legs = {"dense": ranking.dense, "lexical": ranking.lexical.scores} | {
        name: values[columns] for name, values in known.items()
    }
    total = sum(learned.weights[name] * legs[name].astype(np.float64) for name in FEATURES)
    total = _with_new(np.asarray(total), ranking, new=columns < 0)
    chances = np.full(len(shown), -1.0, dtype=np.float32)
    chances[shown] = softmax(total[shown])
    order = fusion.order(chances, collection.names, k=min(k, int(shown.sum())))
    return replace(ranking, order=order, chances=chances, nearest=learned.nearest(question))


def _with_new(total: Matrix, ranking: Ranking, *, new: Mask) -> Matrix:
    """Return the learned `total` with untaught values for `new` articles, which nothing was learned about.

    The untaught values keep their distance to the best known article, so an article that came first without learning
    still comes first. A new article has solved nothing yet, which must not count against it.
    """
    by_meaning, by_words = fusion.ALONE
    alone = by_meaning * ranking.dense.astype(np.float64) + by_words * ranking.lexical.scores
    known = (ranking.scores >= 0) & ~new
    lift = total[known].max() - alone[known].max() if known.any() else 0.0
    return np.where(new, alone + lift, total)


def _contrast(scores: Floats) -> float:
    """Return the difference of the best score and the mean of the five best."""
    if not len(scores):
        return 0.0
    five = np.partition(scores, len(scores) - min(5, len(scores)))[-5:]
    return float(five.max() - five.mean())


def kind_of(collection: Collection, ranking: Ranking) -> str:
    """Return the suffix of the calibration of a ranking. Each kind of ranking has a different scale."""
    if ranking.semantic is None:
        return "-words"
    if ranking.own is not None:
        return "-learned"
    return "-multilingual" if ranking.semantic.multilingual and collection.manifest.crosses else ""


def rank(
    collection: Collection,
    asked: Asked,
    *,
    k: int,
    system: System = "hybrid",
    weight: float = fusion.DENSE,
    meaning: Semantic | None = None,
) -> Ranking:
    """Score every visible document by the legs of `system`, and order the best `k`.

    `meaning` are the scores of the semantic leg, if they are already known.
    """
    mask = asked.mask
    words = _lexical(collection, asked) if system != "dense" else _no_words(collection)
    found = meaning or (_semantic(collection, asked) if system != "bm25" else None)
    if found is None:
        dense, scores = np.zeros_like(words.scores), words.scores.copy()
    else:
        dense = np.where(mask, found.scores, np.float32(0.0))
        shares = _shares(collection, found, weight=1.0 if system == "dense" else weight)
        scores = fusion.combine(dense, words.scores, weight=shares)
    scores[~mask] = -1.0
    return Ranking(scores, dense, words, found, fusion.order(scores, collection.names, k=min(k, int(mask.sum()))))


def _shares(collection: Collection, found: Semantic, *, weight: float) -> Floats:
    """Return the weight of meaning per document. It is higher in another language, where words mislead."""
    across = max(weight, fusion.ACROSS) if collection.manifest.crosses else weight
    return np.where(found.crossed, np.float32(across), np.float32(weight))


def _semantic(collection: Collection, asked: Asked) -> Semantic | None:
    spaces, passages = collection.spaces, len(collection.passages)
    if not asked.vectors or not spaces:
        return None
    return semantic.search(spaces, asked.vectors, lang=asked.lang, langs=collection.langs, passages=passages)


def _no_words(collection: Collection) -> Lexical:
    size = len(collection.documents)
    zeros = np.zeros(size, dtype=np.float32)
    none = np.zeros(size, dtype=np.int16)
    return Lexical(zeros, none, none, zeros)


def _lexical(collection: Collection, asked: Asked) -> Lexical:
    """Score the documents of each language by its postings. Hidden documents score zero."""
    total = _no_words(collection)
    scores, matched, weight = total.scores.copy(), total.matched.copy(), total.weight.copy()
    wanted = total.asked.copy()
    for lang, query in asked.queries.items():
        own = lexical.score(collection.postings[lang], query, size=len(scores), lang=lang)
        scores, matched = np.maximum(scores, own.scores), np.maximum(matched, own.matched)
        weight = np.maximum(weight, own.weight)
        wanted[collection.within(lang)] = len(query.asked)
    mask = asked.mask
    return Lexical(scores * mask, (matched * mask).astype(np.int16), wanted, weight * mask)
