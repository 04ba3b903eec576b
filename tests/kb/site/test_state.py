"""Two applications in one process share no state, even over the same articles, index and store."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from deflect.admin import report_pages
from deflect.store.file_kinds import MB
from deflect.store.services import state
from deflect.tickets.uploads import Uploads
from kb.render.topics import Topics
from kb.site.frame import searcher
from tests.deflect.offers.test_popular import opened_by_enough
from tests.deflect.store.test_attachments import PNG
from tests.kb.site.test_contact_files import send
from tests.support.logging_in import PASSWORD, log_in, services_of
from tests.support.sample import application, fresh, help_center


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """A help center whose index the tests share."""
    return help_center(tmp_path_factory.mktemp("state"), admin_password=PASSWORD)


@pytest.fixture
def one(center: Flask, tmp_path: Path) -> Flask:
    """An application with a store of its own."""
    return fresh(center, tmp_path)


@pytest.fixture
def two(one: Flask) -> Flask:
    """Another application over the same store, with another title."""
    return application(replace(services_of(one).settings, title="Second"))


def test_each_knows_what_is_popular_by_itself(one: Flask, two: Flask) -> None:
    assert "Good places to start" in one.test_client().get("/en/").text
    opened_by_enough(services_of(one).store, ["account/passkey", "account/reset-password", "billing/invoice"])
    assert "Popular articles" in two.test_client().get("/en/").text
    assert "Good places to start" in one.test_client().get("/en/").text


def test_each_reads_the_report_by_itself(one: Flask, two: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_pages, "KEPT", float("inf"))
    reads: list[str] = []
    read = report_pages.material
    monkeypatch.setattr(report_pages, "material", lambda *given, **named: reads.append("") or read(*given, **named))
    for app, expected in ((one, 1), (one, 1), (two, 2), (two, 2)):
        client = app.test_client()
        log_in(client)
        assert client.get("/admin/report/charts/outcomes.svg").status_code == 200
        assert len(reads) == expected


def test_files_that_one_reads_hold_up_nobody_at_the_other(one: Flask, two: Flask) -> None:
    half = services_of(one).settings.threads // 2
    with one.app_context():
        uploads = state(Uploads)
    with ExitStack() as reading:
        for _ in range(half):
            reading.enter_context(uploads.turn(half))
        large = ("big.png", PNG + bytes(MB))
        assert send(one.test_client(), large).status_code == 503
        assert send(two.test_client(), large).status_code == 303


def test_each_has_its_own_topics_of_a_generation(one: Flask, two: Flask) -> None:
    with one.test_request_context():
        snapshot, topics = searcher().snapshot, state(Topics)
    with two.test_request_context():
        others = state(Topics)
    assert topics.shelf(snapshot, "en") is topics.shelf(snapshot, "en")
    assert topics.shelf(snapshot, "en") is not others.shelf(snapshot, "en")
    assert topics.shelf(snapshot, "en") == others.shelf(snapshot, "en")


def test_each_keeps_its_own_pages_of_articles(one: Flask, two: Flask) -> None:
    pages = [app.test_client().get("/en/articles/account/passkey").text for app in (one, two, one)]
    assert ["Second" in page for page in pages] == [False, True, False]
