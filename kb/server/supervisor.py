"""`kb serve`: hold the listening socket, and run the web workers and the background process, restarting them."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from deflect.delivery import sinks
from deflect.store.database import Store
from kb import metrics, processes
from kb.config import Settings
from kb.errors import HelpCenterError
from kb.files import try_locked

PARENT_DEATH = 1  # PR_SET_PDEATHSIG of Linux's prctl
GRACE = 15.0  # seconds for a child to finish its requests
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}  # BLAS threads spin while they wait, which takes CPU from other visitors
SHORT_LIFE = 2.0  # seconds; a child that dies earlier is restarted after a longer pause each time
LONGEST_PAUSE = 5.0


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


class DataTaken(HelpCenterError):
    """Another `kb serve` uses the data folder; a second writer would take over the socket of the first."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is in use by another 'kb serve'; stop it, or set KB_DATA to another folder")


@dataclass
class Child:
    """A process to keep running, and the number of its early deaths in a row."""

    name: str
    command: list[str]
    pass_fds: tuple[int, ...] = ()
    usual: Mapping[str, str] = field(default_factory=dict)  # defaults of its environment
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    due: float = field(default=0.0)

    def start(self, environ: Mapping[str, str]) -> None:
        """Start the process. The kernel sends it SIGTERM when this process dies."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command, env={**self.usual, **environ}, pass_fds=self.pass_fds, preexec_fn=_die_with_parent
        )

    def ended(self) -> bool:
        """Return True if the process has ended; `due` is then the time to restart it."""
        if self.process is None or self.process.poll() is None:
            return False
        young = time.monotonic() - self.started < SHORT_LIFE
        self.deaths = self.deaths + 1 if young else 0
        self.due = time.monotonic() + min(LONGEST_PAUSE, 0.1 * 2**self.deaths if young else 0.0)
        print(f"{self.name} exited with code {self.process.returncode}; restarting it", file=sys.stderr, flush=True)
        self.process = None
        return True


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PARENT_DEATH, signal.SIGTERM)


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


def supervise(
    settings: Settings, *, overrides: Mapping[str, str], listeners: Sequence[socket.socket], watch: bool = False
) -> None:
    """Keep the background process and the web workers running until SIGTERM or SIGINT.

    `overrides` are settings of the command line as environment variables. SIGHUP makes the background process check
    the articles again.
    """
    environ = os.environ | dict(overrides) | processes.founded() | metrics.emptied(settings.metrics)
    kb = [sys.executable, "-m", "kb.cli.main"]
    background = Child("background", [*kb, "background", *(["--watch"] if watch else [])])
    fds = tuple(listener.fileno() for listener in listeners)
    web = Child("web", [*kb, "web", *(f"--fd={fd}" for fd in fds)], pass_fds=fds, usual=ONE_THREAD)
    children = [background, web]
    stopping = _stop_on_signals(lambda: _send(background, signal.SIGHUP))
    settings.writer_socket.unlink(missing_ok=True)
    background.start(environ)
    _await_path(settings.writer_socket, child=background, stopping=stopping)
    while not stopping():
        now = time.monotonic()
        for child in children:
            child.ended()
            if child.process is None and child.due <= now:
                child.start(environ)
        time.sleep(0.05)
    for child in reversed(children):  # the writer ends last, so that writes in flight are stored
        _stop(child)
    shutil.rmtree(settings.metrics, ignore_errors=True)


def _stop_on_signals(reload: Callable[[], None]) -> Callable[[], bool]:
    stop = False

    def ask(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stop
        stop = True

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGHUP, lambda _signal, _frame: reload())
    return lambda: stop


def _await_path(path: Path, *, child: Child, stopping: Callable[[], bool], seconds: float = 15.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not path.exists() and not stopping():
        if child.process is not None and child.process.poll() is not None:
            return
        time.sleep(0.02)


def _send(child: Child, number: signal.Signals) -> None:
    if child.process is not None and child.process.poll() is None:
        child.process.send_signal(number)


def _stop(child: Child) -> None:
    _send(child, signal.SIGTERM)
    if child.process is None:
        return
    try:
        child.process.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lock the data folder; raise DataTaken if another process has locked it."""
    with ExitStack() as stack:
        try:
            free = stack.enter_context(try_locked(folder / "serve.lock"))
        except OSError as error:
            raise HelpCenterError(
                f"cannot write to {folder} ({error.strerror}); set KB_DATA to a writable folder"
            ) from error
        if not free:
            raise DataTaken(folder)
        yield


def _demo(settings: Settings) -> list[socket.socket]:
    """Return the socket of the demo shop on the next port, or none if that port is in use."""
    try:
        return [listen(settings.host, settings.port + 1)]
    except (CannotListen, OverflowError):
        return []


def run(settings: Settings, *, overrides: Mapping[str, str], watch: bool) -> None:
    """Prepare the data folder and an index of words, then serve until stopped."""
    sinks.configured(settings)  # report an unusable sink now, not at the first ticket
    with _alone(settings.data):
        listeners = [listen(settings.host, settings.port), *_demo(settings)]
        _open_database(settings)
        _index_words(settings, overrides=overrides)
        shown = f"[{settings.host}]" if ":" in settings.host else settings.host
        print(f"Shortstop serves {settings.articles} on http://{shown}:{settings.port}", flush=True)
        supervise(settings, overrides=overrides, listeners=listeners, watch=watch)


def _open_database(settings: Settings) -> None:
    """Create or migrate the database. Our children never create one, so one that vanishes is not replaced."""
    try:
        Store.open(settings.database)
    except HelpCenterError as error:
        print(f"kb: {error}. Articles are served, but nothing can be saved.", file=sys.stderr, flush=True)


def _index_words(settings: Settings, *, overrides: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "kb.cli.main", "index", "--words", "--quiet"]
    if subprocess.run(command, env=os.environ | dict(overrides), check=False).returncode:
        raise HelpCenterError(f"the articles in {settings.articles} could not be indexed; see the errors above")
