"""Measure the effect of each article: readers who still contacted us, and votes and answers by revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deflect.report import statistics
from deflect.report.outcomes import CONTACTS, between, times
from deflect.report.statistics import Interval
from deflect.store.database import Row, Store
from deflect.store.people import WINDOW

READERS = """
    SELECT article, keys.person, min(events.received) AS at FROM events JOIN keys ON keys.id = events.key
    WHERE type = 'read' AND article IS NOT NULL AND events.received >= :start AND events.received < :end
    GROUP BY article, keys.person ORDER BY article, at, keys.person
    """

SAID = """
    SELECT article, type, coalesce(revision, '') AS revision, coalesce(reason, '') AS reason, count(*) AS n,
           max(received) AS last
    FROM events
    WHERE type IN ('helpful', 'unhelpful', 'solved', 'not_this') AND article IS NOT NULL
      AND received >= :start AND received < :end
    GROUP BY article, type, revision, reason ORDER BY article, last DESC, type, reason
    """


COMMENTS = """
    SELECT coalesce(revision, '') AS revision, coalesce(reason, '') AS reason, text, events.received AS at
    FROM events JOIN event_texts ON event_texts.event = events.id
    WHERE type = 'unhelpful' AND article = :article AND events.received >= :start AND events.received < :end
    ORDER BY events.received DESC, events.id LIMIT 200
    """


@dataclass(frozen=True, slots=True)
class Effect:
    """One article: its readers, those with a contact within 7 days, and its votes and answers."""

    article: str
    readers: int
    wrote: int
    share: Interval
    helpful: int
    unhelpful: int
    solved: int
    not_this: int


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader of an article with a later contact; times are microseconds."""

    person: str
    read: int
    wrote: int


def effects(store: Store, *, start: int, end: int, now: int) -> list[Effect]:
    """Return the articles that were read in a period, sorted by the readers with a later contact, most first.

    A reader counts once the seven days after reading are over.
    """
    readers, contacts = _by_article(store, READERS, start=start, end=min(end, now - WINDOW)), _contacts(store, start)
    said = _by_article(store, SAID, start=start, end=end)
    found = []
    for article, people in readers.items():
        wrote = sum(between(contacts, row["person"], row["at"], row["at"] + WINDOW) is not None for row in people)
        found.append(
            Effect(article, len(people), wrote, statistics.wilson(wrote, len(people)), **_counts(said.get(article, [])))
        )
    return sorted(found, key=lambda effect: (-effect.wrote, -effect.share.value, effect.article))


def read_then_wrote(store: Store, article: str, *, start: int, end: int) -> list[Reader]:
    """Return the readers of an article with a contact within seven days, latest first."""
    contacts = _contacts(store, start)
    found = []
    for row in _by_article(store, READERS, start=start, end=end).get(article, []):
        wrote = between(contacts, row["person"], row["at"], row["at"] + WINDOW)
        if wrote is not None:
            found.append(Reader(row["person"], row["at"], wrote))
    return sorted(found, key=lambda reader: (-reader.wrote, reader.person))


def votes(store: Store, article: str, *, start: int, end: int) -> list[Row]:
    """Return the votes and answers on an article by the revision that was read, latest first."""
    rows = _by_article(store, SAID, start=start, end=end).get(article, [])
    return sorted(rows, key=lambda row: (-row["last"], row["type"], row["reason"]))


def comments(store: Store, article: str, *, start: int, end: int) -> list[Row]:
    """Return the redacted comments of votes against an article, with revision and reason, latest first."""
    return store.rows(COMMENTS, {"article": article, "start": start, "end": end})


def _by_article(store: Store, sql: str, *, start: int, end: int) -> dict[str, list[Row]]:
    """Return the rows of each article, in the order of the query."""
    found: dict[str, list[Row]] = {}
    for row in store.rows(sql, {"start": start, "end": end}):
        found.setdefault(row["article"], []).append(row)
    return found


def _contacts(store: Store, start: int) -> Mapping[str, list[int]]:
    return times(store.rows(CONTACTS, {"first": start}))


def _counts(rows: list[Row]) -> dict[str, int]:
    return {
        type: sum(row["n"] for row in rows if row["type"] == type)
        for type in ("helpful", "unhelpful", "solved", "not_this")
    }


def tickets_of(store: Store, *, start: int) -> dict[tuple[str, int], str]:
    """Return the id of each ticket by its person and time, for links."""
    rows = store.rows("SELECT id, person, created FROM tickets WHERE created >= ?", [start])
    return {(row["person"], row["created"]): row["id"] for row in rows}
