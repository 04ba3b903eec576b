"""The keyword leg: score documents by the words of a query, as a share of the best possible score.

A document has a word if it has its stem, a synonym, or another form of it: joined with its neighbour ("wi fi" as wifi),
split ("dropdown" as "drop down"), or, in languages that write compounds as one word, inside a longer one. Each other
form counts less than the word itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.index.postings import Floats, Postings
from search.text.analyzer import analyzer
from search.text.query import Query, Word

Counts = NDArray[np.int16]  # one number of words for each document

WEIGHTS: Mapping[str, float] = {
    "title": 2.5, "queries": 2.5, "headings": 1.0, "body": 1.0,
    "joined": 1.2, "exact": 0.75, "names": 0.5, "words": 0.25,
}  # fmt: skip
STEMMED = ("title", "queries", "headings", "body")
PLAIN = ("names", "words")
RAREST = 30  # words of a long text that are searched; they rank as well as all of them
RARITY = 0.5  # exponent of a word's rarity in its weight: hit@3 by words alone .51 -> .53 on thunderbird/train
UNKNOWN = 10.0  # score of a word that no article has, in the ideal: about the best score of a rare word
SYNONYM = 0.5  # weight of a synonym relative to the word
JOINED = 0.8  # weight of a joined form
SPLIT = 0.5  # weight of the parts of a word that no article has
INSIDE = 0.4  # weight of a longer word that begins or ends with this one
COMPOUNDING = frozenset(("da", "de", "et", "fi", "hu", "is", "nb", "nl", "nn", "no", "sv"))
PART = 5  # letters of a word that may be part of a longer one
SHORT = 12  # words of a query in which compounds are searched
# What people type who lack the letters, or did not find them: ae for ä, oe for ø, aa for å.
_SPELLED = re.compile("ae|oe|ue|aa")


@dataclass(frozen=True, slots=True)
class Lexical:
    """Scores of all documents for one query in one language."""

    scores: Floats  # in [0, 1]: share of the best score possible for these words
    matched: Counts  # number of the asked words that a document has
    asked: Counts  # number of asked words in the language of a document, without its little ones
    weight: NDArray[np.float32]  # share of the asked words that a document has, weighted by rarity


def score(
    postings: Postings, query: Query, *, size: int, lang: str = "", weights: Mapping[str, float] = WEIGHTS
) -> Lexical:
    """Score every document by the words, synonyms and codes of `query`.

    Scores are divided by the query's ideal, the sum of the best scores of its words and codes in the collection. This
    makes them comparable between queries. A word that no article has adds UNKNOWN times its weight to the ideal.
    """
    scores = np.zeros(size, dtype=np.float32)
    matched = np.zeros(size, dtype=np.int16)
    covered = np.zeros(size, dtype=np.float32)
    ideal = total = 0.0
    forms = Forms(postings, size, weights, lang=lang, compounds=len(query.words) <= SHORT)
    for word, rarity in _chosen(postings, query):
        factor = word.weight * (rarity / postings.rarest) ** RARITY
        own = np.float32(factor) * forms.scores(word)
        peak = float(own.max(initial=0.0))
        scores += own
        ideal += peak or factor * UNKNOWN
        if not word.little:
            has = own > 0
            matched += has
            covered += has * np.float32(rarity)
            total += rarity
    for code in query.codes:
        own = forms.sum((code,), ("exact",))
        scores += own
        ideal += float(own.max(initial=0.0))
    share = np.minimum(scores / max(ideal, 1e-6), 1.0).astype(np.float32)
    weight = (covered / max(total, 1e-6)).astype(np.float32)
    return Lexical(share, matched, np.full(size, len(query.asked), dtype=np.int16), weight)


def _chosen(postings: Postings, query: Query) -> list[tuple[Word, float]]:
    """Return the rarest words of a long query, or all of a short one, with the rarity of each."""
    rated = [(word, _rarity(postings, word)) for word in query.words]
    if len(rated) <= RAREST:
        return rated
    known = [pair for pair in rated if pair[1] < postings.rarest]
    return sorted(known, key=lambda pair: (-pair[1] * pair[0].weight, pair[0].text))[:RAREST]


def _rarity(postings: Postings, word: Word) -> float:
    return min((postings.rarity(term) for term in word.terms), default=postings.rarest)


class Forms:
    """The scores of the forms of words in one language. Forms that several words share are summed once."""

    def __init__(
        self, postings: Postings, size: int, weights: Mapping[str, float], *, lang: str, compounds: bool = True
    ) -> None:
        self._postings, self._size, self._weights = postings, size, weights
        self._analyzer, self._compounds = analyzer(lang), compounds and lang in COMPOUNDING
        self._joined: dict[str, Floats | None] = {}

    def scores(self, word: Word) -> Floats:
        """Return the scores of a word by its stem and its exact form, or those of another form if they are higher."""
        own = self._own(word.terms, word.text)
        known = bool(own.any())
        for synonym in word.synonyms:
            own = np.maximum(own, np.float32(SYNONYM) * self._phrase(synonym))
        if word.quoted:
            return own
        for form in dict.fromkeys((word.text, *word.terms[:1])):
            self._raise_joined(own, form)
        for joined in word.joined:
            if (found := self._whole(joined)) is not None:
                np.maximum(own, found, out=own)
        if not known:
            for found in self._unknown(word.text):
                np.maximum(own, found, out=own)
        if self._compounds and len(word.text) >= PART:
            self._inside(word, into=own)
        return own

    def sum(self, terms: tuple[str, ...], fields: tuple[str, ...]) -> Floats:
        """Return the weighted scores of `terms` in `fields`."""
        own = np.zeros(self._size, dtype=np.float32)
        weights = {name: self._weights[name] for name in fields if name in self._weights}
        for term in dict.fromkeys(terms):
            row = self._postings.row(term)
            if row is not None:
                self._postings.add(row, own, weights=weights)
        return own

    def _own(self, terms: tuple[str, ...], text: str) -> Floats:
        own: Floats = self.sum(terms, STEMMED) / np.float32(max(len(terms), 1))
        own += self.sum((text,), PLAIN)
        return own

    def _phrase(self, terms: tuple[str, ...]) -> Floats:
        """Return the scores of a phrase, which a document has if it has all of its words."""
        return np.asarray(np.min([self.sum((term,), STEMMED) for term in terms], axis=0), dtype=np.float32)

    def _whole(self, joined: str) -> Floats | None:
        """Return the scores of a joined form, as a word or as written apart; None if no article has it."""
        if joined not in self._joined:
            terms = self._analyzer.stems(joined)[:1]
            known = any(self._postings.row(term) is not None for term in (joined, *terms))
            own = np.float32(JOINED) * self._own(terms, joined) if known else None
            if own is not None:
                self._raise_joined(own, joined)
            self._joined[joined] = own
        return self._joined[joined]

    def _raise_joined(self, own: Floats, form: str) -> None:
        row = self._postings.row(form)
        if row is not None:
            docs, impacts = self._postings.field(row, "joined")
            if len(docs):
                own[docs] = np.maximum(own[docs], np.float32(self._weights["joined"]) * impacts)

    def _unknown(self, text: str) -> Iterator[Floats]:
        """Yield the scores of a word that no article has by its parts, and by its letters without ae for ä."""
        for one, two in splits(self._postings, text):
            yield np.float32(SPLIT) * np.minimum(self._part_of(one), self._part_of(two))
        for plain in _plainer(text):
            yield np.float32(JOINED) * self.sum((plain,), (*STEMMED, *PLAIN))

    def _part_of(self, text: str) -> Floats:
        return self.sum((text,), (*STEMMED, *PLAIN, "joined"))

    def _inside(self, word: Word, *, into: Floats) -> None:
        for row in self._postings.around((word.text, *word.terms[:1])):
            for name in PLAIN:
                docs, impacts = self._postings.field(row, name)
                np.maximum.at(into, docs, np.float32(INSIDE * 3 * self._weights.get(name, 0.0)) * impacts)


def splits(postings: Postings, word: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to write a word as two that articles have, the longer the shorter one the better."""
    if len(word) < PART or not word.isalpha():
        return
    for at in sorted(range(2, len(word) - 1), key=lambda at: (-min(at, len(word) - at), at)):
        one, two = word[:at], word[at:]
        if postings.row(one) is not None and postings.row(two) is not None:
            yield one, two
            return


def _plainer(text: str) -> Iterator[str]:
    found = [match.start() + 1 for match in _SPELLED.finditer(text)]
    if found and len(text) >= PART - 1:
        yield "".join(letter for place, letter in enumerate(text) if place not in found)
        if len(found) > 1:
            for place in found:
                yield text[:place] + text[place + 1 :]
