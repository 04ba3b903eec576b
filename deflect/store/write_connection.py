"""The connection of a writer, which notices when the file of the database or its write-ahead log is gone.

SQLite goes on writing to a file that was deleted or replaced, and to a log that was cut, as if nothing had happened; at
the next start those writes are gone. So a write is acknowledged only if the file and the log are still there.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from deflect.store.database import Store, check_head
from deflect.store.database_file import REMEDY, Identity, identity
from kb.errors import BadDatabase

HEAD = 32  # bytes of the log's header, which changes when SQLite begins the log again


@dataclass(frozen=True, slots=True)
class _Log:
    """The write-ahead log after a write: its inode, 0 if there is none, its size and its header."""

    inode: int = 0
    size: int = 0
    head: bytes = b""

    @classmethod
    def of(cls, database: Path) -> _Log:
        try:
            with database.with_name(f"{database.name}-wal").open("rb") as file:  # SQLite holds no locks on this file
                found = os.fstat(file.fileno())
                return cls(found.st_ino, found.st_size, file.read(HEAD))
        except OSError:
            return cls()

    def is_whole_after(self, earlier: _Log) -> bool:
        """Return True if this log has all that the earlier one had, or if SQLite began it again."""
        same = self.inode == earlier.inode
        return same and (self.size >= earlier.size or (self.size > 0 and self.head != earlier.head))


class WriteConnection:
    """A connection that is opened for the first write, and again after the file was replaced."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db: Database | None = None
        self._file: Identity | None = None
        self._log = _Log()
        self._changed = (0, 0)  # the time and size of the file when its head was last checked

    def database(self) -> Database:
        """Return the open database. Raise BadDatabase, StorageFull or Unavailable if it can't be used."""
        file = identity(self._store.path)
        if self._db is None or file != self._file:
            self.close()
            Store.open(self._store.path).close()  # a restored database may be of an older version
            self._db, self._file, self._log = self._store.connect(), file, _Log.of(self._store.path)
        self._check_log(self._db)
        self._check_head()
        return self._db

    def check(self) -> None:
        """Raise BadDatabase unless the last write is in the files that the next process will open."""
        if identity(self._store.path) != self._file:
            self.close()
            raise BadDatabase(f"the database was replaced during a write; {REMEDY}")
        found = _Log.of(self._store.path)
        if self._log.inode in (0, found.inode):  # otherwise the next write reports the lost log
            self._log = found

    def close(self) -> None:
        """Close the connection."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _check_head(self) -> None:
        """Raise BadDatabase if the file was changed, other than by SQLite."""
        found = self._store.path.stat()
        if (found.st_mtime_ns, found.st_size) != self._changed:
            check_head(self._store.path)
            self._changed = found.st_mtime_ns, found.st_size

    def _check_log(self, db: Database) -> None:
        """Raise BadDatabase if the log is shorter than after the last write, or another file.

        After a deleted log, what it held is saved first: this connection still has it open. `kb erase` empties the log
        with SQLite's help, which the checkpoint confirms; it fails on a log that was cut to nothing.
        """
        found = _Log.of(self._store.path)
        if found.is_whole_after(self._log):
            return
        if found.inode != self._log.inode or not found.size:
            with suppress(sqlite3.DatabaseError):
                db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                if found.inode == self._log.inode:
                    self._log = found
                    return
        what = "cut" if found.inode else "deleted"
        raise BadDatabase(
            f"the write-ahead log of {self._store.path.name} was {what} while it was in use; restart 'kb serve' to go "
            "on with what is left, or restore a backup with 'kb restore'"
        )
