"""A typed query, met in stages that are said aloud: all its words, enough of them, corrected ones, or none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from kb.degraded import Degraded
from search.rank import answers, floor, fusion
from search.rank.collection import Collection, Mask
from search.rank.hit import Results, Stage
from search.rank.ranking import Question, Ranking, System, kind_of, parsed, rank
from search.rank.semantic import Questions, Semantic
from search.text.analyzer import fold, tokens
from search.text.query import Query, normal

NEAR = 0.2  # of the best one's own probability: what is shown although it has not enough of the words
AS_GOOD = 0.8  # of the best score: what has fewer of the words is shown when its meaning makes up for them
POOL = 200  # documents that are looked at for a page of hits


def search(
    collection: Collection,
    text: str,
    *,
    lang: str,
    asked_in: str,
    mask: Mask,
    vectors: Questions,
    k: int,
    degraded: Degraded | None,
    ranker: str,
    least: float | None,
) -> Results:
    """Return the hits of `text` at the first stage that has any, and a correction where a word is in no article."""
    stage, question, ranking, corrected, did_you_mean = staged(
        collection, text, lang=lang, asked_in=asked_in, mask=mask, vectors=vectors, k=POOL
    )
    shown = _shown(collection, question, ranking, stage, text, lang=lang, mask=mask, k=k, least=least)
    hits = answers.hits(collection, shown, queries=question.queries, semantic=ranking.semantic)
    return Results(
        text, lang, stage, degraded, ranker, hits,
        corrected=corrected, did_you_mean=did_you_mean,
    )  # fmt: skip


def staged(
    collection: Collection,
    text: str,
    *,
    lang: str,
    asked_in: str,
    mask: Mask,
    vectors: Questions,
    k: int,
    system: System = "hybrid",
) -> tuple[Stage, Question, Ranking, str | None, str | None]:
    """Return the stage that is met, its ranking, the text searched instead, and the text that was perhaps meant."""
    langs = collection.langs_of(mask)
    question = Question(asked_in, parsed(collection, text, langs=langs), vectors)
    ranking = _rank(collection, question, mask, k, system)
    stage = met(ranking)
    better = _corrected(collection, text, queries=question.queries, lang=lang) if stage != "all" else None
    if better is None:
        return stage, question, ranking, None, None
    other = Question(asked_in, parsed(collection, better, langs=langs), vectors)
    instead = _rank(collection, other, mask, k, system, meaning=ranking.semantic)
    if stage == "none" and met(instead) != "none":
        return "corrected", other, instead, better, None
    return stage, question, ranking, None, better if met(instead) != "none" else None


def ordered(collection: Collection, ranking: Ranking, text: str, *, lang: str, mask: Mask) -> list[int]:
    """Return the documents of a ranking with pinned ones and those of exactly this title before all others."""
    titled = [n for n in collection.titles.get(normal(text), ()) if mask[n]]
    return list(dict.fromkeys([*_pinned(collection, text, lang, mask), *titled, *ranking.order]))


def needed(asked: int) -> int:
    """Return how many of the asked words are enough: 1 of 1, 2 of 2 and 3, 3 of 4, 4 of 5 and 6, 5 of 7."""
    return max(1, -(-asked * 2 // 3))


def met(ranking: Ranking) -> Stage:
    """Return how well the words are met by the article that meets them best."""
    most, asked = int(ranking.lexical.matched.max(initial=0)), ranking.lexical.asked
    if asked and most >= asked:
        return "all"
    return "enough" if asked > 1 and most >= needed(asked) else "none"


def _rank(
    collection: Collection,
    question: Question,
    mask: Mask,
    k: int,
    system: System,
    *,
    meaning: Semantic | None = None,
) -> Ranking:
    exact = any(_is_exact(query) for query in question.queries.values())
    weight = fusion.EXACT if exact else fusion.DENSE
    return rank(collection, question, mask=mask, k=k, system=system, weight=weight, meaning=meaning)


def _is_exact(query: Query) -> bool:
    """Say whether all words that count are quoted or part of a code."""
    inside = {word for code in query.codes for word in re.split(r"\W|_", code)}
    words = query.asked
    return bool(words) and all(word.quoted or word.text in inside for word in words)


def _shown(
    collection: Collection,
    question: Question,
    ranking: Ranking,
    stage: Stage,
    text: str,
    *,
    lang: str,
    mask: Mask,
    k: int,
    least: float | None,
) -> list[tuple[int, float]]:
    """Return the documents to show with their scores: pinned ones, the exact title, and what meets words or meaning."""
    numbers = np.asarray(ranking.order, dtype=np.int64)
    tuned = floor.calibration("search" + kind_of(collection, ranking))
    features = ranking.features()
    own = tuned.right.of(features)
    enough = tuned.scores(features, own=own) >= (tuned.floor if least is None else least)
    scores = np.minimum(1.0, ranking.scores[numbers].astype(np.float64))
    asked, matched = ranking.lexical.asked, ranking.lexical.matched[numbers]
    held = _holding_phrases(collection, question, ranking.order)
    by_words = held & (matched >= (asked + 1 if stage == "none" else needed(asked)))
    by_meaning = (own >= NEAR * own.max(initial=0.0)) & enough & ((matched > 0) | (ranking.semantic is not None))
    best = scores[by_words].max() if by_words.any() else 2.0
    shown = held & (by_words | by_meaning | ((matched > 0) & (scores >= AS_GOOD * best)))
    if least is not None:
        shown &= enough
    first = [n for n in collection.titles.get(normal(text), ()) if mask[n]]
    pinned = _pinned(collection, text, lang, mask)
    top = list(dict.fromkeys([*pinned, *first]))
    kept = zip(numbers[shown].tolist(), scores[shown].tolist(), strict=True)
    return [*((n, 1.0) for n in top), *((n, score) for n, score in kept if n not in top)][:k]


def _pinned(collection: Collection, text: str, lang: str, mask: Mask) -> list[int]:
    wanted = collection.pinned(text, lang, today=date.today())
    if not wanted:
        return []
    places = {collection.documents[n].article: int(n) for n in np.flatnonzero(mask)}
    return [places[id] for id in wanted if id in places]


def _holding_phrases(collection: Collection, question: Question, numbers: Sequence[int]) -> Mask:
    """Return which documents hold what is quoted."""
    if not any(query.phrases for query in question.queries.values()):
        return np.ones(len(numbers), dtype=np.bool_)
    return np.asarray([_holds_phrases(collection, question, n) for n in numbers], dtype=np.bool_)


def _holds_phrases(collection: Collection, question: Question, number: int) -> bool:
    document = collection.documents[number]
    query = question.queries.get(document.lang)
    if query is None or not query.phrases:
        return True
    texts = (" ".join(collection.units[i][1:]) for i in range(document.first, document.last))
    whole = f" {normal(document.title)} \n" + "\n".join(f" {normal(text)} " for text in texts)
    return all(f" {phrase} " in whole for phrase in query.phrases)


def _corrected(collection: Collection, text: str, *, queries: Mapping[str, Query], lang: str) -> str | None:
    """Return `text` with each word that no article has replaced by the one that was meant; None when none is near."""
    known = {
        word.text for own, q in queries.items() for word in q.words if _is_known(collection, own, word.terms, word.text)
    }
    quoted = {word.text for q in queries.values() for word in q.words if word.quoted}
    codes = {word for q in queries.values() for code in q.codes for word in re.split(r"\W|_", code)}
    parts, at, changed = [], 0, False
    for token in tokens(text):
        folded = fold(token.text)
        meant = None
        if token.kind == "word" and folded not in known | quoted | codes:
            meant = _meant(collection, folded, [lang, *queries])
        if meant:
            parts += [text[at : token.start], meant]
            at, changed = token.end, True
    return "".join([*parts, text[at:]]) if changed else None


def _is_known(collection: Collection, lang: str, terms: tuple[str, ...], text: str) -> bool:
    return any(collection.postings[lang].row(term) is not None for term in (*terms, text))


def _meant(collection: Collection, word: str, langs: list[str]) -> str | None:
    found = (collection.vocabulary(lang).correct(word) for lang in dict.fromkeys(langs) if lang in collection.postings)
    return next((word for word in found if word), None)
