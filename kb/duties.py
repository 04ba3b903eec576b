"""Duties of the background process, such as the mailbox or a sink: an error in one ends neither it nor the others.

A failed duty is logged once for each cause, tried again after pauses that grow, and counted until it works again;
`kb doctor`, `/healthz` and `/metrics` show the count.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from kb.errors import HelpCenterError
from kb.failures import frames
from kb.metrics import DUTY_FAILURES

FIRST_PAUSE = 1.0  # seconds
LONGEST_PAUSE = 600.0
FOREIGN = BaseException  # an error of any kind, also from a package that we don't know; a real Ctrl-C ends no thread
log = logging.getLogger("shortstop")


class Duty:
    """The name of a duty and its failures in a row."""

    def __init__(self, name: str, *, longest: float = LONGEST_PAUSE) -> None:
        self.name, self.longest, self.failures = name, longest, 0
        self._said = ""
        DUTY_FAILURES.labels(name).set(0)

    def went_well(self) -> None:
        """Forget the failures."""
        if self.failures:
            log.warning("%s: it works again", self.name)
            DUTY_FAILURES.labels(self.name).set(0)
        self.failures, self._said = 0, ""

    def failed(self, error: BaseException) -> float:
        """Count a failure, log its cause unless it was the last one too, and return the seconds to wait."""
        said = str(error) if isinstance(error, HelpCenterError) else frames(error)
        if said != self._said:
            log.error("%s: %s", self.name, said)
        self._said = said
        self.failures += 1
        DUTY_FAILURES.labels(self.name).set(self.failures)
        return min(self.longest, FIRST_PAUSE * 2.0 ** min(self.failures - 1, 20))


def keep_up(duty: Duty, work: Callable[[Duty], None], *, stop: threading.Event) -> None:
    """Run `work` until `stop`, and again after each error. `work` calls `duty.went_well` when something is done."""
    while not stop.is_set():
        try:
            work(duty)
        except FOREIGN as error:
            stop.wait(duty.failed(error))
        else:
            return
