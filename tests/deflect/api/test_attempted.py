"""A submit of the site's own form: the address is hashed, and the page's event reports that it was accepted."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from deflect.store.services import Services
from tests.support.fakes import close, make_app, make_services

TICKET = {"visitor": "another", "subject": "No code", "body": "Never arrives", "email": " Jo@Example.com"}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path)
    yield made
    close(made)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return make_app(services).test_client()


def attempt(client: FlaskClient, **fields: Any) -> Any:
    offer = {
        "visitor": "v1",
        "subject": "code",
        "body": "it never arrives",
        "page": "https://shop.example/",
        "lang": "en",
    }
    episode = client.post("/api/v1/offers", json=offer).json["episode"]
    event = {"id": str(uuid.uuid4()), "type": "attempted", "at": "2026-10-01T12:00:00Z", "episode": episode}
    return client.post(
        "/api/v1/events", json={"visitor": "v1", "events": [event | fields], "email": "jo@example.com"}
    ).json


def test_an_address_ties_a_later_contact_to_the_person_and_is_not_kept(client: FlaskClient, services: Services) -> None:
    assert attempt(client) == {"stored": 1, "refused": []}
    assert client.post("/api/v1/tickets", json=TICKET, headers={"Idempotency-Key": "k"}).status_code == 201
    people = services.store.rows("SELECT DISTINCT person FROM keys WHERE id IN ('visitor:v1', 'visitor:another')")
    assert len(people) == 1, "the widget's visitor and the later sender are one person"
    stored = "".join(
        str(list(row.values())) for row in services.store.rows("SELECT * FROM keys UNION ALL SELECT 1, 2, 3")
    )
    assert "jo@example" not in stored.lower()


def test_the_pages_own_event_is_kept_with_the_attempt(client: FlaskClient, services: Services) -> None:
    assert attempt(client, accepted=True)["stored"] == 1
    assert attempt(client, accepted="yes")["refused"][0]["why"] == "accepted is not true or false"
    rows = services.store.rows("SELECT data FROM events WHERE type = 'attempted'")
    assert [row["data"] for row in rows] == ['{"accepted": true}']
