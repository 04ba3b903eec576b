"""The application as a whole: the headers of every answer, and the answers to errors."""

from __future__ import annotations

import gc
import json
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deflect.store.database import Store
from deflect.store.services import EXTENSION
from deflect.store.writer import DirectWriter, RemoteWriter
from kb.config import Settings
from kb.site.app import create_app

PAGES = (
    "/en/",
    "/en/search?q=password",
    "/en/articles/account/reset-password",
    "/en/contact",
    "/nowhere",
    "/api/v1/search?q=password",
    "/api/v1/complete?q=pass",
    "/api/v1/articles/account/reset-password",
    "/sitemap.xml",
)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_names_generation_and_revision(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert set(answer.json) == {"ready", "generation", "revision", "database", "writable"}
    assert (answer.json["ready"], answer.json["writable"]) == (True, True)


def test_without_a_writer_health_says_so_and_pages_go_on(indexed: Settings) -> None:
    client = create_app(indexed, writer=RemoteWriter(indexed.data / "none.sock", patience=0.0)).test_client()
    for _ in range(2):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json["writable"]) == (200, False)
        assert "nothing can be saved right now" in answer.json["unwritable"]
    assert client.get("/en/").status_code == 200


def test_a_process_without_an_index_is_alive_but_not_ready(indexed: Settings, tmp_path: Path) -> None:
    settings = replace(indexed, data=tmp_path)
    client = create_app(settings, writer=DirectWriter(Store.open(settings.database))).test_client()
    assert [client.get(path).status_code for path in ("/livez", "/readyz", "/healthz")] == [200, 503, 503]


def test_without_an_index_health_says_so_and_the_contact_form_still_works(indexed: Settings, tmp_path: Path) -> None:
    settings = replace(indexed, data=tmp_path)
    client = create_app(settings, writer=DirectWriter(Store.open(settings.database))).test_client()
    health = client.get("/healthz")
    assert health.status_code == 503
    assert "kb index" in health.json["why"]
    assert client.get("/en/contact").status_code == 200


@pytest.mark.parametrize("path", ["/en/", "/en/search?q=vat", "/en/contact", "/nowhere", "/admin/login"])
def test_a_page_carries_a_strict_policy_with_a_fresh_nonce(client: FlaskClient, path: str) -> None:
    one, two = (client.get(path).headers["Content-Security-Policy"] for _ in range(2))
    assert "default-src 'none'" in one
    assert "frame-ancestors 'none'" in one
    assert "require-trusted-types-for 'script'" in one
    assert "unsafe" not in one
    assert one != two


def test_nothing_is_sniffed_and_nothing_is_kept_on_a_first_visit(client: FlaskClient) -> None:
    answer = client.get("/en/")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


def test_an_error_of_the_api_is_a_problem_document(client: FlaskClient) -> None:
    answer = client.get("/api/v1/articles/no/such")
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == 404


@pytest.mark.parametrize("call", ["offers", "events", "tickets", "contacts"])
def test_reading_what_can_only_be_posted_to_is_405_and_no_missing_page(client: FlaskClient, call: str) -> None:
    answer = client.get(f"/api/v1/{call}")
    assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
    assert answer.headers["Allow"] == "OPTIONS, POST"


def test_any_origin_s_preflight_of_offers_is_answered_beside_the_pages(client: FlaskClient) -> None:
    answer = client.options("/api/v1/offers", headers={"Origin": "https://shop.example"})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")


def test_an_error_of_a_page_is_a_page_that_searches(client: FlaskClient) -> None:
    answer = client.get("/en/articles/reset-my-password")
    assert answer.status_code == 404
    assert "Reset your password" in answer.text


def test_what_nobody_foresaw_is_logged_without_the_words_of_the_visitor(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_searcher: object, text: str, **_: object) -> None:
        raise ZeroDivisionError(text)

    monkeypatch.setattr("search.rank.searcher.Searcher.search", fail)
    answer = app.test_client().get("/api/v1/search?q=my+secret+words")
    assert answer.status_code == 500
    assert json.loads(answer.text)["detail"].startswith("the problem is on our side")
    assert "ZeroDivisionError" in caplog.text
    assert "secret" not in caplog.text


def test_the_api_sets_no_cookies(client: FlaskClient) -> None:
    posted = client.post(
        "/api/v1/offers", json={"visitor": "v1", "subject": "vat", "body": "on invoices", "page": "", "lang": "en"}
    )
    assert posted.status_code == 200
    assert "Set-Cookie" not in posted.headers


@pytest.mark.parametrize(("proxies", "secure"), [(0, False), (1, True)])
def test_behind_a_trusted_https_proxy_the_visitor_cookie_is_secure(
    settings: Settings, proxies: int, secure: bool
) -> None:
    behind = replace(settings, trusted_proxies=proxies)
    client = create_app(behind, writer=DirectWriter(Store.open(behind.database))).test_client()
    answer = client.get("/en/search?q=vat", headers={"X-Forwarded-Proto": "https"})
    assert ("Secure" in answer.headers["Set-Cookie"]) is secure


def test_a_generation_goes_with_the_last_request_that_it_answered_and_waits_for_no_collection(
    indexed: Settings, tmp_path: Path
) -> None:
    settings = replace(indexed, data=tmp_path)
    settings.generations.symlink_to(indexed.generations)
    app = create_app(settings, writer=DirectWriter(Store.open(settings.database)))
    current = app.extensions[EXTENSION].current
    gc.collect()
    gc.disable()  # a server has too many objects to go through them soon
    try:
        for path in PAGES:
            app.test_client().get(path)
        old = weakref.ref(current.get())
        current._searcher = None  # as when the next one is opened
        assert old() is None
    finally:
        gc.enable()
