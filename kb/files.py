"""Files that several processes use: locks, files and folders that appear whole or not at all, and hard links."""

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


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold the lock of a file, after waiting for it; yields the file's descriptor, open for reading and writing.

    Like the other two below, it makes the file where there is none, and the kernel releases the lock however its
    holder ends.
    """
    with _opened(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


@contextmanager
def try_locked(path: Path) -> Iterator[bool]:
    """Hold the lock of a file and yield True, or yield False at once while another process holds it."""
    with _opened(path) as file:
        yield _free(file)


@contextmanager
def locked_unless(path: Path, stop: Event) -> Iterator[bool]:
    """Hold the lock of a file, after waiting for it, and yield True; yield False when `stop` is set before that."""
    with _opened(path) as file:
        while not stop.is_set():
            if _free(file):
                yield True
                return
            stop.wait(POLL)
        yield False


@contextmanager
def written_aside(path: Path, *, shared: bool = False) -> Iterator[BinaryIO]:
    """Yield a new file beside `path`, which takes its place by one rename at the end.

    An error leaves the old file as it was, and so does a kill, after which the new one stays until the next writer
    overwrites it. With `shared` several processes may write at once, each to a file of its own. Nothing is synced:
    this is for files that can be made again.
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
    """Write a file whole that only saves time: where its folder cannot be written to, nothing is kept."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_aside(path, shared=True) as file:
            file.write(data)


@contextmanager
def folder_written_aside(target: Path) -> Iterator[Path]:
    """Yield an empty folder, which takes the place of `target` by a rename at the end.

    An error removes it; a kill leaves it, in a folder beside `target` whose name begins with a dot.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
        work = Path(scratch) / target.name
        work.mkdir()
        yield work
        replace_folder(work, target)


def replace_folder(folder: Path, target: Path) -> None:
    """Rename a folder to `target` on the same disk; an older one there is removed first."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        shutil.rmtree(target)
    folder.rename(target)


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file that is never written to again a second name, or copy it where the disk has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)  # less what the umask takes, as any other file
    try:
        yield file
    finally:
        os.close(file)


def _free(file: int) -> bool:
    """Take the lock of an open file if no other process holds it; return True if it is ours now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
