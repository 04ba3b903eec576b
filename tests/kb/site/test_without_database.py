"""Without its database a help center is read and searched as before, and says that nothing can be saved."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deflect.store.database import Store
from deflect.store.writer import DirectWriter
from kb.config import Settings
from kb.site.app import create_app
from tests.support.logging_in import log_in

READ = (
    "/", "/en/", "/en/articles/account/reset-password", "/en/categories/billing", "/en/search", "/en/search?q=password",
    "/en/contact", "/en/articles/no/such", "/api/v1/search?q=password", "/api/v1/complete?q=pass", "/healthz",
    "/api/v1/articles/billing/vat", "/api/v1/context?page=/cart&title=refund",
    "/widget/1/help-widget.js", "/sitemap.xml",
)  # fmt: skip
FORM = {"subject": "Where is it?", "message": "My parcel is late.", "email": "jo@example.com", "offered": "seen"}
OFFER = {"visitor": "v1", "subject": "I forgot my password", "body": "How do I reset it?"}
VOTE = {"id": "0" * 32, "type": "helpful", "at": "2026-11-01T00:00:00Z", "article": "billing/vat", "revision": "1"}
OURS = {"Sec-Fetch-Site": "same-origin"}


def removed(path: Path) -> None:
    for name in ("", "-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)


def a_folder(path: Path) -> None:
    removed(path)
    path.mkdir()


def empty(path: Path) -> None:
    os.truncate(path, 0)


def garbage(path: Path) -> None:
    removed(path)
    path.write_bytes(os.urandom(8192))


START, RUNNING = "at the start", "while it runs"


@pytest.fixture(scope="module", params=[(removed, START), (empty, START), (a_folder, RUNNING), (garbage, RUNNING)])
def lost(
    request: pytest.FixtureRequest, indexed: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """A help center that was started without its database, or lost it."""
    harm, when = request.param
    settings = replace(indexed, data=tmp_path_factory.mktemp("lost"))
    (settings.data / "index").symlink_to(indexed.generations.resolve())
    store = Store.open(settings.database)
    if when == START:
        harm(settings.database)
    writer = DirectWriter(store)
    app = create_app(settings, writer=writer)
    if when == RUNNING:
        client = app.test_client()
        assert log_in(client).status_code == 302
        assert client.post("/en/contact", data=FORM, headers=OURS).status_code == 303
        harm(settings.database)
    yield app
    writer.close()
    store.close()


def test_everything_that_is_read_is_there(lost: Flask) -> None:
    client = lost.test_client()
    client.set_cookie("visitor", "0" * 32)
    wrong = {path: answer.status_code for path in READ if (answer := client.get(path)).status_code not in (200, 302)}
    assert wrong == {"/en/articles/no/such": 404}
    assert client.get("/api/v1/search?q=password").json["hits"]  # type: ignore[index]
    assert "kb restore" in client.get("/healthz").json["database"]  # type: ignore[index]


def test_offers_go_on_without_being_recorded(lost: Flask) -> None:
    answer = lost.test_client().post("/api/v1/offers", json=OFFER)
    assert answer.status_code == 200
    assert answer.json["degraded"] == "no-database"  # type: ignore[index]
    assert [card["article"] for card in answer.json["cards"]] == ["account/reset-password"]  # type: ignore[index]


@pytest.mark.parametrize("file", [False, True])
def test_the_contact_form_keeps_its_text(lost: Flask, file: bool) -> None:
    data: dict[str, object] = {**FORM}
    if file:
        data["files"] = (BytesIO(b"2026-11-01 12:00 failed\n"), "log.txt")
    kind = "multipart/form-data" if file else "application/x-www-form-urlencoded"
    answer = lost.test_client().post("/en/contact", data=data, content_type=kind, headers=OURS)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "My parcel is late." in answer.text
    assert "Your text is still here" in answer.text


def test_a_vote_keeps_its_comment_and_says_that_it_is_not_saved(lost: Flask) -> None:
    data = {"article": "billing/vat", "reason": "outdated", "comment": "The rate is 21 % now."}
    answer = lost.test_client().post("/en/vote", data=data, headers=OURS)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "The rate is 21 % now." in answer.text
    assert "t save it right now. Your text is still here" in answer.text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/tickets", {"subject": "s", "body": "b", "email": "jo@example.com"}),
        ("/api/v1/events", {"visitor": "v1", "events": [VOTE]}),
    ],
)
def test_the_api_says_that_nothing_is_stored(lost: Flask, path: str, body: dict[str, object]) -> None:
    answer = lost.test_client().post(path, json=body, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "kb doctor" in answer.json["detail"]  # type: ignore[index]


@pytest.mark.parametrize("path", ["/admin/", "/admin/login", "/admin/tickets/T1"])
def test_admin_pages_name_the_damage(lost: Flask, path: str) -> None:
    answer = lost.test_client().get(path, follow_redirects=True)
    assert answer.status_code == 503
    assert "kb restore" in answer.text


def test_a_login_is_refused_in_a_sentence(lost: Flask) -> None:
    answer = lost.test_client().post("/admin/login", data={"user": "admin", "password": "x"})
    assert answer.status_code == 503
    assert "kb restore" in answer.text


def test_the_choice_about_consent_needs_no_database(settings: Settings) -> None:
    asking = create_app(Settings(articles=settings.articles, data=settings.data, embedder="none", consent="ask"))
    removed(settings.database)
    answer = asking.test_client().post("/en/consent", data={"agree": "yes"}, headers=OURS)
    assert answer.status_code == 200
    assert "visitor=" in answer.headers["Set-Cookie"]


def test_all_is_as_before_once_the_database_is_back(settings: Settings) -> None:
    store = Store.open(settings.database)
    writer = DirectWriter(store)
    client: FlaskClient = create_app(settings, writer=writer).test_client()
    assert client.post("/en/contact", data=FORM, headers=OURS).status_code == 303
    away = settings.database.with_name("away.db")
    settings.database.rename(away)
    assert client.post("/en/contact", data=FORM, headers=OURS).status_code == 503
    away.rename(settings.database)
    assert client.post("/en/contact", data=FORM | {"key": "again"}, headers=OURS).status_code == 303
    assert log_in(client).status_code == 302
    writer.close()
    store.close()
