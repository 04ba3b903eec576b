"""The one writer: all processes' writes, gathered into commits that are on disk before anybody is told so."""

from __future__ import annotations

import fcntl
import json
import os
import selectors
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from sqlite_utils import Database

from deflect import desk, removal, writes
from deflect.store import FULL, Store, transaction
from kb import errors
from kb.errors import BadRequest, HelpCenterError, Unavailable

LONGEST = 4 * 1024 * 1024  # bytes of one call; a page's cap of 64 KB is far below
PATIENCE = 5.0  # seconds that a call waits for a writer that is being restarted
HASTE = {"offer": 0.4, "log_events": 0.4, "refused_origin": 0.2}  # what a visitor must not wait for

WRITES: Mapping[str, Callable[..., Any]] = {
    write.__name__: write
    for write in (
        *(writes.log_events, writes.offer, writes.create_ticket),
        *(
            desk.add_message,
            desk.close_ticket,
            desk.reopen_ticket,
            desk.audit,
            desk.set_password,
            desk.refused_origin,
            desk.begin_session,
            desk.end_session,
        ),
        *(desk.claim, desk.delivered, desk.failed, desk.retry),
        *(removal.erase_person, removal.prune),
    )
}


class Writer(Protocol):
    """Where writes go."""

    def call(self, name: str, **arguments: Any) -> Any:
        """Run the write `name` and return its answer when it is on disk; raises our errors, StorageFull and Unavailable too."""


class DirectWriter:
    """Writes from this process: for commands and tests, beside a running writer too."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._db: Database | None = None

    def call(self, name: str, **arguments: Any) -> Any:
        """Run one write in a transaction of its own."""
        with self._lock:
            self._db = self._db or self.store.connect()
            with transaction(self._db):
                return run(self._db, name, arguments)

    def close(self) -> None:
        """Close the connection."""
        if self._db is not None:
            self._db.close()
            self._db = None


class RemoteWriter:
    """Writes through the writer's socket; each thread has its own connection, and a lost one is made again.

    A write is sent again when its answer was lost; that is safe because every write can be repeated.
    """

    def __init__(self, path: Path, *, patience: float = PATIENCE) -> None:
        self.path, self.patience = path, patience
        self._local = threading.local()

    def call(self, name: str, **arguments: Any) -> Any:
        """Send one write and wait for its answer, at most as long as its name may take."""
        line = json.dumps({"name": name, "arguments": arguments}).encode() + b"\n"
        end = time.monotonic() + min(self.patience, HASTE.get(name, PATIENCE))
        while True:
            try:
                return _answer(self._ask(line, end=end))
            except OSError as error:
                self.close()
                if time.monotonic() >= end:
                    raise Unavailable("nothing can be saved at the moment; try again in a minute") from error
                time.sleep(0.02)

    def close(self) -> None:
        """Close this thread's connection."""
        local = self._local.__dict__
        if "reader" in local:
            local.pop("reader").close()
            local.pop("socket").close()

    def _ask(self, line: bytes, *, end: float) -> bytes:
        local = self._local.__dict__
        if local.get("pid") != os.getpid():
            local.clear()  # the parent's connection is the parent's
        if "socket" not in local:
            local["socket"] = _connect(self.path, timeout=max(0.05, end - time.monotonic()))
            local["reader"], local["pid"] = local["socket"].makefile("rb"), os.getpid()
        local["socket"].settimeout(max(0.05, end - time.monotonic()))
        local["socket"].sendall(line)
        answer: bytes = local["reader"].readline()
        if not answer.endswith(b"\n"):
            raise ConnectionError("the writer went away")
        return answer


def _connect(path: Path, *, timeout: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        with _short(path) as name:
            connection.connect(name)
    except OSError:
        connection.close()
        raise
    return connection


def writer_for(store: Store, socket_path: Path) -> DirectWriter | RemoteWriter:
    """Return a writer for a command: the running one if it answers, else one of our own."""
    try:
        _connect(socket_path, timeout=0.2).close()
    except OSError:
        return DirectWriter(store)
    return RemoteWriter(socket_path)


def serve(store: Store, socket_path: Path, stop: Event) -> None:
    """Write for everybody until `stop`: take what came while the last commit was being made, commit it, then answer.

    A second writer waits here until the first has ended, however it ended.
    """
    with _alone(socket_path, stop) as alone:
        if not alone:
            return
        with _listen(socket_path) as listener, selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            db = store.connect()
            buffers: dict[socket.socket, bytearray] = {}
            try:
                while not stop.is_set():
                    calls = _gather(selector, listener, buffers)
                    if calls:
                        _reply(selector, buffers, calls, write(db, [line for _, line in calls]))
            finally:
                db.close()
                for connection in buffers:
                    connection.close()


def write(db: Database, lines: list[bytes]) -> list[bytes]:
    """Run calls in one transaction, each within its own savepoint, and return their answers once all is on disk."""
    try:
        with transaction(db):
            return [_one(db, line) for line in lines]
    except HelpCenterError as error:  # the disk is full or busy: nothing of this batch was kept
        return [_refusal(error)] * len(lines)


def run(db: Database, name: str, arguments: Mapping[str, Any]) -> Any:
    """Run one write; a name that is not in the list is an error of ours."""
    if name not in WRITES:
        raise BadRequest(f"{name} is no write; it is one of {', '.join(WRITES)}")
    return WRITES[name](db, **arguments)


def _one(db: Database, line: bytes) -> bytes:
    try:
        call = json.loads(line)
        with db.atomic():
            answer = run(db, call["name"], call["arguments"])
        return json.dumps({"ok": answer}).encode() + b"\n"
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in FULL or not db.conn.in_transaction:
            raise  # SQLite gave up the whole transaction
        return _refusal(Unavailable("this could not be saved; the log of the server says why"))
    except HelpCenterError as error:
        return _refusal(error)
    except (TypeError, ValueError, KeyError, sqlite3.Error) as error:
        return _refusal(BadRequest(f"this could not be saved: {type(error).__name__}"))


def _refusal(error: HelpCenterError) -> bytes:
    return json.dumps({"error": type(error).__name__, "message": str(error)}).encode() + b"\n"


def _answer(line: bytes) -> Any:
    document = json.loads(line)
    if "error" not in document:
        return document["ok"]
    kind = getattr(errors, document["error"], HelpCenterError)
    raise kind(document["message"])


def _gather(
    selector: selectors.BaseSelector, listener: socket.socket, buffers: dict[socket.socket, bytearray]
) -> list[tuple[socket.socket, bytes]]:
    """Return the calls that have come in whole, with the connection that waits for each."""
    calls = []
    for key, _ in selector.select(timeout=0.1):
        source = key.fileobj
        assert isinstance(source, socket.socket)
        if source is listener:
            connection, _ = listener.accept()
            connection.settimeout(1.0)
            buffers[connection] = bytearray()
            selector.register(connection, selectors.EVENT_READ)
            continue
        lines = _receive(source, buffers[source])
        if lines is None:
            _drop(selector, buffers, source)
        else:
            calls += [(source, line) for line in lines]
    return calls


def _receive(connection: socket.socket, buffer: bytearray) -> list[bytes] | None:
    """Return the whole lines that have come, or None when the caller has gone or sends without end."""
    try:
        data = connection.recv(256 * 1024)
    except OSError:
        return None
    buffer += data
    if not data or len(buffer) > LONGEST:
        return None
    *lines, rest = bytes(buffer).split(b"\n")
    buffer[:] = rest
    return lines


def _reply(
    selector: selectors.BaseSelector,
    buffers: dict[socket.socket, bytearray],
    calls: list[tuple[socket.socket, bytes]],
    answers: list[bytes],
) -> None:
    for (connection, _), answer in zip(calls, answers, strict=True):
        try:
            connection.sendall(answer)
        except OSError:
            _drop(selector, buffers, connection)


def _drop(selector: selectors.BaseSelector, buffers: dict[socket.socket, bytearray], connection: socket.socket) -> None:
    if buffers.pop(connection, None) is not None:
        selector.unregister(connection)
        connection.close()


@contextmanager
def _alone(socket_path: Path, stop: Event) -> Iterator[bool]:
    """Hold the writer's lock, which the kernel takes back when this process ends; False when `stop` came first."""
    socket_path.parent.mkdir(parents=True, exist_ok=True)
    with socket_path.with_suffix(".lock").open("a") as file:
        while not stop.is_set():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stop.wait(0.05)
            else:
                yield True
                return
        yield False


@contextmanager
def _listen(path: Path) -> Iterator[socket.socket]:
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        with _short(path) as name:
            listener.bind(name)
        os.chmod(path, 0o600)
        listener.listen(128)
        yield listener
    path.unlink(missing_ok=True)


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """Give the socket a name below the 108 bytes that the kernel takes, through the folder's descriptor."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
