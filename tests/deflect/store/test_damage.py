"""A missing, replaced or damaged database: every read and write says so, and both come back by themselves."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from deflect.store.database import Store, check_head, condition
from deflect.store.database_file import mark_of
from deflect.store.writer import DirectWriter, write
from kb import processes
from kb.config import Settings
from kb.errors import BadDatabase


@write()
def keep_person(db: Database, *, id: str) -> str:
    """Store a person."""
    db.execute("INSERT OR IGNORE INTO people (id, created) VALUES (?, 1)", [id])
    return id


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "shortstop.db")
    yield store
    store.close()


@pytest.fixture
def writer(store: Store) -> Iterator[DirectWriter]:
    writer = DirectWriter(store)
    writer.run(keep_person, id="first")
    store.rows("SELECT * FROM people")
    yield writer
    writer.close()


def removed(path: Path) -> None:
    for name in ("", "-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def folder(path: Path) -> None:
    removed(path)
    path.mkdir()


def garbage(path: Path) -> None:
    removed(path)
    path.write_bytes(os.urandom(16_384))


def foreign(path: Path) -> None:
    """Put another program's database in its place."""
    removed(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE notes (id)")


SHAPES = [removed, emptied, folder, garbage, foreign]


@pytest.mark.parametrize("harm", SHAPES)
def test_a_read_and_a_write_name_the_remedy(store: Store, writer: DirectWriter, harm: Callable[[Path], None]) -> None:
    harm(store.path)
    for attempt in (lambda: store.rows("SELECT * FROM people"), lambda: writer.run(keep_person, id="second")):
        with pytest.raises(BadDatabase, match=r"kb doctor.*kb restore"):
            attempt()


@pytest.mark.parametrize("harm", SHAPES)
def test_a_damaged_database_is_not_replaced_by_an_empty_one(
    store: Store, writer: DirectWriter, harm: Callable[[Path], None]
) -> None:
    writer.close()
    store.close()
    harm(store.path)
    with pytest.raises(BadDatabase):
        Store.open(store.path)
    assert condition(Settings(data=store.path.parent)) != ""


def test_an_empty_database_is_made_again_once_the_operator_removed_the_mark(store: Store) -> None:
    removed(store.path)
    mark_of(store.path).unlink()
    assert condition(Settings(data=store.path.parent)) == ""
    assert Store.open(store.path).rows("SELECT * FROM people") == []


def test_a_child_of_the_server_never_makes_a_database(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    removed(store.path)
    mark_of(store.path).unlink()
    monkeypatch.setenv(processes.NAME, "a family")
    with pytest.raises(BadDatabase, match="missing"):
        Store.open(store.path)
    assert not store.path.exists()


def test_reads_and_writes_go_on_once_a_copy_is_in_its_place(store: Store, writer: DirectWriter, tmp_path: Path) -> None:
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("VACUUM INTO ?", [str(tmp_path / "copy.db")])
    writer.run(keep_person, id="after the copy")
    removed(store.path)
    with pytest.raises(BadDatabase):
        writer.run(keep_person, id="while it is away")
    shutil.move(tmp_path / "copy.db", store.path)
    writer.run(keep_person, id="later")
    assert [row["id"] for row in store.rows("SELECT id FROM people ORDER BY id")] == ["first", "later"]


def test_a_write_to_a_file_that_went_meanwhile_is_not_acknowledged(store: Store, writer: DirectWriter) -> None:
    with pytest.raises(BadDatabase):
        writer.run(keep_person_and_lose_the_file, id="second", path=str(store.path))


@write()
def keep_person_and_lose_the_file(db: Database, *, id: str, path: str) -> str:
    """Store a person while somebody deletes the file."""
    removed(Path(path))
    return keep_person(db, id=id)


@pytest.mark.parametrize("garbage", [b"\0", b"x"])
def test_an_overwritten_log_is_written_to_no_more(store: Store, writer: DirectWriter, garbage: bytes) -> None:
    wal = store.path.with_name("shortstop.db-wal")
    with wal.open("r+b") as file:
        file.write(garbage * wal.stat().st_size)
    with pytest.raises(BadDatabase, match="overwritten"):
        writer.run(keep_person, id="lost")


@pytest.mark.parametrize("left", [0, 5000])
def test_a_cut_log_is_written_to_no_more(store: Store, writer: DirectWriter, left: int) -> None:
    wal = store.path.with_name("shortstop.db-wal")
    for number in range(3):
        writer.run(keep_person, id=str(number))
    os.truncate(wal, left)
    for _ in range(2):
        with pytest.raises(BadDatabase, match="cut"):
            writer.run(keep_person, id="later")


def test_a_deleted_log_loses_nothing_that_was_acknowledged(store: Store, writer: DirectWriter) -> None:
    store.path.with_name("shortstop.db-wal").unlink()
    with pytest.raises(BadDatabase, match="deleted"):
        writer.run(keep_person, id="later")
    writer.close()
    store.close()
    assert [row["id"] for row in Store.open(store.path).rows("SELECT id FROM people")] == ["first"]


def test_a_log_that_sqlite_emptied_or_began_again_is_fine(store: Store, writer: DirectWriter) -> None:
    for number in range(4):
        with closing(store.connect()) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            if number % 2:
                db.execute("INSERT INTO people (id, created) VALUES (?, 1)", [f"other {number}"])
        assert writer.run(keep_person, id=str(number)) == str(number)


def test_a_lost_log_takes_no_tables_along(store: Store) -> None:
    store.close()
    for name in ("-wal", "-shm"):
        store.path.with_name(store.path.name + name).unlink(missing_ok=True)
    assert len(store.secret("session")) == 64


def test_secrets_are_known_while_the_database_is_away(store: Store) -> None:
    known = store.secret("session")
    removed(store.path)
    assert store.secret("session") == known
    with pytest.raises(BadDatabase):
        store.secret("email")  # never read before


def test_garbage_in_the_middle_is_refused_for_its_rows_only(store: Store, writer: DirectWriter) -> None:
    for number in range(300):
        writer.run(keep_person, id=f"{number:03} {'x' * 200}")
    writer.close()
    store.close()
    with closing(store.connect()) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    with closing(sqlite3.connect(store.path)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'people'").fetchone()
    with store.path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(os.urandom(4096))
    with pytest.raises(BadDatabase, match="damaged"):
        store.rows("SELECT * FROM people")
    with pytest.raises(BadDatabase, match="damaged"):
        writer.run(keep_person, id="one more")
    assert store.secret("session")


def test_a_lock_that_cannot_be_opened_is_named_with_its_remedy(store: Store) -> None:
    store.lock.unlink()
    store.lock.mkdir()
    sentence = condition(Settings(data=store.path.parent))
    assert "shortstop.lock can't be opened (Is a directory); remove it" in sentence


def test_pages_that_are_still_in_the_log_are_no_damage(tmp_path: Path) -> None:
    """A reader holds back the checkpoint, which writes the first page but not those that were written again since."""
    store = Store.open(tmp_path / "shortstop.db")
    db, reader = store.connect(), store.connect()
    db.execute("CREATE TABLE filler (x)")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    for _ in range(20):
        db.execute("INSERT INTO filler VALUES (randomblob(3000))")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM filler").fetchall()
    db.execute("UPDATE filler SET x = randomblob(3000)")
    db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    head = store.path.read_bytes()[28:32]
    assert store.path.stat().st_size < int.from_bytes(head, "big") * 4096
    check_head(store.path)
    for connection in (reader, db):
        connection.close()
    store.close()
