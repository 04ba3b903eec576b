"""The report: all numbers of a period, in total and by segment, and the numbers of tickets.

`material` reads the episodes, searches and tickets of a period once; all numbers are computed from these. Numbers of
episodes and of the experiment come from `episodes`, those of searches and people from `search_numbers`, and those of
tickets from this module. A split computes the same numbers again for each part of the material, such as one language.
`kb report` and the admin pages both show this report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from deflect.report import statistics
from deflect.report.effect import Before
from deflect.report.episodes import of_episodes
from deflect.report.numbers import Number, given, share, unknown
from deflect.report.outcomes import CONTACTS, Ended, before, ended, named, times, values_of
from deflect.report.search_numbers import HELP, SearchDay, of_people, of_searches, search_days
from deflect.store import clock
from deflect.store.clock import DAY, HOUR, to_rfc3339
from deflect.store.database import Row, Store, reading
from kb.config import Settings
from kb.errors import BadRequest
from kb.languages import without_region

# A further message after the first answer, or a reopened ticket, means that the first answer did not solve it.
TICKETS = """
    SELECT tickets.id, lang, category, channel, state, created,
           (SELECT count(*) FROM messages WHERE ticket = tickets.id AND author = 'agent') AS answers,
           (SELECT min(created) FROM messages WHERE ticket = tickets.id AND author = 'agent') AS first_answer,
           EXISTS (SELECT 1 FROM messages AS again WHERE ticket = tickets.id AND author = 'requester'
                   AND coalesce(mark, '') != 'thanks' AND created >
                   (SELECT min(created) FROM messages WHERE ticket = again.ticket AND author = 'agent')) AS came_back,
           EXISTS (SELECT 1 FROM audit WHERE what = tickets.id AND did = 'reopen') AS reopened
    FROM tickets WHERE created >= :start AND created < :end ORDER BY created, id
    """


def tickets(store: Store, *, start: int, end: int) -> list[Row]:
    """Return the tickets of a period with the number of their answers and the time of the first."""
    return store.rows(TICKETS, {"start": start, "end": end})


def of_tickets(rows: Sequence[Row], *, target: int, now: int) -> list[Number]:
    """Return the numbers of tickets; the first answer is due within `target` hours."""
    closed = [row for row in rows if row["state"] == "closed"]
    first = sum(row["answers"] <= 1 and not row["came_back"] and not row["reopened"] for row in closed)
    due = [row for row in rows if row["first_answer"] or row["created"] + target * HOUR <= now]
    in_time = sum(
        row["first_answer"] is not None and row["first_answer"] - row["created"] <= target * HOUR for row in due
    )
    touches = "agents' answers ÷ tickets that were answered or closed"
    reply = f"tickets first answered within {target} hours ÷ tickets that are answered or older than that"
    resolution = (
        "tickets closed after at most one answer, not reopened, with no further message but thanks ÷ closed tickets"
    )
    found = [
        share("first-contact resolution", first, len(closed), resolution, nobody="no ticket is closed"),
        _touches([row["answers"] for row in rows if row["answers"] or row["state"] == "closed"], touches),
    ]
    if rows and not any(row["answers"] for row in rows):
        why = "agents answer outside this help center"
        return [found[0], unknown("touches per ticket", why, touches), unknown("reply within target", why, reply)]
    return [*found, share("reply within target", in_time, len(due), reply, nobody="no ticket is due")]


def _touches(answers: Sequence[int], formula: str) -> Number:
    if not answers:
        return unknown("touches per ticket", "no ticket was answered or closed", formula)
    return given("touches per ticket", statistics.mean_interval(answers), len(answers), formula)


MEMORY = 90 * DAY  # how far back a person's earlier tickets and visits are counted

VISITS = f"""
    WITH who AS (SELECT DISTINCT person FROM episodes WHERE started >= :start AND started < :end)
    SELECT keys.person, events.received / {DAY} * {DAY} AS at
    FROM who JOIN keys ON keys.person = who.person JOIN events ON events.key = keys.id
    WHERE type IN {HELP} AND events.received >= :first GROUP BY 1, 2 ORDER BY 1, 2
    """

SOME_CONTACT = """
    SELECT 1 WHERE EXISTS (SELECT 1 FROM tickets WHERE created >= :start)
                OR EXISTS (SELECT 1 FROM contacts WHERE at >= :start)
                OR EXISTS (SELECT 1 FROM events WHERE type = 'sent' AND received >= :start)
    """

EARLIEST = """
    SELECT min(at) AS at FROM (
        SELECT min(received) AS at FROM events UNION ALL SELECT min(created) FROM tickets
        UNION ALL SELECT min(at) FROM contacts)
    """


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers of a period; times are microseconds, and `end` is exclusive."""

    start: int
    end: int
    numbers: tuple[Number, ...]

    def document(self) -> dict[str, Any]:
        """Return the document of `kb report --json`."""
        period = {"from": to_rfc3339(self.start), "to": to_rfc3339(self.end)}
        return period | {"numbers": [number.document() for number in self.numbers]}

    def number(self, name: str, segment: str | None = None) -> Number:
        """Return one number by its name."""
        return next(n for n in self.numbers if n.name == name and n.segment == segment)


@dataclass(frozen=True, slots=True)
class Material:
    """The episodes, searches and tickets of a period, from which its numbers are computed."""

    episodes: Sequence[Ended]
    searches: Sequence[SearchDay]
    tickets: Sequence[Row]


def report(
    store: Store,
    settings: Settings,
    *,
    start: int | None = None,
    end: int | None = None,
    now: int,
    by: str | None = None,
    whole: Material | None = None,
) -> Report:
    """Return the numbers from `start` (unset: the first event) to `end` (unset: now), and for each value of `by`.

    `whole` is the result of `material` for the same period, if the caller has it already.
    """
    end = min(end or now, now)
    start = start if start is not None else min(earliest(store) or now, end)
    whole = whole or material(store, start=start, end=end, now=now)
    known = connected(store, whole, start=start)
    numbers = _numbers(store, settings, whole, start=start, now=now, connected=known)
    numbers += of_people(store, start=start, end=end)
    for label, part in split(whole, by).items() if by else ():
        numbers += [
            replace(n, segment=", ".join(filter(None, (label, n.segment))))
            for n in _numbers(store, settings, part, start=start, now=now, connected=known)
        ]
    return Report(start, end, tuple(numbers))


def of_period(settings: Settings, *, start: str | None, end: str | None, by: str | None = None) -> dict[str, Any]:
    """Return the document of `kb report` for a period given as text.

    Raise BadRequest if a day or time cannot be read, or if the period ends before it begins.
    """
    with reading(settings) as store:
        first, last = moment(start, last=False), moment(end, last=True)
        if first is not None and first >= (last or clock.now()):
            raise BadRequest(f"the period from {start} to {end or 'now'} ends before it begins")
        return report(store, settings, start=first, end=last, now=clock.now(), by=by).document()


def moment(text: str | None, *, last: bool) -> int | None:
    """Return a day or time as microseconds, or None for an empty text; a `last` day counts to its end."""
    if not text:
        return None
    try:
        return clock.from_date(text) + (DAY if last and len(text.strip()) == len("2026-10-01") else 0)
    except ValueError as error:
        raise BadRequest(f"{text} is neither a date, such as 2026-10-01, nor a time") from error


def material(store: Store, *, start: int, end: int, now: int) -> Material:
    """Read the material of a period from the store."""
    episodes = ended(store, start=start, end=end, now=now)
    searches = search_days(store, start=start, end=end)
    return Material(episodes, searches, tickets(store, start=start, end=end))


def earliest(store: Store) -> int | None:
    """Return the time of the first event, ticket or contact, or None without any."""
    row = store.one(EARLIEST)
    return row["at"] if row else None


def connected(store: Store, whole: Material, *, start: int) -> bool:
    """Return True if contacts are recorded: at least one, and one after the site's own form if that is used."""
    attempts = [e for e in whole.episodes if e.attempted]
    if attempts and not any(e.contacted for e in attempts):
        return False
    return any(e.contacted for e in whole.episodes) or store.one(SOME_CONTACT, {"start": start}) is not None


def split(whole: Material, by: str) -> dict[str, Material]:
    """Return the material of each value of `by`; an episode with two channels counts with both."""
    labels = sorted({value for e in whole.episodes for value in values_of(e, by)})
    if by == "lang":
        labels = sorted({*labels, *(without_region(s.lang) for s in whole.searches)})
    return {
        f"{by}={label or 'unknown'}": Material(
            [e for e in whole.episodes if label in values_of(e, by)],
            [s for s in whole.searches if by == "lang" and without_region(s.lang) == label],
            [t for t in whole.tickets if by in ("lang", "category", "channel") and named(t[by], by) == label],
        )
        for label in labels
    }


def _numbers(
    store: Store, settings: Settings, part: Material, *, start: int, now: int, connected: bool
) -> list[Number]:
    return [
        *of_episodes(
            part.episodes, holdout=settings.holdout, connected=connected, before=_before(store, start=start, end=now)
        ),
        *(of_searches(part.searches)),
        *of_tickets(part.tickets, target=settings.reply_target, now=now),
    ]


def _before(store: Store, *, start: int, end: int) -> Before:
    """Return a function that counts a person's contacts and days with a visit in the 90 days before an episode."""

    @cache
    def moments(sql: str) -> Mapping[str, Sequence[int]]:
        return times(store.rows(sql, {"first": start - MEMORY, "start": start, "end": end}))

    def count(episode: Ended) -> Sequence[float]:
        since, day = episode.started - MEMORY, episode.started // DAY * DAY
        contacts = before(moments(CONTACTS), episode.person, since, episode.started)
        return contacts, before(moments(VISITS), episode.person, since, day)

    return count
