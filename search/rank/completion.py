"""Complete a query while it is typed, by titles, authors' questions and headings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from search.index.postings import Floats
from search.rank import answers, fusion
from search.rank.asked import Asked
from search.rank.collection import Collection
from search.rank.hit import Results, Stage
from search.rank.lexical import SYNONYM, Counts, Forms
from search.text.analyzer import analyzer
from search.text.query import Query, Text, Word

# Words of the text count little, so that one that is in no title still finds articles.
WEIGHTS = {"title": 2.0, "queries": 1.5, "headings": 1.0, "names": 0.5, "joined": 0.9, "body": 0.3, "exact": 2.0}
BODY = 0.3
UNFINISHED = 0.8  # weight of a word that only starts with the typed one
BEGINS, HAS = 3.0, 2.0  # factors of a title that starts as typed, or whose words do
LIKELY = 50  # best documents, whose titles are compared
SHORTEST = 3  # letters from which an earlier word may be unfinished, too
PREFIXES = 64  # most words that are tried for an unfinished one


def complete(collection: Collection, asked: Asked, *, ends: bool, k: int) -> Results:
    """Return the documents that have every word of the query. With `ends`, the last word is finished.

    A word that no article has is corrected. If no document of a language has all words, those with the most are
    returned if they have two thirds or more, or half and no article has any other word ("reset contraseña"). Each
    language is judged alone, so an article in another language changes nothing in what the page's language finds, and
    stands behind it.
    """
    line = asked.text.line
    if asked.empty:
        return Results(line, asked.page, "none", None, "", ())
    scores = np.zeros(len(collection.documents), dtype=np.float32)
    stages: dict[str, str] = {}
    for lang, query in asked.queries.items():
        last = _last(asked.text, query, lang)
        got, matched, most, known = _score(collection, lang, query, last=last, ends=ends)
        matched *= asked.mask
        need, stages[lang] = _need(matched, most)
        if not need and known == int(matched.max(initial=0)) and known * 2 >= most:
            need, stages[lang] = known, "known"
        got[(matched < need) | ~asked.mask | (need == 0)] = 0.0
        scores = np.maximum(scores, got)
    if any(stage in ("all", "enough") for stage in stages.values()):
        stages = {lang: stage for lang, stage in stages.items() if stage != "known" or lang == asked.page}
    chosen = _chosen(collection, asked, scores, stages, k=k)
    peak = max((float(scores[n]) for n in chosen), default=1.0)
    hits = answers.title_hits(collection, [(n, float(scores[n]) / peak) for n in chosen], queries=asked.queries)
    best = min(stages.values(), key=STAGES.index, default="none")
    stage: Stage = "all" if best == "all" else "none" if best == "none" else "enough"
    return Results(line, asked.page, stage, None, "", hits)


STAGES = ("all", "enough", "known", "none")


def _chosen(collection: Collection, asked: Asked, scores: Floats, stages: Mapping[str, str], *, k: int) -> list[int]:
    """Return the best documents: those with all words first, then those in the language of the question and title."""
    chosen: list[int] = []
    for lang in sorted(stages, key=lambda lang: (STAGES.index(stages[lang]), lang != asked.lang, lang)):
        own = np.zeros_like(scores)
        own[collection.within(lang)] = scores[collection.within(lang)]
        likely = fusion.order(own, collection.names, k=min(LIKELY, int(np.count_nonzero(own > 0))))
        for n in likely:
            scores[n] *= _titled(collection.normal_titles[n], asked.text.normal)
        chosen += sorted(likely, key=lambda n: (-float(scores[n]), collection.names[n]))
    return chosen[:k]


def _titled(title: str, text: str) -> float:
    """Return the factor of a title: BEGINS if it starts as typed, HAS if all typed words start words of it, or 1."""
    words, typed = title.split(), text.split()
    if not typed:  # such as marks, of which nothing is left to compare
        return 1.0
    *whole, last = typed
    if words[: len(whole)] == whole and len(words) > len(whole) and words[len(whole)].startswith(last):
        return BEGINS
    return HAS if all(any(word.startswith(one) for word in words) for one in typed) else 1.0


def _need(matched: Counts, asked: int) -> tuple[int, Stage]:
    most = int(matched.max(initial=0))
    if asked and most >= asked:
        return asked, "all"
    return (most, "enough") if most > 0 and most >= -(-asked * 2 // 3) else (0, "none")


def _score(
    collection: Collection, lang: str, query: Query, *, last: Word | None, ends: bool
) -> tuple[Floats, Counts, int, int]:
    """Return the score of each document, the number of words that it has, the number that it should have, and the
    number of those that any article has.
    """
    postings = collection.postings[lang]
    scores = np.zeros(len(collection.documents), dtype=np.float32)
    matched = np.zeros(len(collection.documents), dtype=np.int16)
    known = 0
    forms = Forms(postings, len(scores), WEIGHTS, lang=lang)
    for word in query.words:
        own = forms.scores(word)
        if word == last and not ends:
            own = np.maximum(own, np.float32(UNFINISHED) * _begun(collection, lang, word, len(scores)))
        elif word != last and not own.any() and len(word.text) >= SHORTEST:  # "chan ca"
            own = np.float32(UNFINISHED) * _begun(collection, lang, word, len(scores))
        if not own.any():
            own = _corrected(collection, lang, word, forms, ends=ends or word != last)
        if word in query.asked or word == last:
            matched += own > 0
            known += bool(own.any())
        scores += own
    for code in query.codes:
        scores += forms.sum((code,), ("exact",))
    little = last is not None and last not in query.asked
    return scores, matched - np.int16(little), len(query.asked), known - little


def _last(text: Text, query: Query, lang: str) -> Word | None:
    """Return the word that is being typed: the last of the text, even if it occurs before."""
    typed = analyzer(lang).plain(text.tokens[-1].text) if text.tokens else ""
    return next((word for word in query.words if word.text == typed), None)


def _begun(collection: Collection, lang: str, word: Word, size: int) -> Floats:
    """Return, for each document, the best score of the words that start with this one: of titles, or else of texts."""
    postings = collection.postings[lang]
    own = np.zeros(size, dtype=np.float32)
    for begun in (word.text, *word.joined):
        for row in postings.named(begun, most=PREFIXES):
            for name in ("names", "joined"):
                docs, impacts = postings.field(row, name)
                np.maximum.at(own, docs, impacts)
    if not own.any() and len(word.text) >= SHORTEST:
        for row in postings.said(word.text, most=PREFIXES):
            docs, impacts = postings.field(row, "words")
            np.maximum.at(own, docs, np.float32(BODY) * impacts)
    return own


def _corrected(collection: Collection, lang: str, word: Word, forms: Forms, *, ends: bool) -> Floats:
    """Return the scores of the corrected word. An unfinished word may be the beginning of a longer one."""
    vocabulary = collection.vocabulary(lang)
    meant = vocabulary.correct(word.text) or (None if ends else vocabulary.continue_(word.text))
    if meant is None or word.quoted:
        return np.zeros(len(collection.documents), dtype=np.float32)
    return np.float32(SYNONYM) * forms.scores(Word(meant, tuple(analyzer(lang).query(meant))))
