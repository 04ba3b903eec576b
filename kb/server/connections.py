"""What a client's connection has sent and still has to be sent, so that no thread waits for the client.

The worker's main loop receives a whole request before a thread gets it, and sends the rest of an answer after the
thread is done. `Line` looks like a socket to gunicorn: a thread reads the received bytes from it, and writes as much as
the client takes at once; the rest is kept, in memory up to a limit and then in an unnamed file. `Frame` only says when
a request is complete: gunicorn's parser reads the same bytes afterwards and decides what they mean. `Pace` is the least
progress that a client has to make.
"""

from __future__ import annotations

import fcntl
import math
import re
import selectors
import socket
import struct
import termios
import time
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import Literal

PIECE = 64 * 1024  # bytes received or sent at once
LONGEST_HEAD = 128 * 1024  # bytes; gunicorn's own limits for lines and fields are smaller
IN_MEMORY = 256 * 1024  # bytes of a request or of an answer; longer ones are kept in a file
MOST_WAITING = 32 * 2**20  # bytes of an answer that wait for the client; beyond, the thread waits too
WINDOW, LEAST = 10.0, 10_000  # seconds, and the bytes that a body or an answer has to move in each such time
RESET = struct.pack("ii", 1, 0)

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked", re.IGNORECASE)
CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)


class Queue:
    """Bytes in the order in which they came, in memory and, if there are many, in an unnamed file."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # closed by `close`
        self._start = self._end = 0

    def __len__(self) -> int:
        return self._end - self._start

    def add(self, data: bytes) -> None:
        """Add bytes at the end."""
        self._file.seek(self._end)
        self._file.write(data)
        self._end += len(data)

    def first(self, size: int) -> bytes:
        """Return at most `size` bytes from the beginning, without removing them."""
        self._file.seek(self._start)
        return self._file.read(min(size, len(self)))

    def drop(self, size: int) -> None:
        """Remove bytes from the beginning."""
        self._start += size
        if self._start == self._end:
            self._start = self._end = 0
            self._file.seek(0)
            self._file.truncate()

    def take(self, size: int) -> bytes:
        """Return and remove at most `size` bytes from the beginning."""
        data = self.first(size)
        self.drop(len(data))
        return data

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


@dataclass
class Pace:
    """The least number of bytes that have to move in every `seconds`; infinitely many for a plain deadline."""

    seconds: float
    least: float = math.inf
    moved: int = 0
    end: float = field(init=False)

    def __post_init__(self) -> None:
        self.end = time.monotonic() + self.seconds

    def late(self, moved: int, *, now: float) -> bool:
        """Return True if too few bytes have moved; `moved` counts from the beginning of the connection."""
        if now < self.end:
            return False
        if moved - self.moved < self.least:
            return True
        self.moved, self.end = moved, now + self.seconds
        return False


class Chunks:
    """Finds the end of a chunked body."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._skip = 0
        self._trailer = False

    def ended(self, data: bytes) -> bool:
        """Take the next bytes; return True at the end of the body, or if gunicorn will refuse it anyway."""
        self._rest += data
        while True:
            passed = min(self._skip, len(self._rest))
            del self._rest[:passed]
            self._skip -= passed
            line, found, _ = self._rest.partition(b"\r\n")
            if self._skip or not found:
                return len(self._rest) > LONGEST_HEAD
            del self._rest[: len(line) + 2]
            if self._trailer and not line:
                return True
            if not self._trailer:
                size = line.partition(b";")[0].strip()
                if not re.fullmatch(rb"[0-9a-fA-F]{1,15}", size):
                    return True
                self._trailer = int(size, 16) == 0
                self._skip = int(size, 16) + 2 if not self._trailer else 0


class Frame:
    """Tells when a whole request has arrived. A body longer than `longest` is left to the application's refusal."""

    def __init__(self, *, longest: int) -> None:
        self._longest = longest
        self._head = bytearray()
        self._chunks: Chunks | None = None
        self._left = 0
        self.body = 0
        self.state: Literal["idle", "head", "body", "complete", "too-long"] = "idle"
        self.asks = False  # the client waits for "100 Continue" before it sends the body

    def add(self, data: bytes) -> None:
        """Take the next bytes of the request."""
        if self.state in ("idle", "head"):
            seen = max(0, len(self._head) - 3)
            self._head += data
            self.state = "head" if self._head else "idle"
            end = self._head.find(b"\r\n\r\n", seen)
            if end < 0:
                self.state = "too-long" if len(self._head) > LONGEST_HEAD else self.state
                return
            head, data = bytes(self._head[: end + 4]), bytes(self._head[end + 4 :])
            self._begin_body(head)
        self._add_body(data)

    def _begin_body(self, head: bytes) -> None:
        self._head.clear()
        self.state = "body"
        length = LENGTH.search(head)
        if CHUNKED.search(head):
            self._chunks = Chunks()
        self._left = int(length[1]) if length else 0
        self.asks = CONTINUE.search(head) is not None and (self._chunks is not None or 0 < self._left <= self._longest)

    def _add_body(self, data: bytes) -> None:
        self.body += len(data)
        ended = self._chunks.ended(data) if self._chunks else self.body >= self._left or self._left > self._longest
        if ended or self.body > self._longest:
            self.state = "complete"


class Line:
    """A client's socket as gunicorn sees it: reading and writing never wait for the client."""

    def __init__(self, client: socket.socket) -> None:
        client.setblocking(False)
        self.socket = client
        self.incoming, self.outgoing = Queue(), Queue()
        self.received = self.sent = 0
        self.broken = False

    def receive(self) -> bytes:
        """Return what the client has sent, at most one piece; b"" if it has sent nothing or has gone."""
        try:
            data = self.socket.recv(PIECE)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        self.broken = self.broken or not data
        self.received += len(data)
        return data

    def flush(self) -> None:
        """Send as much of the answer as the client takes now."""
        while len(self.outgoing) and not self.broken:
            try:
                count = self.socket.send(self.outgoing.first(PIECE))
            except BlockingIOError:
                return
            except OSError:
                self.broken = True
                return
            self.sent += count
            self.outgoing.drop(count)

    def arrived(self) -> int:
        """Return the number of bytes that the client has acknowledged."""
        try:
            (queued,) = struct.unpack("i", fcntl.ioctl(self.socket, termios.TIOCOUTQ, b"\0" * 4))
        except OSError:
            queued = 0
        return self.sent - int(queued)

    def recv(self, size: int) -> bytes:
        """Return the next received bytes for gunicorn's parser; b"" after the end of the request."""
        return self.incoming.take(size)

    def sendall(self, data: bytes) -> None:
        """Keep bytes of the answer, and send them if they are many. Raise BrokenPipeError if the client has gone."""
        self.outgoing.add(data)
        if len(self.outgoing) >= PIECE:
            self.flush()
        if len(self.outgoing) > MOST_WAITING:
            self._wait()
        if self.broken:
            raise BrokenPipeError

    def _wait(self) -> None:
        """Wait until the client has taken half of a very long answer."""
        pace = Pace(WINDOW, LEAST, moved=self.arrived())
        with selectors.DefaultSelector() as selector:
            selector.register(self.socket, selectors.EVENT_WRITE)
            while len(self.outgoing) > MOST_WAITING // 2 and not self.broken:
                selector.select(1.0)
                self.flush()
                self.broken = self.broken or pace.late(self.arrived(), now=time.monotonic())

    def all_arrived(self) -> bool:
        """Return True if the client has acknowledged all answers."""
        return not len(self.outgoing) and self.arrived() == self.sent

    def end(self) -> None:
        """Close the socket, and forget what the client has not taken."""
        if not self.all_arrived():
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.socket.close()
        self.incoming.close()
        self.outgoing.close()

    def gettimeout(self) -> float:
        """Return 0, as a socket that never waits."""
        return 0.0

    def settimeout(self, _seconds: float | None) -> None:
        """Do nothing: the socket never waits."""

    def setblocking(self, _flag: bool) -> None:
        """Do nothing: the socket never waits."""

    def shutdown(self, _how: int) -> None:
        """Do nothing: the main loop ends the connection, after the answer is sent."""

    def close(self) -> None:
        """Do nothing: the main loop closes the connection, after the answer is sent."""
