"""The SQLite database: read connections for many threads, and the transaction that all writes use."""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from deflect.store import database_file
from deflect.store.database_file import REMEDY, identity
from deflect.store.schema import migrations
from kb.config import Settings
from kb.errors import BadDatabase, HelpCenterError, StorageFull, Unavailable
from kb.failures import degraded
from kb.files import locked, locked_shared

Row = dict[str, Any]
PATIENCE = 10.0  # seconds that a command waits for a lock while the writer writes
UNLOCK = "remove it, or make the user of 'kb serve' its owner"
SECRETS = ("session", "email", "salt", "server")  # sign sessions, key e-mails, draw arms, sign for the owner's server
FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_SHMSIZE}
DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
BARRED = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}


class Store:
    """A SQLite file in WAL mode. Each thread has its own read connection, also after a fork.

    A thread opens a new connection when the file was replaced, for example by `kb restore`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = path.with_suffix(".lock")
        self._local = threading.local()
        self._secrets: dict[str, str] = {}

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open the store at `path`; create or migrate it if needed. Raise StorageFull, Unavailable or BadDatabase."""
        store = cls(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            store._prepare()
        except OSError as error:
            if error.errno in DISK_FULL:
                raise StorageFull("the disk is full, so the database can't be opened; make room") from error
            where = error.filename or path.parent
            raise BadDatabase(f"the database can't be opened ({where}: {error.strerror}); {REMEDY}") from error
        return store

    def _prepare(self) -> None:
        """Create or migrate the database, unless it needs neither."""
        made = database_file.mark_of(self.path).exists()
        with locked(self.lock), explained():
            database_file.prepare(self.path)
            with closing(self._connect()) as db:
                if made:
                    _check_ours(db, self.path)
                db.enable_wal()
                if migrations.pending(db) or _missing_secrets(db):
                    migrations.apply(db)
                    with db.atomic():
                        for name in _missing_secrets(db):
                            insert(db, "secrets", {"name": name, "value": secrets.token_hex(32)})
                    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # the tables survive a lost log
            os.chmod(self.path, 0o600)
            database_file.mark(self.path)

    def connect(self) -> Database:
        """Return a new connection, which the caller must close. Raise BadDatabase if the file is not our database.

        The lock is shared by all who connect. `kb restore` takes it alone, so that no connection combines the file of
        one database with the write-ahead log of another.
        """
        identity(self.path)  # without a database no lock is made
        try:
            with locked_shared(self.lock), explained():
                db = self._connect()
                try:
                    _check_ours(db, self.path)
                except BaseException:
                    db.close()
                    raise
                return db
        except OSError as error:
            raise BadDatabase(f"{self.lock.name} can't be opened ({error.strerror}); {UNLOCK}") from error

    def _connect(self) -> Database:
        """Return a new connection, which never creates the file."""
        uri = f"{self.path.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.create_function("fold", 1, str.casefold, deterministic=True)  # SQLite's lower() only handles ASCII
        try:
            for pragma in ("synchronous = FULL", "foreign_keys = ON", "temp_store = MEMORY", "secure_delete = ON"):
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
        return Database(connection)

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
        """Return one of the secrets that the store generated when it was created.

        While the database can't be read, this is the last known one, so that signed links go on working.
        """
        try:
            row = self.one("SELECT value FROM secrets WHERE name = ?", [name])
        except BadDatabase:
            if name not in self._secrets:
                raise
            return self._secrets[name]
        if row is None:
            raise Unavailable(f"{self.path}: the secret {name!r} is missing; start `kb serve` once to create it")
        self._secrets[name] = str(row["value"])
        return self._secrets[name]

    def close(self) -> None:
        """Close this thread's connection."""
        db = self._local.__dict__.pop("db", None)
        if db is not None and self._local.__dict__.pop("pid") == os.getpid():
            db.close()

    def _reader(self) -> sqlite3.Connection:
        local = self._local.__dict__
        file = identity(self.path)
        if local.get("pid") != os.getpid() or local.get("file") != file:  # a connection must not cross a fork
            local["db"], local["pid"] = self.connect(), os.getpid()  # the old one may be in use: it's not closed here
            local["file"] = file
            local["db"].execute("PRAGMA query_only = ON")
        connection: sqlite3.Connection = local["db"].conn
        return connection


def _check_ours(db: Database, path: Path) -> None:
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'secrets'").fetchone():
        raise BadDatabase(f"the database {path.name} has lost its tables; {REMEDY}")


def _missing_secrets(db: Database) -> list[str]:
    """Return the names of the secrets that a new or older database lacks."""
    if not db.table("secrets").exists():
        return list(SECRETS)
    known = {row[0] for row in db.execute("SELECT name FROM secrets")}
    return [name for name in SECRETS if name not in known]


def opened_if_possible(path: Path) -> Store:
    """Return the store for a server, which goes on without a database until there is one again."""
    try:
        return Store.open(path)
    except HelpCenterError as error:
        degraded("no-database", error)
        return Store(path)


@contextmanager
def reading(settings: Settings) -> Iterator[Store]:
    """Open the store for a command that only reads, and close it afterwards."""
    store = Store.open(settings.database)
    try:
        yield store
    finally:
        store.close()


def integrity(path: Path, *, thorough: bool = False) -> str:
    """Return "ok", or the errors that SQLite finds in the file at `path`. With `thorough` it also compares indexes."""
    check = "integrity_check" if thorough else "quick_check"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return "; ".join(str(row[0]) for row in connection.execute(f"PRAGMA {check}(5)"))
    except sqlite3.DatabaseError as error:
        return str(error)


def check_head(path: Path) -> None:
    """Raise BadDatabase if the file does not begin as a database.

    Other connections may have the first page in memory or in the write-ahead log. With `immutable` it is read from the
    file, without locks; opening the file in another way would end the locks of this process. While the log holds pages,
    the file may be shorter than its first page says: a checkpoint leaves out pages that a reader still needs from the
    log, or that were written again since.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with explained(), closing(sqlite3.connect(uri, uri=True)) as connection:
        try:
            connection.execute("PRAGMA schema_version").fetchone()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_CORRUPT or not _log_size(path):
                raise


def _log_size(path: Path) -> int:
    log = path.with_name(f"{path.name}-wal")
    return log.stat().st_size if log.exists() else 0


def condition(settings: Settings) -> str:
    """Return "" if the database can be opened, or a sentence with the problem and its remedy.

    This reads a page of the file. Damage elsewhere is found by `integrity`, which reads the whole file.
    """
    if database_file.is_new(settings.database):
        return ""
    try:
        Store(settings.database).connect().close()
        check_head(settings.database)
    except HelpCenterError as error:
        return str(error)
    return ""


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
    """Turn SQLite's errors about disk, locks and damage into errors that say what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        known = explanation(error)
        if known is None:
            raise
        raise known from error


def explanation(error: sqlite3.Error) -> HelpCenterError | None:
    """Return StorageFull, Unavailable or BadDatabase for an error of SQLite, or None if it is a bug."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code in FULL:
        return StorageFull("the disk is full, so nothing was saved; try again when there is room")
    if code & 0xFF in BUSY:
        return Unavailable("the database is busy; try again in a moment")
    if code & 0xFF in DAMAGED:
        return BadDatabase(f"the database is damaged ({error}); {REMEDY}")
    if code & 0xFF in BARRED:
        return BadDatabase(f"the database can't be read or written ({error}); {REMEDY}")
    if not code and str(error).startswith("Could not decode"):  # its message quotes the text
        return BadDatabase(f"the database is damaged (a text is not UTF-8); {REMEDY}")
    return None


def insert(db: Database, table: str, row: Row) -> int:
    """Insert `row` unless its id exists. Return the number of rows inserted."""
    names = ", ".join(f'"{name}"' for name in row)
    sql = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(row))}) ON CONFLICT DO NOTHING'
    return int(db.execute(sql, list(row.values())).rowcount)
