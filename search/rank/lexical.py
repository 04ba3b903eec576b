"""The keyword leg: score documents by the words of a query, as a share of the best possible score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.index.postings import Floats, Postings
from search.text.query import Query, Word

WEIGHTS: Mapping[str, float] = {
    "title": 2.5, "queries": 2.5, "headings": 1.0, "body": 1.0, "exact": 0.75, "names": 0.5, "words": 0.25,
}  # fmt: skip
STEMMED = ("title", "queries", "headings", "body")
PLAIN = ("names", "words")
RAREST = 30  # words of a long text that are searched; they rank as well as all of them
RARITY = 0.5  # exponent of a word's rarity in its weight: hit@3 by words alone .51 -> .53 on thunderbird/train
UNKNOWN = 10.0  # score of a word that no article has, in the ideal: about the best score of a rare word
SYNONYM = 0.5  # weight of a synonym relative to the word


@dataclass(frozen=True, slots=True)
class Lexical:
    """Scores of all documents for one query in one language."""

    scores: Floats  # in [0, 1]: share of the best score possible for these words
    matched: NDArray[np.int16]  # number of the asked words that a document has
    asked: int  # number of asked words, without little ones
    weight: NDArray[np.float32]  # share of the asked words that a document has, weighted by rarity


def score(postings: Postings, query: Query, *, size: int, weights: Mapping[str, float] = WEIGHTS) -> Lexical:
    """Score every document by the words, synonyms and codes of `query`.

    Scores are divided by the query's ideal, the sum of the best scores of its words and codes in the collection. This
    makes them comparable between queries. A word that no article has adds UNKNOWN times its weight to the ideal.
    """
    scores = np.zeros(size, dtype=np.float32)
    matched = np.zeros(size, dtype=np.int16)
    covered = np.zeros(size, dtype=np.float32)
    ideal = total = 0.0
    for word, rarity in _chosen(postings, query):
        factor = word.weight * (rarity / postings.rarest) ** RARITY
        own = np.float32(factor) * _word(postings, word, size, weights)
        peak = float(own.max(initial=0.0))
        scores += own
        ideal += peak or factor * UNKNOWN
        if not word.little:
            has = own > 0
            matched += has
            covered += has * np.float32(rarity)
            total += rarity
    for code in query.codes:
        own = _terms(postings, (code,), size, {"exact": weights.get("exact", 0.0)})
        scores += own
        ideal += float(own.max(initial=0.0))
    share = np.minimum(scores / max(ideal, 1e-6), 1.0).astype(np.float32)
    weight = (covered / max(total, 1e-6)).astype(np.float32)
    return Lexical(share, matched, len(query.asked), weight)


def _chosen(postings: Postings, query: Query) -> list[tuple[Word, float]]:
    """Return the rarest words of a long query, or all of a short one, with the rarity of each."""
    rated = [(word, _rarity(postings, word)) for word in query.words]
    if len(rated) <= RAREST:
        return rated
    known = [pair for pair in rated if pair[1] < postings.rarest]
    return sorted(known, key=lambda pair: (-pair[1] * pair[0].weight, pair[0].text))[:RAREST]


def _rarity(postings: Postings, word: Word) -> float:
    return min((postings.rarity(term) for term in word.terms), default=postings.rarest)


def _word(postings: Postings, word: Word, size: int, weights: Mapping[str, float]) -> Floats:
    """Return the scores of a word by its stem and its exact form, or half those of a synonym if they are higher."""
    stemmed = {name: weight for name, weight in weights.items() if name in STEMMED}
    plain = {name: weight for name, weight in weights.items() if name in PLAIN}
    own: Floats = _terms(postings, word.terms, size, stemmed) / np.float32(max(len(word.terms), 1))
    own += _terms(postings, (word.text,), size, plain)
    for synonym in word.synonyms:
        own = np.maximum(own, np.float32(SYNONYM) * _terms(postings, (synonym,), size, stemmed))
    return own


def _terms(postings: Postings, terms: tuple[str, ...], size: int, weights: Mapping[str, float]) -> Floats:
    own = np.zeros(size, dtype=np.float32)
    for term in terms:
        row = postings.row(term)
        if row is not None:
            postings.add(row, own, weights=weights)
    return own
