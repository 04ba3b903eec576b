"""The background process: the one writer, the delivery of tickets, the index, and what is due by the clock."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from deflect.delivery import outbox
from deflect.delivery.sinks import sink
from deflect.mail import mailbox
from deflect.privacy import erasure
from deflect.store import writer
from deflect.store.database import Store
from kb.config import Settings
from kb.errors import BadGeneration, HelpCenterError
from search.index.build import current_path
from search.index.generation import Stamps, read_manifest, stamps
from search.rank.current import Current

OUTBOX_PAUSE = 1.0  # seconds between looks at the outbox
INDEX_PAUSE = 5.0  # seconds between looks at whether the index is as it was built
SWEEP_PAUSE = 600.0  # seconds between looks for files that no ticket has
FIRST_MAIL_PAUSE = 3.0  # seconds until the first look into the mailbox
MAIL_PAUSE = 60.0  # between looks
LONGEST_MAIL_PAUSE = 600.0
DAY = 86400.0
NEVER = datetime.max.replace(tzinfo=UTC)
# Of glibc: the builder's threads share their memory, and it keeps what it gave back, since the next change needs it
# again. Taken from the kernel anew, page by page, it cost 0.3 s of a change among 10,000 articles.
MEMORY = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": str(1 << 25), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}


def run(settings: Settings, *, watch: bool) -> None:
    """Serve until SIGTERM; SIGHUP has the articles looked at again.

    The index is built by a process of its own, so that a kill of it costs only what was not yet cached. With `watch`
    it stays, since authors wait for it; else its memory is given back.
    """
    stop, wake = threading.Event(), threading.Event()

    def end(*_: object) -> None:
        stop.set()
        wake.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the supervisor, which ends us in order
    signal.signal(signal.SIGHUP, lambda *_: wake.set())
    store = Store.open(settings.database)
    duties: list[Callable[[], None]] = [
        lambda: writer.serve(store, settings.writer_socket, stop=stop),
        lambda: _deliver(settings, stop=stop),
        lambda: _keep_index(settings, stop=stop, wake=wake, stay=watch),
        lambda: _read_mail(settings, stop=stop),
        lambda: _forget(settings, stop=stop, wake=wake),
        lambda: _sweep(settings, stop=stop),
    ]
    if watch:
        duties.append(lambda: _watch(settings, stop=stop, wake=wake))
    threads = [threading.Thread(target=_guarded(duty), daemon=True) for duty in duties]
    for thread in threads:
        thread.start()
    stop.wait()
    threads[0].join(10)  # what the writer has taken, it commits


def _guarded(duty: Callable[[], None]) -> Callable[[], None]:
    """A duty that fails ends the process: the supervisor starts a whole one again, never a lame one."""

    def run_duty() -> None:
        try:
            duty()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
            os._exit(1)

    return run_duty


def _deliver(settings: Settings, *, stop: threading.Event) -> None:
    find = partial(sink, current=Current(settings))  # a receipt's articles are chosen here
    while not stop.wait(OUTBOX_PAUSE):
        try:
            outbox.deliver_due(settings, find=find)
        except HelpCenterError as error:  # a full disk, say: the tickets wait where they are
            print(f"outbox: {error}", file=sys.stderr, flush=True)
            stop.wait(OUTBOX_PAUSE * 10)


def _read_mail(settings: Settings, *, stop: threading.Event) -> None:
    """Look into the mailbox every minute; a process of its own reads what is there, which gives its memory back.

    While it cannot be read, or mails have to wait, the pauses grow; the same trouble is said once.
    """
    pause, said = FIRST_MAIL_PAUSE, ""
    while settings.imap_url and not stop.wait(pause):
        trouble = _mail_trouble(settings, stop)
        if trouble != said:
            print(f"mailbox: {trouble or 'it can be read again'}", file=sys.stderr, flush=True)
        pause = min(2 * pause, LONGEST_MAIL_PAUSE) if trouble else MAIL_PAUSE
        said = trouble


def _mail_trouble(settings: Settings, stop: threading.Event) -> str:
    """Read the mailbox, and return what is wrong, "" where nothing is."""
    try:
        if not mailbox.Mailbox.from_settings(settings).waiting():
            return ""
    except HelpCenterError as error:
        return str(error)
    process = subprocess.Popen([sys.executable, "-m", "kb.cli.main", "mail", "fetch", "--quiet"])
    while process.poll() is None and not stop.wait(0.2):
        pass
    if process.poll() is None:  # we are to end: what is not marked comes again
        process.terminate()
    code = process.wait()
    return (
        ""
        if code == 0 or stop.is_set()
        else f"not all e-mails were read (exit code {code}); run 'kb mail fetch' to see why"
    )


def _forget(settings: Settings, *, stop: threading.Event, wake: threading.Event) -> None:
    """Remove what is too old, once a day, and have the index forget the questions of whoever was erased."""
    while not stop.wait(60.0):
        erasure.forget(settings)
        wake.set()
        if stop.wait(DAY):
            return


def _sweep(settings: Settings, *, stop: threading.Event) -> None:
    """Remove files that nobody has sent, and those whose ticket is gone."""
    while not stop.wait(SWEEP_PAUSE):
        erasure.sweep(settings)


class Builder:
    """A process that looks at the articles each time that it is asked to, and is started again when it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._line = socket.socket()

    def look(self, stop: threading.Event) -> bool:
        """Return True if it looked or said why it could not, False if it was killed."""
        if self._process is None:
            self._start()
        with suppress(BrokenPipeError, ConnectionResetError):
            self._line.send(b".")
            while not _answered(self._line):
                if stop.is_set():
                    return self.end() >= 0
            return True
        return self.end(seconds=5.0) >= 0  # it is about to end, or has already

    def end(self, *, seconds: float = 0.0) -> int:
        """Have it end, by force after so many seconds, and return its exit code."""
        if self._process is None:
            return 0
        self._line.close()
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            code = self._process.wait()
        self._process = None
        return code

    def _start(self) -> None:
        self._line, theirs = socket.socketpair()
        self._line.settimeout(0.2)
        with theirs:
            command = [sys.executable, "-m", "kb.cli.main", "index", "--quiet", "--stay"]
            self._process = subprocess.Popen(command, stdin=theirs.fileno(), env=MEMORY | os.environ)


def _answered(line: socket.socket) -> bool:
    """Wait a moment for an answer; raises ConnectionResetError where none can come any more."""
    with suppress(TimeoutError):
        if not line.recv(1):
            raise ConnectionResetError
        return True
    return False


def _keep_index(settings: Settings, *, stop: threading.Event, wake: threading.Event, stay: bool) -> None:
    builder = Builder()
    while not stop.is_set():
        if not builder.look(stop):  # killed: the cache has what was done
            stop.wait(1.0)
            continue
        if not stay:
            builder.end()
        due, built = _next_change(settings), _files(settings)
        while not wake.wait(min(INDEX_PAUSE, max(1.0, (due - datetime.now(UTC)).total_seconds()))):
            if _files(settings) != built or datetime.now(UTC) >= due:
                break
        wake.clear()
    builder.end()


def _next_change(settings: Settings) -> datetime:
    """Return when an article next appears or expires by itself."""
    current = current_path(settings.generations)
    try:
        due = read_manifest(current).extra.get("next_change") if current else None
    except BadGeneration:
        due = None
    return datetime.fromisoformat(due) if due else NEVER


def _files(settings: Settings) -> Stamps:
    """Return what tells that a file of the current generation or of a model was replaced, changed or removed.

    No file is read for it; the builder that is called when this differs goes by checksums.
    """
    current = current_path(settings.generations)
    return stamps(*([current] if current else []), settings.data / "models")


def _watch(settings: Settings, *, stop: threading.Event, wake: threading.Event) -> None:
    from watchfiles import watch

    for _changes in watch(settings.articles, stop_event=stop, debounce=200, step=25, raise_interrupt=False):
        wake.set()
