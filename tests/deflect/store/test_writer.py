"""The writer: one contract for both implementations, and commits shared by many callers."""

import contextlib
import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from deflect.offers import log
from deflect.privacy import erasure
from deflect.store.database import Store, insert
from deflect.store.writer import DirectWriter, RemoteWriter, run_all, serve, write, writer_for
from deflect.store.writer_socket import LONGEST, connect
from deflect.tickets import ticket_writes
from deflect.tickets.contact import BadMessage
from kb.errors import (
    BadArticle,
    BadRequest,
    HelpCenterError,
    NotFound,
    StorageFull,
    TooManyRequests,
    Unavailable,
    WriteFailed,
)
from tests.support.served import until


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "shortstop.db")


@pytest.fixture
def socket_path(store: Store, tmp_path: Path) -> Iterator[Path]:
    """The socket of a writer that runs during the test."""
    stop, path = threading.Event(), tmp_path / "writer.sock"
    thread = threading.Thread(target=serve, args=(store, path, stop))
    thread.start()
    yield path
    stop.set()
    thread.join()


@pytest.fixture(params=["direct", "remote"])
def writer(request: pytest.FixtureRequest, store: Store) -> Iterator[DirectWriter | RemoteWriter]:
    made = DirectWriter(store) if request.param == "direct" else RemoteWriter(request.getfixturevalue("socket_path"))
    yield made
    made.close()


def event(**fields: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "type": "read", "at": 1, "article": "a"} | fields


def test_a_write_gives_its_answer(writer: DirectWriter | RemoteWriter) -> None:
    assert writer.run(log.log_events, keys=["visitor:a"], events=[event(), event()], now=2) == {
        "stored": 2,
        "refused": [],
    }


def test_what_was_answered_can_be_read(writer: DirectWriter | RemoteWriter, store: Store) -> None:
    writer.run(log.log_events, keys=["visitor:a"], events=[event(id="e1")], now=2)
    assert store.one("SELECT id, received FROM events") == {"id": "e1", "received": 2}


def test_a_refusal_keeps_its_kind_and_sentence(writer: DirectWriter | RemoteWriter) -> None:
    with pytest.raises(NotFound, match="there is no ticket T1"):
        writer.run(ticket_writes.close_ticket, id="x", ticket="T1", article=None, who="admin", now=1)


def test_a_function_that_is_no_write_is_a_mistake_of_ours(writer: DirectWriter | RemoteWriter) -> None:
    with pytest.raises(LookupError, match=r"is not registered; decorate it with @write\(\)"):
        writer.run(len)  # type: ignore[arg-type]


@write()
def insert_then(db: Database, *, id: str, kind: str, now: int) -> str:
    """Insert a row, then return or raise as `kind` says."""
    insert(db, "audit", {"id": id, "who": "x", "did": "y", "what": "z", "created": now})
    if kind in OURS:
        raise OURS[kind]
    if kind in THEIRS:
        raise THEIRS[kind]
    return id


OURS: dict[str, HelpCenterError] = {
    "bad request": BadRequest("no field"),
    "not found": NotFound("no ticket"),
    "too many": TooManyRequests("too many requests", retry_after=7),
    "bad article": BadArticle("a.md", 2, "no title"),
    "bad message": BadMessage({"email": "no address"}),
    "disk": StorageFull("the disk is full"),
    "unavailable": Unavailable("not now"),
}
THEIRS: dict[str, Exception] = {
    "type": TypeError("of a visitor's words"),
    "value": ValueError("of a visitor's words"),
    "key": KeyError("of a visitor's words"),
    "memory": MemoryError("of a visitor's words"),
    "runtime": RuntimeError("of a visitor's words"),
    "os": OSError("of a visitor's words"),
    "sqlite": sqlite3.IntegrityError("of a visitor's words"),
    "zero": ZeroDivisionError("of a visitor's words"),
}


@pytest.mark.parametrize("kind", OURS)
def test_an_error_of_ours_arrives_as_it_was_raised_and_nothing_is_kept(
    writer: DirectWriter | RemoteWriter, store: Store, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(type(OURS[kind])) as raised:
        writer.run(insert_then, id="a", kind=kind, now=1)
    assert (type(raised.value), str(raised.value)) == (type(OURS[kind]), str(OURS[kind]))
    assert vars(raised.value) == vars(OURS[kind])
    assert store.rows("SELECT id FROM audit") == []
    assert caplog.text == ""


@pytest.mark.parametrize("kind", THEIRS)
def test_anything_else_is_logged_with_its_traceback_and_is_a_500(
    writer: DirectWriter | RemoteWriter, store: Store, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(WriteFailed, match="the error was logged") as raised:
        writer.run(insert_then, id="a", kind=kind, now=1)
    assert raised.value.status == 500
    assert store.rows("SELECT id FROM audit") == []
    assert type(THEIRS[kind]).__name__ in caplog.text
    assert "in insert_then" in caplog.text
    assert "words" not in caplog.text
    assert writer.run(insert_then, id="b", kind="", now=1) == "b"


@pytest.mark.parametrize("named", [{"id": "a", "kind": ""}, {"id": "a", "kind": "", "now": 1, "when": 2}])
def test_a_wrong_argument_is_logged_and_a_500(
    writer: DirectWriter | RemoteWriter, named: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(WriteFailed, match="the error was logged"):
        writer.run(insert_then, **named)
    assert "TypeError" in caplog.text


@pytest.mark.parametrize("value", [Path("a"), {1, 2}, b"bytes"])
def test_an_argument_that_json_does_not_know_is_logged_and_a_500(
    writer: DirectWriter | RemoteWriter, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(WriteFailed, match="the error was logged"):
        writer.run(insert_then, id=value, kind="", now=1)
    assert "TypeError" in caplog.text


def test_a_result_is_what_json_makes_of_it(writer: DirectWriter | RemoteWriter) -> None:
    answer = writer.run(returned, value={"rows": [1, None, "é"], "none": None})
    assert answer == {"rows": [1, None, "é"], "none": None}


@write()
def returned(db: Database, value: dict[str, Any]) -> dict[str, Any]:
    """Return the argument."""
    return value


def test_text_of_any_script_arrives(writer: DirectWriter | RemoteWriter, store: Store) -> None:
    text = "שלום\n\u2028 'quoted' \U0001f600"
    writer.run(log.log_events, keys=["visitor:a"], events=[event(text=text)], now=2)
    assert store.one("SELECT text FROM event_texts") == {"text": text}


def test_a_bad_call_does_not_fail_its_batch(store: Store) -> None:
    db = store.connect()
    good = json.dumps(
        {
            "write": "deflect.offers.log:log_events",
            "args": [],
            "named": {"keys": ["visitor:a"], "events": [event()], "now": 1},
        }
    ).encode()
    bad = json.dumps(
        {
            "write": "deflect.offers.log:log_events",
            "args": [],
            "named": {"keys": ["visitor:b"], "events": [{"id": None}], "now": 1},
        }
    ).encode()
    answers = [json.loads(line) for line in run_all(db, [good, bad, b"no json", good])]
    assert [next(iter(answer)) for answer in answers] == ["ok", "error", "error", "ok"]
    assert store.rows("SELECT key FROM events") == [{"key": "visitor:a"}]
    assert store.rows("SELECT id FROM keys") == [{"id": "visitor:a"}]
    db.close()


def test_eight_callers_at_once_lose_nothing_and_are_never_told_of_locks(socket_path: Path, store: Store) -> None:
    errors: list[BaseException] = []

    def post(name: str) -> None:
        remote = RemoteWriter(socket_path)
        try:
            for _ in range(50):
                remote.run(log.log_events, keys=[f"visitor:{name}"], events=[event()], now=1)
        except BaseException as error:
            errors.append(error)
        remote.close()

    threads = [threading.Thread(target=post, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    direct = DirectWriter(store)  # and a command at the same time
    for _ in range(20):
        direct.run(log.log_events, keys=["visitor:x"], events=[event()], now=1)
    for thread in threads:
        thread.join()
    direct.close()
    assert errors == []
    assert store.one("SELECT count(*) AS n FROM events") == {"n": 420}


def test_a_caller_that_breaks_off_or_sends_without_end_harms_nobody(socket_path: Path) -> None:
    remote = RemoteWriter(socket_path)
    remote.run(erasure.prune, texts_before=0, events_before=0, keys_before=0)
    for sent in (b"", b'{"name": "log', b"\n\n", b"\xff\n", b"[]\n", b"x" * (LONGEST + 1)):
        with connect(socket_path, timeout=5.0) as caller, contextlib.suppress(OSError):
            caller.sendall(sent)
    assert remote.run(log.log_events, keys=["visitor:a"], events=[event()], now=1)["stored"] == 1
    remote.close()


def test_without_a_writer_a_call_says_so_after_its_patience(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="try again in a minute"):
        RemoteWriter(tmp_path / "none.sock", patience=0.0).run(erasure.prune)


def test_a_command_writes_itself_where_no_writer_runs(store: Store, tmp_path: Path) -> None:
    assert isinstance(writer_for(store, tmp_path / "none.sock"), DirectWriter)


def test_a_command_uses_the_writer_that_runs(store: Store, socket_path: Path) -> None:
    found = RemoteWriter(socket_path)
    found.run(erasure.prune, texts_before=0, events_before=0, keys_before=0)  # it is listening now
    found.close()
    assert isinstance(writer_for(store, socket_path), RemoteWriter)


def test_a_second_writer_waits_for_the_first(store: Store, socket_path: Path) -> None:
    stop = threading.Event()
    second = threading.Thread(target=serve, args=(store, socket_path, stop))
    remote = RemoteWriter(socket_path)
    remote.run(erasure.prune, texts_before=0, events_before=0, keys_before=0)
    second.start()
    assert remote.run(log.log_events, keys=["visitor:a"], events=[event()], now=1)["stored"] == 1
    stop.set()
    second.join()
    assert remote.run(log.log_events, keys=["visitor:a"], events=[event()], now=1)["stored"] == 1
    remote.close()


def test_a_socket_in_a_folder_with_a_long_name_works(store: Store, tmp_path: Path) -> None:
    path = tmp_path / ("a" * 120) / "writer.sock"
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(store, path, stop))
    thread.start()
    remote = RemoteWriter(path)
    assert remote.run(log.log_events, keys=["visitor:a"], events=[event()], now=1)["stored"] == 1
    remote.close()
    stop.set()
    thread.join()


@pytest.mark.parametrize(
    "name", ["drop_all", "os:remove", "deflect.nowhere:drop", "deflect.store.writer:serve", "len", ""]
)
def test_an_unknown_write_is_refused_and_logged(store: Store, name: str, caplog: pytest.LogCaptureFixture) -> None:
    db = store.connect()
    (line,) = run_all(db, [json.dumps({"write": name, "args": [], "named": {}}).encode()])
    answer = json.loads(line)
    assert answer["error"] == "kb.errors:WriteFailed"
    assert "a write failed" in caplog.text
    db.close()


def test_a_damaged_database_is_logged_and_a_500(
    writer: DirectWriter | RemoteWriter, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    writer.run(insert_then, id="a", kind="", now=1)
    store.connect().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in store.path.parent.glob("shortstop.db*"):
        path.write_bytes(b"x" * 8192)
    with pytest.raises((WriteFailed, Unavailable)):
        writer.run(insert_then, id="b", kind="", now=1)


def test_a_socket_and_a_lock_that_are_removed_are_made_again(
    socket_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deflect.store.writer.RETRY", 0.05)
    remote = RemoteWriter(socket_path)
    for path in (socket_path, socket_path.with_suffix(".lock")):
        assert remote.run(returned, value={"path": str(path)})
        path.unlink()
        until(path.exists)
        remote.close()
        assert remote.run(returned, value={}) == {}
    remote.close()


def test_the_pulse_tells_each_write_and_its_patience_and_goes_on_without_one(store: Store, tmp_path: Path) -> None:
    stop, beats = threading.Event(), list[tuple[str, float]]()
    path = tmp_path / "writer.sock"
    thread = threading.Thread(target=serve, args=(store, path, stop, lambda *beat: beats.append(beat)))
    thread.start()
    remote = RemoteWriter(path)
    remote.run(patient)
    known = len(beats)
    until(lambda: len(beats) > known + 2)
    stop.set()
    thread.join()
    remote.close()
    assert beats[0] == ("waiting for its lock", 60.0)
    begun = beats.index((f"{__name__}:patient", 30.0))
    assert beats[begun + 1] == ("COMMIT", 0.0)
    assert beats[-1] == ("", 0.0)


@write(patience=30.0)
def patient(db: Database) -> None:
    """Do nothing, but be given time for it."""


def test_after_a_call_in_vain_the_next_ones_fail_at_once(tmp_path: Path) -> None:
    remote = RemoteWriter(tmp_path / "none.sock", patience=0.3)
    for _ in range(2):
        with pytest.raises(Unavailable):
            remote.run(returned, value={})
    began = time.monotonic()
    for _ in range(50):
        with pytest.raises(Unavailable):
            remote.run(returned, value={})
    assert time.monotonic() - began < 10  # not 15
