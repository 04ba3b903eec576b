"""Search for a typed query in stages: all words, enough words, corrected words, or none.

The query is ranked as it was typed. Unless an article has all its words, each word that no article has is corrected,
and the corrected text is ranked too, with the vectors of the typed one. The results of the corrected text are shown if
the typed words find nothing; otherwise the correction is proposed. Results begin with pinned articles and articles with
exactly this title. Then come the articles that have enough of the words or are near in meaning, by their score.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from search.rank import answers, floor, fusion
from search.rank.asked import Asked, instead
from search.rank.collection import Collection, Mask
from search.rank.hit import Results, Stage
from search.rank.lexical import Counts
from search.rank.ranking import Ranking, System, kind_of, rank
from search.rank.semantic import Semantic
from search.text.analyzer import analyzer, fold
from search.text.query import Query, normal

NEAR = 0.2  # least share of the best article's probability to be shown without enough of the words
AS_GOOD = 0.8  # least share of the best score to be shown with fewer of the words
POOL = 200  # documents that are considered for a page of hits


@dataclass(frozen=True, slots=True)
class Staged:
    """A ranking, its stage, and its question, with the words as typed or corrected."""

    stage: Stage
    asked: Asked
    ranking: Ranking
    corrected: str | None = None  # the text that was searched instead of the typed one
    did_you_mean: str | None = None  # the corrected text that is proposed


def search(collection: Collection, asked: Asked, *, k: int, ranker: str, least: float | None) -> Results:
    """Return the hits of the first stage that has any, and a correction if a word is in no article."""
    found = staged(collection, asked, k=POOL)
    shown = _shown(collection, asked, found, k=k, least=least)
    hits = answers.hits(collection, shown, queries=found.asked.queries, semantic=found.ranking.semantic)
    return Results(
        asked.text.line, asked.page, found.stage, asked.degraded, ranker, hits,
        corrected=found.corrected, did_you_mean=found.did_you_mean,
    )  # fmt: skip


def staged(collection: Collection, asked: Asked, *, k: int, system: System = "hybrid") -> Staged:
    """Return the ranking of the typed text, or of its correction if only that has enough words in an article."""
    ranking = _rank(collection, asked, k, system)
    stage = met(ranking)
    better = _corrected(collection, asked) if stage != "all" else None
    if better is None:
        return Staged(stage, asked, ranking)
    other = instead(collection, asked, better)
    again = _rank(collection, other, k, system, meaning=ranking.semantic)
    if stage == "none" and met(again) != "none":
        return Staged("corrected", other, again, corrected=better)
    return Staged(stage, asked, ranking, did_you_mean=better if met(again) != "none" else None)


def ordered(collection: Collection, asked: Asked, ranking: Ranking) -> list[int]:
    """Return the documents of a ranking, with pinned ones and those with exactly this title first."""
    return list(dict.fromkeys([*_first(collection, asked), *ranking.order]))


def _first(collection: Collection, asked: Asked) -> list[int]:
    """Return the pinned documents, then those with exactly this title."""
    titled = (n for n in collection.titles.get(asked.text.normal, ()) if asked.mask[n])
    return list(dict.fromkeys([*_pinned(collection, asked), *titled]))


def needed(asked: Counts) -> Counts:
    """Return the number of words that are enough, two thirds: 1 of 1, 2 of 2 and 3, 3 of 4, 4 of 5 and 6, 5 of 7."""
    return np.maximum(1, -(-asked * 2 // 3))


def met(ranking: Ranking) -> Stage:
    """Return the stage of a ranking, by the article that has the most of the words."""
    matched, asked = ranking.lexical.matched, ranking.lexical.asked
    if ((asked > 0) & (matched >= asked)).any():
        return "all"
    return "enough" if ((asked > 1) & (matched >= needed(asked))).any() else "none"


def _rank(collection: Collection, asked: Asked, k: int, system: System, *, meaning: Semantic | None = None) -> Ranking:
    exact = any(_is_exact(query) for query in asked.queries.values())
    weight = fusion.EXACT if exact else fusion.DENSE
    return rank(collection, asked, k=k, system=system, weight=weight, meaning=meaning)


def _is_exact(query: Query) -> bool:
    """Return True if all words except stop words are quoted or part of a code."""
    inside = {word for code in query.codes for word in re.split(r"\W|_", code)}
    words = query.asked
    return bool(words) and all(word.quoted or word.text in inside for word in words)


def _shown(
    collection: Collection, typed: Asked, found: Staged, *, k: int, least: float | None
) -> list[tuple[int, float]]:
    """Return the documents to show, with scores: pinned ones, exact titles, then those near in words or meaning."""
    ranking = found.ranking
    numbers = np.asarray(ranking.order, dtype=np.int64)
    tuned = floor.calibration("search" + kind_of(collection, ranking))
    features = ranking.features()
    own = tuned.right.of(features)
    enough = tuned.scores(features, own=own) >= (tuned.floor if least is None else least)
    scores = np.minimum(1.0, ranking.scores[numbers].astype(np.float64))
    asked, matched = ranking.lexical.asked[numbers], ranking.lexical.matched[numbers]
    held = _holding_phrases(collection, found.asked, ranking.order)
    by_words = held & (matched >= (asked + 1 if found.stage == "none" else needed(asked)))
    by_meaning = (own >= NEAR * own.max(initial=0.0)) & enough & ((matched > 0) | (ranking.semantic is not None))
    best = scores[by_words].max() if by_words.any() else 2.0
    shown = held & (by_words | by_meaning | ((matched > 0) & (scores >= AS_GOOD * best)))
    if least is not None:
        shown &= enough
    first = _first(collection, typed)
    kept = zip(numbers[shown].tolist(), scores[shown].tolist(), strict=True)
    return [*((n, 1.0) for n in first), *((n, score) for n, score in kept if n not in first)][:k]


def _pinned(collection: Collection, asked: Asked) -> list[int]:
    wanted = collection.pinned(asked.text, asked.page, today=date.today())
    if not wanted:
        return []
    places = {collection.documents[n].article: int(n) for n in np.flatnonzero(asked.mask)}
    return [places[id] for id in wanted if id in places]


def _holding_phrases(collection: Collection, asked: Asked, numbers: Sequence[int]) -> Mask:
    """Return, for each document, True if it contains all quoted phrases."""
    if not asked.text.phrases:
        return np.ones(len(numbers), dtype=np.bool_)
    return np.asarray([_holds(collection, n, asked.text.phrases) for n in numbers], dtype=np.bool_)


def _holds(collection: Collection, number: int, phrases: Sequence[str]) -> bool:
    document = collection.documents[number]
    texts = (" ".join(collection.passages[i][1:]) for i in range(document.first, document.last))
    whole = f" {normal(document.title)} \n" + "\n".join(f" {normal(text)} " for text in texts)
    return all(f" {phrase} " in whole for phrase in phrases)


def _corrected(collection: Collection, asked: Asked) -> str | None:
    """Replace each word that no article has with the nearest known one. Return None if there is nothing to replace."""
    line, queries = asked.text.line, asked.queries
    known = {
        word.text for own, q in queries.items() for word in q.words if _is_known(collection, own, word.terms, word.text)
    }
    quoted = {word.text for q in queries.values() for word in q.words if word.quoted}
    codes = {word for code in asked.text.codes for word in re.split(r"\W|_", code)}
    parts, at, changed = [], 0, False
    for token in asked.text.tokens:
        folded = fold(token.text)
        meant = None
        forms = {folded, *(analyzer(lang).plain(token.text) for lang in queries)}
        if token.kind == "word" and forms.isdisjoint(known | quoted | codes):
            meant = _meant(collection, folded, [asked.page, *queries])
        if meant:
            parts += [line[at : token.start], meant]
            at, changed = token.end, True
    return "".join([*parts, line[at:]]) if changed else None


def _is_known(collection: Collection, lang: str, terms: tuple[str, ...], text: str) -> bool:
    return any(collection.postings[lang].row(term) is not None for term in (*terms, text))


def _meant(collection: Collection, word: str, langs: list[str]) -> str | None:
    found = (collection.vocabulary(lang).correct(word) for lang in dict.fromkeys(langs) if lang in collection.postings)
    return next((word for word in found if word), None)
