"""The one writer: all processes' writes, gathered into commits that are on disk before anybody is told so."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from sqlite_utils import Database

from deflect.history import import_writes
from deflect.mail import mail_writes
from deflect.offers import visit_writes
from deflect.privacy import removal
from deflect.store.database import FULL, Store, transaction
from deflect.store.writer_socket import alone, connect, listening
from deflect.tickets import agent_writes, desk_writes
from kb import errors
from kb.errors import BadRequest, HelpCenterError, Unavailable

PATIENCE = 5.0  # seconds that a call waits for a writer that is being restarted
HASTE = {"offer": 0.4, "log_event": 0.4, "refused_origin": 0.2}  # what a visitor must not wait for

WRITES: Mapping[str, Callable[..., Any]] = {
    write.__name__: write
    for write in (
        *(visit_writes.log_events, visit_writes.log_event, visit_writes.offer, visit_writes.create_ticket),
        *(
            desk_writes.add_message,
            desk_writes.assign_ticket,
            desk_writes.close_ticket,
            desk_writes.reopen_ticket,
            desk_writes.audit,
        ),
        *(desk_writes.refused_origin, desk_writes.allow_origin, desk_writes.forbid_origin),
        *(
            agent_writes.add_agent,
            agent_writes.set_password,
            agent_writes.remove_agent,
            agent_writes.begin_session,
            agent_writes.end_session,
        ),
        *(desk_writes.claim, desk_writes.delivered, desk_writes.failed, desk_writes.postpone, desk_writes.retry),
        *(removal.erase_person, removal.prune, removal.drop_files),
        *(
            import_writes.import_events,
            import_writes.import_contacts,
            import_writes.import_questions,
            import_writes.import_users,
        ),
        import_writes.take_contact,
        *(mail_writes.open_by_mail, mail_writes.reply_by_mail, mail_writes.pass_over_mail),
    )
}


class Writer(Protocol):
    """Where writes go."""

    def call(self, name: str, **arguments: Any) -> Any:
        """Run the write `name`, return its answer once it is on disk; raises StorageFull, Unavailable, its own."""


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
                return _read(self._ask(line, end=end))
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
        left = max(0.05, end - time.monotonic())
        if "reader" not in local:
            local["socket"], local["pid"] = connect(self.path, timeout=left), os.getpid()
            local["reader"] = local["socket"].makefile("rb")
        local["socket"].settimeout(left)
        local["socket"].sendall(line)
        answer: bytes = local["reader"].readline()
        if not answer.endswith(b"\n"):
            raise ConnectionError("the writer went away")
        return answer


def writer_for(store: Store, socket_path: Path) -> DirectWriter | RemoteWriter:
    """Return a writer for a command: the running one if it answers, else one of our own."""
    try:
        connect(socket_path, timeout=0.2).close()
    except OSError:
        return DirectWriter(store)
    return RemoteWriter(socket_path)


def serve(store: Store, socket_path: Path, stop: Event) -> None:
    """Write for everybody until `stop`: take what came while the last commit was being made, commit it, then answer.

    A second writer waits here until the first has ended, however it ended.
    """
    with alone(socket_path.with_suffix(".lock"), stop) as ours:
        if not ours:
            return
        db = store.connect()
        try:
            with listening(socket_path) as hub:
                while not stop.is_set():
                    calls = hub.gather(timeout=0.1)
                    answers = write(db, [line for _, line in calls]) if calls else []
                    for (caller, _), answer in zip(calls, answers, strict=True):
                        hub.answer(caller, answer)
        finally:
            db.close()


def write(db: Database, lines: list[bytes]) -> list[bytes]:
    """Run calls in one transaction, each within its own savepoint, and return their answers once all is on disk."""
    try:
        with transaction(db):
            return [_one(db, line) for line in lines]
    except HelpCenterError as error:  # the disk is full, or busy: nothing of this batch was kept
        return [_refusal(error)] * len(lines)


def run(db: Database, name: str, arguments: Mapping[str, Any]) -> Any:
    """Run one write of the list."""
    if name not in WRITES:
        raise BadRequest(f"{name} is no write; it is one of {', '.join(WRITES)}")
    return WRITES[name](db, **arguments)


def _one(db: Database, line: bytes) -> bytes:
    try:
        call = json.loads(line)
        with db.atomic():
            answer = run(db, call["name"], call["arguments"])
        return json.dumps({"ok": answer}).encode() + b"\n"
    except HelpCenterError as error:
        return _refusal(error)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) in FULL or not db.conn.in_transaction:
            raise  # SQLite gave up the whole transaction
        return _refusal(BadRequest(f"this could not be saved: {error}"))
    except (TypeError, ValueError, KeyError) as error:
        return _refusal(BadRequest(f"this could not be saved: {type(error).__name__}"))


def _refusal(error: HelpCenterError) -> bytes:
    return json.dumps({"error": type(error).__name__, "message": str(error)}).encode() + b"\n"


def _read(line: bytes) -> Any:
    document = json.loads(line)
    if "error" not in document:
        return document["ok"]
    kind = getattr(errors, document["error"], HelpCenterError)
    raise kind(document["message"])
