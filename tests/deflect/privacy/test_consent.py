"""Consent: visitors who have not agreed are not recorded, and everything else works for them."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deflect.store.database import Store
from deflect.store.services import EXTENSION, Services
from deflect.store.writer import DirectWriter
from kb.config import Settings
from kb.errors import BadSetting
from kb.site.app import create_app

EVENTS, OFFERS, TICKETS = "/api/v1/events", "/api/v1/offers", "/api/v1/tickets"
MESSAGE = {"visitor": "v1", "subject": "Password", "body": "I forgot my password", "lang": "en"}


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The sample help center, which asks visitors for consent."""
    writer = DirectWriter(Store.open(settings.database))
    yield create_app(replace(settings, consent="ask", floor_suggest=0.0), writer=writer)
    writer.close()


def kept(app: Flask, table: str) -> int:
    services: Services = app.extensions[EXTENSION]
    row = services.store.one(f"SELECT count(*) AS n FROM {table}")
    assert row
    return int(row["n"])


def read(**more: Any) -> dict[str, Any]:
    event = {"id": str(uuid.uuid4()), "type": "read", "at": "2026-10-01T12:00:00Z", "article": "account/reset-password"}
    return {"visitor": "v1", "events": [event]} | more


def test_events_are_noted_once_the_page_says_that_the_visitor_agreed(client: FlaskClient, app: Flask) -> None:
    answer = client.post(EVENTS, json=read())
    assert answer.status_code == 202
    assert answer.json["stored"] == 0  # type: ignore[index]
    assert "has not agreed" in answer.json["refused"][0]["why"]  # type: ignore[index]
    assert (kept(app, "events"), kept(app, "keys")) == (0, 0)
    assert client.post(EVENTS, json=read(consent="given")).json["stored"] == 1  # type: ignore[index]


def test_offers_are_made_without_being_noted(client: FlaskClient, app: Flask) -> None:
    offer = client.post(OFFERS, json=MESSAGE).json
    assert offer is not None
    assert offer["episode"] is None
    assert offer["cards"][0]["article"] == "account/reset-password"
    assert (kept(app, "events"), kept(app, "episodes"), kept(app, "people")) == (0, 0, 0)
    assert client.post(OFFERS, json=MESSAGE | {"consent": "given"}).json["episode"]  # type: ignore[index]


def test_a_visitor_id_need_not_even_be_sent(client: FlaskClient) -> None:
    without = {name: value for name, value in MESSAGE.items() if name != "visitor"}
    assert client.post(OFFERS, json=without).status_code == 200
    assert client.post(EVENTS, json={"events": read()["events"]}).status_code == 202


def test_a_message_is_kept_and_not_under_the_browser(client: FlaskClient, app: Flask) -> None:
    sent = client.post(TICKETS, json=MESSAGE | {"email": "jo@example.com"}, headers={"Idempotency-Key": "k"})
    assert sent.status_code == 201
    services: Services = app.extensions[EXTENSION]
    assert [row["id"][:6] for row in services.store.rows("SELECT id FROM keys")] == ["email:"]


def test_our_pages_set_no_cookie_and_note_no_search_before_the_visitor_agreed(client: FlaskClient, app: Flask) -> None:
    assert "Set-Cookie" not in client.get("/en/search?q=password").headers
    assert kept(app, "events") == 0
    assert "random number" in client.post("/en/consent", data={"agree": "yes"}).text
    assert client.get_cookie("visitor")
    client.get("/en/search?q=password")
    assert kept(app, "events") == 1
    assert "Recording is off" in client.post("/en/consent", data={"agree": "no"}).text
    assert client.get_cookie("visitor") is None
    client.get("/en/search?q=password")
    assert kept(app, "events") == 1


def test_the_form_works_without_consent_and_offers_articles(client: FlaskClient, app: Flask) -> None:
    form = {"subject": "Password", "message": "I forgot my password", "email": "jo@example.com", "key": "k1"}
    offered = client.post("/en/contact", data=form)
    assert "Reset your password" in offered.text
    assert kept(app, "events") == 0
    assert client.post("/en/contact", data=form | {"offered": "seen"}).status_code == 303
    assert kept(app, "tickets") == 1
    assert client.get_cookie("visitor") is None


def test_votes_of_who_is_not_to_be_known_are_kept_under_a_number_each(client: FlaskClient, app: Flask) -> None:
    for _ in range(2):
        client.post("/en/vote", data={"article": "account/reset-password", "vote": "helpful"})
    services: Services = app.extensions[EXTENSION]
    rows = services.store.rows("SELECT DISTINCT key FROM events WHERE type = 'helpful'")
    assert len(rows) == 2
    assert client.get_cookie("visitor") is None


def test_visitors_are_asked_at_the_foot_of_each_page_only_where_the_setting_says_so(
    client: FlaskClient, settings: Settings
) -> None:
    assert "Don't allow" in client.get("/en/").text
    plain = create_app(settings, writer=DirectWriter(Store.open(settings.database))).test_client()
    assert "Don't allow" not in plain.get("/en/").text
    assert plain.post("/en/consent", data={"agree": "yes"}).status_code == 404


def test_consent_is_ask_or_given(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="ask or given"):
        Settings(data=tmp_path, consent="maybe")
