"""A circuit breaker: while the writer does not answer, calls fail at once instead of holding a thread each."""

from __future__ import annotations

import threading
import time

PAUSE = 2.0  # seconds in which calls fail at once after one that was not answered


class Breaker:
    """Lets calls fail at once after one with as much patience has waited in vain, so that they do not hold threads.

    After a pause, one call at a time tries again. Calls with more patience are let through, since a restart of the
    writer takes longer than a page waits for its event.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._vain = self._until = 0.0
        self._trying = False

    def admits(self, patience: float) -> bool:
        """Return True if a call may be sent; `failed` or `succeeded` must follow."""
        with self._lock:
            if patience > self._vain:
                return True
            if self._trying or time.monotonic() < self._until:
                return False
            self._trying = self._vain > 0.0
            return True

    def failed(self, patience: float) -> None:
        """Note that a call has waited in vain."""
        with self._lock:
            self._vain, self._until = max(self._vain, patience), time.monotonic() + PAUSE
            self._trying = False

    def succeeded(self) -> None:
        """Note that the writer has answered."""
        with self._lock:
            self._vain, self._trying = 0.0, False
