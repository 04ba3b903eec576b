"""The processes of `kb serve`: each is started again when it dies, and replaced when its pulse stops.

A child writes lines to a pipe, its pulse: the patience of the work that begins, in seconds, and the name of that work.
The writer does so in every round of its loop (`deflect.store.writer`), and a web worker once, when it is ready.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

PARENT_DEATH = 1  # PR_SET_PDEATHSIG of Linux's prctl
SHORT_LIFE = 2.0  # seconds; a child that dies earlier is restarted after a longer pause each time
LONGEST_PAUSE = 5.0
HUNG = 10.0  # seconds without a pulse after which a watched child is killed
STARTING = 60.0  # seconds until its first pulse


def say(sentence: str) -> None:
    """Write a line to the log, unless the log is on a full disk."""
    with suppress(OSError):
        print(sentence, file=sys.stderr, flush=True)


class Process(Protocol):
    """What `Child` needs of subprocess.Popen."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it has ended."""


class Adopted:
    """A child that this process started before it became a new version of itself."""

    def __init__(self, pid: int) -> None:
        self.pid, self.returncode = pid, None if pid else 0

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        if self.returncode is None:
            try:
                ended, status = os.waitpid(self.pid, os.WNOHANG)
                self.returncode = os.waitstatus_to_exitcode(status) if ended else None
            except ChildProcessError:
                self.returncode = 0
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)


@dataclass
class Child:
    """A process to keep running, its pulse, and the number of its early deaths in a row."""

    name: str
    command: list[str]
    pass_fds: tuple[int, ...] = ()
    usual: Mapping[str, str] = field(default_factory=dict)  # defaults of its environment
    watched: bool = False
    process: Process | None = None
    pulses: int = 0
    doing: str = ""
    _pulse: int | None = None
    _silent_at: float = 0.0
    _started: float = 0.0
    _deaths: int = 0
    due: float = 0.0

    def start(self, environ: Mapping[str, str]) -> None:
        """Start the process. The kernel sends it SIGTERM when this process dies."""
        self.forget()
        self._started = time.monotonic()
        self._silent_at, self.doing = self._started + STARTING, "its start"
        self._pulse, theirs = os.pipe()
        for end in (self._pulse, theirs):
            os.set_blocking(end, False)
        self.process = subprocess.Popen(
            [*self.command, f"--pulse={theirs}"],
            env={**self.usual, **environ},
            pass_fds=(*self.pass_fds, theirs),
            preexec_fn=_die_with_parent,
        )
        os.close(theirs)

    def forget(self) -> None:
        """Let go of the process, which somebody else ends."""
        if self._pulse is not None:
            os.close(self._pulse)
        self.process = self._pulse = None
        self.pulses = 0

    def adopt(self, process: Process) -> None:
        """Keep a process of the version before. Its pulse is not known, so it is replaced only when it dies."""
        self.forget()
        self.process = process

    def running(self) -> bool:
        """Return True if the process has been started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def ended(self) -> bool:
        """Return True if the process has ended; `due` is then the time to restart it."""
        if self.process is None or self.process.poll() is None:
            return False
        young = time.monotonic() - self._started < SHORT_LIFE
        self._deaths = self._deaths + 1 if young else 0
        self.due = time.monotonic() + min(LONGEST_PAUSE, 0.1 * 2**self._deaths if young else 0.0)
        say(f"{self.name} exited with code {self.process.returncode}; restarting it")
        self.forget()
        return True

    def feel(self) -> None:
        """Read the pulse."""
        with suppress(BlockingIOError):
            while self._pulse is not None and (came := os.read(self._pulse, 65536)):
                lines = came.decode().splitlines()
                patience, _, self.doing = lines[-1].partition(" ")
                self._silent_at = time.monotonic() + max(HUNG, float(patience))
                self.pulses += len(lines)

    def kill_if_hung(self) -> None:
        """Kill a watched process without a pulse, even if it is stopped or loops; it is then started again."""
        if self.watched and self._pulse is not None and self.running() and time.monotonic() > self._silent_at:
            say(f"{self.name} hangs in {self.doing or 'its loop'}; replacing it")
            self.send(signal.SIGKILL)
            self._silent_at = time.monotonic() + HUNG  # a process that waits for a disk dies later

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if the process is running."""
        if self.process is not None:
            self.process.send_signal(number)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PARENT_DEATH, signal.SIGTERM)


def pulse_to(fd: int) -> Pulse:
    """Return a function with which a child tells its pulse; without a pipe, as for fd -1, it does nothing."""

    def pulse(doing: str, patience: float) -> None:
        with suppress(OSError):  # the supervisor is slow to read, or has become a new version
            os.write(fd, f"{patience} {doing}\n".encode())

    return pulse


class Pulse(Protocol):
    """Tells that a child is alive, what it begins to do, and how many seconds that may take."""

    def __call__(self, doing: str, patience: float, /) -> None:
        """Tell it."""
