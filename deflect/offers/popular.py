"""The most opened articles, for the home page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from deflect.store import clock
from deflect.store.database import Store
from kb.errors import HelpCenterError
from kb.failures import degraded

WINDOW = 30 * clock.DAY
MOST = 50  # articles
KEPT = 300.0  # seconds until the log is read again


class Popular:
    """The most opened articles of an application's store, read from the log at most every five minutes.

    The query takes long on a large log, and every visitor of the home page needs its result. While one thread reads,
    the others wait for it instead of reading as well.
    """

    def __init__(self, store: Store, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._timer = timer
        self._read = float("-inf")
        self._ids: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def articles(self) -> tuple[str, ...]:
        """Return the ids of the 50 articles opened by most visitors in the last 30 days, most opened first."""
        with self._lock:
            if self._timer() - self._read >= KEPT:
                self._ids = most_opened(self._store, since=clock.now() - WINDOW, k=MOST)
                self._read = self._timer()
            return self._ids


def most_opened(store: Store, *, since: int, k: int) -> tuple[str, ...]:
    """Return the ids of the articles that most visitors opened, read or found helpful since a time.

    Return an empty tuple if the store cannot be read; the home page then leaves them out.
    """
    try:
        rows = store.rows(
            """
            SELECT article, count(DISTINCT key) AS people FROM events
            WHERE received >= ? AND type IN ('follow', 'read', 'helpful') AND article IS NOT NULL
            GROUP BY article ORDER BY people DESC, article LIMIT ?
            """,
            [since, k],
        )
    except HelpCenterError as error:
        degraded("no-popular", error)
        return ()
    return tuple(str(row["article"]) for row in rows)
