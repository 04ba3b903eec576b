"""The outbox: retry each delivery until it is accepted, with growing pauses and always under the same id.

A delivery is held while it is being sent, so two threads or processes never send it at the same time. One that was
perhaps sent, because everything was sent and no answer came, is tried again a few times, hours apart; a refusal for
ever makes it dead at once. An error of any kind is the delivery's or its sink's: those behind it go on.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import sqlite3
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import closing, suppress

from deflect.delivery.delivery import (
    PERHAPS,
    Carried,
    Delivery,
    DeliveryFailed,
    Earlier,
    NotTaken,
    PerhapsSent,
    TicketSink,
)
from deflect.delivery.outbox_writes import claim, delivered, failed, let_go, postpone, retry_deliveries
from deflect.delivery.sinks import sink
from deflect.mail.threads import mark
from deflect.store import attachments, clock
from deflect.store.clock import HOUR, SECOND
from deflect.store.database import Row, Store, reading
from deflect.store.writer import Writer, opened, writer_for
from deflect.tickets import file_links, queries
from deflect.tickets.timeline import lines
from kb.config import Settings
from kb.duties import FOREIGN
from kb.errors import HelpCenterError, StorageFull, Unavailable, WriteFailed
from kb.failures import degraded
from kb.processes import identity, is_running
from kb.strict import plain

FIRST_PAUSE = 5 * SECOND
LONGEST_PAUSE = HOUR
FAR_PAUSES = (HOUR, 6 * HOUR, 24 * HOUR)  # after a delivery was perhaps sent
HOLD = 2 * HOUR  # longer than any sending
LONGEST_NOTE = 500
TEXTS = ("subject", "email", "name", "category", "channel", "lang", "page", "author", "verified", "segment")
MOST_TRIES = 60  # about two days of trying, with an hour between tries from the tenth on
NOW = (StorageFull, Unavailable)  # nothing can be stored now, so nothing is sent until the next round

Find = Callable[[str, Settings], TicketSink]
Unstored = dict[str, str]  # accepted deliveries and their notes that could not be stored yet


def deliver_due(
    settings: Settings,
    *,
    only: str | None = None,
    now: int | None = None,
    draw: Callable[[], float] = random.random,
    find: Find = sink,
    unstored: Unstored | None = None,
) -> int:
    """Send due deliveries, of one sink or of all, writing through the running writer. Return the number accepted."""
    store = Store(settings.database)  # no Store.open: `kb serve` calls this often
    with closing(store), closing(writer_for(store, settings.writer_socket)) as writer:
        return deliver(settings, store, writer, only=only, now=now, draw=draw, find=find, unstored=unstored)


def deliver(
    settings: Settings,
    store: Store,
    writer: Writer,
    *,
    only: str | None = None,
    now: int | None = None,
    draw: Callable[[], float] = random.random,
    find: Find = sink,
    unstored: Unstored | None = None,
) -> int:
    """Send due deliveries one by one and return the number accepted.

    If the process is killed, at most one delivery of each sink is sent twice. After a failure the sink is skipped until
    the next round, so a help desk that is down costs one timeout per round and not one per ticket. `unstored` carries
    accepted deliveries that could not be stored to the next round, which stores them before it sends anything.
    """
    unstored = {} if unstored is None else unstored
    down: set[str] = set()
    accepted = 0
    try:
        _store_accepted(writer, unstored, now=now or clock.now())
        _let_go_of_ended(store, writer)
        for row in queries.due(store, now=now or clock.now(), sink=only):
            if row["sink"] in down or not _claimed(writer, row, now=now or clock.now()):
                continue
            found = _sent(settings, store, row, find=find)
            if isinstance(found, str):
                unstored[row["delivery"]] = found
                accepted += 1
                _store_accepted(writer, unstored, now=now or clock.now())
                continue
            down |= {row["sink"]} if not isinstance(found, (NotTaken, _CannotBuild)) else set()
            _store_failure(writer, row, found, now=now or clock.now(), draw=draw())
    except NOW:
        pass
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
    return now + max(int(pause * (0.75 + draw / 2)), _asked(wait))


def far_try(unsure: int, *, now: int, draw: float) -> int | None:
    """Return the time of the next try of a delivery that was perhaps sent `unsure` times, or None after the last one.

    >>> [far_try(n, now=0, draw=0.5) // HOUR for n in (1, 2, 3)], far_try(4, now=0, draw=0.5)
    ([1, 6, 24], None)
    """
    return now + int(FAR_PAUSES[unsure - 1] * (0.75 + draw / 2)) if unsure <= len(FAR_PAUSES) else None


def waiting(settings: Settings) -> list[Row]:
    """Return the deliveries that are pending or dead."""
    with reading(settings) as store:
        return queries.deliveries(store)


def sinks_due(settings: Settings) -> list[str]:
    """Return the names of the sinks that have due deliveries, also those that an ended process was sending."""
    store = Store(settings.database)
    with closing(store), closing(writer_for(store, settings.writer_socket)) as writer:
        _let_go_of_ended(store, writer)
        return queries.sinks_due(store, now=clock.now())


def not_waiting(settings: Settings, ids: Sequence[str]) -> list[str]:
    """Return the ids that belong to no pending or dead delivery."""
    with reading(settings) as store:
        return sorted(set(ids) - queries.waiting_ids(store))


def retry(settings: Settings, *, ids: Sequence[str] = ()) -> int:
    """Retry the pending and dead deliveries with these ids, or all of them. Return their number."""
    with opened(settings) as (_, writer):
        return int(writer.run(retry_deliveries, ids=list(ids) or None, now=clock.now())["retried"])


class _CannotBuild(DeliveryFailed):
    """A delivery that cannot be built, for example because its row is damaged. Its sink works."""


def _asked(wait: float) -> int:
    """Return the pause that a receiver asked for, in microseconds and at most the longest one."""
    return int(min(max(wait, 0.0), LONGEST_PAUSE / SECOND) * SECOND) if wait == wait else 0  # not NaN


def _let_go_of_ended(store: Store, writer: Writer) -> None:
    """Make deliveries due that a killed process was sending. A token begins with the identity of its process."""
    if ended := [token for token in queries.held(store) if not is_running(token.partition(" ")[0])]:
        writer.run(let_go, tokens=ended[:500])


def _claimed(writer: Writer, row: Row, *, now: int) -> bool:
    """Count a try and hold the delivery. Return False if another thread or process is sending it."""
    token = f"{identity(os.getpid())} {secrets.token_hex(8)}"
    try:
        return bool(writer.run(claim, id=row["delivery"], token=token, until=now + HOLD, now=now)["held"])
    except WriteFailed:  # logged by the writer; the deliveries behind it go on
        return False


def _sent(settings: Settings, store: Store, row: Row, *, find: Find) -> str | DeliveryFailed:
    """Send a delivery. Return the receiver's id for it, or its failure: an error of any kind is one."""
    try:
        made = find(row["sink"], settings)
    except FOREIGN as error:
        return _failure(error, what=f"the sink {row['sink']} cannot be made")
    try:
        delivery = _delivery(settings, store, row)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, sqlite3.Error, HelpCenterError) as error:
        return _CannotBuild(str(_failure(error, what="this delivery cannot be built")))
    try:
        return _note(made.deliver(delivery))
    except FOREIGN as error:
        return _failure(error, what=f"the sink {row['sink']} failed")


def _note(answer: object) -> str:
    """Return a sink's answer as text; a sink of another package may return anything.

    Raise DeliveryFailed for a coroutine or a generator: it sends nothing until somebody runs it.
    """
    if isinstance(answer, (Coroutine, Generator)):
        answer.close()
        raise DeliveryFailed(f"`deliver` returned a {type(answer).__name__} and has sent nothing")
    return "" if answer is None else plain(answer, longest=LONGEST_NOTE)


def _failure(error: BaseException, *, what: str) -> DeliveryFailed:
    """Return an error as a failed delivery. Count and log it if it is not one of ours."""
    if isinstance(error, DeliveryFailed):
        return error
    if isinstance(error, HelpCenterError):
        return DeliveryFailed(str(error))
    degraded("sink-failed", error)
    return DeliveryFailed(f"{what} ({type(error).__name__}); the log of 'kb serve' says where")


def _store_accepted(writer: Writer, unstored: Unstored, *, now: int) -> None:
    """Mark accepted deliveries as sent. If the database cannot take that now, the next round tries again."""
    for id, note in list(unstored.items()):
        with suppress(WriteFailed):  # logged by the writer; the delivery stays held, so that it isn't sent again soon
            writer.run(delivered, id=id, note=note, now=now)
        del unstored[id]


def _store_failure(writer: Writer, row: Row, error: DeliveryFailed, *, now: int, draw: float) -> None:
    """Store why a try failed, and the time of the next one. A receiver's pause holds for all deliveries of its sink."""
    unsure = row["unsure"] + isinstance(error, PerhapsSent)
    if isinstance(error, NotTaken):
        due = None
    elif isinstance(error, PerhapsSent):
        due = far_try(unsure, now=now, draw=draw)
    else:
        due = next_try(row["tries"] + 1, now=now, draw=draw, wait=error.wait)
    note = plain(error, longest=LONGEST_NOTE)
    note = note if not unsure or note.startswith(PERHAPS) else PERHAPS + note
    with suppress(WriteFailed):  # logged by the writer; the delivery stays held
        writer.run(failed, id=row["delivery"], note=note, due=due, unsure=unsure, now=now)
        if wait := _asked(error.wait):
            writer.run(postpone, sink=row["sink"], until=now + wait, now=now)


def _delivery(settings: Settings, store: Store, row: Row) -> Delivery:
    return Delivery(
        id=row["delivery"],
        ticket=row["id"],
        fields=json.loads(row["fields"] or "{}"),
        created=row["written"],
        files=_files(settings, store, row),
        by=row["by_agent"] or "",
        earlier=_earlier(store, row) if row["author"] == "agent" else (),
        trail=lines(store, row) if row["author"] == "requester" else (),
        thread=mark(store.secret("email"), row["id"]),
        answers=queries.mail_ids(store, row["id"], before=row["written"]),
        again=queries.is_again(store, row["id"], row["message"]),
        body="\n\n".join(filter(None, (row["body"], f"[{row['remark']}]" if row["remark"] else ""))),
        **{name: row[name] or "" for name in TEXTS},
    )


def _earlier(store: Store, row: Row) -> tuple[Earlier, ...]:
    """Return the messages that an answer is about."""
    found = queries.answered_by(store, row["id"], before=row["written"])
    return tuple(Earlier(row["name"] or row["email"], message["created"], message["body"]) for message in found)


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
