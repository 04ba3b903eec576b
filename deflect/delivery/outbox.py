"""The outbox: retry each delivery until it is accepted, with growing pauses and always under the same id."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from contextlib import closing, suppress

from sqlite_utils import Database

from deflect.delivery.delivery import Carried, Delivery, TicketSink
from deflect.delivery.sinks import sink
from deflect.mail.threads import mark
from deflect.store import attachments, clock
from deflect.store.clock import HOUR, SECOND
from deflect.store.database import Row, Store, reading
from deflect.store.writer import Writer, opened, write, writer_for
from deflect.tickets import file_links, queries
from deflect.tickets.timeline import lines
from kb.config import Settings
from kb.errors import HelpCenterError, StorageFull, Unavailable

FIRST_PAUSE = 5 * SECOND
LONGEST_PAUSE = HOUR
TEXTS = ("subject", "email", "name", "category", "channel", "lang", "page", "author", "verified", "segment")
MOST_TRIES = 60  # about two days of trying, with an hour between tries from the tenth on

Find = Callable[[str, Settings], TicketSink]


def deliver_due(
    settings: Settings, *, now: int | None = None, draw: Callable[[], float] = random.random, find: Find = sink
) -> int:
    """Send due deliveries, writing through the running writer. Return the number accepted."""
    store = Store(settings.database)  # no Store.open: `kb serve` calls this every second
    with closing(store), closing(writer_for(store, settings.writer_socket)) as writer:
        return deliver(settings, store, writer, now=now, draw=draw, find=find)


def deliver(
    settings: Settings,
    store: Store,
    writer: Writer,
    *,
    now: int | None = None,
    draw: Callable[[], float] = random.random,
    find: Find = sink,
) -> int:
    """Send due deliveries one by one and return the number accepted.

    If the process is killed, at most one delivery is sent twice. After a failure the sink is skipped until the next
    round, so a help desk that is down costs one timeout per round and not one per ticket.
    """
    down: set[str] = set()
    accepted = 0
    for row in queries.due(store, now=now or clock.now()):
        if row["sink"] in down:
            continue
        try:
            writer.run(claim, id=row["delivery"], now=now or clock.now())
            note = find(row["sink"], settings).deliver(_delivery(settings, store, row))
        except (StorageFull, Unavailable):
            return accepted  # the result could not be stored, so send nothing until the next round
        except HelpCenterError as error:
            down.add(row["sink"])
            moment = now or clock.now()
            wait = getattr(error, "wait", 0.0)
            due = next_try(row["tries"] + 1, now=moment, draw=draw(), wait=wait)
            writer.run(failed, id=row["delivery"], note=str(error)[:500], due=due, now=moment)
            if wait:  # a rate limit applies to every delivery of the sink
                until = moment + min(int(wait * SECOND), LONGEST_PAUSE)
                writer.run(postpone, sink=row["sink"], until=until, now=moment)
        else:
            _keep(writer, row["delivery"], note=note, now=now or clock.now())
            accepted += 1
    return accepted


def next_try(tries: int, *, now: int, draw: float, wait: float = 0.0) -> int | None:
    """Return the time of the next try after `tries` failures, or None after the last one.

    `draw` in [0, 1) varies the pause by ±25 %, so that failed deliveries do not all retry together. `wait` is the pause
    in seconds that the receiver asked for; it is capped at the longest pause.

    >>> [next_try(n, now=0, draw=0.5) // SECOND for n in (1, 2, 3, 20)]
    [5, 10, 20, 3600]
    """
    if tries >= MOST_TRIES:
        return None
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries - 1, 20))
    return now + max(int(pause * (0.75 + draw / 2)), min(int(wait * SECOND), LONGEST_PAUSE))


def waiting(settings: Settings) -> list[Row]:
    """Return the deliveries that are pending or dead."""
    with reading(settings) as store:
        return queries.deliveries(store)


def not_waiting(settings: Settings, ids: Sequence[str]) -> list[str]:
    """Return the ids that belong to no pending or dead delivery."""
    with reading(settings) as store:
        return sorted(set(ids) - queries.waiting_ids(store))


def retry(settings: Settings, *, ids: Sequence[str] = ()) -> int:
    """Retry the pending and dead deliveries with these ids, or all of them. Return their number."""
    with opened(settings) as (_, writer):
        return int(writer.run(retry_deliveries, ids=list(ids) or None, now=clock.now())["retried"])


def _keep(writer: Writer, id: str, *, note: str, now: int) -> None:
    """Mark a delivery as accepted. If that cannot be stored, it is sent again under the same id."""
    with suppress(StorageFull, Unavailable):
        writer.run(delivered, id=id, note=note, now=now)


def _delivery(settings: Settings, store: Store, row: Row) -> Delivery:
    return Delivery(
        id=row["delivery"],
        ticket=row["id"],
        fields=json.loads(row["fields"] or "{}"),
        created=row["written"],
        files=_files(settings, store, row),
        trail=lines(store, row) if row["author"] == "requester" else (),
        thread=mark(store.secret("email"), row["id"]),
        answers=queries.mail_ids(store, row["id"], before=row["written"]),
        again=queries.is_again(store, row["id"], row["message"]),
        body="\n\n".join(filter(None, (row["body"], f"[{row['remark']}]" if row["remark"] else ""))),
        **{name: row[name] or "" for name in TEXTS},
    )


def _files(settings: Settings, store: Store, row: Row) -> tuple[Carried, ...]:
    """Return the files of the message. Links need KB_URL, because no request supplies the public address here."""
    expires = clock.now() // SECOND + file_links.TICKET_LIFE
    root = settings.url.rstrip("/")
    return tuple(
        Carried(
            **{name: file[name] for name in ("id", "name", "media", "size", "digest")},
            path=attachments.path_of(settings, file["digest"]),
            link=root + file_links.ticket_file(store, file["id"]) if root else "",
            expires=expires if root else 0,
        )
        for file in attachments.of_message(store, row["message"])
    )


@write()
def claim(db: Database, *, id: str, now: int) -> Row:
    """Count a try before sending. Nothing is sent if the count cannot be stored, so no delivery repeats forever."""
    db.execute("UPDATE outbox SET tries = tries + 1, changed = ? WHERE id = ?", [now, id])
    return {}


@write()
def delivered(db: Database, *, id: str, note: str, now: int) -> Row:
    """Mark an outbox entry as sent; `note` is the receiver's id for it."""
    db.execute("UPDATE outbox SET state = 'sent', changed = ?, note = ? WHERE id = ?", [now, note, id])
    return {}


@write()
def failed(db: Database, *, id: str, note: str, due: int | None, now: int) -> Row:
    """Store the reason for a failed try and the time of the next. Without `due` the entry is dead until retried."""
    state = "pending" if due is not None else "dead"
    db.execute(
        "UPDATE outbox SET state = ?, due = ?, changed = ?, note = ? WHERE id = ? AND state != 'sent'",
        [state, due if due is not None else now, now, note, id],
    )
    return {}


@write()
def postpone(db: Database, *, sink: str, until: int, now: int) -> Row:
    """Postpone all pending deliveries of a sink to `until`, because the receiver asked for a pause."""
    db.execute(
        "UPDATE outbox SET due = ?, changed = ? WHERE sink = ? AND state = 'pending' AND due < ?",
        [until, now, sink, until],
    )
    return {}


@write()
def retry_deliveries(db: Database, *, ids: Sequence[str] | None, now: int) -> Row:
    """Make dead and pending entries due now: the given ids, or all."""
    chosen = "" if ids is None else f" AND id IN ({', '.join('?' * len(ids))})"
    sql = "UPDATE outbox SET state = 'pending', tries = 0, due = ?, changed = ? WHERE state IN ('dead', 'pending')"
    return {"retried": db.execute(sql + chosen, [now, now, *(ids or ())]).rowcount}
