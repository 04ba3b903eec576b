"""`kb events import`, `kb contacts import` and `kb users import`: import data from the past or from other systems.

Events keep their times. Contacts by phone, chat, e-mail or another help desk end episodes as contacted. The active
users of each month are the base of numbers per 1,000 users. Existing rows are not stored twice.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from deflect.history import dates, import_writes, records
from deflect.history.records import BadLine, Document, Record, Tally, text_of
from deflect.offers.log import Refused, parse, with_text
from deflect.privacy import erasure
from deflect.privacy.email_keys import email_hash
from deflect.store import clock
from deflect.store.events import CHANNELS
from deflect.store.writer import opened
from kb import progress
from kb.config import Settings
from kb.patterns import EMAIL, ID
from kb.strict import loads, whole_number

PERSON = ("visitor", "email", "person")  # a browser's id, an e-mail address, or a verified id
NAMESPACE = uuid.UUID("6f2c1f0e-6d0a-4b61-9d5e-0d8a3a2b7c11")  # for events without an id
TIMES = ("at", "time", "created", "created_at", "date")
TICKETS = ("ticket", "ticket_id", "external_id", "id")
ALSO = {"telephone": "phone", "call": "phone", "voice": "phone", "mail": "email", "e-mail": "email", "form": "web"}
MOST_NUMBER = 10**12
MONTH = re.compile(r"(\d{4})-(\d{2})")
Rows = Iterator[tuple[int, Document]]


def load_events(settings: Settings, path: Path, *, report: progress.Report = progress.silent) -> Document:
    """Import a file of events of any type, JSON lines or CSV as `kb export events` writes it; return the totals.

    Intents are read first, so an event may come before the intent of its episode. The same event is stored once.
    """
    tally, total = Tally(str(path)), records.count(path)
    erasure.look_at_clock(settings)  # later, a clock that is right would seem to be ahead of these old events
    with opened(settings) as (store, writer):
        secret = store.secret("email")
        for intents in (True, False):
            passed = Tally(str(path)) if intents else tally  # the second pass reports bad lines
            half = _half(report, total, first=intents)
            found = records.watched(records.read(path, passed), report=half, total=total)
            rows = _events(found, tally, secret=secret, intents=intents)
            records.keep(rows, tally, send=lambda batch: writer.run(import_writes.import_events, rows=batch))
    return tally.document()


def load_contacts(
    settings: Settings, path: Path, *, order: dates.Order | None = None, report: progress.Report = progress.silent
) -> Document:
    """Import contacts by phone, chat, e-mail or another help desk, which then end episodes as contacted.

    `order` is that of day and month in dates such as 02/10/2026, which are refused without it.
    """
    now = clock.now()
    with opened(settings) as (store, writer):
        secret = store.secret("email")
        return _import(
            path,
            lambda document: contact(document, secret=secret, order=order),
            lambda rows: writer.run(import_writes.import_contacts, rows=rows, now=now),
            report,
        )


def load_users(settings: Settings, path: Path, *, report: progress.Report = progress.silent) -> Document:
    """Import the active users of each month, from the fields `month`, such as 2026-10, and `users`."""
    with opened(settings) as (_, writer):
        return _import(path, _month, lambda rows: writer.run(import_writes.import_users, rows=rows), report)


def contact(document: Document, *, secret: str, order: dates.Order | None = None) -> Document:
    """Return the row of one contact; raise BadLine for a missing or wrong field."""
    at = moment(document, TIMES, order=order)
    channel = text_of(document, ["channel", "via"]).lower()
    channel = ALSO.get(channel, channel)
    if channel not in CHANNELS:
        raise BadLine(f"channel is not one of {', '.join(CHANNELS)}")
    keys, episode = _keys(_with_address(document), secret=secret), text_of(document, ["episode"]) or None
    if episode and not ID.fullmatch(episode):
        raise BadLine("episode is not an id from POST /offers")
    if not keys and not episode:
        raise BadLine("person is missing; identify the person by email, person, visitor or episode")
    ticket = text_of(document, TICKETS) or None
    own = text_of(document, ["external_id", "id"]) or ticket  # POST /contacts stores it under the same id
    id = own or hashlib.sha256(json.dumps([keys, episode, at, ticket]).encode()).hexdigest()[:32]
    row = {"id": f"{channel}:{id}", "channel": channel, "ticket": ticket, "at": at}
    return {"keys": keys, "episode": episode, "contact": row}


def moment(document: Document, names: Iterable[str], *, order: dates.Order | None = None) -> int:
    """Return the time in the first of the fields `names` that is set; raise BadLine."""
    for name in names:
        value = document.get(name)
        if not value:
            continue
        try:
            return dates.read(str(value), order)
        except dates.AmbiguousDate as error:
            raise BadLine(f"{name}: {error}; say which with --dates dmy or --dates mdy") from error
        except (ValueError, OverflowError) as error:
            said = str(value)[:40]
            raise BadLine(f"{name}: {said!r} is not a time, such as 2026-10-01T12:00:00Z or 2026-10-01") from error
    raise BadLine(f"{next(iter(names))} is missing; give the time, such as 2026-10-01T12:00:00Z")


def _half(report: progress.Report, total: int, *, first: bool) -> progress.Report:
    """Return a progress report for one of two passes over a file, each half of the total."""
    return lambda done, _: report((done + (0 if first else total)) // 2, total)


def _events(found: Iterable[Record], tally: Tally, *, secret: str, intents: bool) -> Rows:
    for record in found:
        for document in _documents(record.document):
            if (document.get("type") == "intent") != intents:
                continue
            try:
                yield record.line, _event(document, secret=secret)
            except (Refused, BadLine) as error:
                tally.refuse(record.line, str(error))


def _documents(document: Document) -> list[Document]:
    """Return the events of a record, which is an event or a list of a visitor's events, as in `POST /events`."""
    events = document.get("events")
    if not isinstance(events, list):
        return [document]
    who = {name: value for name, value in document.items() if name in PERSON}
    return [who | event if isinstance(event, dict) else {} for event in events]


def _event(document: Document, *, secret: str) -> Document:
    exported = "key" in document
    keys = [str(document["key"])] if exported else _keys(document, secret=secret)
    text = document.get("text") if isinstance(document.get("text"), str) else ""
    spare = {*PERSON, "key", "received", "data", "text"}
    event = {name: value for name, value in (_data(document) | document).items() if name not in spare and value != ""}
    event["id"] = _id(event)
    if exported and isinstance(event.get("rank"), str):
        rank = whole_number(event["rank"], most=MOST_NUMBER)
        event["rank"] = event["rank"] if rank is None else rank
    return {"keys": keys, "event": with_text(parse(event, by_client=False), text or "")}


def _data(document: Document) -> Document:
    """Return the fields that an export stores as JSON in one column."""
    with contextlib.suppress(ValueError, TypeError):
        data = loads(document.get("data") or "{}")
        return data if isinstance(data, dict) else {}
    return {}


def _id(event: Document) -> str:
    """Return the event's id as a UUID; other and missing ids become UUIDs that are the same in every import."""
    id = event.get("id")
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        return str(uuid.UUID(str(id))) if id else str(uuid.uuid5(NAMESPACE, json.dumps(event, sort_keys=True)))
    return str(uuid.uuid5(NAMESPACE, str(id)))


def _keys(document: Document, *, secret: str) -> list[str]:
    """Return the keys of a record's person, strongest first; empty if only the episode identifies the person."""
    visitor, email, person = (text_of(document, [name]) for name in PERSON)
    if visitor and not ID.fullmatch(visitor):
        raise BadLine("visitor is not an id of 1 to 64 letters, digits and hyphens")
    found = [f"verified:{person}"] if person else []
    found += [email_hash(secret, email)] if email else []
    return [*found, f"visitor:{visitor}"] if visitor else found


def _with_address(document: Document) -> Document:
    """Return a contact with `person` moved to `email` if it is an e-mail address and no other is given."""
    person = text_of(document, ["person"])
    if EMAIL.fullmatch(person) and not text_of(document, ["email"]):
        return document | {"person": None, "email": person}
    return document


def _month(document: Document) -> Document:
    month, users = MONTH.match(text_of(document, ["month", "date"])), text_of(document, ["users", "active_users"])
    if not month:
        raise BadLine("month is not a month, such as 2026-10")
    if (number := whole_number(users, most=MOST_NUMBER)) is None:
        raise BadLine("users is not a whole number")
    return {"id": month[0], "at": moment({"month": f"{month[0]}-01"}, ["month"]), "users": number}


def _import(path: Path, parse: Callable[[Document], Document], send: records.Send, report: progress.Report) -> Document:
    tally, total = Tally(str(path)), records.count(path)
    found = records.watched(records.read(path, tally), report=report, total=total)
    records.keep(_rows(found, tally, parse), tally, send=send)
    return tally.document()


def _rows(found: Iterable[Record], tally: Tally, parse: Callable[[Document], Document]) -> Rows:
    for record in found:
        try:
            yield record.line, parse(record.document)
        except BadLine as error:
            tally.refuse(record.line, str(error))
