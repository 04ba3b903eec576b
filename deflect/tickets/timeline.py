"""The timeline of a ticket's person: events, tickets, replies, contacts on other channels and past questions, by day.

`trail` returns the events as plain steps, for the ticket's page and for sinks. `timeline` adds the rest of the history
that proven keys lead to and merges related steps; `nearby` does so for whoever is perhaps the same person. An offer is
made at each pause in typing, so all offers of one message are one entry, with marks for the articles that were opened,
read, refused or solved the problem. The same search or article several times in a row is one entry with a count. Steps
more than an hour apart stay separate.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from deflect.store.clock import DAY, HOUR
from deflect.store.database import Row, Store
from deflect.tickets import queries
from deflect.tickets.identity import Near, identity, proven_keys

BEFORE = 30 * DAY
MOST_STEPS = 200


# The last message that was begun in a browser before a ticket.
BEGUN = """
    SELECT received FROM events WHERE key = :browser AND type = 'intent' AND received BETWEEN :since AND :until
    ORDER BY received DESC LIMIT 1
    """
LONGEST_WRITING = 3 * HOUR  # between the first offer and the message


@dataclass(frozen=True, slots=True)
class Step:
    """One event: `what` is its type, `text` the question or search, `articles` the articles that it concerns."""

    at: int
    what: str
    text: str
    articles: tuple[str, ...]
    detail: str
    revision: str
    source: str = ""


def trail(store: Store, ticket: Row, *, before: int = BEFORE, limit: int = MOST_STEPS) -> list[Step]:
    """Return the steps of a ticket's signed-in person and browser from 30 days before the ticket until now.

    The oldest comes first. `before` is the span before the ticket in microseconds. If there are more than `limit`
    steps, return the latest. The steps of a browser that an agent set apart are left out.
    """
    apart = [one.key for one in identity(store, ticket).near if one.apart]
    keys = [key for key in (*proven_keys(ticket), ticket["browser"]) if key and key not in apart]
    return _steps(store, keys, since=ticket["created"] - before, limit=limit)


def _steps(store: Store, keys: Sequence[str], *, since: int = 0, limit: int = MOST_STEPS) -> list[Step]:
    rows = store.rows(
        """
        SELECT * FROM (
            SELECT events.*, coalesce(text, '') AS text
            FROM events LEFT JOIN event_texts ON event_texts.event = events.id
            WHERE events.key IN (SELECT value FROM json_each(?)) AND events.received >= ?
            ORDER BY events.received DESC, min(events.at, events.received) DESC LIMIT ?
        ) ORDER BY received, at, type != 'intent', id -- the intent comes with the first offer, and before it
        """,
        [json.dumps(list(keys)), since, limit],
    )
    return [_step(row) for row in rows]


def lines(store: Store, ticket: Row) -> tuple[str, ...]:
    """Return the trail up to the ticket as plain lines, for sinks."""
    steps = [
        step for step in trail(store, ticket) if step.at <= ticket["created"] and step.what not in ("intent", "sent")
    ]
    return tuple(
        " ".join(part for part in (step.what, step.text, ", ".join(step.articles), step.detail) if part)
        for step in steps
    )


def _step(row: Row) -> Step:
    data = json.loads(row["data"] or "{}")
    articles = tuple(data.get("cards") or ()) if row["type"] == "offer" else tuple(filter(None, [row["article"]]))
    detail, revision, source = _detail(row, data), row["revision"] or "", row["source"] or ""
    return Step(row["received"], row["type"], row["text"], articles, detail, revision, source)


def _detail(row: Row, data: Row) -> str:
    match row["type"]:
        case "search":
            hits = data.get("hits", 0)
            return f"{hits} {'result' if hits == 1 else 'results'}" if hits else "no results"
        case "offer":
            return (
                "nothing offered"
                if data.get("abstained")
                else "held back (control group)"
                if data.get("arm") == "control"
                else ""
            )
        case "follow":
            return f"from {row['source']}" + (f", rank {row['rank']}" if row["rank"] else "")
        case "unhelpful" | "not_this":
            return (row["reason"] or "").replace("_", " ")
        case "sent":
            return str(data.get("ticket", ""))
    return ""


LONGEST = 500  # steps in a timeline; older ones are only in the exports
SHOWN = 12  # entries shown at first; a button shows the rest
ANSWERED = "answered"
MARKS = {
    "follow": "opened",
    "read": "read",
    "not_this": f"{ANSWERED} “Not this”",
    "solved": f"{ANSWERED} “This solved it”",
}

CONTACTS = """
    SELECT channel, ticket, at FROM contacts WHERE key IN (SELECT value FROM json_each(?))
    ORDER BY at DESC, id LIMIT 200
    """
PAST = """
    SELECT id, subject, body, article, source, at FROM past_questions WHERE key IN (SELECT value FROM json_each(?))
    ORDER BY at DESC, id LIMIT 200
    """
# Kept before rows had keys of their own, and of somebody with several.
UNCLEAR_CONTACTS = CONTACTS.replace("key IN (SELECT value FROM json_each(?))", "key IS NULL AND person = ?")
UNCLEAR_PAST = PAST.replace("key IN (SELECT value FROM json_each(?))", "key IS NULL AND person = ?")

REPLIES = """
    SELECT tickets.id, tickets.subject, tickets.state, messages.created AS at, messages.author, mark
    FROM tickets JOIN messages ON messages.ticket = tickets.id
    WHERE tickets.id IN (SELECT value FROM json_each(?))
      AND messages.channel = 'email' AND author IN ('requester', 'other', 'machine')
      AND messages.id != (SELECT id FROM messages AS first WHERE ticket = tickets.id ORDER BY created, id LIMIT 1)
    ORDER BY at DESC, messages.id LIMIT 200
    """


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the timeline: `what` is an event's type, or ticket, reply, contact or past.

    `marks` are pairs of an offer's article and its result; `times` counts repetitions in a row.
    """

    at: int
    what: str
    text: str = ""
    detail: str = ""
    articles: tuple[str, ...] = ()
    marks: tuple[tuple[str, str], ...] = ()
    ticket: str = ""
    state: str = ""
    times: int = 1

    def marks_of(self, article: str) -> list[str]:
        """Return the marks of an article, without "opened" when it was read as well."""
        marks = [mark for id, mark in self.marks if id == article]
        return [mark for mark in marks if mark != MARKS["follow"] or MARKS["read"] not in marks]


@dataclass(frozen=True, slots=True)
class Day:
    """The entries of one day in UTC, latest first."""

    at: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Nearby:
    """Perhaps the same person, with the entries that are known of them, latest first."""

    near: Near
    entries: tuple[Entry, ...]


def timeline(store: Store, ticket: Row) -> list[Entry]:
    """Return the timeline that a ticket's proven keys lead to, latest entry first, and how its message was written."""
    who = identity(store, ticket)
    return _entries(store, who.keys, who.tickets, also=_writing(store, ticket))


def nearby(store: Store, ticket: Row) -> list[Nearby]:
    """Return who is perhaps the same person as a ticket's requester. Whoever is known by nothing is left out."""
    who = identity(store, ticket)
    found, known = [], [*who.tickets, *(id for near in who.near for id in near.tickets)]
    shown = _writing(store, ticket)
    for near in who.near:
        keys = [near.key] if near.key in (ticket["address"], ticket["browser"]) else []
        entries = _entries(store, keys, near.tickets, known=known, without=shown)
        found += [Nearby(near, tuple(entries))] if entries else []
    return [*found, *_unclear(store, ticket)]


def _unclear(store: Store, ticket: Row) -> list[Nearby]:
    """Return contacts and past questions that were kept before rows had keys of their own."""
    entries = [_contact(row) for row in store.rows(UNCLEAR_CONTACTS, [ticket["person"]])]
    entries += [_past(row) for row in store.rows(UNCLEAR_PAST, [ticket["person"]])]
    near = Near("", "Earlier contacts", ("same browser or same address typed",))
    return [Nearby(near, tuple(_latest_first(entries)))] if entries else []


def _writing(store: Store, ticket: Row) -> list[Step]:
    """Return what its browser recorded while the message of a ticket was written, so by its author."""
    since, until = ticket["created"] - LONGEST_WRITING, ticket["created"]
    begun = store.one(BEGUN, {"browser": ticket["browser"], "since": since, "until": until})
    if begun is None:
        return []
    steps = [s for s in _steps(store, [ticket["browser"]], since=begun["received"]) if s.at <= ticket["created"]]
    others = [place for place, step in enumerate(steps, 1) if step.what == "sent" and step.detail != ticket["id"]]
    return steps[others[-1] if others else 0 :]


def _entries(
    store: Store,
    keys: Sequence[str],
    tickets: Sequence[str],
    *,
    known: Sequence[str] = (),
    also: Sequence[Step] = (),
    without: Sequence[Step] = (),
) -> list[Entry]:
    """Return the entries of these keys and tickets, with some steps more or less.

    Messages to the `known` tickets are elsewhere.
    """
    own = queries.of_ids(store, tickets)
    contacts = store.rows(CONTACTS, [json.dumps(list(keys))])
    told = {*tickets, *known, *(row["ticket"] for row in contacts)}
    steps = [step for step in _steps(store, keys, limit=LONGEST) if step not in without]
    steps += [step for step in also if step not in steps]
    return _latest_first(
        [
            *folded(step for step in steps if step.what != "sent" or step.detail not in told),
            *(_ticket(row) for row in own),
            *(_reply(row) for row in store.rows(REPLIES, [json.dumps(list(tickets))])),
            *(_contact(row) for row in contacts),
            *(_past(row) for row in store.rows(PAST, [json.dumps(list(keys))])),
        ]
    )


def _latest_first(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def by_day(entries: Sequence[Entry]) -> list[Day]:
    """Return the entries grouped by day."""
    return [Day(day * DAY, tuple(group)) for day, group in groupby(entries, key=lambda entry: entry.at // DAY)]


def folded(steps: Iterable[Step]) -> Iterator[Entry]:
    """Yield steps as entries, with one entry for all offers of a message and their results."""
    offer: Entry | None = None  # the last offer, and the last other entry: later steps may be merged into them
    other: Entry | None = None
    for step in steps:
        if step.what == "intent":
            yield from [_entry(step)] if step.text else []  # the page; the offer already shows that a message was begun
        elif offer and (more := _joined(offer, step)):
            offer = more
        elif other and (again := _repeated(other, step)):
            other = again
        elif step.what == "offer" and step.articles:
            yield from filter(None, [offer])
            offer = _entry(step)
        else:
            yield from filter(None, [other])
            other = _entry(step)
    yield from filter(None, [offer, other])


def _joined(offer: Entry, step: Step) -> Entry | None:
    """Return the offer merged with a later offer or a result, or None if the step does not belong to it."""
    if step.at - offer.at > HOUR:
        return None
    if step.what == "offer" and not step.articles:
        return None
    if step.what == "offer":
        articles = tuple(dict.fromkeys([*step.articles, *offer.articles]))
        return replace(offer, at=step.at, articles=articles, detail=step.detail, times=offer.times + 1)
    if step.what == "shown":
        return replace(offer, state="shown")
    about = step.articles[0] if step.articles else ""
    if step.what == "undo":
        return _undone(offer, about)
    if step.what not in MARKS or about not in offer.articles or step.source not in ("", "offer"):
        return None
    mark = MARKS[step.what] + (f" ({step.detail})" if step.what == "not_this" and step.detail else "")
    return replace(offer, marks=tuple(dict.fromkeys([*offer.marks, (about, mark)])))


def _undone(offer: Entry, about: str) -> Entry | None:
    """Return the offer without its last answer, about this article if one is named; None if it has no such answer."""
    answers = [mark for mark in offer.marks if mark[1].startswith(ANSWERED) and about in ("", mark[0])]
    return replace(offer, marks=tuple(mark for mark in offer.marks if mark != answers[-1])) if answers else None


def _repeated(last: Entry, step: Step) -> Entry | None:
    """Return the last entry, counted once more or marked as read, if the step repeats or reads it; else None."""
    if step.at - last.at > HOUR or step.articles != last.articles:
        return None
    if step.what == last.what and step.text == last.text and step.what in ("search", "follow", "read", "offer"):
        return replace(last, at=step.at, times=last.times + 1)
    if step.what == "read" and last.what == "follow":
        return replace(last, at=step.at, what="read")
    return None


def _entry(step: Step) -> Entry:
    return Entry(step.at, step.what, step.text, step.detail, step.articles)


def _ticket(row: Row) -> Entry:
    solved = (row["solved_by"],) if row["solved_by"] else ()
    answers = f"{row['answers']} {'answer' if row['answers'] == 1 else 'answers'}" if row["answers"] else "no answer"
    return Entry(row["created"], "ticket", row["subject"], answers, solved, ticket=row["id"], state=row["state"])


def _reply(row: Row) -> Entry:
    """Return the entry of a later e-mail, without its text, which the ticket shows."""
    who = {"other": "from another address", "machine": row["mark"] or "automatic"}.get(row["author"], row["mark"] or "")
    return Entry(row["at"], "reply", row["subject"], who, ticket=row["id"], state=row["state"])


def _contact(row: Row) -> Entry:
    return Entry(row["at"], "contact", row["channel"], row["ticket"] or "")


def _past(row: Row) -> Entry:
    text = row["subject"] or row["body"]
    return Entry(row["at"], "past", text, row["source"], (row["article"],) if row["article"] else ())
