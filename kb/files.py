"""Helpers for files that several processes use: locks, atomic writes and hard links."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import BinaryIO

POLL = 0.05  # seconds between two attempts at a lock


_usual: list[int] = []  # the umask that the process was started with


def keep_private() -> None:
    """Make everything that this process creates readable by its user only, whatever its umask is."""
    before = os.umask(0o077)
    if not _usual:
        _usual.append(before)


@contextmanager
def shared_with_others() -> Iterator[None]:
    """Create files with the umask that the process was started with, for the articles, which others read too."""
    private = os.umask(_usual[0]) if _usual else None
    try:
        yield
    finally:
        if private is not None:
            os.umask(private)


def loose(folder: Path) -> Iterator[Path]:
    """Yield a folder and the files in it that other users may read or write. Links are not followed."""
    for place, _, names in os.walk(folder):
        for path in (Path(place), *(Path(place, name) for name in names)):
            with suppress(OSError):
                if not path.is_symlink() and path.stat().st_mode & 0o077:
                    yield path


def tighten(folder: Path) -> None:
    """Take a folder and the files in it away from other users, as far as they are ours."""
    for path in loose(folder):
        with suppress(OSError):
            path.chmod(path.stat().st_mode & 0o700)


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Wait for the lock of a file and hold it; yield the file's descriptor, open for reading and writing.

    This and the next three functions create the file if it is missing. The kernel releases the lock when its holder
    ends, even if it is killed. Whoever gets the lock of a file that was removed meanwhile takes the new file's instead.
    """
    with _taken(path, fcntl.LOCK_EX) as file:
        assert file is not None
        yield file


@contextmanager
def locked_shared(path: Path) -> Iterator[int]:
    """Wait for the lock of a file and hold it together with others that share it; yield the file's descriptor."""
    with _taken(path, fcntl.LOCK_SH) as file:
        assert file is not None
        yield file


@contextmanager
def try_locked(path: Path) -> Iterator[bool]:
    """Hold the lock of a file and yield True, or yield False at once if another process holds it."""
    with _taken(path, fcntl.LOCK_EX | fcntl.LOCK_NB) as file:
        yield file is not None


@contextmanager
def locked_unless(path: Path, stop: Event) -> Iterator[bool]:
    """Wait for the lock of a file, hold it and yield True; yield False if `stop` is set first."""
    while not stop.is_set():
        with try_locked(path) as ours:
            if ours:
                yield True
                return
        stop.wait(POLL)
    yield False


@contextmanager
def written_aside(path: Path, *, shared: bool = False) -> Iterator[BinaryIO]:
    """Yield a new file beside `path`, which is renamed to `path` at the end.

    After an error or a kill the old file is unchanged; after a kill the new one stays until the next writer
    overwrites it. With `shared` several processes may write at once, each to a separate file. Nothing is synced, so
    this is only for files that can be rebuilt.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid() if shared else 'part'}")
    file = scratch.open("wb")
    try:
        with file:
            yield file
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def keep_if_possible(path: Path, data: bytes) -> None:
    """Write a cache file atomically; do nothing if its folder is not writable."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_aside(path, shared=True) as file:
            file.write(data)


@contextmanager
def folder_written_aside(target: Path) -> Iterator[Path]:
    """Yield an empty folder, which is renamed to `target` at the end.

    An error removes the folder. A kill leaves it beside `target`, under a name that begins with a dot.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
        work = Path(scratch) / target.name
        work.mkdir()
        yield work
        replace_folder(work, target)


def replace_folder(folder: Path, target: Path) -> None:
    """Rename a folder to `target` on the same disk, after removing an older folder there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        shutil.rmtree(target)
    folder.rename(target)


def link_or_copy(source: Path, target: Path) -> None:
    """Hard-link a file that is never written again, or copy it if the disk does not support hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@contextmanager
def _taken(path: Path, operation: int) -> Iterator[int | None]:
    """Open a file and take its lock; yield its descriptor, or None if `operation` doesn't wait and it isn't free."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            held = _lock(file, operation)
            if held and inodes(path) != (os.fstat(file).st_ino,):
                continue  # it was removed while we waited
            yield file if held else None
            return
        finally:
            os.close(file)


def _lock(file: int, operation: int) -> bool:
    """Take the lock of an open file and return True, or return False if another process holds it."""
    try:
        fcntl.flock(file, operation)
    except BlockingIOError:
        return False
    return True


def inodes(*paths: Path) -> tuple[int, ...]:
    """Return the inode of each file, 0 if it is missing: they change when a file is removed or replaced."""
    return tuple(path.stat().st_ino if path.exists() else 0 for path in paths)
