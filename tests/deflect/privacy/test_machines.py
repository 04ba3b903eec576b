"""Crawlers that identify themselves: answered like visitors, not recorded, and not counted as people."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deflect.gaps.misses import misses
from deflect.privacy.consent import is_machine
from deflect.report.search_numbers import of_people
from deflect.store.clock import DAY, now
from deflect.store.services import EXTENSION, Services
from tests.support.sample import fresh, help_center

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
MACHINES = ("Googlebot/2.1", GOOGLEBOT, "Slackbot 1.0", "UptimeMonitor/3 (+https://uptime.example)")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center."""
    return help_center(tmp_path_factory.mktemp("machines"))


@pytest.fixture
def app(built: Flask, tmp_path: Path) -> Iterator[Flask]:
    """The sample help center with an empty store."""
    made = fresh(built, tmp_path)
    yield made
    made.extensions[EXTENSION].store.close()


def services(app: Flask) -> Services:
    """Return the services of the application."""
    made: Services = app.extensions[EXTENSION]
    return made


def noted(app: Flask) -> list[str]:
    """Return the types of the stored events."""
    return [row["type"] for row in services(app).store.rows("SELECT type FROM events ORDER BY at, id")]


def number(app: Flask, name: str) -> Any:
    """Return the value and the count of a number of the last day."""
    found = of_people(services(app).store, start=now() - DAY, end=now() + DAY)
    return next((one.value, one.n) for one in found if one.name == name)


def search(client: FlaskClient, agent: str = BROWSER) -> None:
    """Search for words that no article contains."""
    answer = client.get("/en/search?q=cheap+pills", headers={"User-Agent": agent})
    assert "No articles found" in answer.text


@pytest.mark.parametrize("agent", MACHINES)
def test_a_machine_that_says_so_is_answered_and_not_noted(app: Flask, agent: str) -> None:
    client = app.test_client()
    search(client, agent)
    voted = client.post("/en/vote", data={"article": "account/passkey"}, headers={"User-Agent": agent})
    assert voted.status_code == 303
    assert client.get_cookie("visitor") is None
    assert noted(app) == []
    assert misses(services(app).store, start=0, end=now() + DAY).no_result == ()


@pytest.mark.parametrize("agent", MACHINES[:3])
def test_a_message_from_a_machine_arrives_all_the_same(app: Flask, agent: str) -> None:
    form = {"subject": "Help", "message": "My invoice is wrong", "email": "jo@example.com", "offered": "seen"}
    sent = app.test_client().post("/en/contact", data=form, headers={"User-Agent": agent})
    assert sent.status_code == 303
    assert len(services(app).store.rows("SELECT 1 FROM tickets")) == 1


@pytest.mark.parametrize(
    ("agent", "stored"), [(GOOGLEBOT, 0), ("Checkout/1.0 (+https://shop.example)", 1), (BROWSER, 1)]
)
def test_events_of_a_crawler_are_refused_and_those_that_a_server_tells_are_kept(
    app: Flask, agent: str, stored: int
) -> None:
    event = {"id": str(uuid.uuid4()), "type": "read", "at": "2026-11-01T10:00:00Z", "article": "account/passkey"}
    posted = {"visitor": "v1", "events": [event]}
    answer = app.test_client().post("/api/v1/events", json=posted, headers={"User-Agent": agent})
    assert answer.status_code == 202
    assert answer.json["stored"] == stored
    assert [("crawler" in one["why"]) for one in answer.json["refused"]] == [True] * (1 - stored)


def test_who_searched_once_is_a_person_and_a_crawler_is_none(app: Flask) -> None:
    search(app.test_client(), GOOGLEBOT)
    assert number(app, "self-service adoption")[1] == 0
    search(app.test_client())
    assert number(app, "self-service adoption") == (1.0, 1)


@pytest.mark.parametrize(
    "agent",
    [
        BROWSER,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.5 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Linux; Android 14; CUBOT KINGKONG 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
        "Mobile Safari/537.36",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36",
        "Opera/9.80 (Android; Opera Mini/36.2/191.273; U; en) Presto/2.12.423 Version/12.16",
    ],
)
def test_a_browser_is_no_machine(agent: str) -> None:
    assert not is_machine(agent)


@pytest.mark.parametrize("agent", ["curl/8.14.1", "python-requests/2.32", ""])
def test_whoever_tries_something_with_a_tool_finds_it_noted(app: Flask, agent: str) -> None:
    search(app.test_client(), agent)
    assert noted(app) == ["search"]


def test_robots_are_asked_not_to_search(app: Flask) -> None:
    assert "Disallow: /*/search" in app.test_client().get("/robots.txt").text.splitlines()
