"""The background process: the one writer, the delivery of tickets, the index, and what is due by the clock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from deflect import outbox, retention, writer
from deflect.store import Store
from kb.config import Settings
from kb.errors import HelpCenterError
from search.generation import read_manifest
from search.index import current_path

OUTBOX_PAUSE = 1.0  # seconds between looks at the outbox
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
        lambda: _forget(settings, stop=stop),
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


def _forget(settings: Settings, *, stop: threading.Event) -> None:
    while not stop.wait(60.0):
        retention.forget(settings)
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
        wake.wait(_seconds_to_change(settings))
        wake.clear()


def _seconds_to_change(settings: Settings) -> float | None:
    """Return how long until an article appears or expires by itself, None when none will."""
    current = current_path(settings.generations)
    due = read_manifest(current).extra.get("next_change") if current else None
    return max(1.0, (datetime.fromisoformat(due) - datetime.now(UTC)).total_seconds()) if due else None


def _watch(settings: Settings, *, stop: threading.Event, wake: threading.Event) -> None:
    from watchfiles import watch

    for _changes in watch(settings.articles, stop_event=stop, debounce=200, raise_interrupt=False):
        wake.set()
