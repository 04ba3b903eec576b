"""`kb propose`: write proposed changes as files for authors to review in git; nothing is applied.

There are four kinds, each with its evidence: questions for articles that solved them without being among the first
three hits, synonyms, pins that are no longer needed, and pairs of articles with nearly the same content. Questions are
mined from past outcomes: similar ones are grouped, and the shortest line is proposed in which at least three people
used every word. This keeps names and numbers of single people out of committed files. Duplicates are articles of one
language with the same title or nearly the same vector. Synonyms and pins come from `proposed_words`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Any

import numpy as np

from deflect.gaps import clusters
from deflect.learn import proposed_words
from deflect.learn.installed import text_of
from deflect.learn.lessons import Lesson, lessons
from deflect.learn.proposed_words import ProposedSynonym, UselessPin
from deflect.redaction.redaction import MARK
from deflect.store.database import reading
from kb.config import Settings
from kb.content import library
from kb.files import shared_with_others
from search.index.embedder import Vectors
from search.rank.current import Current
from search.rank.searcher import Searcher
from search.text.analyzer import tokens
from search.text.query import normal

PEOPLE = 3  # people needed for a similar question and for each word; fewer could be recognised
NEAR = 0.2  # cosine from which two questions for one article are similar, by words
AMONG = 3  # an article among the first three hits needs no further question
LENGTH = range(3, 15)  # words in a question fit for an article


@dataclass(frozen=True, slots=True)
class ProposedQuery:
    """A question for an article, with the number of similar solved questions and the article's current rank."""

    article: str
    lang: str
    text: str
    like: int
    place: int | None  # None below the tenth


def mined(searcher: Searcher, past: Sequence[Lesson], *, known: Mapping[str, Sequence[str]]) -> list[ProposedQuery]:
    """Return one question for each group of similar ones whose article solved them without being a first hit.

    `known` maps articles to their questions. A question is proposed only if at least three people used each of its
    words, so that it holds no name, number or address of one person. Texts were redacted earlier.
    """
    groups: dict[tuple[str, str], list[Lesson]] = defaultdict(list)
    for lesson in past:
        if lesson.weight == 1.0:
            groups[lesson.article, lesson.lang].append(lesson)
    found = []
    for (article, lang), solved in sorted(groups.items()):
        rows = clusters.by_words([clusters.terms_of(text_of(lesson), lang) for lesson in solved])
        for group in clusters.grouped(rows, near=[NEAR] * len(rows)):
            proposed = _proposed(searcher, [solved[n] for n in group], known.get(article, ()))
            if proposed is not None:
                found.append(proposed)
    return sorted(found, key=lambda one: (one.article, one.lang, -one.like, one.text))


def _proposed(searcher: Searcher, group: Sequence[Lesson], known: Sequence[str]) -> ProposedQuery | None:
    """Return the shortest line with shared words only, or None if the article is among the first hits for it."""
    people = {lesson.person or lesson.id for lesson in group}
    if len(people) < PEOPLE:
        return None
    shared = _shared(group)
    lines = sorted({line for lesson in group for line in _lines(lesson)}, key=lambda line: (len(line), line))
    text = next((line for line in lines if _words(line) <= shared and len(_words(line)) in LENGTH), None)
    if text is None or text.casefold() in {one.casefold() for one in known}:
        return None
    place = _place(searcher, text, group[0])
    return None if place and place <= AMONG else ProposedQuery(group[0].article, group[0].lang, text, len(group), place)


def _shared(group: Sequence[Lesson]) -> frozenset[str]:
    """Return the words that at least three people of the group used."""
    users = defaultdict(set)
    for lesson in group:
        for word in _words(text_of(lesson)):
            users[word].add(lesson.person or lesson.id)
    return frozenset(word for word, people in users.items() if len(people) >= PEOPLE)


def _lines(lesson: Lesson) -> list[str]:
    """Return the subject and the first two lines of a question, without lines from which something was redacted."""
    whole = text_of(lesson).splitlines()
    lines = (" ".join(part.split()).rstrip(".!") for part in (lesson.subject, *whole[:2]))
    return [line for line in lines if line and not MARK.search(line)]


def _words(text: str) -> frozenset[str]:
    return frozenset(token.text for token in tokens(text))


def _place(searcher: Searcher, text: str, lesson: Lesson) -> int | None:
    hits = searcher.search(text, lang=lesson.lang, k=10).hits
    return next((rank for rank, hit in enumerate(hits, 1) if hit.article == lesson.article), None)


FOLDER = "_proposals"  # in the articles' repository; its files are not articles, so they are neither shown nor checked
ALIKE = 0.95  # cosine of two articles with nearly the same content
MOST = 100  # pairs of articles that are listed


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two articles of a language that are nearly the same, with the number of outcomes of each."""

    lang: str
    articles: tuple[str, str]
    cosine: float
    same_title: bool
    solved: tuple[int, int]


def propose(settings: Settings, *, now: int) -> dict[str, Any]:
    """Write the proposals to `_proposals/` in the articles' folder, and return the number of each kind.

    A file without proposals is removed. The same articles and events give the same bytes.
    """
    searcher = Current(settings).get()
    shelf = library.load(settings.articles, default_lang=settings.lang)
    known: dict[str, list[str]] = defaultdict(list)
    for article in shelf.articles:
        known[article.id] += article.queries
    with reading(settings) as store:
        here = [one for one in lessons(store) if one.article in known]
        words = proposed_words.synonyms(searcher, store, now=now, lang=settings.lang)
        pins = proposed_words.pins(searcher, store, now=now, lang=settings.lang)
    solved = {id: sum(one.article == id for one in here) for id in {one.article for one in here}}
    queries = mined(searcher, here, known=known)
    pairs = duplicates(searcher, solved=solved)
    files = {
        "queries.yml": _queries(queries),
        "synonyms.yml": _synonyms(words),
        "pins.yml": _pins(pins),
        "duplicates.yml": _duplicates(pairs),
    }
    folder = settings.articles / FOLDER
    with shared_with_others():
        for name, text in files.items():
            if text:
                folder.mkdir(exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
            else:
                (folder / name).unlink(missing_ok=True)
    counts = {"queries": len(queries), "synonyms": len(words), "pins": len(pins), "duplicates": len(pairs)}
    return {"folder": str(folder), "proposed": counts}


def shown(document: Mapping[str, Any]) -> str:
    """Return the numbers of proposals as lines for a terminal."""
    lines = [f"{count:,} {name}" for name, count in document["proposed"].items() if count]
    return "\n".join([*lines, f"to review in {document['folder']}"]) if lines else "nothing to propose"


def duplicates(searcher: Searcher, *, solved: Mapping[str, int]) -> list[Duplicate]:
    """Return the pairs of articles of one language with the same title or nearly the same vector."""
    documents = searcher.collection.documents
    found = []
    for lang in sorted({document.lang for document in documents}):
        numbers = [n for n, document in enumerate(documents) if document.lang == lang]
        rows = np.stack([_row(searcher, number) for number in numbers])
        titles: dict[str, list[int]] = defaultdict(list)
        for place, number in enumerate(numbers):
            titles[normal(documents[number].title)].append(place)
        same = {pair for places in titles.values() for pair in combinations(places, 2)}
        for first, second in sorted(same | set(_near(rows))):
            one, two = sorted(documents[numbers[place]].article for place in (first, second))
            cosine = round(float(rows[first] @ rows[second]), 3)
            pair = (solved.get(one, 0), solved.get(two, 0))
            found.append(Duplicate(lang, (one, two), cosine, (first, second) in same, pair))
    return sorted(found, key=lambda one: (-one.cosine, one.lang, one.articles))[:MOST]


def _near(rows: Vectors) -> Iterator[tuple[int, int]]:
    for first, row in enumerate(rows):
        for second in np.flatnonzero(rows[first + 1 :] @ row >= ALIKE):
            yield first, first + 1 + int(second)


def _row(searcher: Searcher, number: int) -> Vectors:
    """Return the mean vector of a document in the space of its language, or a zero vector if there is none."""
    document, collection = searcher.collection.documents[number], searcher.collection
    spaces = [space for space in collection.spaces if number in space]
    own = next((space for space in spaces if space.lang == document.lang), spaces[0] if spaces else None)
    if own is None or document.last == document.first:
        return np.zeros(own.dimensions if own is not None else 1, dtype=np.float32)
    return own.mean(document.first, document.last)


def _queries(found: Sequence[ProposedQuery]) -> str:
    lines = [
        "# Questions for articles: move those that fit under 'queries:' of the article, then run 'kb check --queries'.",
        "# After each: the number of solved questions like it, and the article's current place in a search for it.",
    ]
    for article, some in groupby(found, key=lambda one: one.article):
        lines.append(f"{json.dumps(article, ensure_ascii=False)}:")
        for one in some:
            place = f"place {one.place}" if one.place else "not among the first ten"
            lines.append(f"  - {json.dumps(one.text, ensure_ascii=False)}  # {one.lang}; {one.like} like it; {place}")
    return _file(lines, found)


def _synonyms(found: Sequence[ProposedSynonym]) -> str:
    lines = [
        "# Words that people used in place of each other: move those that fit to _synonyms.yml.",
        "# After each: the number of people who searched one, opened nothing, searched the other, and opened a hit.",
    ]
    for lang, some in groupby(found, key=lambda one: one.lang):
        lines.append(f"{lang}:")
        lines += [f"  - [{', '.join(one.words)}]  # {one.people} people" for one in some]
    return _file(lines, found)


def _pins(found: Sequence[UselessPin]) -> str:
    lines = ["# Pins that can be removed from _pins.yml, with the reason."]
    for lang, some in groupby(found, key=lambda one: one.lang):
        lines.append(f"{lang}:")
        for one in some:
            articles = json.dumps(list(one.articles), ensure_ascii=False)
            lines.append(f"  {json.dumps(one.query, ensure_ascii=False)}: {articles}  # {one.why}")
    return _file(lines, found)


def _duplicates(found: Sequence[Duplicate]) -> str:
    lines = [
        "# Articles with nearly the same content: keep one, and give it the other's address under 'aliases:'.",
        "# After each pair: the cosine of their vectors, and the number of outcomes of each.",
    ]
    for one in found:
        title = ", one title" if one.same_title else ""
        articles = json.dumps(list(one.articles), ensure_ascii=False)
        solved = " and ".join(map(str, one.solved))
        lines.append(f"- {articles}  # {one.lang}; cosine {one.cosine:.3f}{title}; {solved} outcomes")
    return _file(lines, found)


def _file(lines: Sequence[str], found: Sequence[object]) -> str:
    return "\n".join(lines) + "\n" if found else ""
