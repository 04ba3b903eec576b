"""The popular articles: those that enough people opened, most helpful first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from deflect.store import clock
from deflect.store.database import Store
from kb.errors import HelpCenterError
from kb.failures import degraded

WINDOW = 30 * clock.DAY
PEOPLE = 5  # who opened an article; with fewer, one colleague who tries the site makes an article popular
ARTICLES = 3  # fewer are no list
KEPT = 300.0  # seconds until the log is read again
# The share of good answers is smoothed by one good and one bad one, so that a single answer changes little.
POPULAR = """
    SELECT article FROM (
        SELECT article,
            count(DISTINCT CASE WHEN type NOT IN ('unhelpful', 'not_this') THEN key END) AS people,
            count(DISTINCT CASE WHEN type IN ('helpful', 'solved') THEN key END) AS helped,
            count(DISTINCT CASE WHEN type IN ('unhelpful', 'not_this') THEN key END) AS failed
        FROM events
        WHERE received >= :since AND article IS NOT NULL
            AND type IN ('follow', 'read', 'helpful', 'solved', 'unhelpful', 'not_this')
        GROUP BY article
    ) WHERE people >= :people ORDER BY people * (helped + 1.0) / (helped + failed + 2.0) DESC, article
"""


class Popular:
    """The popular articles of an application's store, read from the log at most every five minutes.

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
        """Return the ids of all popular articles of the last 30 days, best first, for every audience."""
        with self._lock:
            if self._timer() - self._read >= KEPT:
                self._ids = most_opened(self._store, since=clock.now() - WINDOW)
                self._read = self._timer()
            return self._ids


def most_opened(store: Store, *, since: int, people: int = PEOPLE) -> tuple[str, ...]:
    """Return the ids of the articles that at least `people` visitors opened, read or found helpful since a time.

    Return an empty tuple if the store cannot be read; the pages then leave them out.
    """
    try:
        rows = store.rows(POPULAR, {"since": since, "people": people})
    except HelpCenterError as error:
        degraded("no-popular", error)
        return ()
    return tuple(str(row["article"]) for row in rows)
