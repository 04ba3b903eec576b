"""Slow and hanging receivers, and a clock that is ahead: the real background process, with patience made shorter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deflect.delivery import mail_server, outbox
from deflect.delivery.queues import Queues
from deflect.delivery.sinks import sink
from deflect.offers.episode import Visit
from deflect.store import clock
from deflect.store.clock import HOUR, SECOND
from deflect.store.database import Store
from deflect.store.services import Services
from deflect.tickets.contact import check, create_ticket
from tests.conftest import ARTICLES, write_articles
from tests.support.fakes import close, make_services
from tests.support.receivers import Desk, webhook_desk
from tests.support.receivers import mail_server as mail_desk
from tests.support.served import served, until
from tests.support.slow_mail import Post, post_office

pytestmark = pytest.mark.faults

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
SITE = Path(__file__).parent / "wrong_clock"


def send(services: Services, count: int = 1) -> None:
    for n in range(count):
        message = check({"subject": f"S{n}", "body": "B", "email": "jo@example.com"})
        create_ticket(services, Visit(f"v{n}"), message, key=uuid.uuid4().hex)


@contextmanager
def mailing(folder: Path, url: str, **more: object) -> Iterator[Services]:
    made = make_services(folder, sinks=("smtp",), smtp_url=url, smtp_to="desk@shop.example", **more)
    yield made
    close(made)


def test_a_mail_server_that_accepts_after_all_patience_of_the_past_gets_each_mail_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server accepts long after the commands' patience, as one that scans for viruses does."""
    monkeypatch.setattr(mail_server, "COMMAND", 0.3)
    post = Post(silent=frozenset({"end"}))
    with post_office(post), mailing(tmp_path, post.url) as services:
        send(services, 2)
        queues, settings = Queues(services.settings, find=sink), services.settings
        queues.look()
        until(lambda: post.taken)
        threading.Timer(1.0, post.release.set).start()
        until(lambda: queues.look() or not outbox.waiting(settings))  # type: ignore[func-returns-value]
        queues.finish(seconds=10)
    assert len(post.taken) == 2


def test_a_mail_server_that_never_answers_gets_four_copies_in_days_and_not_sixty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_server, "END", 0.1)
    post = Post(silent=frozenset({"end"}))
    with post_office(post), mailing(tmp_path, post.url) as services:
        send(services)
        start = clock.now() + SECOND
        for hour in range(72):
            outbox.deliver(services.settings, services.store, services.writer, now=start + hour * HOUR)
        (dead,) = outbox.waiting(services.settings)
        post.release.set()
    assert len(post.taken) == 4
    assert dead["state"] == "dead"
    assert dead["error"].startswith("perhaps sent; ")


class Silent:
    """A webhook that takes requests and never answers them, until `release`."""

    def __init__(self) -> None:
        self.release, self.asked = threading.Event(), threading.Event()

    def __call__(self, _: int) -> int:
        self.asked.set()
        self.release.wait(60)
        return 200


def test_a_hanging_webhook_holds_up_none_of_three_good_sinks(tmp_path: Path) -> None:
    """In the real `kb serve`: mail to the desk, receipts and a fourth sink go on while the webhook hangs."""
    silent = Silent()
    articles = write_articles(tmp_path / "articles", ARTICLES)
    with webhook_desk(Desk(answers=silent)) as desk, mail_desk() as box:
        settings = {
            "sinks": "inbox,smtp,webhook",
            "webhook_url": desk.url,
            "webhook_secret": SECRET,
            "allow_networks": "127.0.0.0/8",
            "smtp_url": box.url,
            "smtp_to": "desk@shop.example",
            "receipts": "true",
            "rate_tickets": "0",
        }
        with served(articles, tmp_path / "var", **settings) as center:
            for n in range(3):
                document = {"subject": "Help", "body": "My invoice", "email": f"a{n}@example.com"}
                assert center.post("/api/v1/tickets", document, **{"Idempotency-Key": uuid.uuid4().hex})[0] == 201
            assert silent.asked.wait(30)
            until(lambda: len(box.mails) == 6, seconds=9)  # less than the webhook's time-out of ten seconds
            states = {row["sink"]: row["state"] for row in rows(tmp_path, "SELECT sink, state FROM outbox")}
            silent.release.set()
    assert states["inbox"] == "sent"
    assert states["webhook"] == "pending"


def rows(folder: Path, sql: str) -> list[dict[str, object]]:
    store = Store(folder / "var" / "shortstop.db")
    try:
        return store.rows(sql)
    finally:
        store.close()


def test_a_sink_that_wants_to_end_the_process_takes_neither_the_writer_nor_the_others_along(tmp_path: Path) -> None:
    """The sink works at the start, and is broken by an upgrade of its package while tickets arrive."""
    articles, package = write_articles(tmp_path / "articles", ARTICLES), tmp_path / "package"
    package.mkdir()
    code = (
        "import pathlib\nfrom deflect.delivery.sinks import InboxSink\n\n\n"
        f"def make(settings):\n    if pathlib.Path({str(tmp_path / 'broken')!r}).exists():\n"
        "        raise SystemExit(1)\n"
        "    return InboxSink()\n"
    )
    (package / "our_desk.py").write_text(code)
    path = os.pathsep.join([str(package), os.environ.get("PYTHONPATH", "")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        with served(articles, tmp_path / "var", sinks="inbox,our_desk:make", rate_tickets="0") as center:
            background = center.child("background")
            (tmp_path / "broken").touch()
            for _ in range(3):
                document = {"subject": "Help", "body": "My invoice", "email": "a@example.com"}
                assert center.post("/api/v1/tickets", document, **{"Idempotency-Key": uuid.uuid4().hex})[0] == 201
            wanted = "SELECT count(*) AS n FROM outbox WHERE sink = 'inbox' AND state = 'sent'"
            until(lambda: rows(tmp_path, wanted)[0]["n"] == 3)
            failed = "SELECT 1 FROM outbox WHERE sink != 'inbox' AND note LIKE '%our_desk%'"
            until(lambda: rows(tmp_path, failed))
            assert center.children("background") == [background]


def test_a_server_that_starts_three_years_ahead_deletes_nothing(tmp_path: Path) -> None:
    """The clock is moved in every process by a sitecustomize module; visits arrive with the wrong time."""
    articles, data = write_articles(tmp_path / "articles", ARTICLES), tmp_path / "var"
    services = make_services(data, keep_tickets=30)
    send(services, 3)
    with services.store.connect().conn as db:
        db.execute("UPDATE tickets SET state = 'closed'")
    close(services)
    before = count(data)
    path = os.pathsep.join([str(SITE), os.environ.get("PYTHONPATH", "")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        patch.setenv("SHORTSTOP_TEST_AHEAD", str(3 * 365 * 86400))
        with served(articles, data, keep_tickets="30") as center:
            document = {"subject": "Help", "body": "My invoice", "email": "b@example.com"}
            assert center.post("/api/v1/tickets", document, **{"Idempotency-Key": "late"})[0] == 201
            until(lambda: rows(tmp_path, "SELECT 1 FROM runs WHERE id = 'jump'"))
            environ = os.environ | {"KB_DATA": str(data), "KB_KEEP_TICKETS": "30", "KB_ARTICLES": str(articles)}
            command = [sys.executable, "-m", "kb.cli.main"]
            said = subprocess.run([*command, "doctor"], env=environ, capture_output=True, text=True, check=False)
            assert "WRONG retention: the clock says" in said.stdout
            shown = subprocess.run([*command, "forget", "--json"], env=environ, capture_output=True, check=True)
            assert json.loads(shown.stdout)["old"]["tickets"] == 3
    assert count(data)["tickets"] == before["tickets"] + 1
    assert count(data)["event_texts"] >= before["event_texts"]


def count(data: Path) -> dict[str, int]:
    store = Store(data / "shortstop.db")
    try:
        return {name: len(store.rows(f"SELECT 1 FROM {name}")) for name in ("tickets", "events", "event_texts")}
    finally:
        store.close()
