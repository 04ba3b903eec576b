"""Senders that are slow, silent or gone: they block no thread, and unfinished messages are answered with 408."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import ARTICLES, write_articles
from tests.support.served import PATIENCE, Served, served

pytestmark = pytest.mark.faults

HALF = (
    b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b'Idempotency-Key: k\r\nContent-Length: 900\r\n\r\n{"visi'
)


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A help center with a single thread, which one slow sender could block."""
    folder = tmp_path_factory.mktemp("slow")
    with served(write_articles(folder / "articles", ARTICLES), folder / "var", workers="1", threads="1") as running:
        yield running


def connected(center: Served, sent: bytes = b"") -> socket.socket:
    """Open a connection and send bytes."""
    host, port = center.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=PATIENCE)
    connection.sendall(sent)
    return connection


def test_two_hundred_connections_that_say_nothing_hold_up_nobody(center: Served) -> None:
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(connected(center))
        assert center.get("/en/")[0] == 200


@pytest.mark.parametrize("path", [b"/api/v1/tickets", b"/api/v1/events", b"/api/v1/offers"])
def test_who_stops_in_the_middle_of_a_message_is_told_so_and_the_next_is_served(center: Served, path: bytes) -> None:
    with connected(center, HALF % path) as stopped:
        assert center.get("/en/")[0] == 200
        assert stopped.recv(100).startswith(b"HTTP/1.1 408 ")


def test_half_a_head_is_dropped_and_the_next_is_served(center: Served) -> None:
    with connected(center, b"GET /en/ HTTP/1.1\r\nHost: x\r\n") as stopped:
        assert center.get("/en/")[0] == 200
        assert stopped.recv(100) == b""


def test_connections_cut_in_the_middle_leave_no_error_in_the_log(center: Served) -> None:
    for path in (b"/api/v1/tickets", b"/api/v1/offers", b"/en/contact"):
        connected(center, HALF % path).close()
    assert center.get("/en/")[0] == 200
    assert "Traceback" not in (center.data / "serve.log").read_text()
