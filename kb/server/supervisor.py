"""`kb serve`: hold the listening sockets, and run the web workers and the background process, restarting them.

For `kb restart` this process becomes its new version in place (`kb.server.handover`). That version starts a writer,
which waits for the old one, and web workers on the same sockets; only when they are ready, the old ones stop accepting
and finish the requests that have begun.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType

from kb import metrics, processes
from kb.config import Settings
from kb.errors import HelpCenterError
from kb.outbound import is_loopback
from kb.server.child import STARTING, Adopted, Child, Process, say
from kb.server.handover import SIGNALS, FolderLock, Handover, alone, passed_sockets

GRACE = 15.0  # seconds for a child to finish its requests
REHEARSAL = [sys.executable, "-m", "kb.cli.main", "rehearse"]
NOT_INDEXED = 3  # the exit code of a rehearsal that could only not build the index
CURRENT = "current"  # as in search.index.build, which is slow to import
FIRST_WAIT = 15.0  # seconds that the web workers wait for the writer at the first start
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}  # BLAS threads spin while they wait, which takes CPU from other visitors


class CannotListen(HelpCenterError):
    """The address is in use, does not belong to this machine, or is not permitted."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        if error.errno == errno.EADDRINUSE:
            why = f"port {port} on {host} is in use; stop the program that uses it, or set KB_PORT to another port"
        elif error.errno == errno.EACCES:
            why = f"this user may not listen on port {port}; set KB_PORT to 1024 or higher"
        else:
            why = f"{host} is not an address of this machine ({error.strerror}); set KB_HOST to one, such as 127.0.0.1"
        super().__init__(why)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. It outlives the web workers, so that a restart refuses no connections."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CannotListen(host, port, error) from error
    listener.listen(1024)
    listener.set_inheritable(True)
    return listener


class Signals:
    """The signals that this process has received: to stop, to restart, or to check the articles again."""

    def __init__(self) -> None:
        self.stop = self.restart = self.reload = False
        for number in SIGNALS:
            signal.signal(number, self._note)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.reload = self.reload or number == signal.SIGHUP
        self.restart = self.restart or number == signal.SIGUSR2
        self.stop = self.stop or number in (signal.SIGTERM, signal.SIGINT)


class Supervisor:
    """The two children, those that are leaving, and what they need to be started."""

    def __init__(self, settings: Settings, *, environ: Mapping[str, str], fds: tuple[int, ...], watch: bool) -> None:
        kb = [sys.executable, "-m", "kb.cli.main"]
        self.settings, self.environ, self.fds = settings, environ, fds
        self.background = Child("background", [*kb, "background", *(["--watch"] if watch else [])], watched=True)
        self.web = Child("web", [*kb, "web", *(f"--fd={fd}" for fd in fds)], pass_fds=fds, usual=ONE_THREAD)
        self.leaving: list[tuple[Process, float]] = []
        self.signals = Signals()

    def begin(self) -> None:
        """Start the background process, and wait a little for its writer; the web workers follow."""
        self.background.start(self.environ)
        self._await(lambda: self.background.pulses > 1, self.background, seconds=FIRST_WAIT)

    def take_over(self, before: Handover) -> str:
        """Replace the children of the version before, the writer first. Return "" or why the old ones go on."""
        old_background, old_web = Adopted(before.background), Adopted(before.web)
        self.leaving = [(Adopted(pid), time.monotonic() + GRACE) for pid in before.leaving]
        self.background.start(self.environ)
        self.web.start(self.environ)
        if not self._await(lambda: self.background.pulses > 0, self.background):
            return self._give_up(old_background, old_web)
        self._leave(old_background)  # the new writer waits for the lock of the old one
        ready = self.settings.workers
        if not self._await(lambda: self.web.pulses >= ready and self.background.pulses > 1, self.web):
            return self._give_up(None, old_web)
        self._leave(old_web)
        return ""

    def _give_up(self, old_background: Process | None, old_web: Process) -> str:
        for child, old in ((self.background, old_background), (self.web, old_web)):
            if old is not None and child.process is not None:
                self._leave(child.process)
                child.adopt(old)
        return "the new version does not start"

    def _leave(self, process: Process) -> None:
        process.send_signal(signal.SIGTERM)
        self.leaving.append((process, time.monotonic() + GRACE))

    def _await(self, condition: Callable[[], bool], child: Child, *, seconds: float = STARTING) -> bool:
        """Return True once the condition holds, and False if the child dies, this process stops, or time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and child.running() and not self.signals.stop:
            self.background.feel()
            self.web.feel()
            if condition():
                return True
            time.sleep(0.02)
        return False

    def turn(self) -> None:
        """Start what has died, replace what hangs, and see off what is leaving."""
        if self.signals.reload:
            self.signals.reload = False
            self.background.send(signal.SIGHUP)
        for child in (self.background, self.web):
            child.feel()
            child.kill_if_hung()
            child.ended()
            if child.process is None and child.due <= time.monotonic():
                child.start(self.environ)
        for process, end in list(self.leaving):
            if process.poll() is not None:
                self.leaving.remove((process, end))
            elif time.monotonic() > end:
                process.send_signal(signal.SIGKILL)

    def stop(self) -> None:
        """End all children, the writer last, so that writes in flight are stored."""
        for process in [*(process for process, _ in self.leaving), self.web.process, self.background.process]:
            if process is not None:
                _stop(process)

    def hand_over(self, lock: FolderLock) -> None:
        """Become the new version."""
        background, web = (child.process.pid if child.process else 0 for child in (self.background, self.web))
        leaving = tuple(process.pid for process, _ in self.leaving)
        Handover(self.fds, lock.fd, background, web, leaving, run=lock.run).execute()


def supervise(
    settings: Settings,
    *,
    overrides: Mapping[str, str],
    listeners: Sequence[socket.socket],
    watch: bool,
    lock: FolderLock,
    before: Handover | None,
) -> None:
    """Keep the background process and the web workers running until SIGTERM or SIGINT.

    `overrides` are settings of the command line as environment variables. SIGHUP makes the background process check
    the articles again, and SIGUSR2 makes this process its new version.
    """
    count = metrics.kept if before else metrics.emptied
    environ = os.environ | dict(overrides) | processes.founded() | count(settings.metrics)
    fds = tuple(listener.fileno() for listener in listeners)
    ours = Supervisor(settings, environ=environ, fds=fds, watch=watch)
    if before:
        lock.tell(_said(ours.take_over(before)))
    else:
        ours.begin()
        lock.tell()
    rehearsal: subprocess.Popen[bytes] | None = None
    while not ours.signals.stop:
        ours.turn()
        lock.renew()
        if ours.signals.restart and rehearsal is None:
            rehearsal = subprocess.Popen(REHEARSAL, env=os.environ | dict(overrides))
        elif rehearsal is not None and rehearsal.poll() is not None:
            lock.run += 1
            if rehearsal.returncode == 0:
                ours.hand_over(lock)
            lock.tell(_said("the new version refuses to start; see the log"))
            rehearsal, ours.signals.restart = None, False
        time.sleep(0.05)
    ours.stop()
    shutil.rmtree(settings.metrics, ignore_errors=True)


def _said(trouble: str) -> str:
    if trouble:
        say(f"kb: {trouble}; the version before goes on")
    return trouble


def _stop(process: Process) -> None:
    process.send_signal(signal.SIGTERM)
    end = time.monotonic() + GRACE
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)


def _sockets(settings: Settings, before: Handover | None) -> list[socket.socket]:
    """Return the listening sockets of the help center and the demo shop: handed over, passed by systemd, or new."""
    if before:
        return [socket.socket(fileno=fd) for fd in before.listeners]
    if passed := passed_sockets():
        return passed[:2]
    return [listen(settings.host, settings.port), *_demo(settings)]


def _demo(settings: Settings) -> list[socket.socket]:
    """Return the socket of the demo shop on the next port, or none if that port is in use.

    It listens on this machine only, also if the help center listens on all addresses.
    """
    try:
        return [listen(settings.host if is_loopback(settings.host) else "127.0.0.1", settings.port + 1)]
    except (CannotListen, OverflowError):
        return []


def run(settings: Settings, *, overrides: Mapping[str, str], watch: bool) -> None:
    """Prepare the data folder and an index of words, then serve until stopped."""
    before = Handover.received()
    with alone(settings.data, held=before.folder if before else None) as lock:
        lock.run = before.run if before else 0
        listeners = _sockets(settings, before)
        host, port = listeners[0].getsockname()[:2]
        overrides = {**overrides, "KB_PORT": str(port)}  # systemd, or the version before, has chosen it
        if not before:
            _prepare(settings, overrides=overrides)
        shown = f"[{host}]" if ":" in host else host
        with suppress(OSError):  # the log is on a full disk
            print(f"Shortstop serves {settings.articles} on http://{shown}:{port}", flush=True)
        supervise(settings, overrides=overrides, listeners=listeners, watch=watch, lock=lock, before=before)


def _prepare(settings: Settings, *, overrides: Mapping[str, str]) -> None:
    """Run the rehearsal. If only the index fails, such as on a full disk, an index that is there is served."""
    code = subprocess.run(REHEARSAL, env=os.environ | dict(overrides), check=False).returncode
    if code not in (0, NOT_INDEXED):
        sys.exit(code)  # it has said why
    if code == NOT_INDEXED and not (settings.generations / CURRENT).exists():
        raise HelpCenterError(f"the articles in {settings.articles} could not be indexed; see the errors above")
    if code == NOT_INDEXED:
        say("kb: the articles could not be indexed, so the index that is there is served")
