"""What people searched without success: no result, nothing opened, asked again in other words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from deflect.outcomes import VISIT, between, times
from deflect.search_numbers import FOLLOWS
from deflect.store import Row, Store

ASKED = """
    SELECT keys.person, events.received AS at, trim(text) AS text, json_extract(data, '$.hits') AS hits,
           json_extract(data, '$.stage') AS stage
    FROM events JOIN keys ON keys.id = events.key JOIN event_texts ON event_texts.event = events.id
    WHERE type = 'search' AND events.received >= :start AND events.received < :end AND trim(text) != ''
    ORDER BY keys.person, events.received, events.id
    """


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was typed most often: by how many people, and what it was asked as next, if so."""

    text: str
    people: int
    then: str = ""


@dataclass(frozen=True, slots=True)
class Misses:
    """Searches that led nowhere, most people first."""

    no_result: tuple[Asked, ...]
    nothing_opened: tuple[Asked, ...]
    asked_again: tuple[Asked, ...]


def misses(store: Store, *, start: int, end: int, limit: int = 50) -> Misses:
    """Return the searches of a period that led nowhere; texts are as redacted when they were written."""
    follows = times(store.rows(FOLLOWS, {"start": start}))
    visits = _visits(store.rows(ASKED, {"start": start, "end": end}))
    none = [row for visit in visits for row in visit if not row["hits"]]
    unopened = [
        row
        for visit in visits
        if between(follows, visit[0]["person"], visit[0]["at"], visit[-1]["at"] + VISIT) is None
        for row in visit
        if row["hits"]
    ]
    return Misses(_counted(none, limit), _counted(unopened, limit), _again(visits, limit))


def _visits(rows: Iterable[Row]) -> list[list[Row]]:
    """Return one person's searches less than 30 minutes apart together."""
    found: list[list[Row]] = []
    for row in rows:
        last = found[-1][-1] if found else None
        if last and last["person"] == row["person"] and row["at"] - last["at"] <= VISIT:
            found[-1].append(row)
        else:
            found.append([row])
    return found


def _counted(rows: Iterable[Row], limit: int) -> tuple[Asked, ...]:
    people: Mapping[str, set[str]] = defaultdict(set)
    typed: Mapping[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        people[row["text"].casefold()].add(row["person"])
        typed[row["text"].casefold()][row["text"]] += 1
    found = [Asked(_usual(typed[key]), len(who)) for key, who in people.items()]
    return tuple(sorted(found, key=lambda asked: (-asked.people, asked.text))[:limit])


def _again(visits: Sequence[Sequence[Row]], limit: int) -> tuple[Asked, ...]:
    people: Mapping[tuple[str, str], set[str]] = defaultdict(set)
    for visit in visits:
        for one, two in pairwise(visit):
            if one["text"].casefold() != two["text"].casefold():
                people[one["text"].casefold(), two["text"].casefold()].add(one["person"])
    found = [Asked(one, len(who), two) for (one, two), who in people.items()]
    return tuple(sorted(found, key=lambda asked: (-asked.people, asked.text, asked.then))[:limit])


def _usual(typed: Counter[str]) -> str:
    return min(typed, key=lambda text: (-typed[text], text))
