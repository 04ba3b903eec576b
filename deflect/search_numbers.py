"""Search and adoption as numbers: whether searches led anywhere, and how many people help themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deflect.clock import DAY
from deflect.numbers import Number, share, unknown
from deflect.outcomes import VISIT, between, times
from deflect.store import Row, Store

ADOPTION = 30 * DAY
HELP = "('search', 'follow', 'read', 'helpful', 'unhelpful')"

# A search episode: searches of one person with less than 30 minutes from one to the next.
SEARCHES = """
    WITH asked AS (
        SELECT events.id, keys.person, events.received AS at, json_extract(data, '$.hits') AS hits,
               coalesce(json_extract(data, '$.lang'), '') AS lang, json_extract(data, '$.stage') AS stage,
               coalesce(text, '') AS text,
               lag(events.received) OVER (PARTITION BY keys.person ORDER BY events.received, events.id) AS last
        FROM events JOIN keys ON keys.id = events.key LEFT JOIN event_texts ON event_texts.event = events.id
        WHERE type = 'search' AND events.received >= :start AND events.received < :end
    ), numbered AS (
        SELECT *, sum(last IS NULL OR at - last > :visit)
               OVER (PARTITION BY person ORDER BY at, id ROWS UNBOUNDED PRECEDING) AS number
        FROM asked
    )
    SELECT person, number, min(at) AS first, max(at) AS last, max(hits) AS hits, count(*) AS searches,
           min(lang) AS lang, min(lower(trim(text))) != max(lower(trim(text))) AS reworded
    FROM numbered GROUP BY person, number ORDER BY person, number
    """

FOLLOWS = """
    SELECT keys.person, events.received AS at FROM events JOIN keys ON keys.id = events.key
    WHERE type = 'follow' AND source = 'search' AND events.received >= :start ORDER BY 1, 2
    """

PEOPLE = f"""
    WITH helped AS (
        SELECT DISTINCT keys.person
        FROM (SELECT DISTINCT key FROM events WHERE type IN {HELP} AND received >= :start AND received < :end) AS used
             JOIN keys ON keys.id = used.key
    ), wrote AS (
        SELECT person FROM tickets WHERE created >= :start AND created < :end
        UNION SELECT person FROM contacts WHERE at >= :start AND at < :end
        UNION SELECT keys.person FROM events JOIN keys ON keys.id = events.key
              WHERE type = 'sent' AND events.received >= :start AND events.received < :end
    )
    SELECT (SELECT count(*) FROM helped) AS helped, (SELECT count(*) FROM wrote) AS wrote,
           (SELECT count(*) FROM (SELECT person FROM helped UNION SELECT person FROM wrote)) AS either
    """


@dataclass(frozen=True, slots=True)
class SearchEpisode:
    """Searches of one person close to each other: how many, whether anything was found, and whether it was followed."""

    person: str
    first: int
    last: int
    lang: str
    searches: int
    reworded: bool
    found: bool
    followed: bool


def search_episodes(store: Store, *, start: int, end: int) -> list[SearchEpisode]:
    """Return the search episodes of a period; a follow counts up to 30 minutes after the last search."""
    follows = times(store.rows(FOLLOWS, {"start": start}))
    rows = store.rows(SEARCHES, {"start": start, "end": end, "visit": VISIT})
    return [_search(row, between(follows, row["person"], row["first"], row["last"] + VISIT)) for row in rows]


def of_searches(episodes: Sequence[SearchEpisode]) -> list[Number]:
    """Return the numbers of searching; success, zero-result and no-follow add up to all search episodes."""
    n, nobody = len(episodes), "nobody searched"
    followed = sum(e.followed for e in episodes)
    zero = sum(not e.followed and not e.found for e in episodes)
    reworded = sum(e.reworded for e in episodes)
    whole = "÷ search episodes (searches less than 30 minutes apart)"
    return [
        share("search success", followed, n, f"search episodes with a result opened {whole}", nobody=nobody),
        share("zero-result", zero, n, f"nothing found by any search of it {whole}", nobody=nobody),
        share("no-follow", n - followed - zero, n, f"something found and nothing opened {whole}", nobody=nobody),
        share("reformulated", reworded, n, f"more than one wording {whole}", nobody=nobody),
    ]


def of_people(store: Store, *, start: int, end: int) -> list[Number]:
    """Return what compares people who help themselves with people who write."""
    whole = _people(store, start=start, end=end)
    month = _people(store, start=end - ADOPTION, end=end)
    formula = "people who used help ÷ people who used help or wrote, in the last 30 days of the period"
    nobody = "nobody used help or wrote in the last 30 days of the period"
    return [
        _score(whole),
        share("self-service adoption", month["helped"], month["either"], formula, nobody=nobody),
        _usage(store, month, end=end),
    ]


def _people(store: Store, *, start: int, end: int) -> Row:
    return store.one(PEOPLE, {"start": start, "end": end}) or {"helped": 0, "wrote": 0, "either": 0}


def _score(people: Row) -> Number:
    formula = "help center visitors ÷ people in tickets; an activity ratio, not deflection"
    if not people["wrote"]:
        return unknown("self-service score", "nobody is in tickets", formula, n=people["helped"])
    return Number("self-service score", people["helped"] / people["wrote"], None, None, people["either"], formula)


def _usage(store: Store, month: Row, *, end: int) -> Number:
    formula = "people who used help in the last 30 days of the period, per 1,000 active users of the last known month"
    row = store.one("SELECT users FROM active_users WHERE at < ? ORDER BY at DESC LIMIT 1", [end])
    if not row or not row["users"]:
        why = "active users are not known; 'kb users import' brings them in"
        return unknown("help users per 1,000", why, formula, n=month["helped"])
    return Number("help users per 1,000", 1000 * month["helped"] / row["users"], None, None, row["users"], formula)


def _search(row: Row, follow: int | None) -> SearchEpisode:
    return SearchEpisode(
        **{name: row[name] for name in ("person", "first", "last", "lang", "searches")},
        reworded=bool(row["reworded"]),
        found=bool(row["hits"]),
        followed=follow is not None,
    )
