"""A writer that hangs is replaced; meanwhile pages are served, and nothing waits for it for long."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ARTICLES, write_articles
from tests.support.served import Served, free_port, served, until

pytestmark = pytest.mark.faults

PROMPT = 3.0  # seconds for an answer, on a busy machine
VISITORS = 24  # more than the threads of both workers


@pytest.fixture
def center(tmp_path: Path) -> Iterator[Served]:
    """A help center of five articles."""
    plenty = {"rate_tickets": "0", "rate_events": "0"}
    with served(write_articles(tmp_path / "articles", ARTICLES), tmp_path / "var", **plenty) as running:
        until(lambda: health(running)["writable"])
        yield running


def health(center: Served) -> dict[str, Any]:
    """Return what `/readyz` says; it has to be 200."""
    status, body = center.get("/readyz")
    assert status == 200
    found: dict[str, Any] = json.loads(body)
    return found


def ticket(center: Served) -> int:
    """Send a ticket and return the status."""
    document = {"subject": "Help", "body": "My invoice is wrong", "email": "a@example.com"}
    return center.post("/api/v1/tickets", document, **{"Idempotency-Key": uuid.uuid4().hex})[0]


def post_event(center: Served) -> int:
    """Send an event and return the status."""
    event = {"id": str(uuid.uuid4()), "type": "read", "at": "2026-10-01T12:00:00Z", "article": "billing/vat"}
    return center.post("/api/v1/events", {"visitor": "v", "events": [event]})[0]


def seconds(act: Any) -> float:
    """Return the duration of a call."""
    began = time.monotonic()
    act()
    return time.monotonic() - began


def test_a_stopped_writer_is_said_holds_up_nobody_and_is_replaced(center: Served) -> None:
    victim = center.child("background")
    os.kill(victim, signal.SIGSTOP)
    crowd = [threading.Thread(target=post_event, args=(center,)) for _ in range(VISITORS)]
    for visitor in crowd:
        visitor.start()
    until(lambda: not health(center)["writable"])
    for visitor in crowd:
        visitor.join()
    for path in ("/en/", "/en/articles/billing/vat", "/api/v1/search?q=invoice", "/livez"):
        assert seconds(lambda path=path: center.get(path)) < PROMPT
    assert seconds(lambda: post_event(center)) < PROMPT
    dropped = [line for line in center.get("/metrics")[1].decode().splitlines() if "events_dropped_total" in line]
    assert float(dropped[-1].split()[-1]) >= VISITORS
    center.child("background", but=victim)
    until(lambda: ticket(center) == 201)
    until(lambda: health(center)["writable"])
    assert "background hangs in its loop; replacing it" in (center.data / "serve.log").read_text()


def test_a_removed_socket_and_lock_are_made_again_and_a_second_server_is_refused(center: Served) -> None:
    background, web = center.child("background"), center.child("web")
    for name in ("writer.sock", "writer.lock", "serve.lock", "shortstop.lock"):
        (center.data / name).unlink(missing_ok=True)
    environ = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
    environ |= {"KB_DATA": str(center.data), "KB_PORT": str(free_port()), "KB_EMBEDDER": "none"}
    command = [sys.executable, "-m", "kb.cli.main", "serve", "--articles", str(center.data.parent / "articles")]
    second = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert second.returncode == 1
    assert "in use by another 'kb serve'" in second.stderr
    assert ticket(center) == 201
    until(lambda: all((center.data / name).exists() for name in ("writer.sock", "writer.lock", "serve.lock")))
    assert ticket(center) == 201
    assert (center.child("background"), center.child("web")) == (background, web)
