"""A ticket is on disk before anything that may fail or wait, on every way in."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from deflect.delivery.receipt import articles_for
from deflect.mail.take import take
from deflect.store.services import EXTENSION, Services
from search.rank.current import Current
from search.rank.searcher import Searcher
from tests.support.mails import mail
from tests.support.sample import fresh, help_center
from tests.support.signing import KEYS, bearer, sign_call

FORM = {"subject": "The code never arrives", "message": "No code came.", "email": "jo@example.com"}
TICKET = {"subject": FORM["subject"], "body": FORM["message"], "email": FORM["email"]}
HEAD = {"Idempotency-Key": "k1"}
AT_ONCE = 5.0  # seconds, for two busy cores


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center."""
    return help_center(tmp_path_factory.mktemp("keep"))


@pytest.fixture(params=["TypeError", "MemoryError", "RecursionError", "hangs"])
def ranker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A ranker, vectors, spelling and name servers that raise, or do not answer before the test has ended."""
    ended = threading.Event()

    def broken(*_: Any, **__: Any) -> Any:
        if request.param == "hangs":
            ended.wait()
        raise {"TypeError": TypeError, "MemoryError": MemoryError}.get(request.param, RecursionError)(TICKET["body"])

    for name in ("search", "suggest", "complete", "related", "ranked_message", "ranked_query"):
        monkeypatch.setattr(Searcher, name, broken)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, broken)
    for place in ("search.index.embedder.load", "search.rank.stages._corrected", "deflect.delivery.sinks.sink"):
        monkeypatch.setattr(place, broken)
    yield request.param
    ended.set()


@pytest.fixture
def app(built: Flask, tmp_path: Path) -> Flask:
    """The same help center with an empty database."""
    return fresh(built, tmp_path, token_keys=KEYS, origins=("https://shop.example",))


def by_form(app: Flask) -> None:
    assert app.test_client().post("/en/contact", data=FORM | {"key": "0" * 32}).status_code == 303


def by_api(app: Flask) -> None:
    """The requests of the form's script and of the widget."""
    answer = app.test_client().post("/api/v1/tickets", json=TICKET, headers=HEAD)
    assert answer.status_code == 201


def by_mail(app: Flask) -> None:
    services: Services = app.extensions[EXTENSION]
    assert take(services, mail("No code came.", subject="The code never arrives")).what == "new"


def by_widget(app: Flask) -> None:
    """The request of the widget, from the site of the owner, which is allowed."""
    headers = HEAD | {"Origin": "https://shop.example"}
    answer = app.test_client().post("/api/v1/tickets", json=TICKET | {"visitor": "v1"}, headers=headers)
    assert answer.status_code == 201


def by_contact(app: Flask) -> None:
    """The request of the owner's server, which reports a call."""
    contact = {"channel": "phone", "external_id": "Z-17", "email": "jo@example.com", "at": "2026-10-01T12:00:00Z"}
    answer = app.test_client().post("/api/v1/contacts", json=contact, headers=bearer(sign_call()))
    assert answer.status_code < 300


@pytest.mark.parametrize("way_in", [by_form, by_api, by_mail])
@pytest.mark.parametrize("error", [TypeError, MemoryError, sqlite3.DatabaseError, OSError])
def test_a_ticket_needs_no_index(
    app: Flask, way_in: Callable[[Flask], None], error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(Current, "get", broken)
    monkeypatch.setattr(Current, "snapshot", broken)
    way_in(app)
    assert app.extensions[EXTENSION].store.rows("SELECT subject FROM tickets") == [{"subject": FORM["subject"]}]


def at_once(call: Callable[[], None]) -> None:
    """Run a call in a thread, and fail if it raises or does not end."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(AT_ONCE)
    assert not thread.is_alive()
    assert failures == []


@pytest.mark.parametrize("way_in", [by_form, by_api, by_widget, by_mail])
def test_a_ticket_waits_for_nothing(app: Flask, ranker: str, way_in: Callable[[Flask], None]) -> None:
    at_once(lambda: way_in(app))
    store = app.extensions[EXTENSION].store
    assert store.rows("SELECT subject FROM tickets") == [{"subject": "The code never arrives"}]
    assert len(store.rows("SELECT 1 FROM messages")) == 1
    assert [row["sink"] for row in store.rows("SELECT sink FROM outbox WHERE state = 'pending'")]


def test_a_contact_waits_for_nothing(app: Flask, ranker: str) -> None:
    at_once(lambda: by_contact(app))
    assert app.extensions[EXTENSION].store.rows("SELECT id FROM contacts") == [{"id": "phone:Z-17"}]


def test_an_offer_without_a_ranker_is_none_and_says_why(
    app: Flask, ranker: str, caplog: pytest.LogCaptureFixture
) -> None:
    if ranker == "hangs":
        return
    document = TICKET | {"visitor": "v1"}
    answer = app.test_client().post("/api/v1/offers", json=document).get_json()
    assert (answer["cards"], answer["degraded"]) == ([], "search-failed")
    assert TICKET["body"] not in caplog.text


def test_a_receipt_goes_without_articles_when_the_ranker_fails(app: Flask, ranker: str) -> None:
    if ranker == "hangs":
        return
    services: Services = app.extensions[EXTENSION]
    delivery: Any = type("Delivery", (), {"lang": "en", "category": "", "subject": "S", "body": "B", "channel": "web"})
    assert articles_for(services.current, services.settings, delivery) == ()
