"""What a `kb serve` gets from others and hands on: listening sockets, the lock of the data folder, and its processes.

systemd may pass listening sockets (LISTEN_FDS). For `kb restart`, the supervisor executes the new version of itself in
place, so that its process id, sockets, locks and children stay; `Handover` names them to the new version. The lock of
the data folder is on the folder itself, so nobody can remove it; `serve.lock` in it names the process for `kb restart`.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kb.config import Settings
from kb.errors import HelpCenterError
from kb.files import inodes, try_locked

NAME = "SHORTSTOP_HANDOVER"
FIRST = 3  # the first descriptor that systemd passes
RESTARTING = 180.0  # seconds that `kb restart` waits
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2}


class DataTaken(HelpCenterError):
    """Another `kb serve` uses the data folder; a second writer would take over the socket of the first."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is in use by another 'kb serve'; stop it, or set KB_DATA to another folder")


class NotRestarted(HelpCenterError):
    """There is no server to restart, or its new version does not start."""


@dataclass(frozen=True, slots=True)
class Handover:
    """The descriptors and processes that a new version takes over."""

    listeners: tuple[int, ...]
    folder: int
    background: int
    web: int
    leaving: tuple[int, ...]
    run: int  # how often `kb restart` was asked for

    @classmethod
    def received(cls) -> Handover | None:
        """Return what the version before hands over, or None if this is a first start."""
        document = os.environ.pop(NAME, "")
        if not document:
            return None
        known = json.loads(document)
        return cls(**known | {name: tuple(known[name]) for name in ("listeners", "leaving")})

    def text(self) -> str:
        """Return it as the new version receives it."""
        return json.dumps(asdict(self))

    def execute(self) -> None:
        """Become the new version. Signals that come meanwhile wait until it is ready for them."""
        for fd in (*self.listeners, self.folder):
            os.set_inheritable(fd, True)
        sys.stdout.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | {NAME: self.text()})


def passed_sockets() -> list[socket.socket]:
    """Return the listening sockets that systemd passes to this process."""
    count, pid = os.environ.pop("LISTEN_FDS", ""), os.environ.pop("LISTEN_PID", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if not count.isdigit() or pid != str(os.getpid()):
        return []
    passed = [socket.socket(fileno=fd) for fd in range(FIRST, FIRST + int(count))]
    if any(one.family not in (socket.AF_INET, socket.AF_INET6) for one in passed):
        for one in passed:
            one.close()
        raise HelpCenterError("systemd passes a socket that is not of TCP; write an address and a port in ListenStream")
    return passed


class FolderLock:
    """The lock of a data folder, and the file in it that names its holder."""

    def __init__(self, folder: Path, fd: int) -> None:
        self.fd, self.run = fd, 0
        self._path = folder / "serve.lock"
        self._file: int | None = None
        self._state = ""

    def tell(self, trouble: str = "") -> None:
        """Write down for `kb restart` which process this is, how often it was restarted, and why that failed."""
        self._state = json.dumps({"pid": os.getpid(), "run": self.run, "trouble": trouble})
        self._write()

    def renew(self) -> None:
        """Make the file again if it was removed."""
        if self._file is None or inodes(self._path) != (os.fstat(self._file).st_ino,):
            self._write()

    def _write(self) -> None:
        with suppress(OSError):  # such as a full disk; only 'kb restart' misses the file
            if self._file is not None:
                os.close(self._file)
                self._file = None
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # for older versions
            os.truncate(self._file, 0)
            os.pwrite(self._file, self._state.encode(), 0)


@contextmanager
def alone(folder: Path, *, held: int | None = None) -> Iterator[FolderLock]:
    """Lock the data folder, unless it is `held` already; raise DataTaken if another process has locked it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY) if held is None else held
    except OSError as error:
        raise HelpCenterError(
            f"cannot write to {folder} ({error.strerror}); set KB_DATA to a writable folder"
        ) from error
    try:
        _take(folder, fd)
        yield FolderLock(folder, fd)
    finally:
        os.close(fd)


def _take(folder: Path, fd: int) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DataTaken(folder) from None
    with suppress(OSError), try_locked(folder / "serve.lock") as free:  # older versions lock only this file
        if not free:
            raise DataTaken(folder)


def restart(settings: Settings) -> int:
    """Make the running server become its new version, and return its process id when that serves."""
    before = _state(settings)
    os.kill(before["pid"], signal.SIGUSR2)
    end = time.monotonic() + RESTARTING
    while (now := _state(settings))["run"] == before["run"]:
        if time.monotonic() > end:
            raise NotRestarted(f"the server did not restart within {RESTARTING:.0f} seconds; see its log")
        time.sleep(0.05)
    if now["trouble"]:
        raise NotRestarted(f"{now['trouble']}; the version before goes on")
    return int(now["pid"])


def _state(settings: Settings) -> dict[str, Any]:
    """Return what the running server wrote about itself. Raise NotRestarted if there is none."""
    try:
        with suppress(DataTaken), alone(settings.data):
            raise NotRestarted(f"no 'kb serve' uses {settings.data}; start one, or set KB_DATA to its folder")
        while not (text := (settings.data / "serve.lock").read_text()):
            time.sleep(0.01)  # it is being written
        return dict(json.loads(text))
    except (OSError, ValueError) as error:
        raise NotRestarted(f"{settings.data / 'serve.lock'} can't be read ({error}); restart 'kb serve'") from error
