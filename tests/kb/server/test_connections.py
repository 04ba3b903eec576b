"""Requests are recognised as complete in any pieces, and a client that is too slow is told from one that is not."""

from __future__ import annotations

import socket
import time

import pytest

from kb.server.connections import IN_MEMORY, LONGEST_HEAD, Frame, Line, Pace, Queue

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4;a=b\r\nbody\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n"


@pytest.mark.parametrize("request_", [GET, POST, CHUNKED])
def test_a_request_is_complete_with_its_last_byte_in_pieces_of_any_size(request_: bytes) -> None:
    for size in (1, 2, 3, 7, len(request_)):
        frame = Frame(longest=1000)
        for start in range(0, len(request_), size):
            assert frame.state != "complete"
            frame.add(request_[start : start + size])
        assert frame.state == "complete"


def test_a_head_without_end_is_too_long() -> None:
    frame = Frame(longest=1000)
    frame.add(b"GET / HTTP/1.1\r\nX: " + b"x" * LONGEST_HEAD)
    assert frame.state == "too-long"


@pytest.mark.parametrize("head", [b"Content-Length: 1001", b"Content-Length: 1001\r\nExpect: 100-continue"])
def test_a_body_that_is_too_long_is_not_waited_for(head: bytes) -> None:
    frame = Frame(longest=1000)
    frame.add(b"POST / HTTP/1.1\r\n" + head + b"\r\n\r\n")
    assert (frame.state, frame.asks) == ("complete", False)


def test_an_endless_chunked_body_is_handed_over_at_the_limit() -> None:
    frame = Frame(longest=1000)
    frame.add(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 200)
    assert frame.state == "complete"


@pytest.mark.parametrize("size", [b"-5", b"g", b"", b"1_0", b"0x4"])
def test_a_bad_chunk_is_left_to_the_parser(size: bytes) -> None:
    frame = Frame(longest=1000)
    frame.add(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + size + b"\r\n")
    assert frame.state == "complete"


def test_a_client_that_expects_it_is_asked_for_its_body_once() -> None:
    frame = Frame(longest=1000)
    frame.add(b"POST / HTTP/1.1\r\nContent-Length: 4\r\nexpect: 100-Continue\r\n\r\n")
    assert (frame.state, frame.asks) == ("body", True)


def test_a_queue_returns_what_was_added_in_order_also_from_a_file() -> None:
    queue, data = Queue(), bytes(range(256)) * (IN_MEMORY // 128)
    queue.add(data)
    taken = b""
    while piece := queue.take(10_007):
        taken += piece
        if len(taken) < 50_000:
            queue.add(piece)
            data += piece
    assert taken == data
    assert len(queue) == 0
    queue.close()


def test_a_pace_is_kept_by_moving_enough_in_each_window() -> None:
    pace, begin = Pace(10.0, 100), time.monotonic()
    assert not pace.late(0, now=begin + 9)
    assert not pace.late(100, now=begin + 11)
    assert not pace.late(150, now=begin + 20)
    assert pace.late(199, now=begin + 22)


def test_an_answer_that_the_client_does_not_take_waits_without_holding_up_the_thread() -> None:
    ours, theirs = socket.socketpair()
    line, answer = Line(ours), b"x" * 3_000_000
    line.sendall(answer)
    waiting = len(line.outgoing)
    assert 0 < waiting < len(answer)
    theirs.settimeout(5)
    came = 0
    while came < len(answer):
        came += len(theirs.recv(65536))
        line.flush()
    assert len(line.outgoing) == 0
    line.end()
    theirs.close()


def test_writing_to_a_client_that_has_gone_ends_the_answer() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    line = Line(ours)
    with pytest.raises(BrokenPipeError):
        line.sendall(b"x" * 100_000)
    line.end()
