"""Verified people: keys that a token links, and the verified fields of a ticket."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from deflect.delivery import webhook
from deflect.delivery.outbox import deliver
from deflect.store.services import Services
from deflect.tickets import queries
from tests.support.fakes import close, make_app, make_services
from tests.support.signing import KEYS, bearer, sign

OFFER = {"visitor": "v1", "subject": "password", "body": "I cannot reset it"}
TICKET = {"visitor": "v1", "subject": "No code", "body": "Never arrives", "email": "jo@example.com"}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path, token_keys=KEYS)
    yield made
    close(made)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return make_app(services).test_client()


def write(client: FlaskClient, *, token: str | None = None, **change: Any) -> TestResponse:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    return client.post("/api/v1/tickets", json=TICKET | {"token": token} | change, headers=headers)


def kept(services: Services, answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 201
    found = queries.get(services.store, answer.json["ticket"])
    assert found is not None
    return found


def people(services: Services) -> dict[str, str]:
    rows = services.store.rows("SELECT id, person FROM keys")
    return {row["id"].split(":")[0] + ":" + row["id"].split(":")[1][:6]: row["person"] for row in rows}


def test_one_person_on_two_browsers_is_one(client: FlaskClient, services: Services) -> None:
    first = client.post("/api/v1/offers", json=OFFER | {"token": sign(sub="ann")}).json
    second = client.post("/api/v1/offers", json=OFFER | {"visitor": "v2", "token": sign(sub="ann")}).json
    assert first["episode"] == second["episode"]
    assert len(set(people(services).values())) == 1


def test_what_somebody_did_before_signing_in_is_theirs(client: FlaskClient, services: Services) -> None:
    before = client.post("/api/v1/offers", json=OFFER).json
    after = client.post("/api/v1/offers", json=OFFER | {"token": sign(sub="ann")}).json
    assert before["episode"] == after["episode"]


def test_the_next_person_on_a_shared_browser_is_another(client: FlaskClient, services: Services) -> None:
    ann = client.post("/api/v1/offers", json=OFFER | {"token": sign(sub="ann")}).json
    bob = client.post("/api/v1/offers", json=OFFER | {"token": sign(sub="bob")}).json
    assert ann["episode"] != bob["episode"]
    found = people(services)
    assert found["verified:ann"] != found["verified:bob"]
    rows = services.store.rows("SELECT key, episode FROM events WHERE type = 'offer' ORDER BY received")
    assert [(row["key"], row["episode"]) for row in rows] == [
        ("verified:ann", ann["episode"]),
        ("verified:bob", bob["episode"]),
    ]


def test_events_with_a_token_are_the_signed_in_person_s(client: FlaskClient) -> None:
    client.post("/api/v1/offers", json=OFFER | {"token": sign(sub="ann")})
    episode = client.post("/api/v1/offers", json=OFFER | {"token": sign(sub="bob")}).json["episode"]
    event = {"id": str(uuid.uuid4()), "type": "shown", "at": "2026-10-01T12:00:00Z", "episode": episode}
    posted = {"visitor": "v1", "events": [event]}
    assert client.post("/api/v1/events", json=posted).json["stored"] == 0
    assert client.post("/api/v1/events", json=posted | {"token": sign(sub="bob")}).json["stored"] == 1


def test_an_episode_keeps_the_segment_that_was_signed(client: FlaskClient, services: Services) -> None:
    client.post("/api/v1/offers", json=OFFER | {"token": sign(sub="ann", segment="client")})
    (row,) = services.store.rows("SELECT data FROM events WHERE type = 'intent'")
    assert json.loads(row["data"])["segment"] == "client"


def test_a_segment_that_nobody_signed_is_not_kept(client: FlaskClient, services: Services) -> None:
    client.post("/api/v1/offers", json=OFFER | {"segment": "client", "sub": "ann", "claims": {"segment": "client"}})
    (row,) = services.store.rows("SELECT data FROM events WHERE type = 'intent'")
    assert json.loads(row["data"])["segment"] is None


def test_a_ticket_has_its_verified_requester_and_segment(client: FlaskClient, services: Services) -> None:
    token = sign(sub="ann", email="ann@work.example", segment="client")
    ticket = kept(services, write(client, token=token, email=None))
    assert (ticket["verified"], ticket["segment"], ticket["email"]) == ("ann", "client", "ann@work.example")


def test_a_signed_address_wins_and_the_typed_one_goes_along(client: FlaskClient, services: Services) -> None:
    ticket = kept(services, write(client, token=sign(sub="ann", email="ann@work.example"), fields={"plan": "Pro"}))
    assert ticket["email"] == "ann@work.example"
    assert ticket["fields"] == {"plan": "Pro", "e-mail typed": "jo@example.com"}


def test_without_a_token_nothing_of_a_ticket_is_verified(client: FlaskClient, services: Services) -> None:
    ticket = kept(services, write(client, verified="ann", segment="client"))
    assert (ticket["verified"], ticket["segment"]) == (None, None)


def test_a_ticket_with_a_bad_token_is_refused_and_can_be_sent_without(client: FlaskClient, services: Services) -> None:
    refused = write(client, token=sign(sub="ann", exp=1))
    assert (refused.status_code, refused.content_type) == (401, "application/problem+json")
    assert "have your server sign a new one" in refused.json["detail"]
    kept(services, write(client))


def test_the_help_desk_is_told_who_was_signed_in(client: FlaskClient, services: Services) -> None:
    write(client, token=sign(sub="ann", segment="client"))
    seen: list[dict[str, Any]] = []

    class Sink:
        name = "inbox"

        def deliver(self, delivery: Any) -> str:
            seen.append(webhook.document(delivery)["data"])
            return ""

    deliver(services.settings, services.store, services.writer, find=lambda *_: Sink())
    assert [(data["verified"], data["segment"]) for data in seen] == [("ann", "client")]


@pytest.mark.parametrize("path", ["offers", "tickets", "events"])
def test_a_token_that_is_no_text_is_a_bad_request(client: FlaskClient, path: str) -> None:
    event = {"id": str(uuid.uuid4()), "type": "read", "at": "2026-10-01T12:00:00Z", "article": "a"}
    document = OFFER | TICKET | {"events": [event], "token": 5}
    answer = client.post(f"/api/v1/{path}", json=document, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json["detail"]) == (400, "token is not text")


def test_a_header_of_another_scheme_is_not_looked_at(client: FlaskClient) -> None:
    assert client.get("/api/v1/search?q=password", headers={"Authorization": "Basic am86cHc="}).status_code == 200
    assert client.get("/api/v1/search?q=password", headers=bearer("x")).status_code == 401


def test_pages_of_other_sites_may_search_with_a_token(client: FlaskClient) -> None:
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    answer = client.options("/api/v1/search", headers=headers | {"Access-Control-Request-Headers": "authorization"})
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
