"""The file of the database: whether it is there, whether it was replaced, and whether there ever was one.

A server whose database vanished must not go on with an empty one, which would split the data in two. So the first
database of a data folder leaves a mark. A missing file is created only where there is no mark, and never by a process
that `kb serve` started, since `kb serve` creates it beforehand.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from kb import processes
from kb.errors import BadDatabase

REMEDY = "run 'kb doctor', and restore the last backup with 'kb restore'"
MARK = (
    "A database was created in this folder. While this file exists, a missing database is not replaced by an empty\n"
    "one. To begin again without the old data, stop 'kb serve', delete this file, and start it.\n"
)

Identity = tuple[int, int]


def mark_of(path: Path) -> Path:
    """Return the path of the mark beside a database."""
    return path.with_suffix(".created")


def is_new(path: Path) -> bool:
    """Return True if there is no database at `path`, and never was."""
    return not os.path.lexists(path) and not mark_of(path).exists()


def identity(path: Path) -> Identity:
    """Return the device and inode of a database's file. Raise BadDatabase if it is missing, empty or not a file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        again = f", or delete {mark_of(path).name} and restart 'kb serve' to begin with an empty one"
        raise BadDatabase(f"the database {path.name} is missing; {REMEDY}{again}") from None
    except OSError as error:
        raise BadDatabase(f"the database {path.name} can't be read ({error.strerror}); {REMEDY}") from error
    if not stat.S_ISREG(found.st_mode):
        raise BadDatabase(f"the database {path.name} is not a file; {REMEDY}")
    if not found.st_size:
        raise BadDatabase(f"the database {path.name} is empty; {REMEDY}")
    return found.st_dev, found.st_ino


def prepare(path: Path) -> None:
    """Create an empty file for the first database of a folder. Raise BadDatabase if it had one that can't be used."""
    if mark_of(path).exists() or processes.word():
        identity(path)
    elif is_new(path):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def mark(path: Path) -> None:
    """Leave the mark that this folder has had a database."""
    if not mark_of(path).exists():
        with os.fdopen(os.open(mark_of(path), os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(MARK)
