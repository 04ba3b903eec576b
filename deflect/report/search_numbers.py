"""Numbers of search and adoption: the success of searches, and the share of people who help themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deflect.report.numbers import Number, share, unknown
from deflect.report.outcomes import VISIT
from deflect.store.clock import DAY
from deflect.store.database import Row, Store

ADOPTION = 30 * DAY
HELP = "('search', 'follow', 'read', 'helpful', 'unhelpful')"

# Searches and the results opened from them, person by person; at the same time, the search comes first.
SEARCHED = """
    SELECT keys.person, events.received AS at, type = 'search' AS asked, json_extract(data, '$.hits') AS hits,
           coalesce(json_extract(data, '$.lang'), '') AS lang, coalesce(trim(text), '') AS text
    FROM events JOIN keys ON keys.id = events.key LEFT JOIN event_texts ON event_texts.event = events.id
    WHERE events.received >= :start AND (:people IS NULL OR keys.person IN (SELECT value FROM json_each(:people)))
      AND (type = 'search' AND events.received < :end
           OR type = 'follow' AND source = 'search' AND events.received < :end + :visit)
    ORDER BY keys.person, events.received, type DESC, events.id
    """

# People who used help, and people who wrote, with their last times. They give the counts of every window up to :end.
PEOPLE = f"""
    WITH used AS (
        SELECT key, max(received) AS last FROM events
        WHERE type IN {HELP} AND received >= :first AND received < :end GROUP BY key
    ), wrote AS (
        SELECT person, created AS at FROM tickets WHERE created >= :first AND created < :end
        UNION ALL SELECT person, at FROM contacts WHERE at >= :first AND at < :end
        UNION ALL SELECT keys.person, events.received FROM events JOIN keys ON keys.id = events.key
                  WHERE type = 'sent' AND events.received >= :first AND events.received < :end
    ), people AS (
        SELECT person, max(helped) AS helped, max(wrote) AS wrote
        FROM (SELECT keys.person, last AS helped, NULL AS wrote FROM used JOIN keys ON keys.id = used.key
              UNION ALL SELECT person, NULL, at FROM wrote)
        GROUP BY person
    )
    SELECT count(*) FILTER (WHERE helped >= :start) AS helped, count(*) FILTER (WHERE wrote >= :start) AS wrote,
           count(*) FILTER (WHERE max(coalesce(helped, 0), coalesce(wrote, 0)) >= :start) AS either,
           count(*) FILTER (WHERE helped >= :month) AS month_helped,
           count(*) FILTER (WHERE max(coalesce(helped, 0), coalesce(wrote, 0)) >= :month) AS month_either
    FROM people
    """


@dataclass(frozen=True, slots=True)
class SearchVisit:
    """One search episode: a person's searches less than 30 minutes apart, and whether a result was opened."""

    person: str
    searches: Sequence[Row]
    followed: bool

    @property
    def found(self) -> bool:
        """True if any of the searches had results."""
        return any(search["hits"] for search in self.searches)

    @property
    def reworded(self) -> bool:
        """True if the searches differ in their wording."""
        return len({search["text"].lower() for search in self.searches}) > 1


@dataclass(frozen=True, slots=True)
class SearchDay:
    """Counts of the search episodes that began on one day in one language; a year has few such rows."""

    day: int
    lang: str
    episodes: int
    followed: int
    zero: int
    reworded: int


def search_visits(store: Store, *, start: int, end: int, people: Sequence[str] | None = None) -> Iterator[SearchVisit]:
    """Yield the search episodes of a period one by one; a follow counts up to 30 minutes after the last search.

    `people` limits them to these people.
    """
    searches: list[Row] = []
    followed, chosen = False, None if people is None else json.dumps(people)
    for row in store.each(SEARCHED, {"start": start, "end": end, "visit": VISIT, "people": chosen}):
        if searches and (row["person"] != searches[-1]["person"] or row["at"] - searches[-1]["at"] > VISIT):
            yield SearchVisit(searches[0]["person"], searches, followed)
            searches, followed = [], False
        if row["asked"]:
            searches.append(row)
        elif searches:
            followed = True
    if searches:
        yield SearchVisit(searches[0]["person"], searches, followed)


def search_days(store: Store, *, start: int, end: int) -> list[SearchDay]:
    """Return the search episodes of a period, counted by day and language."""
    counts: dict[tuple[int, str], list[int]] = {}
    for visit in search_visits(store, start=start, end=end):
        day, lang = visit.searches[0]["at"] // DAY * DAY, min(search["lang"] for search in visit.searches)
        count = counts.setdefault((day, lang), [0, 0, 0, 0])
        count[0] += 1
        count[1] += visit.followed
        count[2] += not visit.followed and not visit.found
        count[3] += visit.reworded
    return [SearchDay(day, lang, *count) for (day, lang), count in sorted(counts.items())]


def of_searches(days: Sequence[SearchDay]) -> list[Number]:
    """Return the numbers of searching; success, zero-result and no-follow add up to all search episodes."""
    n, nobody = sum(day.episodes for day in days), "no one searched"
    followed, zero = sum(day.followed for day in days), sum(day.zero for day in days)
    reworded = sum(day.reworded for day in days)
    whole = "÷ search episodes (searches less than 30 minutes apart)"
    return [
        share("search success", followed, n, f"search episodes with a result opened {whole}", nobody=nobody),
        share("zero-result", zero, n, f"search episodes with no result in any search {whole}", nobody=nobody),
        share(
            "no-follow", n - followed - zero, n, f"search episodes with results but none opened {whole}", nobody=nobody
        ),
        share("reformulated", reworded, n, f"search episodes with more than one wording {whole}", nobody=nobody),
    ]


def of_people(store: Store, *, start: int, end: int) -> list[Number]:
    """Return the numbers that compare people who help themselves with people who write."""
    month = end - ADOPTION
    people = store.one(PEOPLE, {"first": min(start, month), "start": start, "month": month, "end": end}) or {}
    formula = "people who used help ÷ people who used help or wrote, in the last 30 days of the period"
    nobody = "no one used help or wrote in the last 30 days of the period"
    return [
        _score(people),
        share("self-service adoption", people["month_helped"], people["month_either"], formula, nobody=nobody),
        _usage(store, people["month_helped"], end=end),
    ]


def _score(people: Row) -> Number:
    formula = "help center visitors ÷ people who wrote; an activity ratio, not deflection"
    if not people["wrote"]:
        return unknown("self-service score", "no one wrote", formula, n=people["helped"])
    return Number("self-service score", people["helped"] / people["wrote"], None, None, people["either"], formula)


def _usage(store: Store, helped: int, *, end: int) -> Number:
    formula = "people who used help in the last 30 days of the period, per 1,000 active users of the last known month"
    row = store.one("SELECT users FROM active_users WHERE at < ? ORDER BY at DESC LIMIT 1", [end])
    if not row or not row["users"]:
        why = "active users are unknown; import them with 'kb users import'"
        return unknown("help users per 1,000", why, formula, n=helped)
    return Number("help users per 1,000", 1000 * helped / row["users"], None, None, row["users"], formula)
