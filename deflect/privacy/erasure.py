"""Erase one person on request, and remove old data of everyone at the end of its retention.

`erase` removes what `deflect.privacy.belongings` finds of a person from every table and counts traces that remain in
the database's files. The audit log keeps that somebody was erased, and what agents did, without naming the person or a
ticket. `forget` removes texts, events, tickets and the audit log older than the settings allow. `sweep` removes files
without a ticket.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from deflect.privacy import retention
from deflect.privacy.belongings import ALONE, Belongings, belongings, lines_of, listed, perhaps, told
from deflect.privacy.retention import OVER
from deflect.store import clock
from deflect.store.attachments import HAS, LIFE, folder, place_of, strays
from deflect.store.clock import SECOND
from deflect.store.database import Row, Store, insert, reading
from deflect.store.people import REFERRING, WINDOW, leave
from deflect.store.writer import Writer, opened, write
from kb.config import Settings
from kb.errors import StorageFull, Unavailable

BATCH = 2000  # rows that one write removes, so that other writes don't wait long
FILES_AT_ONCE = 500  # files that one write removes
TELLING = 6  # characters; a shorter name would match unrelated text
log = logging.getLogger("shortstop")

# The tables with data of a person, dependent tables first; the parameters are those of `Belongings.where`.
ERASED = "an erased ticket"  # what the audit log says of it
IN_EPISODES = ("tickets", "events")
KEYS = "(SELECT value FROM json_each(:keys))"
TICKETS = "(SELECT value FROM json_each(:tickets))"
NAMED = "id IN (SELECT value FROM json_each(:records))"
MINE = f"key IN {KEYS} OR (key IS NULL AND person IN ({ALONE}))"
# Messages that the person sent by e-mail to another person's ticket, which stays.
WRITTEN = "(SELECT id FROM messages WHERE author IN ('other', 'machine') AND \"by\" = :email)"
# What offers kept of a ticket's text while it was typed: in its browser or account, since the ticket before it there.
TYPED = f"""
    SELECT events.id FROM tickets JOIN events ON events.key IN (tickets.browser, tickets.signed)
    WHERE tickets.id IN {TICKETS} AND events.type = 'offer'
      AND events.received BETWEEN tickets.created - {WINDOW} AND tickets.created
      AND NOT EXISTS (SELECT 1 FROM tickets AS earlier
                      WHERE (earlier.browser = events.key OR earlier.signed = events.key)
                      AND earlier.created >= events.received AND earlier.created < tickets.created)
    """
MARKS = "(SELECT value FROM json_each(:keys) UNION SELECT 'ticket:' || value FROM json_each(:tickets))"
OWNED = {
    "event_texts": f"event IN (SELECT id FROM events WHERE key IN {KEYS}) OR event IN ({TYPED})",
    "events": f"key IN {KEYS}",
    "attachments": f"ticket IN {TICKETS} OR message IN {WRITTEN}",
    "outbox": f"ticket IN {TICKETS} OR message IN {WRITTEN}",
    "mails": f"ticket IN {TICKETS} OR sender IN {KEYS} OR {NAMED}",
    "messages": f"ticket IN {TICKETS} OR id IN {WRITTEN}",
    "outcomes": f"ticket IN {TICKETS}",
    "drafts": f"ticket IN {TICKETS}",
    "idempotency": f"ticket IN {TICKETS}",
    "apart": f"one IN {MARKS} OR other IN {MARKS}",
    "contacts": f"{MINE} OR {NAMED}",
    "past_questions": f"{MINE} OR {NAMED}",
    "episodes": MINE,
    "keys": "id IN (SELECT value FROM json_each(:gone))",
    "tickets": f"id IN {TICKETS}",
}
# What stays loses what leads to the person.
LOOSENED = (
    f"UPDATE audit SET what = '{ERASED}' WHERE what IN {TICKETS}",
    f"UPDATE tickets SET browser = NULL WHERE browser IN {KEYS}",
    *(
        f"UPDATE {table} SET episode = NULL WHERE episode IN (SELECT id FROM episodes WHERE {MINE})"
        for table in IN_EPISODES
    ),
    f"""
    UPDATE events SET data = json_remove(data, '$.ticket')
    WHERE type = 'sent' AND json_extract(data, '$.ticket') IN {TICKETS}
      AND (episode IN (SELECT episode FROM tickets WHERE id IN {TICKETS})
           OR key IN (SELECT coalesce(signed, browser, address) FROM tickets WHERE id IN {TICKETS}))
    """,
)
TOUCHED = f"""
    SELECT person FROM keys WHERE id IN (SELECT value FROM json_each(:gone))
    UNION SELECT person FROM tickets WHERE id IN {TICKETS}
    UNION SELECT person FROM contacts WHERE {NAMED} UNION SELECT person FROM past_questions WHERE {NAMED}
    """
STAYING = (f"SELECT 1 FROM {table} WHERE person = people.id AND ({OWNED[table]}) IS NOT TRUE" for table in REFERRING)
# The people of whom nothing else is left.
LEAVING = f"""
    SELECT count(*) AS n FROM people WHERE id IN ({TOUCHED}) AND NOT EXISTS ({" UNION ALL ".join(STAYING)})
    """
FILES = f"""
    SELECT digest FROM attachments WHERE {OWNED["attachments"]}
    UNION SELECT original FROM mails WHERE original IS NOT NULL AND ({OWNED["mails"]}) ORDER BY 1
    """
SHARED = f"""
    SELECT DISTINCT digest FROM attachments
    WHERE (ticket IN {TICKETS} OR message IN {WRITTEN}) AND EXISTS (
        SELECT 1 FROM attachments AS other WHERE other.digest = attachments.digest
        AND other.ticket NOT IN {TICKETS} AND other.message NOT IN {WRITTEN})
    """
COPIES = f"""
    SELECT sink, count(*) AS copies FROM outbox
    WHERE sink NOT IN ('inbox', 'reply', 'receipt') AND state = 'sent' AND ticket IN {TICKETS}
    GROUP BY sink ORDER BY sink
    """
LONG = 120.0  # seconds for a write that goes through whole tables


@write(patience=LONG)
def erase_person(db: Database, *, where: Row, fresh: str, who: str, now: int) -> Row:
    """Remove what belongs to a person, named by the parameters `where`. Return removed rows by table.

    `fresh` is a random id: of the entry in the audit log, and for people who get another id.
    """
    people = [row["person"] for row in _all(db, TOUCHED, where) if row["person"]]
    for sql in LOOSENED:
        _run(db, sql, where)
    removed = {table: _run(db, f"DELETE FROM {table} WHERE {rows}", where) for table, rows in OWNED.items()}
    removed["people"] = leave(db, people, gone=json.loads(where["gone"]), fresh=fresh)
    if any(removed.values()):
        what = f"tickets: {removed['tickets']}, rows: {sum(removed.values())}"
        insert(db, "audit", {"id": fresh, "who": who, "did": "erase", "what": what, "created": now})
    return removed


def _run(db: Database, sql: str, where: Row) -> int:
    return int(db.execute(sql, where).rowcount)


def _all(db: Database, sql: str, where: Row) -> list[Row]:
    return [dict(row) for row in db.execute(sql, where).fetchall()]


@write(patience=LONG)
def drop_files(db: Database, *, digests: Sequence[str], folder: str, before: float | None = None) -> Row:
    """Remove the files with these digests that no ticket or e-mail has; with `before`, only if unchanged since then.

    Return the number of files `removed`, and of files `shared` with other tickets, which stay.
    """
    removed = shared = 0
    for digest in digests:
        path = place_of(Path(folder), digest)
        if db.execute(HAS, {"digest": digest}).fetchone():
            shared += 1
        elif path.is_file() and (before is None or path.stat().st_mtime < before):
            path.unlink()
            removed += 1
    return {"removed": removed, "shared": shared}


# Removed with a ticket. Its events have their own retention.
PARTS = ("attachments", "mails", "messages", "outbox", "outcomes", "drafts", "idempotency")


@write(patience=LONG)
def prune(
    db: Database,
    *,
    texts_before: int | None = None,
    events_before: int | None = None,
    keys_before: int | None = None,
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
    removed = 0 if keys_before is None else db.execute(sql, [keys_before]).rowcount
    removed += 0 if tickets_before is None else _prune_tickets(db, tickets_before)
    for table, key, age, before in aged:
        if before is None:
            continue
        sql = f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {age} < ? LIMIT {BATCH})"
        removed += db.execute(sql, [before]).rowcount
    return {"removed": removed}


def _prune_tickets(db: Database, before: int) -> int:
    sql = f"SELECT id FROM tickets WHERE {OVER} ORDER BY created, id LIMIT {BATCH}"
    ids = json.dumps([row["id"] for row in db.execute(sql, {"before": before})])
    gone = "(SELECT 'ticket:' || value FROM json_each(?))"
    db.execute(f"DELETE FROM apart WHERE one IN {gone} OR other IN {gone}", [ids, ids])
    tables = [*((table, "ticket") for table in PARTS), ("tickets", "id")]
    sql = "DELETE FROM {} WHERE {} IN (SELECT value FROM json_each(?))"
    return sum(db.execute(sql.format(table, key), [ids]).rowcount for table, key in tables)


def erase(settings: Settings, person: str, *, named: Sequence[str] = (), who: str = "operator") -> dict[str, Any]:
    """Erase a visitor id, a verified id or an e-mail address, with what belongs to it and the `named` tickets.

    Return the `tickets` and the rows `removed` by table; what is `perhaps` the same person's and stays; the `files`
    removed, and those shared with tickets of other people; the number of times that an identifier of the person is
    still `left` in the database's files, for example in a text by another person; and the `copies` already delivered
    by each sink.
    """
    with opened(settings) as (store, writer):
        found = belongings(store, person, named=named)
        document, where = _plan(store, found), found.where()
        digests = [row["digest"] for row in store.rows(FILES, where)]
        removed = writer.run(erase_person, where=where, fresh=str(uuid.uuid4()), who=who, now=clock.now())
        files = writer.run(drop_files, digests=digests, folder=str(folder(settings)))
        _clean(store)
        traces = [*([found.bare] if len(found.bare) >= TELLING else []), *found.gone]
        return document | {"removed": removed, "files": files, "left": _left(settings.database, traces)}


def plan(settings: Settings, person: str, *, named: Sequence[str] = ()) -> dict[str, Any]:
    """Return what `erase` would do, without doing it; `addresses` are those of the tickets that would go."""
    with reading(settings) as store:
        found = belongings(store, person, named=named)
        where = found.where()
        tables = {
            table: store.rows(f"SELECT count(*) AS n FROM {table} WHERE {rows}", where)[0]["n"]
            for table, rows in OWNED.items()
        }
        tables["people"] = store.rows(LEAVING, where)[0]["n"]
        shared = len(store.rows(SHARED, where))
        files = {"removed": len(store.rows(FILES, where)) - shared, "shared": shared}
        return _plan(store, found) | {"removed": tables, "files": files, "addresses": list(found.addresses)}


def _plan(store: Store, found: Belongings) -> dict[str, Any]:
    copies = {row["sink"]: row["copies"] for row in store.rows(COPIES, found.where())}
    return {"tickets": listed(store, found), "perhaps": perhaps(store, found), "copies": copies}


def shown(document: dict[str, Any]) -> str:
    """Return the result of an erasure, or its plan, as lines for a terminal."""
    planned = "left" not in document
    verb = "would be removed" if planned else "removed"
    lines = [f"{table}: {count} {verb}" for table, count in document["removed"].items() if count]
    lines = lines or ["no matching person found"]
    lines += [f"{told(ticket)}: {verb}" for ticket in document["tickets"]]
    lines += [f"files: {document['files']['removed']} {verb}"] if document["files"]["removed"] else []
    if shared := document["files"]["shared"]:
        lines.append(f"files: {shared} kept, because other tickets have the same files")
    lines += [f"learned questions: {document['learned']}"] if document.get("learned") else []
    lines += [f"{sink}: {count} already delivered; delete them there" for sink, count in document["copies"].items()]
    lines += lines_of(document["perhaps"])
    return "\n".join([*lines, *([] if planned else [f"left: {document['left']}"])])


def _clean(store: Store) -> None:
    """Checkpoint and truncate the write-ahead log, so that it holds no removed row."""
    with closing(store.connect()) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _left(database: Path, traces: list[str]) -> int:
    files = [path for path in (database, database.with_name(database.name + "-wal")) if path.exists()]
    return sum(path.read_bytes().lower().count(trace.lower().encode()) for path in files for trace in traces)


def forget(settings: Settings, *, now: int | None = None, sure: bool = False) -> int:
    """Remove rows past their retention, a batch at a time. Return the number of rows.

    Unless the operator is `sure`, what `deflect.privacy.retention` finds suspicious waits, and its reason is logged.
    """
    moment = now or clock.now()
    total = 0
    with suppress(StorageFull, Unavailable), opened(settings) as (store, writer):  # retried at the next run
        before = retention.limits(settings, now=moment)
        waiting = {} if sure else retention.waits(store, before, now=moment)
        _note_run(store, writer, waiting.values(), now=moment, sure=sure)
        before |= dict.fromkeys(waiting)
        while removed := writer.run(prune, **before)["removed"]:
            total += removed
    return total


def look_at_clock(settings: Settings) -> None:
    """Note a jump of the clock before it can date new rows. Call this at the start."""
    with opened(settings) as (store, writer):
        moment = clock.now()
        waiting = retention.waits(store, retention.limits(settings, now=moment), now=moment)
        _note_run(store, writer, waiting.values(), now=moment, sure=False)


def past_retention(settings: Settings) -> dict[str, Any]:
    """Return the number of rows past their retention by table (`old`), and the reasons why some of them `wait`."""
    moment = clock.now()
    before = retention.limits(settings, now=moment)
    with reading(settings) as store:
        old = {table: rows for table, (rows, _) in retention.old_rows(store, before).items()}
        return {"old": old, "wait": sorted(set(retention.waits(store, before, now=moment).values()))}


def _note_run(store: Store, writer: Writer, reasons: Iterable[str], *, now: int, sure: bool) -> None:
    jump = None if sure else retention.jumped_from(store, now=now)
    ahead = not sure and now > retention.trusted(store, now=now)
    lines = sorted(set(reasons))
    if lines and lines != list(retention.what_waits(store)):
        log.warning("old data waits: %s", "; ".join(lines))
    writer.run(retention.note_run, now=now, jump=jump, ahead=ahead, note="\n".join(lines))


def sweep(settings: Settings, *, now: float | None = None) -> int:
    """Remove files older than an hour without a ticket or an e-mail. Return their number, 0 if the clock is ahead."""
    moment, files, total = now or time.time(), str(folder(settings)), 0
    before = moment - LIFE
    with suppress(StorageFull, Unavailable), opened(settings) as (store, writer):  # retried next time
        if int(moment * SECOND) > retention.trusted(store, now=int(moment * SECOND)):
            return 0
        digests = list(strays(settings, store, before=before))
        for first in range(0, len(digests), FILES_AT_ONCE):
            some = digests[first : first + FILES_AT_ONCE]
            total += writer.run(drop_files, digests=some, folder=files, before=before)["removed"]
    return total
