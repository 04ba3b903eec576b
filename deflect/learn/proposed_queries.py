"""Questions proposed for articles: what several people asked in like words, and the article that solved it misses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deflect.gaps import clusters
from deflect.learn.lessons import Lesson
from deflect.learn.tuned import text_of
from deflect.privacy.redaction import MARK
from search.rank.searcher import Searcher
from search.text.analyzer import tokens

PEOPLE = 3  # who must have asked alike, and used each word: what fewer said could tell who they are
NEAR = 0.2  # cosine, by their words, of two questions that ask the same of one article
AMONG = 3  # an article that comes among so many needs no further question
LENGTH = range(3, 15)  # words of a question that an author would write


@dataclass(frozen=True, slots=True)
class ProposedQuery:
    """A question for an article: how many solved questions are like it, and the article's place for it now."""

    article: str
    lang: str
    text: str
    like: int
    place: int | None  # None below the tenth


def mined(searcher: Searcher, past: Sequence[Lesson], *, known: Mapping[str, Sequence[str]]) -> list[ProposedQuery]:
    """Return one question for each group of like ones that one article solved and does not come first for.

    `known` are each article's own questions. A question is proposed only when each of its words was used by as many
    others: so no name, number or address of one person comes into it; texts were redacted before that.
    """
    groups: dict[tuple[str, str], list[Lesson]] = defaultdict(list)
    for lesson in past:
        if lesson.weight == 1.0:
            groups[lesson.article, lesson.lang].append(lesson)
    found = []
    for (article, lang), lessons in sorted(groups.items()):
        texts = [text_of(lesson) for lesson in lessons]
        rows = clusters.by_words(texts, [lang] * len(texts))
        for group in clusters.grouped(rows, near=NEAR):
            proposed = _proposed(searcher, [lessons[n] for n in group], known.get(article, ()))
            if proposed is not None:
                found.append(proposed)
    return sorted(found, key=lambda one: (one.article, one.lang, -one.like, one.text))


def _proposed(searcher: Searcher, group: Sequence[Lesson], known: Sequence[str]) -> ProposedQuery | None:
    """Return the shortest line of a group whose every word others used, too, if the article does not come up for it."""
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
    """Return the words that enough people of the group used."""
    users = defaultdict(set)
    for lesson in group:
        for word in _words(text_of(lesson)):
            users[word].add(lesson.person or lesson.id)
    return frozenset(word for word, people in users.items() if len(people) >= PEOPLE)


def _lines(lesson: Lesson) -> list[str]:
    """Return the subject and the first line of a question as an author could write them: nothing was removed there."""
    whole = text_of(lesson).splitlines()
    lines = (" ".join(part.split()).rstrip(".!") for part in (lesson.subject, *whole[:2]))
    return [line for line in lines if line and not MARK.search(line)]


def _words(text: str) -> frozenset[str]:
    return frozenset(token.text for token in tokens(text))


def _place(searcher: Searcher, text: str, lesson: Lesson) -> int | None:
    hits = searcher.search(text, lang=lesson.lang, k=10).hits
    return next((rank for rank, hit in enumerate(hits, 1) if hit.article == lesson.article), None)
