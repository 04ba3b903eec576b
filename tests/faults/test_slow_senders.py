"""Clients that are slow, silent or gone: they hold up nobody, and after a while their connections are closed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import ARTICLES, write_articles
from tests.support.served import PATIENCE, Served, served, until

pytestmark = pytest.mark.faults

HALF = (
    b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b'Idempotency-Key: k\r\nContent-Length: 900\r\n\r\n{"visi'
)
HALF_HEAD = b"GET /en/ HTTP/1.1\r\nHost: x\r\nX-Slow: "
LONG = "/en/articles/account/long"
ESTABLISHED = b"\1"  # a state of TCP
PROMPT = 5.0  # seconds for an answer, on a busy machine; it takes a hundredth


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A help center with a single thread, which one slow client could block; its peers count as proxies."""
    folder = tmp_path_factory.mktemp("slow")
    articles = write_articles(folder / "articles", ARTICLES)
    text = "---\ntitle: Long\n---\n\n" + "A sentence about the invoice, again and again.\n\n" * 5000
    (articles / "account/long.md").write_text(text)
    with served(articles, folder / "var", workers="1", threads="1", trusted_proxies="1") as running:
        yield running


def connected(center: Served, sent: bytes = b"") -> socket.socket:
    """Open a connection that takes little at a time, and send bytes."""
    host, port = center.url.removeprefix("http://").split(":")
    connection = socket.socket()
    connection.settimeout(PATIENCE)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((host, int(port)))
    connection.sendall(sent)
    return connection


@contextmanager
def dripping(connections: list[socket.socket], *, reading: bool) -> Iterator[None]:
    """Send or read a byte a second on each connection."""
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(1.0):
            for one in connections:
                with suppress(OSError):
                    if reading:
                        one.recv(1, socket.MSG_DONTWAIT)
                    else:
                        one.send(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def is_open(connection: socket.socket) -> bool:
    """Return True unless the server has closed a connection."""
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == ESTABLISHED


def test_a_hundred_and_fifty_that_drip_hold_up_nobody_and_are_closed(center: Served) -> None:
    with ExitStack() as stack:
        heads = [stack.enter_context(connected(center, HALF_HEAD)) for _ in range(50)]
        bodies = [stack.enter_context(connected(center, HALF % b"/api/v1/events")) for _ in range(50)]
        ask = f"GET {LONG} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        readers = [stack.enter_context(connected(center, ask)) for _ in range(50)]
        for reader in readers:
            assert reader.recv(15) == b"HTTP/1.1 200 OK"
        for part in (heads, bodies, readers):
            stack.enter_context(dripping(part, reading=part is readers))
        for _ in range(20):
            began = time.monotonic()
            assert center.get("/en/")[0] == 200
            assert center.post("/api/v1/offers", {"visitor": "v", "subject": "password", "body": ""})[0] == 200
            assert time.monotonic() - began < PROMPT
        until(lambda: not any(is_open(one) for one in heads + bodies))
        # The readers' answers are in the kernel's buffers. Behind a proxy, such a connection is idle for 150 seconds.


def test_a_client_that_takes_an_answer_at_a_modest_pace_gets_all_of_it(center: Served) -> None:
    wanted = center.get(LONG)[1]
    with connected(center, f"GET {LONG} HTTP/1.0\r\nHost: {center.url[7:]}\r\n\r\n".encode()) as reader:
        came = b""
        for _ in range(3):
            came += reader.recv(4096)
            threading.Event().wait(0.2)
        while data := reader.recv(65536):
            came += data
    assert len(came.partition(b"\r\n\r\n")[2]) == len(wanted)


def test_two_hundred_connections_that_say_nothing_hold_up_nobody(center: Served) -> None:
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(connected(center))
        assert center.get("/en/")[0] == 200


def test_who_stops_in_the_middle_of_a_request_is_told_so_or_dropped(center: Served) -> None:
    with ExitStack() as stack:
        paths = (b"/api/v1/tickets", b"/api/v1/events", b"/api/v1/offers")
        bodies = [stack.enter_context(connected(center, HALF % path)) for path in paths]
        head = stack.enter_context(connected(center, HALF_HEAD))
        assert center.get("/en/")[0] == 200
        assert head.recv(100) == b""
        for body in bodies:
            assert body.recv(100).startswith(b"HTTP/1.1 408 ")


def test_connections_cut_in_the_middle_leave_no_error_in_the_log(center: Served) -> None:
    for path in (b"/api/v1/tickets", b"/api/v1/offers", b"/en/contact"):
        connected(center, HALF % path).close()
    assert center.get("/en/")[0] == 200
    assert "Traceback" not in (center.data / "serve.log").read_text()


def test_a_client_that_waits_for_permission_is_asked_once_and_answered(center: Served) -> None:
    head = (
        b"POST /api/v1/offers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 43\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with connected(center, head) as client:
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b'{"visitor":"v","subject":"pass","body":" "}')
        assert client.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_requests_sent_at_once_on_one_connection_are_all_answered(center: Served) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected(center, one * 5 + one.replace(b"Host", b"Connection: close\r\nHost")) as client:
        came = b""
        while data := client.recv(65536):
            came += data
    assert came.count(b"HTTP/1.1 200 OK") == 6


def test_a_client_that_does_not_close_after_the_answer_holds_up_nobody(center: Served) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            client = stack.enter_context(connected(center, b"GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n"))
            assert client.recv(15) == b"HTTP/1.0 200 OK"
        began = time.monotonic()
        assert center.get("/en/")[0] == 200
        assert time.monotonic() - began < PROMPT


def test_an_address_keeps_a_share_of_the_connections_and_a_newcomer_is_served(tmp_path: Path) -> None:
    articles = write_articles(tmp_path / "articles", ARTICLES)
    with served(articles, tmp_path / "var", workers="1") as center, ExitStack() as stack:
        silent = [stack.enter_context(connected(center, HALF_HEAD)) for _ in range(130)]
        until(lambda: sum(map(is_open, silent)) <= 100, seconds=8)  # the head's deadline comes later
        assert [is_open(one) for one in silent] == [False] * 30 + [True] * 100
        assert center.get("/en/")[0] == 200
