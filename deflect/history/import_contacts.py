"""`kb contacts import` and `kb users import`: contacts made elsewhere, and how many people use the product."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from deflect.history import import_writes
from deflect.history import records as history_records
from deflect.history.records import BadLine, Document, Record, Tally, text_of
from deflect.privacy.email_keys import email_hash
from deflect.store import clock
from deflect.store.clock import from_date
from deflect.store.events import CHANNELS
from deflect.store.writer import opened
from kb import progress
from kb.config import Settings
from kb.patterns import EMAIL, ID

TIMES = ("at", "time", "created", "created_at", "date")
TICKETS = ("ticket", "ticket_id", "external_id", "id")
ALSO = {"telephone": "phone", "call": "phone", "voice": "phone", "mail": "email", "e-mail": "email", "form": "web"}
MONTH = re.compile(r"(\d{4})-(\d{2})")


def load(settings: Settings, path: Path, *, report: progress.Report = progress.silent) -> Document:
    """Import contacts by telephone, chat, e-mail or another help desk, which then end episodes as contacted."""
    now = clock.now()
    with opened(settings) as (store, writer):
        secret = store.secret("email")
        return _import(
            path,
            lambda document: contact(document, secret=secret),
            lambda rows: writer.run(import_writes.import_contacts, rows=rows, now=now),
            report,
        )


def load_users(settings: Settings, path: Path, *, report: progress.Report = progress.silent) -> Document:
    """Import how many people used the product in each month: `month` as 2026-10, and `users`."""
    with opened(settings) as (_, writer):
        return _import(path, _month, lambda rows: writer.run(import_writes.import_users, rows=rows), report)


def contact(document: Document, *, secret: str) -> Document:
    """Return the row of one contact; raises BadLine saying what it lacks."""
    at = moment(document, TIMES)
    channel = text_of(document, ["channel", "via"]).lower()
    channel = ALSO.get(channel, channel)
    if channel not in CHANNELS:
        raise BadLine(f"channel is not one of {', '.join(CHANNELS)}")
    keys, episode = _keys(document, secret=secret), text_of(document, ["episode"]) or None
    if not keys and not episode:
        raise BadLine("person is missing; name who it was by email, person, visitor or episode")
    ticket = text_of(document, TICKETS) or None
    own = text_of(document, ["external_id", "id"]) or ticket  # the id under which POST contacts keeps it too
    id = own or hashlib.sha256(json.dumps([keys, episode, at, ticket]).encode()).hexdigest()[:32]
    row = {"id": f"{channel}:{id}", "channel": channel, "ticket": ticket, "at": at}
    return {"keys": keys, "episode": episode, "contact": row}


def moment(document: Document, names: Iterable[str]) -> int:
    """Return the time under the first of `names` that is there; raises BadLine."""
    for name in names:
        value = document.get(name)
        if value:
            with contextlib.suppress(ValueError, OverflowError):
                return from_date(str(value))
            raise BadLine(f"{name} is not a time, such as 2026-10-01T12:00:00Z or 2026-10-01")
    raise BadLine(f"{next(iter(names))} is missing; it is the time, such as 2026-10-01T12:00:00Z")


def _keys(document: Document, *, secret: str) -> list[str]:
    """Return the keys of a person: what looks like an address is one, also where it stands as the person."""
    person, email, visitor = (text_of(document, [name]) for name in ("person", "email", "visitor"))
    if person and not email and EMAIL.fullmatch(person):
        person, email = "", person
    if visitor and not ID.fullmatch(visitor):
        raise BadLine("visitor is not an id of 1 to 64 letters, digits and hyphens")
    found = [f"verified:{person}"] if person else []
    found += [email_hash(secret, email)] if email else []
    return [*found, f"visitor:{visitor}"] if visitor else found


def _month(document: Document) -> Document:
    month, users = MONTH.match(text_of(document, ["month", "date"])), text_of(document, ["users", "active_users"])
    if not month:
        raise BadLine("month is not a month, such as 2026-10")
    if not users.isdecimal():
        raise BadLine("users is not a whole number")
    return {"id": month[0], "at": moment({"month": f"{month[0]}-01"}, ["month"]), "users": int(users)}


def _import(
    path: Path, parse: Callable[[Document], Document], send: history_records.Send, report: progress.Report
) -> Document:
    tally, total = Tally(str(path)), history_records.count(path)
    records = history_records.watched(history_records.read(path, tally), report=report, total=total)
    history_records.keep(_rows(records, tally, parse), tally, send=send)
    return tally.document()


def _rows(
    records: Iterable[Record], tally: Tally, parse: Callable[[Document], Document]
) -> Iterator[tuple[int, Document]]:
    for record in records:
        try:
            yield record.line, parse(record.document)
        except BadLine as error:
            tally.refuse(record.line, str(error))
