"""Complete a query while it is typed, by titles, authors' questions and headings."""

from __future__ import annotations

import numpy as np

from search.index.postings import Floats, Postings
from search.rank import answers, fusion
from search.rank.asked import Asked
from search.rank.collection import Collection
from search.rank.hit import Results, Stage
from search.rank.lexical import SYNONYM
from search.text.analyzer import analyzer, fold
from search.text.query import Query, Text, Word

NAMES = {"title": 2.0, "queries": 1.5, "headings": 1.0, "names": 0.5}
BODY = {"body": 0.3, "exact": 1.0}  # so that a word that is in no title still finds articles
UNFINISHED = 0.8  # weight of a word that only starts with the typed one
BEGINS, HAS = 3.0, 2.0  # factors of a title that starts as typed, or whose words do
LIKELY = 50  # best documents, whose titles are compared
SHORTEST = 3  # letters from which an earlier word may be unfinished, too
PREFIXES = 64  # most words that are tried for an unfinished one


def complete(collection: Collection, asked: Asked, *, ends: bool, k: int) -> Results:
    """Return the documents that have every word of the query. With `ends`, the last word is finished.

    A word that no article has is corrected. If no document has all words, those with the most are returned if
    they have two thirds or more.
    """
    line, mask = asked.text.line, asked.mask
    if asked.empty:
        return Results(line, asked.page, "none", None, "", ())
    scores = np.zeros(len(collection.documents), dtype=np.float32)
    matched = np.zeros(len(collection.documents), dtype=np.int16)
    most = 0
    for lang, query in asked.queries.items():
        got, had = _score(collection, lang, query, last=_last(asked.text, query), ends=ends)
        scores, matched, most = np.maximum(scores, got), np.maximum(matched, had), max(most, len(query.asked))
    scores *= mask
    need, stage = _need(matched * mask, most)
    scores[matched < need] = 0.0
    some = min(LIKELY, int(np.count_nonzero(scores > 0))) if need else 0
    likely = fusion.order(scores, collection.names, k=some)
    for n in likely:
        scores[n] *= _titled(collection.normal_titles[n], asked.text.normal)
    chosen = sorted(likely, key=lambda n: (-float(scores[n]), collection.names[n]))[:k]
    peak = max((float(scores[n]) for n in chosen), default=1.0)
    hits = answers.title_hits(collection, [(n, float(scores[n]) / peak) for n in chosen], queries=asked.queries)
    return Results(line, asked.page, stage, None, "", hits)


def _titled(title: str, text: str) -> float:
    """Return the factor of a title: BEGINS if it starts as typed, HAS if all typed words start words of it, or 1."""
    words, typed = title.split(), text.split()
    if not typed:  # such as marks, of which nothing is left to compare
        return 1.0
    *whole, last = typed
    if words[: len(whole)] == whole and len(words) > len(whole) and words[len(whole)].startswith(last):
        return BEGINS
    return HAS if all(any(word.startswith(one) for word in words) for one in typed) else 1.0


def _need(matched: np.ndarray[tuple[int], np.dtype[np.int16]], asked: int) -> tuple[int, Stage]:
    most = int(matched.max(initial=0))
    if asked and most >= asked:
        return asked, "all"
    return (most, "enough") if most > 0 and most >= -(-asked * 2 // 3) else (0, "none")


def _score(
    collection: Collection, lang: str, query: Query, *, last: Word | None, ends: bool
) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int16]]]:
    postings = collection.postings[lang]
    scores = np.zeros(len(collection.documents), dtype=np.float32)
    matched = np.zeros(len(collection.documents), dtype=np.int16)
    for word in query.words:
        own = _finished(postings, word, len(scores))
        if word == last and not ends:
            own = np.maximum(own, np.float32(UNFINISHED) * _begun(postings, word, len(scores)))
        elif word != last and not own.any() and len(word.text) >= SHORTEST:  # "chan ca"
            own = np.float32(UNFINISHED) * _begun(postings, word, len(scores))
        if not own.any():
            own = _corrected(collection, lang, word, len(scores), ends=ends or word != last)
        if word in query.asked or word == last:
            matched += own > 0
        scores += own
    little = last is not None and last not in query.asked
    return scores, matched - np.int16(1) if little else matched


def _last(text: Text, query: Query) -> Word | None:
    """Return the word that is being typed: the last of the text, even if it occurs before."""
    folded = fold(text.tokens[-1].text) if text.tokens else ""
    return next((word for word in query.words if word.text == folded), None)


def _finished(postings: Postings, word: Word, size: int) -> Floats:
    own = _sum(postings, (*word.terms, word.text), size)
    for synonym in word.synonyms:
        own = np.maximum(own, SYNONYM * _sum(postings, (synonym,), size))
    return own


def _begun(postings: Postings, word: Word, size: int) -> Floats:
    """Return, for each document, the best score of the words that start with this one."""
    own = np.zeros(size, dtype=np.float32)
    for row in postings.named(word.text, most=PREFIXES):
        docs, impacts = postings.field(row, "names")
        np.maximum.at(own, docs, impacts)
    return own


def _corrected(collection: Collection, lang: str, word: Word, size: int, *, ends: bool) -> Floats:
    """Return the scores of the corrected word. An unfinished word may be the beginning of a longer one."""
    vocabulary = collection.vocabulary(lang)
    meant = vocabulary.correct(word.text) or (None if ends else vocabulary.continue_(word.text))
    if meant is None or word.quoted:
        return np.zeros(size, dtype=np.float32)
    return np.float32(SYNONYM) * _sum(collection.postings[lang], (*analyzer(lang).query(meant), meant), size)


def _sum(postings: Postings, terms: tuple[str, ...], size: int) -> Floats:
    own = np.zeros(size, dtype=np.float32)
    for term in dict.fromkeys(terms):
        row = postings.row(term)
        if row is not None:
            postings.add(row, own, weights=NAMES | BODY)
    return own
