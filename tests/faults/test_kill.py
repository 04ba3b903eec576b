"""`kill -9` while events and tickets arrive: everything acknowledged is stored, and delivered under one id."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from dataclasses import replace as with_
from pathlib import Path
from typing import Any

import pytest

from deflect.offers import log
from deflect.offers.episode import Visit
from deflect.store import clock
from deflect.store.database import Store
from deflect.store.services import Services
from deflect.store.writer import RemoteWriter, serve
from deflect.tickets import queries
from deflect.tickets.contact import check, create_ticket
from kb.errors import StorageFull, Unavailable
from tests.conftest import ARTICLES, write_articles
from tests.support.disks import small_disk_at
from tests.support.fakes import make_app, make_services
from tests.support.receivers import Desk, webhook_desk
from tests.support.served import PATIENCE, Served, answers, served, until

pytestmark = pytest.mark.faults

KILLS = 1000 if os.environ.get("KB_SOAK") else 100
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"


@dataclass
class Acknowledged:
    """The ids that clients were told are stored, and the errors of refused writes."""

    tickets: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    refused: list[BaseException] = field(default_factory=list)


@contextmanager
def clients(
    count: int, act: Callable[[int, Acknowledged], None], leave: Callable[[], None] = lambda: None
) -> Iterator[Acknowledged]:
    """Run `act` repeatedly in `count` threads while the block runs; each thread calls `leave` at the end."""
    stop, seen = threading.Event(), Acknowledged()

    def go_on(number: int) -> None:
        while not stop.wait(0.01):
            act(number, seen)
        leave()

    threads = [threading.Thread(target=go_on, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def nursery(services: Services, desk: Desk) -> Iterator[Callable[[], int]]:
    """Yield a function that starts a background process and returns its id."""
    command = [sys.executable, "-m", "tests.faults.nursery", str(services.settings.data), desk.url, SECRET]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as mother:
        assert mother.stdin
        assert mother.stdout
        born, ask = mother.stdout, mother.stdin

        def start() -> int:
            ask.write("\n")
            ask.flush()
            return int(born.readline())

        yield start


def write_one(services: Services) -> Callable[[int, Acknowledged], None]:
    """Return a client's action: write a ticket or events through the socket, and note them once acknowledged."""

    def act(number: int, seen: Acknowledged) -> None:
        try:
            if number % 2:
                form = {"subject": "Help", "body": "It broke", "email": f"p{number}@example.com"}
                made = create_ticket(services, Visit(f"v{number}"), check(form), key=uuid.uuid4().hex)
                seen.tickets.append(made.ticket)
            else:
                rows = [{"id": str(uuid.uuid4()), "type": "read", "at": 1, "article": "a"} for _ in range(3)]
                services.writer.run(log.log_events, keys=[f"visitor:v{number}"], events=rows, now=clock.now())
                seen.events.extend(row["id"] for row in rows)
        except (Unavailable, StorageFull) as error:
            seen.refused.append(error)

    return act


def ids(store: Store, table: str) -> set[str]:
    return {row["id"] for row in store.rows(f"SELECT id FROM {table}")}


def assert_delivered(store: Store, desk: Desk, *, kills: int) -> None:
    """Assert that every ticket reached the desk under one id, with at most one repeat per kill."""
    counted = Counter(desk.ids())
    assert set(counted) == {f"msg_{id}" for id in ids(store, "outbox")}
    assert sum(counted.values()) - len(counted) <= kills
    by_id: dict[str, set[str]] = {}
    for head, body in desk.got:
        by_id.setdefault(head["webhook-id"], set()).add(json.loads(body)["data"]["id"])
    assert all(len(named) == 1 for named in by_id.values())


def test_a_hundred_kills_of_the_writer_lose_nothing_acknowledged(tmp_path: Path) -> None:
    draw = random.Random(1)
    base = make_services(tmp_path, sinks=("webhook",))
    base.writer.close()  # type: ignore[attr-defined]
    writer = RemoteWriter(base.settings.writer_socket)
    services = with_(base, writer=writer)
    with webhook_desk() as desk, nursery(services, desk) as start:
        background = start()
        with clients(4, write_one(services), leave=writer.close) as seen:
            for number in range(KILLS):
                if number % 5 == 0:  # a busy machine may kill writers before they listen; wait for one that works
                    known = len(seen.tickets)
                    until(lambda known=known: len(seen.tickets) > known)
                threading.Event().wait(draw.uniform(0.02, 0.15))
                os.kill(background, signal.SIGKILL)
                background = start()
        until(lambda: not queries.deliveries(services.store), seconds=120)
        os.kill(background, signal.SIGKILL)
    assert seen.refused == []
    assert len(seen.tickets) >= KILLS / 2
    assert set(seen.tickets) <= ids(services.store, "tickets")
    assert set(seen.events) <= ids(services.store, "events")
    assert_delivered(services.store, desk, kills=KILLS)
    services.store.close()


def post(center: Served, path: str, document: Any, **headers: str) -> tuple[int, Any]:
    """Post JSON, and again after a cut connection, like a browser's retry."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            status, body = center.post(path, document, **headers)
            return status, json.loads(body)
        except OSError:
            assert time.monotonic() < end, "the server did not come back"


def post_one(center: Served) -> Callable[[int, Acknowledged], None]:
    """Return a client's action over HTTP: post a ticket or an event, and note it once acknowledged."""

    def act(number: int, seen: Acknowledged) -> None:
        if number % 2:
            form = {"subject": "Help", "body": "It broke", "email": "jo@example.com"}
            status, answer = post(center, "/api/v1/tickets", form, **{"Idempotency-Key": uuid.uuid4().hex})
            if status == 201:
                seen.tickets.append(answer["ticket"])
        else:
            event = {"id": str(uuid.uuid4()), "type": "read", "at": "2026-10-01T12:00:00Z", "article": "a"}
            status, _ = post(center, "/api/v1/events", {"visitor": f"v{number}", "events": [event]})
            if status == 202:
                seen.events.append(event["id"])
        if status >= 400:
            seen.refused.append(RuntimeError(f"{status} {answer if number % 2 else ''}"))

    return act


def test_kills_of_every_process_of_kb_serve_lose_nothing_acknowledged(tmp_path: Path) -> None:
    with webhook_desk() as desk:
        settings = {"sinks": "inbox,webhook", "webhook_url": desk.url, "webhook_secret": SECRET}
        settings |= {"allow_networks": "127.0.0.0/8", "rate_tickets": "0", "rate_events": "0"}
        articles = write_articles(tmp_path / "articles", ARTICLES)
        with served(articles, tmp_path / "var", **settings) as center:
            kills = 0
            with clients(4, post_one(center)) as seen:
                for name in ("background", "web", "background", "web", "background"):
                    threading.Event().wait(0.3)
                    for victim in center.children(name):
                        with suppress(ProcessLookupError):  # a web worker ends with its master
                            os.kill(victim, signal.SIGKILL)
                        kills += 1
                    until(lambda: answers(center))
            store = Store(tmp_path / "var" / "shortstop.db")
            until(lambda: not queries.deliveries(store), seconds=60)
            assert len(seen.tickets) > 10
            assert set(seen.tickets) <= ids(store, "tickets")
            assert set(seen.events) <= ids(store, "events")
            sent = {f"msg_{row['id']}" for row in store.rows("SELECT id FROM outbox WHERE sink = 'webhook'")}
            assert set(desk.ids()) == sent
            assert len(desk.ids()) - len(sent) <= kills
            store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    with small_disk_at(tmp_path / "small", megabytes=3) as folder:
        yield folder


def test_a_full_disk_is_said_and_left_behind(small_disk: Path) -> None:
    stop = threading.Event()
    base = make_services(small_disk)
    base.writer.close()  # type: ignore[attr-defined]
    writer = RemoteWriter(base.settings.writer_socket)
    services = with_(base, writer=writer)
    loop = threading.Thread(target=_serve, args=(services, stop))
    loop.start()
    client = make_app(services).test_client()

    def send() -> tuple[int, Any]:
        form = {"subject": "Help", "body": "x" * 4000, "email": "jo@example.com"}
        answer = client.post("/api/v1/tickets", json=form, headers={"Idempotency-Key": uuid.uuid4().hex})
        return answer.status_code, answer.json

    try:
        acknowledged = [send()[1]["ticket"]]
        filler = small_disk / "filler"
        _fill(filler)
        status, answer = 201, {}
        while status == 201:
            status, answer = send()
            acknowledged += [answer["ticket"]] if status == 201 else []
        assert status in (503, 507)
        assert "disk is full" in answer["detail"]
        assert client.get("/api/v1/search?q=password").status_code == 200
        assert len(queries.find(services.store, limit=1000)) == len(acknowledged)
        offer = client.post("/api/v1/offers", json={"visitor": "v", "subject": "password", "body": ""})
        assert (offer.status_code, offer.json["degraded"]) == (200, "not-logged")
        assert send()[0] in (503, 507)
        filler.unlink()
        status, answer = send()
        assert status == 201
        assert {*acknowledged, answer["ticket"]} == ids(services.store, "tickets")
    finally:
        stop.set()
        loop.join()
        writer.close()
        services.store.close()


def _serve(services: Services, stop: threading.Event) -> None:
    serve(services.store, services.settings.writer_socket, stop)


def _fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as file:
        for size in (65536, 4096, 512):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
