"""The outbox: every delivery is tried until it is accepted, with growing pauses, under an id that never changes."""

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
    """Carry what is due, through the running writer, and return how many were accepted."""
    store = Store(settings.database)  # not opened anew: `kb serve` looks every second
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
    """Carry what is due, one after the other: at most one delivery at a time can be repeated by a kill.

    A sink that fails is left alone until the next round: a help desk that is down costs one wait, not one a ticket.
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
            return accepted  # nothing can be kept now, so nothing is sent; the next round comes
        except HelpCenterError as error:
            down.add(row["sink"])
            moment = now or clock.now()
            wait = getattr(error, "wait", 0.0)
            due = next_try(row["tries"] + 1, now=moment, draw=draw(), wait=wait)
            writer.run(failed, id=row["delivery"], note=str(error)[:500], due=due, now=moment)
            if wait:  # asked by the receiver, and so of all that goes there
                until = moment + min(int(wait * SECOND), LONGEST_PAUSE)
                writer.run(postpone, sink=row["sink"], until=until, now=moment)
        else:
            _keep(writer, row["delivery"], note=note, now=now or clock.now())
            accepted += 1
    return accepted


def next_try(tries: int, *, now: int, draw: float, wait: float = 0.0) -> int | None:
    """Return when to try again after so many failures, None when it is enough; `draw` in [0, 1) spreads the tries.

    A receiver may have asked to `wait` some seconds; more than the longest pause is not waited.

    >>> [next_try(n, now=0, draw=0.5) // SECOND for n in (1, 2, 3, 20)]
    [5, 10, 20, 3600]
    """
    if tries >= MOST_TRIES:
        return None
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries - 1, 20))
    return now + max(int(pause * (0.75 + draw / 2)), min(int(wait * SECOND), LONGEST_PAUSE))


def waiting(settings: Settings) -> list[Row]:
    """Return what is pending or dead."""
    with reading(settings) as store:
        return queries.deliveries(store)


def not_waiting(settings: Settings, ids: Sequence[str]) -> list[str]:
    """Return which of the ids are of no delivery that is pending or dead."""
    with reading(settings) as store:
        return sorted(set(ids) - queries.waiting_ids(store))


def retry(settings: Settings, *, ids: Sequence[str] = ()) -> int:
    """Put dead deliveries back in line, those named or all, and return how many."""
    with opened(settings) as (_, writer):
        return int(writer.run(retry_deliveries, ids=list(ids) or None, now=clock.now())["retried"])


def _keep(writer: Writer, id: str, *, note: str, now: int) -> None:
    """Mark an accepted delivery; where that cannot be kept it will be sent once more, under the same id."""
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
    """Return the files of the message, with links where KB_URL says where we are: no request tells it here."""
    expires = clock.now() // SECOND + file_links.TICKET_LIFE
    root = settings.url.rstrip("/")
    return tuple(
        Carried(
            **{name: file[name] for name in ("id", "name", "media", "size", "digest")},
            path=attachments.path_of(settings, file["digest"]),
            link=root + file_links.ticket_file(store, file["id"], expires=expires) if root else "",
            expires=expires if root else 0,
        )
        for file in attachments.of_message(store, row["message"])
    )


@write()
def claim(db: Database, *, id: str, now: int) -> Row:
    """Count a try before it is made: where this cannot be kept, nothing is sent that would be sent again and again."""
    db.execute("UPDATE outbox SET tries = tries + 1, changed = ? WHERE id = ?", [now, id])
    return {}


@write()
def delivered(db: Database, *, id: str, note: str, now: int) -> Row:
    """Mark an outbox entry as carried; `note` is the id that the receiver gave it."""
    db.execute("UPDATE outbox SET state = 'sent', changed = ?, note = ? WHERE id = ?", [now, note, id])
    return {}


@write()
def failed(db: Database, *, id: str, note: str, due: int | None, now: int) -> Row:
    """Keep why a try failed; the next is `due`, or there is none and the entry is dead until somebody retries it."""
    state = "pending" if due is not None else "dead"
    db.execute(
        "UPDATE outbox SET state = ?, due = ?, changed = ?, note = ? WHERE id = ? AND state != 'sent'",
        [state, due if due is not None else now, now, note, id],
    )
    return {}


@write()
def postpone(db: Database, *, sink: str, until: int, now: int) -> Row:
    """Let all that waits for a sink wait until a time at least, since its receiver asked for a pause."""
    db.execute(
        "UPDATE outbox SET due = ?, changed = ? WHERE sink = ? AND state = 'pending' AND due < ?",
        [until, now, sink, until],
    )
    return {}


@write()
def retry_deliveries(db: Database, *, ids: Sequence[str] | None, now: int) -> Row:
    """Make dead and waiting entries due now: those named, or all of them."""
    chosen = "" if ids is None else f" AND id IN ({', '.join('?' * len(ids))})"
    sql = "UPDATE outbox SET state = 'pending', tries = 0, due = ?, changed = ? WHERE state IN ('dead', 'pending')"
    return {"retried": db.execute(sql + chosen, [now, now, *(ids or ())]).rowcount}
