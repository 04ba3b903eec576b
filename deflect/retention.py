"""Retention: texts, events, tickets and the audit log are kept only as long as the settings say."""

from __future__ import annotations

from deflect import clock
from deflect.clock import DAY
from deflect.store import Store
from deflect.writer import writer_for
from kb.config import Settings
from kb.errors import StorageFull, Unavailable

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


def _before(days: int, moment: int) -> int | None:
    return moment - days * DAY if days else None
