"""Retention: texts, events, tickets, files and the audit log are kept only as long as the settings say."""

from __future__ import annotations

import time
from contextlib import suppress

from deflect.privacy import erasure
from deflect.store import attachments, clock
from deflect.store.clock import DAY
from deflect.store.writer import opened
from kb.config import Settings
from kb.errors import StorageFull, Unavailable

BATCH = 500  # files that one write removes
KEEP_KEYS = 30 * DAY  # an idempotency key is a retry's; nobody retries a month later


def forget(settings: Settings, *, now: int | None = None) -> int:
    """Remove what is older than it may be kept, a batch at a time, and return how many rows that were."""
    moment = now or clock.now()
    total = 0
    with opened(settings) as (_, writer), suppress(StorageFull, Unavailable):  # tomorrow is soon enough
        while removed := writer.run(
            erasure.prune,
            texts_before=moment - settings.keep_text * DAY,
            events_before=moment - settings.keep_events * DAY,
            keys_before=moment - KEEP_KEYS,
            tickets_before=_before(settings.keep_tickets, moment),
            audit_before=_before(settings.keep_audit, moment),
        )["removed"]:
            total += removed
    return total


def sweep(settings: Settings, *, now: float | None = None) -> int:
    """Remove files that no ticket has and that are older than an hour, and return how many."""
    before, files, total = (now or time.time()) - attachments.LIFE, str(attachments.folder(settings)), 0
    with opened(settings) as (store, writer), suppress(StorageFull, Unavailable):  # the next time is soon enough
        digests = list(attachments.strays(settings, store, before=before))
        for first in range(0, len(digests), BATCH):
            some = digests[first : first + BATCH]
            total += writer.run(erasure.drop_files, digests=some, folder=files, before=before)["removed"]
    return total


def _before(days: int, moment: int) -> int | None:
    return moment - days * DAY if days else None
