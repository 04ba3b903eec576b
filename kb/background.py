"""The background process: the one writer, the delivery of tickets, the index, and what is due by the clock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from deflect import outbox, retention, writer
from deflect.store import Store
from kb.config import Settings
from kb.errors import BadGeneration, HelpCenterError
from search.generation import read_manifest
from search.index import current_path

OUTBOX_PAUSE = 1.0  # seconds between looks at the outbox
INDEX_PAUSE = 5.0  # seconds between looks at whether the index is as it was built
DAY = 86400.0


def run(settings: Settings, *, watch: bool) -> None:
    """Serve until SIGTERM; SIGHUP has the articles looked at again.

    The index is built by a process of its own, so that its memory is given back and a kill of it costs
    only what was not yet cached.
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
        lambda: _keep_index(settings, stop=stop, wake=wake),
        lambda: _forget(settings, stop=stop, wake=wake),
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
    while not stop.wait(OUTBOX_PAUSE):
        try:
            outbox.deliver_due(settings)
        except HelpCenterError as error:  # a full disk, say: the tickets wait where they are
            print(f"outbox: {error}", file=sys.stderr, flush=True)
            stop.wait(OUTBOX_PAUSE * 10)


def _forget(settings: Settings, *, stop: threading.Event, wake: threading.Event) -> None:
    """Remove what is too old, once a day, and have the index forget the questions of whoever was erased."""
    while not stop.wait(60.0):
        retention.forget(settings)
        wake.set()
        if stop.wait(DAY):
            return


def _keep_index(settings: Settings, *, stop: threading.Event, wake: threading.Event) -> None:
    while not stop.is_set():
        builder = subprocess.Popen([sys.executable, "-m", "kb.cli", "index", "--quiet"])
        while builder.poll() is None:
            if stop.wait(0.2):
                builder.terminate()
        if builder.returncode < 0 and not stop.is_set():  # killed: the cache has what was done
            stop.wait(1.0)
            continue
        due, built = _next_change(settings), _files(settings)
        while not wake.wait(INDEX_PAUSE if due is None else min(INDEX_PAUSE, _seconds_to(due))):
            if _files(settings) != built or (due is not None and datetime.now(UTC) >= due):
                break
        wake.clear()


def _next_change(settings: Settings) -> datetime | None:
    """Return when an article appears or expires by itself, None when none will."""
    current = current_path(settings.generations)
    try:
        due = read_manifest(current).extra.get("next_change") if current else None
    except BadGeneration:
        return None
    return datetime.fromisoformat(due) if due else None


def _seconds_to(due: datetime) -> float:
    return max(1.0, (due - datetime.now(UTC)).total_seconds())


def _files(settings: Settings) -> frozenset[tuple[str, int, int, int]]:
    """Return what tells that a file of the current generation or of a model was replaced, changed or removed.

    No file is read for it; the builder that is called when this differs goes by checksums.
    """
    found = set()
    current = current_path(settings.generations)
    for folder in [*([current] if current else []), settings.data / "models"]:
        for path in folder.rglob("*"):
            with suppress(OSError):
                was = path.stat()
                found.add((str(path), was.st_ino, was.st_size, was.st_mtime_ns))
    return frozenset(found)


def _watch(settings: Settings, *, stop: threading.Event, wake: threading.Event) -> None:
    from watchfiles import watch

    for _changes in watch(settings.articles, stop_event=stop, debounce=200, raise_interrupt=False):
        wake.set()
