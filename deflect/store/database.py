"""The SQLite database: read connections for many threads, and the transaction that all writes use."""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from deflect.store.schema import migrations
from kb.config import Settings
from kb.errors import StorageFull, Unavailable
from kb.files import locked

Row = dict[str, Any]
PATIENCE = 10.0  # seconds that a command waits for a lock while the writer writes
SECRETS = ("session", "email", "salt", "server")  # sign sessions, key e-mails, draw arms, sign for the owner's server
FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_SHMSIZE}


class Store:
    """A SQLite file in WAL mode. Each thread has its own read connection, also after a fork."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open the store at `path`; create or migrate it if needed. Raise StorageFull or Unavailable."""
        path.parent.mkdir(parents=True, exist_ok=True)
        store = cls(path)
        with locked(path.with_suffix(".lock")), explained(), closing(store.connect()) as db:
            db.enable_wal()
            if migrations.pending(db):
                migrations.apply(db)
            with db.atomic():
                for name in SECRETS:
                    if not db.execute("SELECT 1 FROM secrets WHERE name = ?", [name]).fetchone():
                        insert(db, "secrets", {"name": name, "value": secrets.token_hex(32)})
            os.chmod(path, 0o600)
        return store

    def connect(self) -> Database:
        """Return a new connection, which the caller must close."""
        connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.create_function("fold", 1, str.casefold, deterministic=True)  # SQLite's lower() only handles ASCII
        db = Database(connection)
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "temp_store = MEMORY", "secure_delete = ON"):
            db.execute(f"PRAGMA {pragma}")
        return db

    def rows(self, sql: str, arguments: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """Return the rows of a query, as dictionaries."""
        return list(self.each(sql, arguments))

    def one(self, sql: str, arguments: Sequence[Any] | Mapping[str, Any] = ()) -> Row | None:
        """Return the first row of a query, or None."""
        return next(self.each(sql, arguments), None)

    def each(self, sql: str, arguments: Sequence[Any] | Mapping[str, Any] = ()) -> Iterator[Row]:
        """Yield the rows of a query one at a time, for results that do not fit into memory."""
        with explained():
            for row in self._reader().execute(sql, arguments):
                yield dict(row)

    def columns(self, sql: str) -> list[str]:
        """Return the names of a query's columns, even if it has no rows."""
        with explained():
            return [column[0] for column in self._reader().execute(f"SELECT * FROM ({sql}) LIMIT 0").description]

    def secret(self, name: str) -> str:
        """Return one of the secrets that the store generated when it was created."""
        row = self.one("SELECT value FROM secrets WHERE name = ?", [name])
        if row is None:
            raise Unavailable(f"{self.path}: the secret {name!r} is missing; start `kb serve` once to create it")
        return str(row["value"])

    def close(self) -> None:
        """Close this thread's connection."""
        db = self._local.__dict__.pop("db", None)
        if db is not None and self._local.__dict__.pop("pid") == os.getpid():
            db.close()

    def _reader(self) -> sqlite3.Connection:
        local = self._local.__dict__
        if local.get("pid") != os.getpid():  # a connection must not cross a fork
            local["db"], local["pid"] = self.connect(), os.getpid()
            local["db"].execute("PRAGMA query_only = ON")
        connection: sqlite3.Connection = local["db"].conn
        return connection


@contextmanager
def reading(settings: Settings) -> Iterator[Store]:
    """Open the store for a command that only reads, and close it afterwards."""
    store = Store.open(settings.database)
    try:
        yield store
    finally:
        store.close()


def integrity(path: Path) -> str:
    """Return "ok", or the errors that SQLite finds in the file at `path`."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return "; ".join(str(row[0]) for row in connection.execute("PRAGMA quick_check(5)"))


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """Run a block in one immediate transaction, which is on disk when the block ends without an error."""
    with explained():
        db.conn.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.conn.execute("COMMIT")
        except BaseException:
            if db.conn.in_transaction:
                db.conn.execute("ROLLBACK")
            raise


@contextmanager
def explained() -> Iterator[None]:
    """Turn SQLite's errors about disk and locks into StorageFull and Unavailable, which say what to do."""
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code in FULL:
            raise StorageFull("the disk is full, so nothing was saved; try again when there is room") from error
        if code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise Unavailable("the database is busy; try again in a moment") from error
        if code & 0xFF in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            why = f"the database can't be read or written ({error}); check its folder with `kb doctor`"
            raise Unavailable(why) from error
        raise


def insert(db: Database, table: str, row: Row) -> int:
    """Insert `row` unless its id exists. Return the number of rows inserted."""
    names = ", ".join(f'"{name}"' for name in row)
    sql = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(row))}) ON CONFLICT DO NOTHING'
    return int(db.execute(sql, list(row.values())).rowcount)
