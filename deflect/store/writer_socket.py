"""The Unix socket between web processes and the writer: a line of JSON each way."""

from __future__ import annotations

import os
import selectors
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 4 * 1024 * 1024  # bytes of one line; a page's cap of 64 KB is far below
Call = tuple[socket.socket, bytes]


class Hub:
    """All callers of a listening socket: which lines have come in whole, and the answers to them."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._buffers: dict[socket.socket, bytearray] = {}

    def gather(self, *, timeout: float) -> list[Call]:
        """Wait for something to come, and return all the lines that are there, each with its caller."""
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
        """Send an answer; a caller that has gone is forgotten."""
        try:
            caller.sendall(line)
        except OSError:
            self._drop(caller)

    def close(self) -> None:
        """Let all callers go."""
        for caller in list(self._buffers):
            self._drop(caller)
        self._selector.close()

    def _accept(self) -> None:
        caller, _ = self._listener.accept()
        caller.settimeout(1.0)
        self._buffers[caller] = bytearray()
        self._selector.register(caller, selectors.EVENT_READ)

    def _lines(self, caller: socket.socket) -> list[bytes]:
        """Return the whole lines that a caller has sent; one that has gone, or sends without end, is forgotten."""
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
    """Return a connection to the socket at `path`; raises OSError when nobody listens."""
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
    """Listen at `path`, for this user only."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        with _short(path) as name:
            listener.bind(name)
        os.chmod(path, 0o600)
        listener.listen(128)
        hub = Hub(listener)
        try:
            yield hub
        finally:
            hub.close()
    path.unlink(missing_ok=True)


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """Give the socket a name below the 108 bytes that the kernel takes, through the folder's descriptor."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
