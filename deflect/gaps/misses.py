"""Find failed searches: no result, no result opened, or repeated in other words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from deflect.report.outcomes import VISIT
from deflect.report.search_numbers import SearchVisit, search_visits
from deflect.store.database import Store
from deflect.store.people import WINDOW

TYPED = """
    SELECT DISTINCT keys.person
    FROM event_texts JOIN events ON events.id = event_texts.event JOIN keys ON keys.id = events.key
    WHERE type = 'search' AND event_texts.received >= :start AND event_texts.received < :end
      AND lower(trim(text)) = lower(:text)
    ORDER BY 1 LIMIT :limit
    """

EPISODE = """
    SELECT id FROM episodes WHERE person = ? AND started >= ? AND started <= ? ORDER BY started, id LIMIT 1
    """


@dataclass(frozen=True, slots=True)
class MissedQuestion:
    """A question in its most frequent form, its number of people, and their next wording, if any."""

    text: str
    people: int
    then: str = ""


@dataclass(frozen=True, slots=True)
class Misses:
    """Failed searches, sorted by the number of people, most first."""

    no_result: tuple[MissedQuestion, ...]
    nothing_opened: tuple[MissedQuestion, ...]
    asked_again: tuple[MissedQuestion, ...]


def misses(store: Store, *, start: int, end: int, limit: int = 50) -> Misses:
    """Return the failed searches of a period; their texts were redacted when they were stored."""
    none, unopened, again = Tally(), Tally(), Tally()
    for visit in search_visits(store, start=start, end=end):
        searches = [search for search in visit.searches if search["text"]]
        for search in searches:
            if not search["hits"]:
                none.add(search["text"], by=visit.person)
            elif not visit.followed:
                unopened.add(search["text"], by=visit.person)
        for one, two in pairwise(searches):
            if one["text"].casefold() != two["text"].casefold():
                again.add(one["text"], two["text"], by=visit.person)
    return Misses(none.most(limit), unopened.most(limit), again.most(limit))


@dataclass(frozen=True, slots=True)
class Typed:
    """A search episode, and the same person's contact episode within seven days after it, if any."""

    visit: SearchVisit
    episode: str


def typed(store: Store, text: str, *, start: int, end: int, limit: int) -> list[Typed]:
    """Return search episodes in which `text` was typed, latest first."""
    wanted = {"start": start, "end": end, "text": text.strip(), "limit": limit}
    people = [row["person"] for row in store.rows(TYPED, wanted)]
    found = [
        Typed(visit, _episode(store, visit))
        for visit in search_visits(store, start=start, end=end, people=people)
        if any(search["text"].casefold() == text.strip().casefold() for search in visit.searches)
    ]
    return sorted(found, key=lambda one: (-one.visit.searches[0]["at"], one.visit.person))[:limit]


def _episode(store: Store, visit: SearchVisit) -> str:
    first, last = visit.searches[0]["at"], visit.searches[-1]["at"]
    row = store.one(EPISODE, [visit.person, first - VISIT, last + WINDOW])
    return str(row["id"]) if row else ""


class Tally:
    """Counts the people per text; calls come person by person, so only the last person is remembered."""

    def __init__(self) -> None:
        self._people: Counter[tuple[str, ...]] = Counter()
        self._last: dict[tuple[str, ...], str] = {}
        self._typed: dict[tuple[str, ...], Counter[tuple[str, ...]]] = {}

    def add(self, *texts: str, by: str) -> None:
        """Count a text, or a text and its next wording; the calls for one person must be consecutive."""
        key = tuple(text.casefold() for text in texts)
        if self._last.get(key) != by:
            self._last[key] = by
            self._people[key] += 1
        self._typed.setdefault(key, Counter())[texts] += 1

    def most(self, limit: int) -> tuple[MissedQuestion, ...]:
        """Return the questions that most people typed, in their most frequent form."""
        best = sorted(self._people, key=lambda key: (-self._people[key], key))[:limit]
        return tuple(
            MissedQuestion(_usual(self._typed[key])[0], self._people[key], *_usual(self._typed[key])[1:])
            for key in best
        )


def _usual(typed: Counter[tuple[str, ...]]) -> tuple[str, ...]:
    return min(typed, key=lambda texts: (-typed[texts], texts))
