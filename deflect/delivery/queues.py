"""A queue for each sink: its own thread sends its due deliveries, so a sink that hangs holds up no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from deflect.delivery import outbox
from deflect.delivery.outbox import Find, Unstored
from kb.config import Settings
from kb.duties import FOREIGN, Duty

PAUSE = 1.0  # seconds between reads of the outbox
LONGEST_PAUSE = 60.0  # between the rounds of a queue that fails


@dataclass
class Queue:
    """The deliveries of one sink, which one thread at a time sends."""

    name: str
    settings: Settings
    find: Find
    duty: Duty
    unstored: Unstored = field(default_factory=dict)
    due: float = 0.0  # of the monotonic clock
    thread: threading.Thread | None = None

    def begin(self) -> None:
        """Start a round, unless one is going on or the queue pauses after an error."""
        if (self.thread is None or not self.thread.is_alive()) and time.monotonic() >= self.due:
            self.thread = threading.Thread(target=self._round, name=self.duty.name, daemon=True)
            self.thread.start()

    def _round(self) -> None:
        try:
            outbox.deliver_due(self.settings, only=self.name, find=self.find, unstored=self.unstored)
        except FOREIGN as error:  # such as a damaged database; the tickets stay in the outbox
            self.due = time.monotonic() + self.duty.failed(error)
        else:
            self.duty.went_well()


class Queues:
    """The queues of all sinks that have deliveries."""

    def __init__(self, settings: Settings, *, find: Find) -> None:
        self.settings, self.find = settings, find
        self._queues: dict[str, Queue] = {}

    def keep(self, stop: threading.Event, *, well: Callable[[], None]) -> None:
        """Send what is due until `stop`."""
        while not stop.wait(PAUSE):
            self.look()
            well()

    def look(self) -> None:
        """Start a round of each queue that has due deliveries, or accepted ones that are not stored yet."""
        waiting = [name for name, queue in self._queues.items() if queue.unstored]
        for name in sorted({*outbox.sinks_due(self.settings), *waiting}):
            if name not in self._queues:
                duty = Duty(f"outbox {name}", longest=LONGEST_PAUSE)
                self._queues[name] = Queue(name, self.settings, self.find, duty)
            self._queues[name].begin()

    def finish(self, *, seconds: float) -> None:
        """Wait at most `seconds` for the rounds that are going on."""
        end = time.monotonic() + seconds
        for queue in self._queues.values():
            if queue.thread is not None:
                queue.thread.join(max(0.0, end - time.monotonic()))
