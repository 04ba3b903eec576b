"""Retention: texts, events, tickets, files and the audit log are kept only as long as the settings say."""

from __future__ import annotations

import time

from deflect.store import attachments, clock
from deflect.store.clock import DAY
from deflect.store.database import Store
from deflect.store.writer import writer_for
from kb.config import Settings
from kb.errors import StorageFull, Unavailable

BATCH = 500  # files that one write removes
KEEP_KEYS = 30 * DAY  # an idempotency key is a retry's; nobody retries a month later


def forget(settings: Settings, *, now: int | None = None) -> int:
    """Remove what is older than it may be kept, a batch at a time, and return how many rows that were."""
    moment = now or clock.now()
    store = Store.open(settings.database)
    writer = writer_for(store, settings.writer_socket)
    ages = {
        "texts_before": moment - settings.keep_text * DAY,
        "events_before": moment - settings.keep_events * DAY,
        "keys_before": moment - KEEP_KEYS,
        "tickets_before": _before(settings.keep_tickets, moment),
        "audit_before": _before(settings.keep_audit, moment),
    }
    total = 0
    try:
        while removed := writer.call("prune", **ages)["removed"]:
            total += removed
    except (StorageFull, Unavailable):
        return total  # tomorrow is soon enough
    finally:
        writer.close()
        store.close()
    return total


def sweep(settings: Settings, *, now: float | None = None) -> int:
    """Remove files that no ticket has and that are older than an hour, and return how many."""
    store = Store.open(settings.database)
    writer = writer_for(store, settings.writer_socket)
    before = (now or time.time()) - attachments.LIFE
    try:
        digests = list(attachments.strays(settings, store, before=before))
        total = 0
        for first in range(0, len(digests), BATCH):
            some = digests[first : first + BATCH]
            call = {"digests": some, "folder": str(attachments.folder(settings)), "before": before}
            total += writer.call("drop_files", **call)["removed"]
        return total
    except (StorageFull, Unavailable):
        return 0  # the next time is soon enough
    finally:
        writer.close()
        store.close()


def _before(days: int, moment: int) -> int | None:
    return moment - days * DAY if days else None
