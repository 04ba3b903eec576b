"""People behind one address, as in an office: fifty write at once, and one who asks too much is held."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from deflect.api import http
from kb.config import Settings
from kb.errors import TooManyRequests
from tests.support.fakes import close, make_app, make_services

PEOPLE = 50
ASKS = 24  # offers a minute: the widget asks fewer times, since it waits for a pause that grows
LESS = 6  # a sixth of the rates and of the requests shows the same and takes less time
RATES = {"rate_offers": Settings().rate_offers // LESS, "rate_events": Settings().rate_events // LESS}
QUESTION = {"subject": "", "body": "the code never arrives", "lang": "en"}


class Clock:
    """The time that the limits see."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        """Return the seconds since 1970."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that a test moves."""
    made = Clock()
    monkeypatch.setattr(http, "time", made)
    return made


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    """A client of the API; all its requests come from one address."""
    services = make_services(tmp_path, **RATES, rate_tickets=Settings().rate_tickets)
    yield make_app(services).test_client()
    close(services)


def ask(client: FlaskClient, visitor: str) -> int:
    """Ask for an offer and return the status."""
    return client.post("/api/v1/offers", json=QUESTION | {"visitor": visitor}).status_code


def log(client: FlaskClient, visitor: str, at: float) -> int:
    """Log an event and return the status."""
    event = {"id": f"{visitor}-{at}".replace(".", "-"), "type": "read", "article": "a", "at": "2026-11-29T12:00:00Z"}
    return client.post("/api/v1/events", json={"visitor": visitor, "events": [event]}).status_code


def test_fifty_people_behind_one_address_write_at_once_and_nothing_is_refused(
    client: FlaskClient, clock: Clock
) -> None:
    start, chance = clock.now, random.Random(12)
    acts = [
        (start + 90 * chance.random(), f"v{person}", kind)
        for person in range(PEOPLE)
        for kind in ["offer"] * (ASKS * 3 // 2 // LESS) + ["event"] * 2
    ]
    statuses = []
    for at, visitor, kind in sorted(acts):
        clock.now = at
        statuses.append(ask(client, visitor) if kind == "offer" else log(client, visitor, at))
    assert set(statuses) == {200, 202}
    tickets = [
        client.post(
            "/api/v1/tickets",
            json=QUESTION | {"subject": "Code", "email": f"v{n}@example.com", "visitor": f"v{n}"},
            headers={"Idempotency-Key": f"k{n}"},
        ).status_code
        for n in range(PEOPLE)
    ]
    assert set(tickets) == {201}


def test_one_who_asks_too_much_is_held_and_takes_nothing_from_the_others(client: FlaskClient, clock: Clock) -> None:
    statuses = [ask(client, "greedy") for _ in range(100)]
    assert statuses.count(200) == RATES["rate_offers"]
    assert {ask(client, f"v{n}") for n in range(PEOPLE)} == {200}


def test_invented_visitors_buy_no_more_than_the_address_has(client: FlaskClient, clock: Clock) -> None:
    most = http.WRITERS * Settings().rate_offers
    assert most >= PEOPLE * ASKS
    with client.application.test_request_context():
        services = client.application.extensions["shortstop"]
        refused = 0
        for number in range(most + 100):
            try:
                http.limit_person(services, "offers", rate=Settings().rate_offers, visitor=f"invented-{number}")
            except TooManyRequests:
                refused += 1
    assert refused == 100
