"""Decide whether old data may be deleted now, or waits for a word of the operator.

A clock that is years ahead would make everything old, so nothing is deleted while the clock is more than a day ahead
of both the newest row and the last run. A jump of more than a month is remembered, because rows that are stored after
it have the wrong time too; it is forgotten when the clock goes back, or on `kb forget --yes`. A kind of data of which a
large share would go at once waits as well, for example after a setting was changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from deflect.store.clock import DAY, HOUR, to_rfc3339
from deflect.store.database import Row, Store
from deflect.store.writer import write
from kb.config import Settings

KEEP_KEYS = 30 * DAY  # for idempotency keys; no client retries after a month
JUMP = 31 * DAY
SHARE = 0.25
AGREE = "if that is right, run 'kb forget --yes'"

# A ticket is over if it is closed, or if it was delivered to a help desk and was never in our own inbox.
OVER = """
    created < :before AND changed < :before
    AND (state = 'closed' OR (EXISTS (SELECT 1 FROM outbox WHERE ticket = tickets.id AND state = 'sent'
                                      AND sink NOT IN ('reply', 'receipt'))
                              AND NOT EXISTS (SELECT 1 FROM outbox WHERE ticket = tickets.id AND sink = 'inbox')))
    AND NOT EXISTS (SELECT 1 FROM outbox WHERE ticket = tickets.id AND state = 'pending')
    """


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of data: the argument of `prune` for it, its tables with the condition for old rows, and a small number.

    Fewer rows than `few` are deleted whatever their share is.
    """

    name: str
    limit: str
    old: Mapping[str, str]
    few: int


KINDS = (
    Kind("texts of events", "texts_before", {"event_texts": "received < :before"}, 1000),
    Kind(
        "events",
        "events_before",
        {"events": "received < :before", "episodes": "last < :before", "contacts": "at < :before"},
        1000,
    ),
    Kind(
        "keys of repeated requests",
        "keys_before",
        {"idempotency": "created < :before", "mails": "ticket IS NULL AND created < :before"},
        1000,
    ),
    Kind("tickets", "tickets_before", {"tickets": OVER, "past_questions": "at < :before"}, 20),
    Kind("audit log", "audit_before", {"audit": "created < :before"}, 100),
)
NEWEST = """
    SELECT max(at) AS at FROM (
        SELECT max(received) AS at FROM events WHERE received <= :now
        UNION ALL SELECT max(created) FROM tickets WHERE created <= :now
        UNION ALL SELECT max(created) FROM audit WHERE created <= :now
    )
    """


def limits(settings: Settings, *, now: int) -> dict[str, int | None]:
    """Return the times before which rows of each kind are old, as arguments of `prune`; None keeps them forever."""
    return {
        "texts_before": now - settings.keep_text * DAY,
        "events_before": now - settings.keep_events * DAY,
        "keys_before": now - KEEP_KEYS,
        "tickets_before": now - settings.keep_tickets * DAY if settings.keep_tickets else None,
        "audit_before": now - settings.keep_audit * DAY if settings.keep_audit else None,
    }


def old_rows(store: Store, before: Mapping[str, int | None]) -> dict[str, tuple[int, int]]:
    """Return the number of old rows of each table that has some, and of all its rows."""
    found = {}
    for kind in KINDS:
        for table, old in kind.old.items() if before[kind.limit] is not None else ():
            row = store.one(f"SELECT count(*) AS n FROM {table} WHERE {old}", {"before": before[kind.limit]})
            if row and row["n"]:
                every = store.one(f"SELECT count(*) AS n FROM {table}")
                found[table] = (row["n"], every["n"] if every else 0)
    return found


def trusted(store: Store, *, now: int) -> int:
    """Return the time after which the clock cannot be trusted: a day after the newest row or the last run."""
    runs = {row["id"]: row["at"] for row in store.rows("SELECT id, at FROM runs")}
    if "jump" in runs and now > runs.get("seen", 0) - HOUR:  # the clock was not set back since then
        return int(runs["jump"]) + DAY
    last = min(now, max(runs.values()) + JUMP) if runs else now  # a jump has dated what came before this run
    newest = (store.one(NEWEST, {"now": last}) or {}).get("at")
    known = [int(at) for at in (runs.get("forget"), newest) if at is not None]
    return max(known) + DAY if known else now  # an empty database has nothing to delete


def waits(store: Store, before: Mapping[str, int | None], *, now: int) -> dict[str, str]:
    """Return the kinds of data that wait, by their argument of `prune`, each with the reason."""
    if now > (until := trusted(store, now=now)):
        return dict.fromkeys(before, _ahead(now, until - DAY))
    rows, found = old_rows(store, before), {}
    for kind in KINDS:
        for table in kind.old:
            old, every = rows.get(table, (0, 0))
            if old > kind.few and old > SHARE * every:
                found[kind.limit] = (
                    f"{old:,} of {every:,} rows of {table} are past their days, too many at once; {AGREE}"
                )
    return found


def jumped_from(store: Store, *, now: int) -> int | None:
    """Return the time that the clock jumped away from, or None if it did not jump."""
    until = trusted(store, now=now)
    return until - DAY if now > until - DAY + JUMP else None


@write()
def note_run(db: Database, *, now: int, jump: int | None, ahead: bool, note: str) -> Row:
    """Store the time of a run and what waits. The time of a clock that is `ahead` is only the last one seen."""
    _note(db, "seen", now)
    if jump is None:
        db.execute("DELETE FROM runs WHERE id = 'jump'")
    else:
        _note(db, "jump", jump)
    if not ahead:
        latest = db.execute("SELECT max(at) FROM runs WHERE id = 'forget'").fetchone()[0]
        _note(db, "forget", max(now, latest or now))  # a clock that was behind for a while takes no trust away
    db.execute("UPDATE runs SET note = ? WHERE id = 'seen'", [note])
    return {}


def what_waits(store: Store) -> Sequence[str]:
    """Return the reasons why old data waits, as of the last run."""
    row = store.one("SELECT note FROM runs WHERE id = 'seen'")
    return [line for line in (row["note"] or "" if row else "").split("\n") if line]


def _note(db: Database, id: str, at: int) -> None:
    db.execute("INSERT INTO runs (id, at) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at", [id, at])


def _ahead(now: int, known: int) -> str:
    days = (now - known) // DAY
    where = f"the clock says {to_rfc3339(now)}, {days:,} days after the newest data and the last run"
    ends = AGREE if now - known > JUMP else "that goes on after the next visit or message"
    return f"{where}, so nothing old is deleted; {ends}"
