"""`kb events import`: what happened in the past, or on another installation, as events with their times."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from deflect.history import import_writes
from deflect.history import records as history_records
from deflect.history.records import BadLine, Document, Record, Tally
from deflect.offers.log import Refused, parse, with_text
from deflect.privacy.email_keys import email_hash
from deflect.store.writer import opened
from kb import progress
from kb.config import Settings
from kb.patterns import ID

PERSON = ("visitor", "email", "person")  # who it was: a browser's id, an address, or a verified id
NAMESPACE = uuid.UUID("6f2c1f0e-6d0a-4b61-9d5e-0d8a3a2b7c11")  # for ids of events that bring none


def load(settings: Settings, path: Path, *, report: progress.Report = progress.silent) -> Document:
    """Import a file of events of any type, JSON lines or CSV as `kb export events` writes it; return the totals.

    Intents are read first, so that an event may stand before its episode's. The same event is stored once.
    """
    tally, total = Tally(str(path)), history_records.count(path)
    with opened(settings) as (store, writer):
        secret = store.secret("email")
        for intents in (True, False):
            passed = Tally(str(path)) if intents else tally  # what is wrong with a line is said once
            found = history_records.watched(
                history_records.read(path, passed), report=_half(report, total, first=intents), total=total
            )
            rows = _rows(found, tally, secret=secret, intents=intents)
            history_records.keep(rows, tally, send=lambda batch: writer.run(import_writes.import_events, rows=batch))
    return tally.document()


def _half(report: progress.Report, total: int, *, first: bool) -> progress.Report:
    """Return a report of one of two passes over a file as half of the whole."""
    return lambda done, _: report((done + (0 if first else total)) // 2, total)


def _rows(records: Iterable[Record], tally: Tally, *, secret: str, intents: bool) -> Iterator[tuple[int, Document]]:
    for record in records:
        for document in _documents(record.document):
            if (document.get("type") == "intent") != intents:
                continue
            try:
                yield record.line, _row(document, secret=secret)
            except (Refused, BadLine) as error:
                tally.refuse(record.line, str(error))


def _documents(document: Document) -> list[Document]:
    """Return the events of a record: it is one, or holds a visitor's, as `POST events` takes them."""
    events = document.get("events")
    if not isinstance(events, list):
        return [document]
    who = {name: value for name, value in document.items() if name in PERSON}
    return [who | event if isinstance(event, dict) else {} for event in events]


def _row(document: Document, *, secret: str) -> Document:
    exported = "key" in document
    keys = [str(document["key"])] if exported else _keys(document, secret=secret)
    text = document.get("text") if isinstance(document.get("text"), str) else ""
    spare = {*PERSON, "key", "received", "data", "text"}
    event = {name: value for name, value in (_data(document) | document).items() if name not in spare and value != ""}
    event["id"] = _id(event)
    if exported and isinstance(event.get("rank"), str):
        event["rank"] = int(event["rank"]) if event["rank"].isdecimal() else event["rank"]
    return {"keys": keys, "event": with_text(parse(event, by_client=False), text or "")}


def _data(document: Document) -> Document:
    """Return the fields that an export keeps as JSON in one column."""
    with contextlib.suppress(ValueError, TypeError):
        data = json.loads(document.get("data") or "{}")
        return data if isinstance(data, dict) else {}
    return {}


def _keys(document: Document, *, secret: str) -> list[str]:
    """Return the keys of whom an event is of, the strongest first; none where only the episode says it."""
    visitor, email, person = (history_records.text_of(document, [name]) for name in PERSON)
    if visitor and not ID.fullmatch(visitor):
        raise BadLine("visitor is not an id of 1 to 64 letters, digits and hyphens")
    found = [f"verified:{person}"] if person else []
    found += [email_hash(secret, email)] if email else []
    return [*found, f"visitor:{visitor}"] if visitor else found


def _id(event: Document) -> str:
    """Return the event's id; one that is no UUID, or is missing, becomes one that is the same the next time."""
    id = event.get("id")
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        return str(uuid.UUID(str(id))) if id else str(uuid.uuid5(NAMESPACE, json.dumps(event, sort_keys=True)))
    return str(uuid.uuid5(NAMESPACE, str(id)))
