"""What `kb doctor` finds about deliveries, old data and the duties of the background process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Literal

from deflect.delivery import outbox
from deflect.privacy import retention
from deflect.store import clock
from deflect.store.clock import MINUTE, to_rfc3339
from deflect.store.database import Row, Store
from kb.config import Settings
from kb.metrics import failing

LONG = 30 * MINUTE  # longer than a mail server may take
READY = "SELECT 1 FROM sqlite_master WHERE name = 'runs'"
OUTBOX = """
    SELECT coalesce(sum(state = 'dead'), 0) AS dead,
           coalesce(sum(state = 'dead' AND unsure > 0), 0) AS dead_unsure,
           coalesce(sum(state = 'pending' AND unsure > 0), 0) AS unsure,
           coalesce(sum(state = 'pending' AND held IS NOT NULL AND held_until - :hold < :now - :long), 0) AS hanging
    FROM outbox WHERE state != 'sent'
    """
LATEST = "SELECT sink, note FROM outbox WHERE state = 'dead' ORDER BY changed DESC, id LIMIT 1"
Found = Iterator[tuple[str, Literal["note", "wrong"], str]]  # the subject, the state and the sentence of a finding


def look(settings: Settings) -> Found:
    """Yield the findings. A database of an older version has none."""
    if settings.database.is_file():
        with closing(Store(settings.database)) as store:
            if store.rows(READY):
                yield from _outbox(store)
                for sentence in retention.what_waits(store):
                    yield "retention", "wrong", sentence
    counts = failing(settings.metrics)
    if counts:
        said = ", ".join(f"{duty} ({times:,} times in a row)" for duty, times in sorted(counts.items()))
        yield "duties", "wrong", f"failing, and tried again: {said}; the log of 'kb serve' says why"


def _outbox(store: Store) -> Found:
    found: Row = store.one(OUTBOX, {"now": clock.now(), "hold": outbox.HOLD, "long": LONG}) or {}
    if found["dead"]:
        last = store.one(LATEST) or {"sink": "", "note": ""}
        also = f", {found['dead_unsure']:,} of them perhaps sent" if found["dead_unsure"] else ""
        sentence = f"{found['dead']:,} deliveries are dead{also}; the last, to {last['sink']}: {last['note']}"
        yield "outbox", "wrong", f"{sentence}; see 'kb outbox'"
    if found["unsure"]:
        yield "outbox", "note", f"{found['unsure']:,} deliveries were perhaps sent and are tried again in hours"
    if found["hanging"]:
        when = to_rfc3339(clock.now() - LONG)
        yield "outbox", "wrong", f"{found['hanging']:,} deliveries have been on their way since before {when}"
