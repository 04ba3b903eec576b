"""Contacts on other channels: who may report one, its fields, and the episode that it ends."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from deflect.history import import_writes
from deflect.report.outcomes import ended
from deflect.store import clock
from deflect.store.clock import DAY, HOUR, SECOND
from deflect.store.services import Services
from tests.support.fakes import close, make_app, make_services
from tests.support.signing import KEYS, bearer, sign, sign_call

CONTACT = {"external_id": "Z-17", "channel": "phone", "at": "2026-10-01T12:00:00Z", "email": "jo@example.com"}
OFFER = {"visitor": "v1", "subject": "password", "body": "I cannot reset it", "page": "https://shop.example/contact"}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path, origins=("https://shop.example",), token_keys=KEYS)
    yield made
    close(made)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return make_app(services).test_client()


def tell(client: FlaskClient, token: str | None = None, **change: Any) -> TestResponse:
    return client.post("/api/v1/contacts", json=CONTACT | change, headers=bearer(token or sign_call()))


def just_now() -> str:
    """Return a time two seconds ahead, so that dropping its fraction does not put it before earlier events."""
    return clock.to_rfc3339(clock.now() + 2 * SECOND)


def contacts(services: Services) -> list[dict[str, Any]]:
    return services.store.rows("SELECT id, channel, ticket, at FROM contacts ORDER BY id")


def submit(client: FlaskClient, **more: Any) -> str:
    """Let a visitor type into and submit the site's own form, and return the episode."""
    episode: str = client.post("/api/v1/offers", json=OFFER).json["episode"]
    event = {"id": str(uuid.uuid4()), "type": "attempted", "at": just_now(), "episode": episode}
    answer = client.post("/api/v1/events", json={"visitor": "v1", "events": [event]} | more)
    assert answer.json["stored"] == 1
    return episode


def sent(services: Services) -> list[dict[str, Any]]:
    return services.store.rows(
        "SELECT episode, json_extract(data, '$.ticket') AS ticket FROM events WHERE type = 'sent'"
    )


def test_a_contact_is_kept_once_by_its_external_id(client: FlaskClient, services: Services) -> None:
    answers = [tell(client), tell(client), tell(client, channel="email")]
    assert [(answer.status_code, answer.json) for answer in answers] == [
        (202, {"stored": 1}),
        (202, {"stored": 0}),
        (202, {"stored": 0}),
    ]
    at = clock.from_rfc3339(CONTACT["at"])
    assert contacts(services) == [{"id": "phone:Z-17", "channel": "phone", "ticket": "Z-17", "at": at}]


def test_a_token_counts_once(client: FlaskClient, services: Services) -> None:
    token = sign_call()
    assert tell(client, token).status_code == 202
    again = tell(client, token, external_id="Z-18")
    assert (again.status_code, again.content_type) == (401, "application/problem+json")
    assert "used before" in again.json["detail"]
    assert len(contacts(services)) == 1


def test_a_token_is_not_used_up_by_a_call_that_was_refused(client: FlaskClient) -> None:
    token = sign_call()
    assert tell(client, token, channel="pigeon").status_code == 400
    assert tell(client, token).status_code == 202


def test_only_the_server_s_own_token_may_tell_of_a_contact(client: FlaskClient, services: Services) -> None:
    without = client.post("/api/v1/contacts", json=CONTACT)
    assert (without.status_code, without.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert tell(client, sign(sub="u1", jti="1")).status_code == 403
    assert tell(client, sign_call(secret="x" * 40)).status_code == 401
    assert contacts(services) == []


@pytest.mark.parametrize("origin", ["https://shop.example", "http://localhost", "https://evil.example", "null"])
def test_no_page_may_tell_of_a_contact_not_even_ours(client: FlaskClient, services: Services, origin: str) -> None:
    headers = bearer(sign_call()) | {"Origin": origin}
    answer = client.post("/api/v1/contacts", json=CONTACT, headers=headers)
    assert answer.status_code == 403
    preflight = client.options("/api/v1/contacts", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers | dict(preflight.headers)
    assert contacts(services) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"external_id": ""}, "external_id is missing"),
        ({"external_id": 5}, "external_id is not text"),
        ({"channel": "fax"}, "channel is not one of web, email, chat, phone"),
        ({"channel": ["web"]}, "channel is not one of"),
        ({"at": "yesterday"}, "at is not a time"),
        ({"at": "2026-10-01"}, "at is not a time"),
        ({"at": None}, "at is not a time"),
        ({"at": "2199-01-01T00:00:00Z"}, "in the future"),
        ({"email": None}, "email and person are both missing"),
        ({"email": "jo"}, "email is not an e-mail address"),
        ({"episode": "a b"}, "episode is not an id"),
        ({"person": "a\nb"}, "person contains unprintable characters"),
    ],
)
def test_what_is_wrong_with_a_contact_is_named(client: FlaskClient, change: dict[str, Any], words: str) -> None:
    answer = tell(client, **change)
    assert answer.status_code == 400
    assert words in answer.json["detail"]


def test_a_call_ends_the_episode_of_whoever_made_it(client: FlaskClient, services: Services) -> None:
    client.post("/api/v1/offers", json=OFFER | {"token": sign(sub="u1")})
    started = services.store.rows("SELECT started FROM episodes")[0]["started"]
    tell(client, email=None, person="u1", at=just_now())
    (episode,) = ended(services.store, start=started, end=started + 1, now=started + 8 * DAY)
    assert episode.outcome == "contacted"


def test_a_mail_ends_the_episode_whose_form_its_sender_submitted(client: FlaskClient, services: Services) -> None:
    submit(client, email="Jo@example.com")
    tell(client, channel="email", at=just_now())
    (episode,) = ended(services.store, start=0, end=2**62, now=clock.now() + 8 * DAY)
    assert (episode.outcome, sent(services)) == ("contacted", [])


def test_a_form_s_contact_makes_its_attempted_episode_a_sent_one(client: FlaskClient, services: Services) -> None:
    episode = submit(client, email="jo@example.com")
    tell(client, channel="web", at=just_now())
    tell(client, channel="web", at=just_now())
    assert sent(services) == [{"episode": episode, "ticket": "Z-17"}]


def test_an_episode_that_is_named_is_sent_whoever_submitted_it(client: FlaskClient, services: Services) -> None:
    episode = client.post("/api/v1/offers", json=OFFER).json["episode"]
    tell(client, channel="web", episode=episode, at=just_now())
    assert sent(services) == [{"episode": episode, "ticket": "Z-17"}]
    assert len(services.store.rows("SELECT DISTINCT person FROM keys")) == 1


def test_another_verified_person_s_episode_is_not_ended(client: FlaskClient, services: Services) -> None:
    episode = client.post("/api/v1/offers", json=OFFER | {"token": sign(sub="ann")}).json["episode"]
    client.post("/api/v1/offers", json=OFFER | {"visitor": "v2", "token": sign(sub="bob")})
    tell(client, person="bob", email=None, episode=episode, at=just_now())
    assert sent(services) == []
    (row,) = services.store.rows("SELECT person FROM contacts")
    assert row["person"] == "verified:bob"


def test_an_old_contact_ends_no_later_episode(client: FlaskClient, services: Services) -> None:
    submit(client, email="jo@example.com")
    tell(client, channel="web", at=clock.to_rfc3339(clock.now() - HOUR))
    (episode,) = ended(services.store, start=0, end=2**62, now=clock.now() + 8 * DAY)
    assert episode.outcome == "left without reading"
    assert sent(services) == []


def test_what_was_imported_before_is_not_kept_again(client: FlaskClient, services: Services) -> None:
    row = {"keys": ["visitor:v9"], "contact": {"id": "chat:Z-17", "channel": "chat", "ticket": "Z-17", "at": 1}}
    services.writer.run(import_writes.import_contacts, rows=[row], now=2)
    assert tell(client).json == {"stored": 0}
