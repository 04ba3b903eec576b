"""The single writer of the database, in its own process or in this one.

A write is a function registered with `@write` whose first argument is the open database. `Writer.run` runs it in a
transaction and returns its result once it is on disk. `RemoteWriter` sends the registered name and the arguments as
JSON to the writer's process. `DirectWriter` also passes them through JSON, so that both give the same results. The
writer's process commits all calls together that arrived during the previous commit. A call is sent again if its
answer is lost, so every write must be safe to run twice.
"""

from __future__ import annotations

import json
import logging
import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from threading import Event
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlite_utils import Database

from deflect.store.breaker import Breaker
from deflect.store.database import FULL, Store, explanation, transaction
from deflect.store.write_connection import WriteConnection
from deflect.store.writer_socket import Hub, connect, listening
from kb.config import Settings
from kb.duties import Duty
from kb.errors import HelpCenterError, Unavailable, WriteFailed
from kb.failures import degraded, frames
from kb.files import inodes, locked_unless
from kb.metrics import WRITER_QUEUE

P = ParamSpec("P")
T = TypeVar("T")
Write = Callable[Concatenate[Database, P], T]


Beat = Callable[[str, float], None]  # is told the write that begins, or "", and its patience


@dataclass(frozen=True, slots=True)
class _Registered:
    function: Callable[..., Any]
    patience: float


PATIENCE = 5.0  # seconds that a call waits while the writer restarts
NOT_NOW = "nothing can be saved right now; try again in a minute"
WAITING, LONGEST_WAIT = "waiting for its lock", 60.0
RETRY = 1.0  # seconds between looks at the socket and the lock file
_REGISTERED: dict[str, _Registered] = {}
log = logging.getLogger("shortstop")


def _quiet(_write: str, _patience: float) -> None:
    """Tell nobody."""


def write(*, patience: float = PATIENCE) -> Callable[[Write[P, T]], Write[P, T]]:
    """Register a function as a write. Callers wait at most `patience` seconds for its result."""

    def registered(function: Write[P, T]) -> Write[P, T]:
        _REGISTERED[_name(function)] = _Registered(function, patience)
        return function

    return registered


class Writer(Protocol):
    """Runs writes."""

    def run(self, write: Write[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Run one write in a transaction, and return its result once it is on disk.

        Raise the write's own HelpCenterError, StorageFull or Unavailable, and WriteFailed for any other error, which is
        logged where it happened.
        """


class DirectWriter:
    """Runs writes in this process, for commands and tests. A writer process may run at the same time."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._connection = WriteConnection(store)

    def run(self, write: Write[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Run one write in its own transaction."""
        call = _call(write, args, named)
        with self._lock:
            (answer,) = run_safely(self._connection, [call], duty=None)
        return _result(answer)  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class RemoteWriter:
    """Runs writes through the writer's socket. Each thread has its own connection, and reconnects if it is lost."""

    def __init__(self, path: Path, *, patience: float = math.inf) -> None:
        self.path, self.patience = path, patience
        self._local = threading.local()
        self._breaker = Breaker()

    def run(self, write: Write[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Send one write and wait for its result.

        Raise Unavailable once the patience ends, or at once if another call has just waited as long in vain.
        """
        call = _call(write, args, named)
        patience = min(self.patience, _REGISTERED[_name(write)].patience)
        if not self._breaker.admits(patience):
            degraded("not-writable", detail="the writer did not answer an earlier call")
            raise Unavailable(NOT_NOW)
        return _result(self._answer(call, patience))  # type: ignore[no-any-return]

    def _answer(self, call: bytes, patience: float) -> bytes:
        end = time.monotonic() + patience
        while True:
            try:
                answer = self._ask(call, end=end)
            except OSError as error:
                self.close()
                if time.monotonic() >= end:
                    self._breaker.failed(patience)
                    degraded("not-writable", detail="the writer does not answer")
                    raise Unavailable(NOT_NOW) from error
                time.sleep(0.02)
            else:
                self._breaker.succeeded()
                return answer

    def close(self) -> None:
        """Close this thread's connection."""
        local = self._local.__dict__
        if "reader" in local:
            local.pop("reader").close()
            local.pop("socket").close()

    def _ask(self, call: bytes, *, end: float) -> bytes:
        local = self._local.__dict__
        if local.get("pid") != os.getpid():
            local.clear()  # a forked process must not use the parent's connection
        left = max(0.05, end - time.monotonic())
        if "reader" not in local:
            local["socket"], local["pid"] = connect(self.path, timeout=left), os.getpid()
            local["reader"] = local["socket"].makefile("rb")
        local["socket"].settimeout(left)
        local["socket"].sendall(call)
        answer: bytes = local["reader"].readline()
        if not answer.endswith(b"\n"):
            raise ConnectionError("the writer closed the connection")
        return answer


@contextmanager
def opened(settings: Settings) -> Iterator[tuple[Store, DirectWriter | RemoteWriter]]:
    """Open the store and its writer for a command, and close both afterwards."""
    store = Store.open(settings.database)
    writer = writer_for(store, settings.writer_socket)
    try:
        yield store, writer
    finally:
        writer.close()
        store.close()


def writer_for(store: Store, socket_path: Path) -> DirectWriter | RemoteWriter:
    """Return the running writer if it answers, otherwise a DirectWriter."""
    try:
        connect(socket_path, timeout=0.2).close()
    except OSError:
        return DirectWriter(store)
    return RemoteWriter(socket_path)


def serve(store: Store, socket_path: Path, stop: Event, beat: Beat = _quiet) -> None:
    """Run the writes of all callers until `stop`: gather the calls that arrived, commit them, then answer.

    A second writer waits here until the first has ended or was killed. `beat` is called in every round and before every
    write, so that a writer which hangs is noticed. If the socket or the lock file is removed, it is made again.
    """
    lock = socket_path.with_suffix(".lock")
    while not stop.is_set():
        beat(WAITING, LONGEST_WAIT)
        try:
            with locked_unless(lock, stop) as ours, closing(WriteConnection(store)) as connection:
                if ours:
                    with listening(socket_path) as hub:
                        _serve_calls(hub, connection, stop, beat=beat, files=(socket_path, lock))
        except OSError as error:  # such as a full disk, which has no room for a socket
            degraded("not-writable", error)
            beat("", 0.0)
            stop.wait(RETRY)


def _serve_calls(hub: Hub, connection: WriteConnection, stop: Event, *, beat: Beat, files: tuple[Path, ...]) -> None:
    """Serve until `stop`, or until one of `files` is removed or replaced."""
    ours, due, duty = inodes(*files), 0.0, Duty("writer")
    while not stop.is_set():
        beat("", 0.0)
        if time.monotonic() >= due:
            if inodes(*files) != ours:
                return
            due = time.monotonic() + RETRY
        calls = hub.gather(timeout=0.1)
        if calls:
            WRITER_QUEUE.set(len(calls))
        answers = run_safely(connection, [line for _, line in calls], duty=duty, beat=beat) if calls else []
        for (caller, _), answer in zip(calls, answers, strict=True):
            hub.answer(caller, answer)


def run_safely(
    connection: WriteConnection, calls: list[bytes], *, duty: Duty | None, beat: Beat = _quiet
) -> list[bytes]:
    """Run calls as `run_all` does, and refuse them all if the database can't be used or vanished meanwhile.

    `duty` counts such refusals, so that `/healthz` names them.
    """
    try:
        answers = run_all(connection.database(), calls, beat=beat)
        connection.check()
    except HelpCenterError as error:
        if duty:
            duty.failed(error)
        return [_refusal(error)] * len(calls)
    if duty:
        duty.went_well()
    return answers


def run_all(db: Database, calls: list[bytes], *, beat: Beat = _quiet) -> list[bytes]:
    """Run calls in one transaction, each in its own savepoint. Return their answers once the commit is on disk.

    Raise StorageFull, Unavailable or BadDatabase; then the whole transaction was rolled back.
    """
    try:
        with transaction(db):
            answers = [_answer(db, call, beat=beat) for call in calls]
            beat("COMMIT", 0.0)
        return answers
    except sqlite3.Error as error:
        return [_refusal(_failed(error))] * len(calls)


def _answer(db: Database, call: bytes, *, beat: Beat) -> bytes:
    """Run one call and return its answer. Errors other than HelpCenterError are logged and become WriteFailed."""
    try:
        name, args, named = _read(call)
        beat(name, _REGISTERED[name].patience)
        with db.atomic():
            result = _REGISTERED[name].function(db, *args, **named)
            return json.dumps({"ok": result}).encode() + b"\n"
    except HelpCenterError as error:
        return _refusal(error)
    except Exception as error:
        if isinstance(error, sqlite3.Error) and (_code(error) in FULL or not db.conn.in_transaction):
            raise  # SQLite rolled back the whole transaction
        known = explanation(error) if isinstance(error, sqlite3.Error) else None
        return _refusal(known or _failed(error))


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0))


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}:{function.__qualname__}"


def _call(function: Callable[..., Any], args: tuple[Any, ...], named: Mapping[str, Any]) -> bytes:
    """Return a call as one line of JSON. Raise LookupError if the function is not registered."""
    if _name(function) not in _REGISTERED:
        raise LookupError(f"{_name(function)} is not registered; decorate it with @write()")
    try:
        return json.dumps({"write": _name(function), "args": args, "named": named}).encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise _failed(error) from error


def _read(call: bytes) -> tuple[str, list[Any], dict[str, Any]]:
    """Return the name and the arguments of a line. Raise any kind of error if it is not a known write."""
    document = json.loads(call)
    name: str = document["write"]
    if name not in _REGISTERED and name.startswith("deflect."):
        resolve_name(name)  # importing its module registers it
    if name not in _REGISTERED:
        raise LookupError("an unknown write")
    return name, document["args"], document["named"]


def _failed(error: Exception) -> WriteFailed:
    """Log an unexpected error, and return the WriteFailed to answer with."""
    log.error("a write failed: %s", frames(error))
    return WriteFailed("this couldn't be saved, and the error was logged; please try again later")


def _refusal(error: HelpCenterError) -> bytes:
    """Return an error as an answer: the name of its class, its message and its other fields."""
    document = {"error": _name(type(error)), "message": str(error), "fields": vars(error)}
    return json.dumps(document, default=str).encode() + b"\n"


def _result(answer: bytes) -> Any:
    """Return the result of an answer, or raise the error in it."""
    document = json.loads(answer)
    if "error" not in document:
        return document["ok"]
    kind = resolve_name(document["error"])
    error = kind.__new__(kind, document["message"])
    error.args = (document["message"],)
    vars(error).update(document["fields"])
    raise error
