"""Which articles people open most, for the first page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from deflect.store import clock
from deflect.store.database import Store
from kb.errors import HelpCenterError

WINDOW = 30 * clock.DAY
KEPT = 300.0  # seconds that a worker answers from what it read last

_last: dict[str, tuple[float, tuple[str, ...]]] = {}
_lock = threading.Lock()


def popular(store: Store, *, k: int = 50, timer: Callable[[], float] = time.monotonic) -> tuple[str, ...]:
    """Return the ids of the articles that most people opened or read in 30 days; none when that cannot be read."""
    with _lock:
        read, ids = _last.get(str(store.path), (float("-inf"), ()))
        if timer() - read >= KEPT:
            ids = most_opened(store, since=clock.now() - WINDOW, k=k)
            _last[str(store.path)] = timer(), ids
        return ids


def most_opened(store: Store, *, since: int, k: int) -> tuple[str, ...]:
    """Return the ids of the articles that most different visitors opened, read or found helpful since a time."""
    try:
        rows = store.rows(
            """
            SELECT article, count(DISTINCT key) AS people FROM events
            WHERE received >= ? AND type IN ('follow', 'read', 'helpful') AND article IS NOT NULL
            GROUP BY article ORDER BY people DESC, article LIMIT ?
            """,
            [since, k],
        )
    except HelpCenterError:
        return ()
    return tuple(str(row["article"]) for row in rows)
