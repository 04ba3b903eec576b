"""Erase one person on request, and remove old data of everyone at the end of its retention.

`erase` removes a person from every table and counts traces that remain in the database's files. `forget` removes
texts, events, tickets and the audit log older than the settings allow. `sweep` removes files without a ticket.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from deflect.privacy.email_keys import email_hash, normal_email
from deflect.store import clock
from deflect.store.attachments import HAS, LIFE, folder, place_of, strays
from deflect.store.clock import DAY
from deflect.store.database import Row, Store
from deflect.store.writer import opened, write
from kb.config import Settings
from kb.errors import StorageFull, Unavailable

BATCH = 2000  # rows that one write removes, so that other writes don't wait long
FILES_AT_ONCE = 500  # files that one write removes
KEEP_KEYS = 30 * DAY  # for idempotency keys; no client retries after a month
TELLING = 6  # characters; a shorter name would match unrelated text

# The tables with data of a person, dependent tables first; :people is a JSON list of person ids.
PEOPLE = "(SELECT value FROM json_each(:people))"
KEYS = f"(SELECT id FROM keys WHERE person IN {PEOPLE})"
TICKETS = f"(SELECT id FROM tickets WHERE person IN {PEOPLE} OR lower(trim(email)) = :email)"
# Messages that the person sent by e-mail to another person's ticket, which stays.
WRITTEN = "(SELECT id FROM messages WHERE author IN ('other', 'machine') AND \"by\" = :email)"
OWNED = {
    "event_texts": f"event IN (SELECT id FROM events WHERE key IN {KEYS})",
    "events": f"key IN {KEYS}",
    "attachments": f"ticket IN {TICKETS} OR message IN {WRITTEN}",
    "outbox": f"ticket IN {TICKETS} OR message IN {WRITTEN}",
    "mails": f"ticket IN {TICKETS} OR sender = :sender OR sender IN {KEYS}",
    "messages": f"ticket IN {TICKETS} OR id IN {WRITTEN}",
    "outcomes": f"ticket IN {TICKETS}",
    "idempotency": f"ticket IN {TICKETS}",
    "audit": f"what IN {TICKETS}",
    "tickets": f"id IN {TICKETS}",
    "contacts": f"person IN {PEOPLE}",
    "past_questions": f"person IN {PEOPLE}",
    "episodes": f"person IN {PEOPLE}",
    "keys": f"person IN {PEOPLE}",
    "people": f"id IN {PEOPLE}",
}


FILES = f"""
    SELECT DISTINCT digest FROM attachments WHERE ticket IN {TICKETS} OR message IN {WRITTEN} ORDER BY digest
    """
COPIES = f"""
    SELECT sink, count(*) AS copies FROM outbox
    WHERE sink NOT IN ('inbox', 'reply', 'receipt') AND state = 'sent' AND ticket IN {TICKETS}
    GROUP BY sink ORDER BY sink
    """
LONG = 120.0  # seconds for a write that goes through whole tables


@write(patience=LONG)
def erase_person(db: Database, *, people: str, email: str, sender: str = "") -> Row:
    """Remove people (a JSON list of ids) and the tickets of an e-mail address. Return removed rows by table.

    `sender` is the key of the address, which the table of e-mails uses.
    """
    where = {"people": people, "email": email, "sender": sender}
    return {table: db.execute(f"DELETE FROM {table} WHERE {rows}", where).rowcount for table, rows in OWNED.items()}


@write(patience=LONG)
def drop_files(db: Database, *, digests: Sequence[str], folder: str, before: float | None = None) -> Row:
    """Remove the files with these digests that no ticket has; with `before`, only files unchanged since that time.

    Return the number of files `removed`, and of files `shared` with other tickets, which stay.
    """
    removed = shared = 0
    for digest in digests:
        path = place_of(Path(folder), digest)
        if db.execute(HAS, [digest]).fetchone():
            shared += 1
        elif path.is_file() and (before is None or path.stat().st_mtime < before):
            path.unlink()
            removed += 1
    return {"removed": removed, "shared": shared}


# A ticket is over if it is closed, or if it was delivered to a help desk and was never in our own inbox.
OVER = f"""
    SELECT id FROM tickets
    WHERE created < :before AND changed < :before
      AND (state = 'closed' OR (EXISTS (SELECT 1 FROM outbox WHERE ticket = tickets.id AND state = 'sent'
                                        AND sink NOT IN ('reply', 'receipt'))
                                AND NOT EXISTS (SELECT 1 FROM outbox WHERE ticket = tickets.id AND sink = 'inbox')))
      AND NOT EXISTS (SELECT 1 FROM outbox WHERE ticket = tickets.id AND state = 'pending')
    ORDER BY created, id LIMIT {BATCH}
    """
# Removed with a ticket. Its events have their own retention.
PARTS = ("attachments", "mails", "messages", "outbox", "outcomes", "idempotency")


@write(patience=LONG)
def prune(
    db: Database,
    *,
    texts_before: int,
    events_before: int,
    keys_before: int,
    tickets_before: int | None = None,
    audit_before: int | None = None,
) -> Row:
    """Remove one batch of rows older than the limit of their kind; None keeps them forever. Return the number."""
    aged: Sequence[tuple[str, str, str, int | None]] = (
        ("event_texts", "event", "received", texts_before),
        ("events", "id", "received", events_before),
        ("episodes", "id", "last", events_before),
        ("contacts", "id", "at", events_before),
        ("idempotency", "key", "created", keys_before),
        ("past_questions", "id", "at", tickets_before),
        ("audit", "id", "created", audit_before),
    )
    sql = f"DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE ticket IS NULL AND created < ? LIMIT {BATCH})"
    removed = db.execute(sql, [keys_before]).rowcount
    removed += 0 if tickets_before is None else _prune_tickets(db, tickets_before)
    for table, key, age, before in aged:
        if before is None:
            continue
        sql = f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {age} < ? LIMIT {BATCH})"
        removed += db.execute(sql, [before]).rowcount
    return {"removed": removed}


def _prune_tickets(db: Database, before: int) -> int:
    ids = json.dumps([row["id"] for row in db.execute(OVER, {"before": before})])
    tables = [*((table, "ticket") for table in PARTS), ("tickets", "id")]
    sql = "DELETE FROM {} WHERE {} IN (SELECT value FROM json_each(?))"
    return sum(db.execute(sql.format(table, key), [ids]).rowcount for table, key in tables)


def erase(settings: Settings, person: str) -> dict[str, Any]:
    """Erase a visitor id, a verified id or an e-mail address, with everything linked to it.

    Return the rows `removed` by table; the `files` removed, and those shared with tickets of other people; the number
    of times that an identifier of the person is still `left` in the database's files, for example in a text by another
    person; and the `copies` already delivered by each sink.
    """
    email = normal_email(person)
    with opened(settings) as (store, writer):
        sender = email_hash(store.secret("email"), email)
        wanted = [f"visitor:{person}", f"verified:{person}", sender]
        people = _people(store, wanted, email)
        theirs = {"people": json.dumps(people), "email": email}
        copies = store.rows(COPIES, theirs)
        digests = [row["digest"] for row in store.rows(FILES, theirs)]
        traces = [*([person] if len(person) >= TELLING else []), *_keys(store, people)]
        removed = writer.run(erase_person, people=theirs["people"], email=email, sender=sender)
        files = writer.run(drop_files, digests=digests, folder=str(folder(settings)))
        _clean(store)
        left = _left(settings.database, traces)
        copied = {row["sink"]: row["copies"] for row in copies}
        return {"removed": removed, "files": files, "left": left, "copies": copied}


def shown(document: dict[str, Any]) -> str:
    """Return the result of an erasure as lines for a terminal, with the copies that sinks have delivered."""
    lines = [f"{table}: {count} removed" for table, count in document["removed"].items() if count]
    lines = lines or ["no matching person found"]
    lines += [f"files: {document['files']['removed']} removed"] if document["files"]["removed"] else []
    if shared := document["files"]["shared"]:
        lines.append(f"files: {shared} kept, because other tickets have the same files")
    lines += [f"learned questions: {document['learned']}"] if document.get("learned") else []
    lines += [f"{sink}: {count} already delivered; delete them there" for sink, count in document["copies"].items()]
    return "\n".join([*lines, f"left: {document['left']}"])


def _people(store: Store, keys: list[str], email: str) -> list[str]:
    rows = store.rows(
        """
        SELECT person FROM keys WHERE id IN (?, ?, ?)
        UNION SELECT person FROM tickets WHERE lower(trim(email)) = ? ORDER BY person
        """,
        [*keys, email],
    )
    return [row["person"] for row in rows]


def _keys(store: Store, people: list[str]) -> list[str]:
    rows = store.rows(
        "SELECT id FROM keys WHERE person IN (SELECT value FROM json_each(?)) ORDER BY id", [json.dumps(people)]
    )
    return [row["id"] for row in rows]


def _clean(store: Store) -> None:
    """Checkpoint and truncate the write-ahead log, so that it holds no removed row."""
    with closing(store.connect()) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _left(database: Path, traces: list[str]) -> int:
    files = [path for path in (database, database.with_name(database.name + "-wal")) if path.exists()]
    return sum(path.read_bytes().lower().count(trace.lower().encode()) for path in files for trace in traces)


def forget(settings: Settings, *, now: int | None = None) -> int:
    """Remove all rows past their retention, a batch at a time. Return the number of rows."""
    moment = now or clock.now()
    total = 0
    with suppress(StorageFull, Unavailable), opened(settings) as (_, writer):  # retried tomorrow
        while removed := writer.run(
            prune,
            texts_before=moment - settings.keep_text * DAY,
            events_before=moment - settings.keep_events * DAY,
            keys_before=moment - KEEP_KEYS,
            tickets_before=_before(settings.keep_tickets, moment),
            audit_before=_before(settings.keep_audit, moment),
        )["removed"]:
            total += removed
    return total


def sweep(settings: Settings, *, now: float | None = None) -> int:
    """Remove files older than an hour that no ticket has. Return the number of files."""
    before, files, total = (now or time.time()) - LIFE, str(folder(settings)), 0
    with suppress(StorageFull, Unavailable), opened(settings) as (store, writer):  # retried next time
        digests = list(strays(settings, store, before=before))
        for first in range(0, len(digests), FILES_AT_ONCE):
            some = digests[first : first + FILES_AT_ONCE]
            total += writer.run(drop_files, digests=some, folder=files, before=before)["removed"]
    return total


def _before(days: int, moment: int) -> int | None:
    return moment - days * DAY if days else None
