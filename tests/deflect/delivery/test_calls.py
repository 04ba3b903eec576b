"""Calls of webhooks: which answers are final, which are tried again, and which mean perhaps sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from deflect.delivery import calls, webhook
from deflect.delivery.delivery import DeliveryFailed, NotTaken, PerhapsSent
from deflect.delivery.webhook import WebhookSink, verify
from kb.errors import BadSetting
from tests.deflect.delivery.test_sinks import DELIVERY, LOOPBACK, SECRET
from tests.support.receivers import Desk, webhook_desk


@dataclass
class Raw:
    """A server that reads a whole request, answers these bytes and holds the connection until `release`."""

    answer: bytes = b""
    close: bool = True
    url: str = ""
    requests: int = 0
    release: threading.Event = field(default_factory=threading.Event)


@contextmanager
def raw_server(raw: Raw) -> Iterator[Raw]:
    """Run it while the block runs."""
    listener = socket.create_server(("127.0.0.1", 0))
    raw.url = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                read_request(connection)
                raw.requests += 1
                connection.sendall(raw.answer)
                if not raw.close:
                    raw.release.wait(10)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield raw
    finally:
        raw.release.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def read_request(connection: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)


def post(url: str) -> str:
    return WebhookSink(url, SECRET, LOOPBACK, clock=lambda: 1000.0).deliver(DELIVERY)


@pytest.mark.parametrize("status", [400, 404, 405, 409, 410, 413, 422, 451])
def test_a_refusal_is_final_and_said(status: int) -> None:
    with webhook_desk(Desk(answers=lambda _: status)) as desk, pytest.raises(NotTaken, match=f"answered {status}"):
        post(desk.url)


@pytest.mark.parametrize("status", [504, 524])
def test_a_gateway_that_waited_in_vain_means_perhaps_sent(status: int) -> None:
    with webhook_desk(Desk(answers=lambda _: status)) as desk, pytest.raises(PerhapsSent, match=f"answered {status}$"):
        WebhookSink(desk.url, SECRET, LOOPBACK).deliver(DELIVERY)


def test_a_receiver_that_is_silent_is_said_to_be_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT", 0.1)
    with raw_server(Raw(close=False)) as raw, pytest.raises(PerhapsSent, match="did not answer in time after"):
        WebhookSink(raw.url, SECRET, LOOPBACK).deliver(DELIVERY)


@pytest.mark.parametrize("status", [301, 401, 403, 407, 408, 425, 429, 500, 502, 503, 599])
def test_what_may_become_better_is_not_final(status: int) -> None:
    with webhook_desk(Desk(answers=lambda _: status)) as desk, pytest.raises(DeliveryFailed) as failed:
        post(desk.url)
    assert type(failed.value) is DeliveryFailed


@pytest.mark.parametrize(
    ("header", "wait"),
    [("120", 120.0), ("99999999", 3600.0), ("1e9", 0.0), ("-5", 0.0), ("NaN", 0.0), ("9" * 5000, 0.0), ("soon", 0.0),
     ("Thu, 01 Jan 1970 00:20:00 GMT", 200.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
     ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0), ("Fri, 31 Dec 9999 23:59:59 -9999", 0.0), ("٣", 0.0)],
)  # fmt: skip
def test_retry_after_is_judged(header: str, wait: float) -> None:
    assert calls.pause(header, now=1000.0) == wait


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 2", b"HTTP/1.1 abc\r\n\r\n", b"\xff\xfe\x00", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200]
)
def test_an_answer_that_is_cut_or_garbage_after_the_whole_request_is_perhaps_sent(answer: bytes) -> None:
    with raw_server(Raw(answer)) as raw, pytest.raises(PerhapsSent, match=r"perhaps sent; .* the whole request"):
        post(raw.url)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2"])
def test_a_time_out_after_the_whole_request_is_perhaps_sent(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT", 0.2)
    with raw_server(Raw(answer, close=False)) as raw, pytest.raises(PerhapsSent):
        post(raw.url)


def test_a_receiver_that_refuses_connections_is_said_to() -> None:
    with pytest.raises(DeliveryFailed, match=r"^127\.0\.0\.1:9 refuses connections$"):
        post("http://127.0.0.1:9/hook")


BODIES = [
    (b'{"id": "a\\u0000b"}', "a b"),
    (b'{"id": 4711}', "4711"),
    (b'{"id": "%s"}' % (b"x" * 5000), "x" * 200),
    (b'{"id": NaN}', ""),
    (b'{"id": %s}' % (b"9" * 5000), ""),
    (b'{"id": "\\ud800"}', ""),
    (b'{"id": ["x"]}', ""),
    (b'{"id": true}', ""),
    (b"[" * 60_000, ""),
    (b"\xff", ""),
]


@pytest.mark.parametrize(("body", "id"), BODIES, ids=range(len(BODIES)))
def test_the_id_of_an_answer_is_judged(body: bytes, id: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    with raw_server(Raw(head + body)) as raw:
        assert post(raw.url) == id


def test_a_body_that_breaks_off_changes_nothing_about_the_status() -> None:
    with raw_server(Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")) as raw:
        assert post(raw.url) == ""


@pytest.mark.parametrize("stamp", ["9" * 5000, "²", "-1", ""])
def test_a_receiver_s_check_survives_any_time_stamp(stamp: str) -> None:
    assert not verify(SECRET, headers={"webhook-timestamp": stamp}, body=b"", now=0)


@pytest.mark.parametrize("url", ["http://127.0.0.1/secret-path", "http://u@x.example/secret-path"])
def test_an_address_is_judged_without_being_quoted(url: str) -> None:
    with pytest.raises(BadSetting, match=r"^webhook_url: ") as refused:
        calls.check_address(url, setting="webhook_url", allow=())
    assert "secret-path" not in str(refused.value)


def test_a_name_that_cannot_be_looked_up_now_is_no_reason_to_stop() -> None:
    calls.check_address("https://no-such-host.invalid/x", setting="webhook_url", allow=())
