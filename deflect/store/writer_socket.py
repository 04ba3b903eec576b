"""The Unix socket between web processes and the writer, with one line of JSON each way."""

from __future__ import annotations

import os
import selectors
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kb.files import inodes

LONGEST = 4 * 1024 * 1024  # bytes of one line, far above the 64 KB limit of a request's body
Call = tuple[socket.socket, bytes]


class Hub:
    """The callers of a listening socket. Collects their complete lines and sends the answers."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._buffers: dict[socket.socket, bytearray] = {}

    def gather(self, *, timeout: float) -> list[Call]:
        """Wait until data arrives, and return all complete lines with their callers."""
        calls: list[Call] = []
        for key, _ in self._selector.select(timeout):
            source = key.fileobj
            assert isinstance(source, socket.socket)
            if source is self._listener:
                self._accept()
            else:
                calls += [(source, line) for line in self._lines(source)]
        return calls

    def answer(self, caller: socket.socket, line: bytes) -> None:
        """Send an answer. Drops the caller if it has disconnected."""
        try:
            caller.sendall(line)
        except OSError:
            self._drop(caller)

    def close(self) -> None:
        """Disconnect all callers."""
        for caller in list(self._buffers):
            self._drop(caller)
        self._selector.close()

    def _accept(self) -> None:
        caller, _ = self._listener.accept()
        caller.settimeout(1.0)
        self._buffers[caller] = bytearray()
        self._selector.register(caller, selectors.EVENT_READ)

    def _lines(self, caller: socket.socket) -> list[bytes]:
        """Return the complete lines of a caller. Drops it if it has disconnected or sends too long a line."""
        buffer = self._buffers[caller]
        try:
            data = caller.recv(256 * 1024)
        except OSError:
            data = b""
        buffer += data
        if not data or len(buffer) > LONGEST:
            self._drop(caller)
            return []
        *lines, rest = bytes(buffer).split(b"\n")
        buffer[:] = rest
        return lines

    def _drop(self, caller: socket.socket) -> None:
        if self._buffers.pop(caller, None) is not None:
            self._selector.unregister(caller)
            caller.close()


def connect(path: Path, *, timeout: float) -> socket.socket:
    """Return a connection to the socket at `path`. Raise OSError if no writer is listening."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        with _short(path) as name:
            connection.connect(name)
    except OSError:
        connection.close()
        raise
    return connection


@contextmanager
def listening(path: Path) -> Iterator[Hub]:
    """Listen at `path`. Only this user can connect."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        with _short(path) as name:
            listener.bind(name)
        os.chmod(path, 0o600)
        listener.listen(128)
        hub, ours = Hub(listener), inodes(path)
        try:
            yield hub
        finally:
            hub.close()
    if inodes(path) == ours:
        path.unlink()


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """Yield a name for the socket below the kernel's limit of 108 bytes, through the folder's descriptor."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
