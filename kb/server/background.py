"""The background process: the writer, the outbox, the index, the mailbox and the deletion of old data.

An error in the writer ends the process, so that the supervisor restarts it. Every other duty has its own thread and is
kept up by `kb.duties`: an error in one of them ends neither the writer nor the other duties.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from deflect.delivery.queues import Queues
from deflect.delivery.sinks import sink
from deflect.mail import mailbox
from deflect.privacy import erasure
from deflect.store import writer
from deflect.store.database import Store, opened_if_possible
from kb.config import Settings
from kb.duties import Duty, keep_up
from kb.errors import BadGeneration, HelpCenterError
from kb.server.child import Pulse
from search.index.build import current_path
from search.index.generation import Stamps, read_manifest, stamps
from search.rank.current import Current

INDEX_PAUSE = 5.0  # seconds between checks of the index files
SWEEP_PAUSE = 600.0  # seconds between removals of files without a ticket
FIRST_MAIL_PAUSE = 3.0  # seconds until the mailbox is first read
MAIL_PAUSE = 60.0  # seconds between reads of the mailbox
FIRST_FORGET_PAUSE = 60.0  # seconds until old data is first deleted
FORGET_PAUSE = 3600.0  # also tells how far the clock can be trusted
FINISH = 5.0  # seconds for deliveries that are being sent when the process ends
NEVER = datetime.max.replace(tzinfo=UTC)
# For glibc: the builder's threads share one arena, and freed memory is kept for the next change. Getting it back from
# the kernel, page by page, took 0.3 s per change among 10,000 articles.
MEMORY = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": str(1 << 25), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}


def run(settings: Settings, *, watch: bool, pulse: Pulse) -> None:
    """Serve until SIGTERM. SIGHUP checks the articles again. The other duties begin when the writer does.

    A separate process builds the index, so that killing it loses only the work that is not yet cached. With `watch`
    the process stays alive, since authors wait for it; otherwise it ends, which frees its memory.
    """
    stop, wake, last = threading.Event(), threading.Event(), threading.Event()

    def end(*_: object) -> None:
        stop.set()
        wake.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor handles Ctrl-C and ends its processes in order
    signal.signal(signal.SIGHUP, lambda *_: wake.set())
    store = opened_if_possible(settings.database)  # without a database, the duties wait for one
    queues = Queues(settings, find=partial(sink, current=Current(settings)))  # a receipt's articles are chosen here
    duties: dict[str, Callable[[Duty], None]] = {
        "outbox": lambda duty: queues.keep(stop, well=duty.went_well),
        "index": lambda duty: _keep_index(settings, duty, stop=stop, wake=wake, stay=watch),
        "mailbox": lambda duty: _read_mail(settings, duty, stop=stop),
        "forget": lambda duty: _forget(settings, duty, stop=stop, wake=wake),
        "sweep": lambda duty: _sweep(settings, duty, stop=stop),
    }
    if watch:
        duties["watch"] = lambda duty: _watch(settings, duty, stop=stop, wake=wake)
    write = _start_writer(store, settings, stop=stop, last=last, pulse=pulse)
    for name, work in duties.items():
        _thread(partial(keep_up, Duty(name), work, stop=stop))
    stop.wait()
    queues.finish(seconds=FINISH)
    last.set()
    write.join(10)  # let the writer commit the writes it has accepted


def _start_writer(
    store: Store, settings: Settings, *, stop: threading.Event, last: threading.Event, pulse: Pulse
) -> threading.Thread:
    """Start the writer, and wait until it has the lock: the duties of the process before may go on until then."""
    has_lock = threading.Event()

    def beat(doing: str, patience: float) -> None:
        if doing != writer.WAITING:
            has_lock.set()
        pulse(doing, patience)

    thread = _thread(_guarded(lambda: writer.serve(store, settings.writer_socket, stop=last, beat=beat)))
    while not has_lock.wait(0.1) and not stop.is_set():
        pass
    return thread


def _thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def _guarded(duty: Callable[[], None]) -> Callable[[], None]:
    """Return a duty that ends the process on an error, so that the supervisor restarts all duties."""

    def run_duty() -> None:
        try:
            duty()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
            os._exit(1)

    return run_duty


def _read_mail(settings: Settings, duty: Duty, *, stop: threading.Event) -> None:
    """Check the mailbox every minute; a separate process reads its e-mails, so that its memory is freed.

    The pauses grow while the mailbox cannot be read or e-mails have to wait. The same trouble is printed once.
    """
    pause = FIRST_MAIL_PAUSE
    while settings.imap_url and not stop.wait(pause):
        trouble = _mail_trouble(settings, stop)
        if trouble:
            pause = max(2 * FIRST_MAIL_PAUSE, duty.failed(HelpCenterError(trouble)))
        else:
            duty.went_well()
            pause = MAIL_PAUSE


def _mail_trouble(settings: Settings, stop: threading.Event) -> str:
    """Read the mailbox; return the trouble, or "" if there is none."""
    try:
        if not mailbox.Mailbox.from_settings(settings).waiting():
            return ""
    except HelpCenterError as error:
        return str(error)
    process = subprocess.Popen([sys.executable, "-m", "kb.cli.main", "mail", "fetch", "--quiet"])
    while process.poll() is None and not stop.wait(0.2):
        pass
    if process.poll() is None:  # this process is ending; e-mails not yet marked are read again
        process.terminate()
    code = process.wait()
    return (
        ""
        if code == 0 or stop.is_set()
        else f"not all e-mails were read (exit code {code}); run 'kb mail fetch' to see why"
    )


def _forget(settings: Settings, duty: Duty, *, stop: threading.Event, wake: threading.Event) -> None:
    """Delete old data every hour, and rebuild the index without the questions of erased people.

    The first run is at the start, before a wrong clock can date new rows. It notes how far the clock can be trusted.
    """
    erasure.look_at_clock(settings)
    pause = FIRST_FORGET_PAUSE
    while not stop.wait(pause):
        if erasure.forget(settings):
            wake.set()
        duty.went_well()
        pause = FORGET_PAUSE


def _sweep(settings: Settings, duty: Duty, *, stop: threading.Event) -> None:
    """Remove files that were never sent, and files whose ticket is gone."""
    while not stop.wait(SWEEP_PAUSE):
        erasure.sweep(settings)
        duty.went_well()


class Builder:
    """A process that checks the articles on request, and is restarted after it dies."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._line = socket.socket()

    def look(self, stop: threading.Event) -> int:
        """Ask for a check. Return 0 if it went well, or the exit code, which is negative if the process was killed."""
        if self._process is None:
            self._start()
        with suppress(BrokenPipeError, ConnectionResetError):
            self._line.send(b".")
            while not _answered(self._line):
                if stop.is_set():
                    return self.end()
            return 0
        return self.end(seconds=5.0)  # it is ending or has ended

    def end(self, *, seconds: float = 0.0) -> int:
        """Let the process end, terminate it after `seconds`, and return its exit code."""
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
    """Wait briefly for an answer; raise ConnectionResetError if the other end is closed."""
    with suppress(TimeoutError):
        if not line.recv(1):
            raise ConnectionResetError
        return True
    return False


def _keep_index(settings: Settings, duty: Duty, *, stop: threading.Event, wake: threading.Event, stay: bool) -> None:
    """Check the articles whenever they, the models or the time of a change in them say so."""
    builder = Builder()
    try:
        while not stop.is_set():
            code = builder.look(stop)
            if code < 0:  # it was killed; the next one continues from the cache
                stop.wait(1.0)
                continue
            if not stay:
                builder.end()
            again = _note_check(duty, code)
            due, built = _next_change(settings), _files(settings)
            while not wake.wait(min(INDEX_PAUSE, max(1.0, (due - datetime.now(UTC)).total_seconds()))):
                if _files(settings) != built or datetime.now(UTC) >= due or time.monotonic() >= again:
                    break
            wake.clear()
    finally:
        builder.end()


def _note_check(duty: Duty, code: int) -> float:
    """Note how a check of the articles ended, and return when a failed one is tried again, of the monotonic clock."""
    if code == 0:
        duty.went_well()
        return math.inf
    return time.monotonic() + duty.failed(HelpCenterError("the articles could not be indexed; the lines above say why"))


def _next_change(settings: Settings) -> datetime:
    """Return the next time at which an article appears or expires."""
    current = current_path(settings.generations)
    try:
        due = read_manifest(current).extra.get("next_change") if current else None
    except BadGeneration:
        due = None
    return datetime.fromisoformat(due) if due else NEVER


def _files(settings: Settings) -> Stamps:
    """Return the stamps of the files of the current generation and of the models, which change when a file does.

    No file is read. If the stamps differ, the builder compares checksums.
    """
    current = current_path(settings.generations)
    return stamps(*([current] if current else []), settings.data / "models")


def _watch(settings: Settings, duty: Duty, *, stop: threading.Event, wake: threading.Event) -> None:
    from watchfiles import watch

    for _changes in watch(settings.articles, stop_event=stop, debounce=200, step=25, raise_interrupt=False):
        duty.went_well()
        wake.set()
