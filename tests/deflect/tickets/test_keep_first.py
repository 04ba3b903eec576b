"""A ticket is on disk before anything that may fail or wait, on every way in."""

from __future__ import annotations

import sqlite3
import threading
import time
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

FORM = {"subject": "The code never arrives", "message": "No code came.", "email": "jo@example.com"}
TICKET = {"subject": FORM["subject"], "body": FORM["message"], "email": FORM["email"]}
HEAD = {"Idempotency-Key": "k1"}
AT_ONCE = 5.0  # seconds, half of what the slow ranker takes; two busy cores are forgiven


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center."""
    return help_center(tmp_path_factory.mktemp("keep"))


@pytest.fixture(params=["TypeError", "MemoryError", "RecursionError", "slow"])
def ranker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A ranker that raises, or does not answer before the test has ended."""
    ended = threading.Event()

    def broken(*_: Any, **__: Any) -> Any:
        if request.param == "slow":
            ended.wait(10.0)
        raise {"TypeError": TypeError, "MemoryError": MemoryError}.get(request.param, RecursionError)(TICKET["body"])

    for name in ("search", "suggest", "complete", "related", "ranked_message", "ranked_query"):
        monkeypatch.setattr(Searcher, name, broken)
    yield request.param
    ended.set()


@pytest.fixture
def app(built: Flask, tmp_path: Path) -> Flask:
    """The same help center with an empty database."""
    return fresh(built, tmp_path)


def by_form(app: Flask) -> None:
    assert app.test_client().post("/en/contact", data=FORM | {"key": "0" * 32}).status_code == 303


def by_api(app: Flask) -> None:
    """The requests of the form's script and of the widget."""
    answer = app.test_client().post("/api/v1/tickets", json=TICKET, headers=HEAD)
    assert answer.status_code == 201


def by_mail(app: Flask) -> None:
    services: Services = app.extensions[EXTENSION]
    assert take(services, mail("No code came.", subject="The code never arrives")).what == "new"


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


@pytest.mark.parametrize("way_in", [by_form, by_api, by_mail])
def test_a_ticket_waits_for_no_ranker(app: Flask, ranker: str, way_in: Callable[[Flask], None]) -> None:
    began = time.monotonic()
    way_in(app)
    assert time.monotonic() - began < AT_ONCE
    store = app.extensions[EXTENSION].store
    assert store.rows("SELECT subject FROM tickets") == [{"subject": "The code never arrives"}]
    assert len(store.rows("SELECT 1 FROM messages")) == 1


def test_an_offer_without_a_ranker_is_none_and_says_why(
    app: Flask, ranker: str, caplog: pytest.LogCaptureFixture
) -> None:
    if ranker == "slow":
        return
    document = TICKET | {"visitor": "v1"}
    answer = app.test_client().post("/api/v1/offers", json=document).get_json()
    assert (answer["cards"], answer["degraded"]) == ([], "search-failed")
    assert TICKET["body"] not in caplog.text


def test_a_receipt_goes_without_articles_when_the_ranker_fails(app: Flask, ranker: str) -> None:
    if ranker == "slow":
        return
    services: Services = app.extensions[EXTENSION]
    delivery: Any = type("Delivery", (), {"lang": "en", "category": "", "subject": "S", "body": "B", "channel": "web"})
    assert articles_for(services.current, services.settings, delivery) == ()
