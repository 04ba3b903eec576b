"""A web worker of gunicorn whose threads never wait for a client.

The main loop receives whole requests and sends the rest of answers (`kb.server.connections`), so a client that is slow,
silent or gone holds a connection, but no thread. A head has ten seconds, a body and an answer have to keep a pace, and
an address has a share of the connections.
"""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from typing import Any, Literal

from gunicorn import http, util
from gunicorn.config import Config
from gunicorn.http import Request
from gunicorn.workers import gthread

from deflect.store.file_kinds import MB
from deflect.store.services import network
from deflect.tickets import uploads
from kb.config import Settings
from kb.server.connections import LEAST, WINDOW, Frame, Line, Pace

HEAD_TIME = 10.0  # seconds for the request line and the headers
ENDING_TIME = 2.0  # seconds in which a client may close a connection that we have ended
PER_ADDRESS = 100  # connections that an address may keep waiting in one worker, if no proxy is trusted
SETTLED = 1.0  # seconds; a connection that has waited less is not closed to make room
LONGEST_FORM = 2**20  # bytes of a form without its files
SWEEP = 0.5  # seconds between looks at all connections
State = Literal["idle", "head", "body", "working", "sending", "ending"]


class Connection(gthread.TConn):
    """A client's connection, with its state and the pace that the client has to keep."""

    def __init__(self, cfg: Config, client: socket.socket, address: Any, server: Any, *, longest: int) -> None:
        super().__init__(cfg, client, address, server)
        self.line = Line(client)
        self.sock: Any = self.line
        self.parser: Any = http.RequestParser(cfg, self.line, address)  # type: ignore[arg-type]
        self.initialized = True  # for gunicorn's `handle`
        self.network = network(address[0])
        self.keep = self.polled = False
        self._longest = longest
        self.renew()

    def renew(self) -> None:
        """Expect another request."""
        self.frame = Frame(longest=self._longest)
        self.become("idle")

    def become(self, state: State) -> None:
        """Enter a state, with the time or the pace that it allows."""
        self.state: State = state
        self.since = time.monotonic()
        if state in ("body", "sending"):
            self.pace = Pace(WINDOW, LEAST, moved=self._moved())
        else:
            self.pace = Pace({"idle": self.cfg.keepalive, "head": HEAD_TIME}.get(state, ENDING_TIME))

    def late(self, now: float) -> bool:
        """Return True if the client is too slow. One that still takes an answer is judged by its pace."""
        if self.state == "working" or not self.pace.late(self._moved(), now=now):
            return False
        if self.state in ("idle", "ending") and not self.line.all_arrived():
            self.become("sending")
            return False
        return True

    def _moved(self) -> int:
        return self.line.arrived() if self.state == "sending" else self.line.received


class Worker(gthread.ThreadWorker):
    """Gunicorn's threaded worker, in which only whole requests get a thread."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        settings: Settings = self.app.settings  # type: ignore[attr-defined]  # of kb.server.workers.WebWorkers
        self.longest = LONGEST_FORM + uploads.PATIENCE * settings.attachments_total * MB
        self.proxied = settings.trusted_proxies > 0
        self.conns: dict[Connection, None] = {}
        self._swept = 0.0

    def run(self) -> None:
        """Serve until the worker is told to stop, then answer what has begun."""
        self.poller.register(self.method_queue.fileno() or 0, selectors.EVENT_READ, self.method_queue.run_callbacks)
        while self.alive and self.is_parent_alive():
            self.set_accept_enabled(len(self.conns) < self.worker_connections)
            self._turn()
        self.set_accept_enabled(False)
        self.alive = False
        end = time.monotonic() + self.cfg.graceful_timeout
        while self.conns and time.monotonic() < end:
            self._turn()

    def _turn(self) -> None:
        self.notify()
        self.wait_for_and_dispatch_events(timeout=SWEEP)
        now = time.monotonic()
        if now >= self._swept + SWEEP:
            self._swept = now
            self._sweep(now)

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection, and receive what has arrived."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._thin(time.monotonic(), room=len(self.conns) // 2)
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                raise
            return
        conn = Connection(self.cfg, client, address, listener.getsockname(), longest=self.longest)
        self.conns[conn] = None
        self._receive(conn)

    def _receive(self, conn: Connection, _socket: object = None) -> None:
        """Receive a piece of a request."""
        data = conn.line.receive()
        if conn.line.broken:
            self._drop(conn)
        else:
            self._take(conn, data)

    def _take(self, conn: Connection, data: bytes) -> None:
        """Add bytes to a request, and give the request to a thread once it is complete."""
        frame, line = conn.frame, conn.line
        try:
            line.incoming.add(data)
        except OSError:
            self._refuse(conn, HTTPStatus.INSUFFICIENT_STORAGE)
            return
        frame.add(data)
        if frame.state == "too-long":
            self._refuse(conn, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif frame.state == "complete":
            self._unpoll(conn)
            conn.become("working")
            self.enqueue_req(conn)
        else:
            self._await_rest(conn, frame.state)

    def _await_rest(self, conn: Connection, state: State) -> None:
        if conn.frame.asks:
            conn.frame.asks = False
            conn.line.outgoing.add(b"HTTP/1.1 100 Continue\r\n\r\n")
            conn.line.flush()
        if state != conn.state:
            conn.become(state)
        self._poll(conn, selectors.EVENT_READ, self._receive)

    def handle(self, conn: Any) -> Any:
        """Answer a request, in a thread, and send as much of the answer as the client takes."""
        keep = super().handle(conn)
        conn.line.flush()
        return keep

    def handle_request(self, req: Request, conn: gthread.TConn) -> bool:
        """Answer a request whose body has arrived, so the client is not asked to send it."""
        req._expected_100_continue = False  # type: ignore[attr-defined]
        return super().handle_request(req, conn)

    def finish_request(self, conn: Any, fs: Future[bool]) -> None:
        """Send the rest of an answer, in the main loop."""
        conn.keep = not fs.cancelled() and fs.exception() is None and fs.result()
        self._send(conn)

    def _send(self, conn: Connection, _socket: object = None) -> None:
        conn.line.flush()
        if conn.line.broken:
            self._drop(conn)
        elif len(conn.line.outgoing):
            if conn.state != "sending":
                conn.become("sending")
            self._poll(conn, selectors.EVENT_WRITE, self._send)
        elif conn.keep:
            rest = conn.parser.unreader.take_buffered() + conn.line.incoming.take(len(conn.line.incoming))
            conn.renew()
            self._take(conn, rest)
        else:
            self._end(conn)

    def _end(self, conn: Connection) -> None:
        """End a connection: closing it while the client still sends would destroy the answer on its way."""
        try:
            conn.line.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
        else:
            conn.become("ending")
            self._poll(conn, selectors.EVENT_READ, self._ignore)

    def _ignore(self, conn: Connection, _socket: object) -> None:
        conn.line.receive()
        if conn.line.broken:
            self._drop(conn)

    def _refuse(self, conn: Connection, status: HTTPStatus) -> None:
        """Answer a request that does not arrive as it should, and end the connection."""
        util.write_error(conn.sock, int(status), status.phrase, "")
        conn.keep = False
        self._send(conn)

    def _sweep(self, now: float) -> None:
        """Close the connections of clients that are too slow, and the oldest ones of an address that has too many."""
        for conn in [conn for conn in self.conns if conn.late(now)]:
            if conn.state == "body":
                self._refuse(conn, HTTPStatus.REQUEST_TIMEOUT)
            else:
                self._drop(conn)
        self._thin(now, room=self.worker_connections * 9 // 10)

    def _thin(self, now: float, *, room: int) -> None:
        """Close waiting connections, the oldest first, of addresses beyond their share, and of all beyond `room`."""
        counts = Counter(conn.network for conn in self.conns)
        waiting = [conn for conn in self.conns if conn.state != "working" and now - conn.since > SETTLED]
        for conn in sorted(waiting, key=lambda conn: conn.since):
            greedy = not self.proxied and counts[conn.network] > PER_ADDRESS
            if greedy or len(self.conns) > room:
                counts[conn.network] -= 1
                self._drop(conn)

    def _drop(self, conn: Connection) -> None:
        self._unpoll(conn)
        self.conns.pop(conn, None)
        conn.line.end()

    def _poll(self, conn: Connection, event: int, react: Callable[[Connection, object], None]) -> None:
        change = self.poller.modify if conn.polled else self.poller.register
        change(conn.line.socket, event, partial(react, conn))
        conn.polled = True

    def _unpoll(self, conn: Connection) -> None:
        if conn.polled:
            self.poller.unregister(conn.line.socket)
            conn.polled = False
