"""`kill -9` between file and row: acknowledged tickets keep their files, and other files are swept."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import signal
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path

import pytest

from deflect.privacy.erasure import sweep
from deflect.store.attachments import folder, of_ticket, path_of
from deflect.store.database import Store
from kb.config import Settings
from tests.conftest import ARTICLES, write_articles
from tests.faults.test_kill import Acknowledged, clients, until
from tests.support.served import Served, served

pytestmark = pytest.mark.faults
KILLS = 12
TICKET = json.dumps({"subject": "S", "body": "B", "email": "jo@example.com"}).encode()
HEAD = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'


def body(data: bytes) -> bytes:
    """Return a multipart ticket with one file."""
    return HEAD % (b"ticket", b"", TICKET) + HEAD % (b"files", b'; filename="a.log"', data) + b"--x--\r\n"


def send(center: Served, data: bytes) -> str:
    """Send a ticket with a file, and again after a cut connection or a 503; return its id."""
    key = uuid.uuid4().hex
    headers = {"Idempotency-Key": key, "Content-Type": "multipart/form-data; boundary=x"}
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(OSError, http.client.HTTPException):
            status, answer = center.send("POST", "/api/v1/tickets", body(data), **headers)
            if status == 201:
                return str(json.loads(answer)["ticket"])
            assert status == 503, answer
    raise AssertionError("the server did not come back")


def test_kills_of_web_and_writer_lose_no_file_of_an_acknowledged_ticket(tmp_path: Path) -> None:
    draw, sent = random.Random(1), dict[str, str]()
    articles = write_articles(tmp_path / "articles", ARTICLES)
    settings = Settings(data=tmp_path / "var")

    with served(articles, settings.data, rate_tickets="0", rate_events="0") as center:

        def act(number: int, seen: Acknowledged) -> None:
            data = f"{number} {uuid.uuid4()}\n".encode() * 20_000  # large enough for kills during the upload
            sent[send(center, data)] = hashlib.sha256(data).hexdigest()

        with clients(3, act) as _:
            for number in range(KILLS):
                known = len(sent)
                until(lambda known=known, number=number: number % 4 != 0 or len(sent) > known)
                threading.Event().wait(draw.uniform(0.05, 0.3))
                victims = center.children("web" if number % 2 else "background")
                for victim in victims[:1]:
                    with suppress(ProcessLookupError):
                        os.kill(victim, signal.SIGKILL)

    store = Store(settings.database)
    assert len(sent) >= KILLS / 4
    for ticket, digest in sent.items():
        assert [row["digest"] for row in of_ticket(store, ticket)] == [digest]
        assert hashlib.sha256(path_of(settings, digest).read_bytes()).hexdigest() == digest
    named = {row["digest"] for row in store.rows("SELECT digest FROM attachments")}
    sweep(settings, now=time.time() + 2 * 3600)
    assert {path.name for path in folder(settings).rglob("*") if path.is_file()} == named
    store.close()
