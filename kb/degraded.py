"""What is missing when an answer is less than it could be: named from a closed list, logged with its cause, counted."""

from __future__ import annotations

import logging
import time
import traceback
from typing import Literal, TypeVar

from kb.metrics import DEGRADED

Degraded = Literal[
    "embedder-failed",  # the language model cannot be loaded or used: search goes by words
    "no-vectors",  # the index has no vectors, or damaged ones: search goes by words
    "stale-vectors",  # the vectors are another model's: search goes by words
    "old-generation",  # the newest index cannot be opened: the one before it answers
    "rate-limited",  # an address asks too often: its search goes by words
    "search-failed",  # no offer, or no neighbours, because the search failed
    "search-slow",  # no offer, because the search took too long
    "no-channels",  # the table of channels cannot be read
    "no-popular",  # the popular articles cannot be read
    "no-origins",  # the origins that agents allowed cannot be read
    "no-receipt-articles",  # a receipt goes without articles
    "no-advice",  # an agent sees a ticket without suggested articles
    "not-logged",  # an event or an offer was not kept
]
Reason = TypeVar("Reason", bound=Degraded)

PAUSE = 60.0  # seconds within which the same cause is logged once
_logged: dict[tuple[str, str], float] = {}
log = logging.getLogger("shortstop")


def degraded(reason: Reason, error: BaseException | None = None) -> Reason:
    """Count a reason and log its cause, at most once a minute; return the reason."""
    DEGRADED.labels(reason).inc()
    cause = frames(error) if error is not None else ""
    now = time.monotonic()
    if now - _logged.get((reason, cause), -PAUSE) >= PAUSE:
        _logged[reason, cause] = now
        log.warning("degraded: %s %s", reason, cause)
    return reason


def frames(error: BaseException) -> str:
    """Return an error's type and where it was raised, without its message, which may hold a visitor's words."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
