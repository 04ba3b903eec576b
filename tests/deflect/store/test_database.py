"""The store: created once even by parallel processes, read by many, with its own secrets."""

import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from deflect.store.database import Store, explained, integrity, transaction
from kb.errors import StorageFull, Unavailable


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "shortstop.db")


def test_it_commits_to_disk_through_a_write_ahead_log(store: Store) -> None:
    db = store.connect()
    assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert db.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
    assert db.execute("PRAGMA secure_delete").fetchone()[0] == 1
    db.close()


def test_opening_again_changes_nothing(store: Store) -> None:
    secret = store.secret("salt")
    assert Store.open(store.path).secret("salt") == secret


def test_ten_openers_at_once_make_one_store(tmp_path: Path) -> None:
    secrets: list[str] = []
    threads = [
        threading.Thread(target=lambda: secrets.append(Store.open(tmp_path / "a.db").secret("session")))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(secrets) == 10
    assert len(set(secrets)) == 1


def test_each_secret_is_another_and_long(store: Store) -> None:
    secrets = {store.secret(name) for name in ("session", "email", "salt", "server")}
    assert len(secrets) == 4
    assert all(len(bytes.fromhex(secret)) == 32 for secret in secrets)


def test_only_its_owner_may_read_the_file(store: Store) -> None:
    assert stat.S_IMODE(os.stat(store.path).st_mode) == 0o600


def test_reading_connections_cannot_write(store: Store) -> None:
    with pytest.raises(Unavailable, match="readonly"):
        store.rows("DELETE FROM secrets")


def test_threads_read_on_connections_of_their_own(store: Store) -> None:
    seen: list[int] = []

    def read() -> None:
        store.rows("SELECT 1")
        seen.append(id(store._reader()))
        store.close()

    store.rows("SELECT 1")
    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert seen != [id(store._reader())]


def test_a_transaction_keeps_all_or_nothing(store: Store) -> None:
    db = store.connect()

    def fail() -> None:
        with transaction(db):
            db.execute("INSERT INTO people (id, created) VALUES ('a', 1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.rows("SELECT * FROM people") == []
    db.close()


@pytest.mark.parametrize(
    ("code", "wanted"),
    [(sqlite3.SQLITE_FULL, StorageFull), (sqlite3.SQLITE_BUSY, Unavailable), (sqlite3.SQLITE_CANTOPEN, Unavailable)],
)
def test_errors_of_disk_and_locks_are_said_in_our_words(code: int, wanted: type[Exception]) -> None:
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = code
    with pytest.raises(wanted, match=r"try again|kb doctor"), explained():
        raise error


def test_integrity_is_ok_for_a_whole_file_and_not_for_a_torn_one(store: Store) -> None:
    store.close()
    assert integrity(store.path) == "ok"
    data = bytearray(store.path.read_bytes())
    data[4096:8192] = os.urandom(4096)
    store.path.write_bytes(data)
    try:
        verdict = integrity(store.path)
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    assert verdict != "ok"
