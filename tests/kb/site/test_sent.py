"""The page after sending: what was sent, what happens next and when, for the browser that sent it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deflect.store import clock
from deflect.store.clock import DAY, HOUR
from deflect.store.database import Store, insert
from deflect.tickets.sent import ENOUGH, Expected, expected
from kb.config import Settings
from tests.kb.site.test_contact_form import FILLED
from tests.support.logging_in import services_of
from tests.support.sample import fresh, help_center

MESSAGE = "It <never> arrives.\n\nSecond paragraph."


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center."""
    return help_center(tmp_path_factory.mktemp("center"))


@pytest.fixture
def app(center: Flask, tmp_path: Path) -> Flask:
    """The sample help center with an empty store."""
    return fresh(center, tmp_path)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor."""
    return app.test_client()


def sent(client: FlaskClient, **over: str) -> str:
    """Send a message and return the address of the page after it."""
    given = FILLED | {"offered": "seen", "message": MESSAGE, "subject": "No code"} | over
    return str(client.post("/en/contact", data=given).location)


def answered(store: Store, *waits: float | None) -> None:
    """Store tickets of the last days, each with its hours until the first answer."""
    begin = clock.now() - 20 * DAY
    ticket = {"subject": "S", "email": "a@b.example", "channel": "web", "lang": "en", "person": "p", "state": "open"}
    with closing(store.connect()) as db:
        for number, wait in enumerate(waits):
            insert(db, "tickets", ticket | {"id": f"T{number}", "created": begin, "changed": begin})
            if wait is not None:
                message = {"id": f"m{number}", "ticket": f"T{number}", "author": "agent", "channel": "web", "body": "x"}
                insert(db, "messages", message | {"created": begin + int(wait * HOUR)})


def test_it_shows_the_message_and_what_happens_next(client: FlaskClient) -> None:
    page = client.get(sent(client))
    assert "It &lt;never&gt; arrives.\n\nSecond paragraph." in page.text
    assert '<dd dir="auto">No code</dd>' in page.text
    assert "<strong><bdi>jo@example.com</bdi></strong>" in page.text
    assert "We aim to reply within 24 hours." in page.text
    assert page.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("key", ["", "x", "x.y.z"])
def test_the_number_alone_opens_no_message(client: FlaskClient, key: str) -> None:
    ticket = sent(client).partition("ticket=")[2].partition("&")[0]
    given = {"ticket": ticket, "key": key}
    page = client.get("/en/contact/sent", query_string=given)
    assert (page.status_code, ticket in page.text, "arrives" in page.text) == (200, True, False)
    assert client.get("/en/contact/copy", query_string=given).status_code == 404


def test_the_key_of_one_message_opens_no_other(client: FlaskClient) -> None:
    one, other = sent(client), sent(client, message="Another", subject="Other", key="k2")
    mixed = one.partition("&key=")[0] + "&key=" + other.partition("&key=")[2]
    assert "arrives" not in client.get(mixed).text


def test_a_key_ends_after_an_hour(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    address = sent(client)
    monkeypatch.setattr("deflect.tickets.file_links.SENT_LIFE", -1)
    assert "arrives" not in client.get(address).text


def test_a_copy_can_be_kept(client: FlaskClient) -> None:
    copy = client.get(sent(client).replace("/sent?", "/copy?"))
    assert copy.headers["Content-Disposition"].startswith("attachment; filename=")
    assert copy.mimetype == "text/plain"
    assert "No code\n\nIt <never> arrives.\n\nSecond paragraph.\n" in copy.text


def test_it_speaks_the_visitor_s_language(client: FlaskClient) -> None:
    address = sent(client).replace("/en/", "/es/")
    assert "Nuestro objetivo es responder en 24 horas." in client.get(address).text


@pytest.mark.parametrize(
    ("waits", "found"),
    [
        ([], Expected(24, measured=False)),
        ([2.0] * (ENOUGH - 1), Expected(24, measured=False)),  # too few
        ([2.0] * ENOUGH, Expected(2, measured=True)),
        ([0.1] * ENOUGH, Expected(1, measured=True)),
        ([2.0] * 11 + [None] * 9, Expected(2, measured=True)),
        ([2.0] * 5 + [50.0] * 6 + [None] * 9, Expected(50, measured=True)),  # slower than the target is said too
        ([2.0] * 9 + [None] * 11, None),  # most were not answered
    ],
)
def test_the_time_is_measured_where_enough_was_answered(
    tmp_path: Path, waits: list[float | None], found: Expected | None
) -> None:
    store = Store.open(tmp_path / "x.db")
    answered(store, *waits)
    assert expected(store, Settings()) == found


def test_days_are_said_as_days(app: Flask, client: FlaskClient) -> None:
    answered(services_of(app).store, *[71.0] * ENOUGH)
    assert "half of all messages got their first reply within 3 days." in client.get(sent(client)).text
