"""Origins: a refused origin is listed, allowed by an agent with one click, and refused again once forbidden."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from deflect.api.headers import may_post, normal_origin
from deflect.store.database import Store
from deflect.store.services import EXTENSION, Services
from deflect.store.writer import DirectWriter
from kb.config import Settings
from kb.errors import BadRequest
from kb.site.app import create_app
from tests.support.fakes import NoWriter, close, make_app, make_services
from tests.support.logging_in import submit

SHOP = "https://shop.example"


def post(client: FlaskClient, origin: str = SHOP) -> int:
    event = {"id": str(uuid.uuid4()), "type": "read", "at": "2026-10-01T12:00:00Z", "article": "billing/vat"}
    document = {"visitor": "v1", "events": [event]}
    return client.post("/api/v1/events", json=document, headers={"Origin": origin}).status_code


def logged(app: Flask) -> list[tuple[str, str, str]]:
    services: Services = app.extensions[EXTENSION]
    rows = services.store.rows("SELECT who, did, what FROM audit WHERE did LIKE '%origin' ORDER BY created")
    return [(row["who"], row["did"], row["what"]) for row in rows]


def test_a_refused_origin_is_allowed_with_one_press_and_at_once(app: Flask, client: FlaskClient, agent: Any) -> None:
    assert post(client) == 403
    page = agent.get("/admin/origins").text
    assert f'aria-label="Allow {SHOP}"' in page
    assert f"{SHOP} can now send events and tickets" in submit(agent, "/admin/origins/allow", origin=SHOP).text
    assert post(client) == 202
    page = agent.get("/admin/origins").text
    assert (f'aria-label="Allow {SHOP}"' in page, f'aria-label="Remove {SHOP}"' in page) == (False, True)
    assert logged(app) == [("admin", "allow origin", SHOP)]


def test_what_was_allowed_can_be_taken_back(app: Flask, client: FlaskClient, agent: Any) -> None:
    submit(agent, "/admin/origins/allow", origin=SHOP)
    submit(agent, "/admin/origins/allow", origin=SHOP)
    submit(agent, "/admin/origins/forbid", origin=SHOP)
    submit(agent, "/admin/origins/forbid", origin=SHOP)
    assert post(client) == 403
    assert logged(app) == [("admin", "allow origin", SHOP), ("admin", "forbid origin", SHOP)]


def test_an_allowed_origin_is_exactly_that_one(client: FlaskClient, agent: Any) -> None:
    submit(agent, "/admin/origins/allow", origin="HTTPS://Shop.example/")
    others = ["http://shop.example", f"{SHOP}:8443", "https://a.shop.example", f"{SHOP}.evil.example", "null"]
    assert [post(client), *(post(client, origin) for origin in others)] == [202, *[403] * len(others)]


def test_only_an_agent_allows_an_origin(client: FlaskClient) -> None:
    assert client.post("/admin/origins/allow", data={"origin": SHOP}).status_code in (302, 400)
    assert post(client) == 403


@pytest.mark.parametrize(
    "text", ["", "null", "*", "https://*", "shop.example", "https://shop.example/contact", "file://"]
)
def test_what_is_no_origin_is_not_allowed(app: Flask, agent: Any, text: str) -> None:
    assert "this is not an origin" in submit(agent, "/admin/origins/allow", origin=text).text
    assert logged(app) == []


@given(st.text(max_size=60))
def test_an_origin_is_normal_or_refused(text: str) -> None:
    try:
        found = normal_origin(text)
    except BadRequest:
        return
    assert normal_origin(found) == found


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path, origins=(SHOP,))
    yield made
    close(made)


def test_the_settings_allow_too_and_a_database_that_fails_allows_nobody_more(services: Services) -> None:
    with make_app(services).test_request_context("/"):
        assert may_post(services, SHOP)
        services.store.path.rename(services.store.path.with_suffix(".gone"))
        services.store.close()
        assert may_post(services, SHOP)


OURS, EVIL = "http://localhost", "https://evil.example"
EMBEDDED = {"Cross-Origin-Resource-Policy": "cross-origin"}
PUBLIC = EMBEDDED | {"Access-Control-Allow-Origin": "*"}
READABLE = PUBLIC | {"Access-Control-Expose-Headers": "Retry-After"}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
    "Access-Control-Max-Age": "7200",
}
WITH_TOKEN = PUBLIC | {"Access-Control-Allow-Headers": "Authorization", "Access-Control-Max-Age": "7200"}
KEPT_APART = EMBEDDED | {"Vary": "Origin"}


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/api/v1/search?q=vat", READABLE),
        ("GET", "/api/v1/search", READABLE),
        ("OPTIONS", "/api/v1/search", READABLE | PREFLIGHT),
        ("GET", "/api/v1/complete?q=vat", READABLE),
        ("GET", "/api/v1/articles/billing/vat", READABLE),
        ("GET", "/api/v1/articles/none", READABLE),
        ("GET", "/api/v1/openapi.json", READABLE),
        ("GET", "/api/v1/none", READABLE),
        ("POST", "/api/v1/offers", READABLE),
        ("OPTIONS", "/api/v1/offers", READABLE | PREFLIGHT),
        ("PUT", "/api/v1/tickets", READABLE),
        ("GET", "/api/v1/context", WITH_TOKEN),
        ("OPTIONS", "/api/v1/context", WITH_TOKEN),
        ("POST", "/api/v1/context", WITH_TOKEN),
        ("POST", "/api/v1/contacts", KEPT_APART),
        ("OPTIONS", "/api/v1/contacts", KEPT_APART),
        ("GET", "/widget/1/form.js", PUBLIC),
        ("GET", "/widget/1/none.js", {}),
        ("GET", "/files/none.png", EMBEDDED),
        ("POST", "/files/none.png", EMBEDDED),
        ("GET", "/attachments/none", {}),
        ("GET", "/en/", {}),
        ("GET", "/healthz", {}),
    ],
)
def test_what_is_for_every_page_or_for_none_has_the_same_headers_for_each_origin(
    shared: FlaskClient, method: str, path: str, headers: dict[str, str]
) -> None:
    for origin in (None, OURS, SHOP, EVIL, "null"):
        assert about_origins(shared, method, path, origin) == headers


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/tickets"])
@pytest.mark.parametrize(("method", "more"), [("POST", {}), ("OPTIONS", PREFLIGHT)])
def test_what_is_for_listed_pages_names_their_origin_and_no_other(
    shared: FlaskClient, path: str, method: str, more: dict[str, str]
) -> None:
    for origin in (OURS, SHOP):
        named = KEPT_APART | READABLE | {"Access-Control-Allow-Origin": origin} | more
        assert about_origins(shared, method, path, origin) == named
    for other in (None, EVIL, "null"):
        assert about_origins(shared, method, path, other) == KEPT_APART


def about_origins(client: FlaskClient, method: str, path: str, origin: str | None) -> dict[str, str]:
    """Return the headers of an answer that allow or refuse pages of other origins."""
    answer = client.open(path, method=method, json={}, headers={"Origin": origin} if origin else {})
    beginnings = ("Access-Control-", "Cross-Origin-Resource-", *(["Vary"] if "Origin" in answer.vary else []))
    return {name: value for name, value in answer.headers.items() if name.startswith(beginnings)}


@pytest.fixture
def shared(settings: Settings) -> Iterator[FlaskClient]:
    """A client of a help center whose owner lists the shop's origin."""
    listed = replace(settings, origins=(SHOP,))
    writer = DirectWriter(Store.open(listed.database))
    yield create_app(listed, writer=writer).test_client()
    writer.close()


def test_a_refusal_that_cannot_be_kept_still_stands(tmp_path: Path) -> None:
    made = make_services(tmp_path, writer=NoWriter())
    assert post(make_app(made).test_client()) == 403
    close(made)


@pytest.mark.parametrize(("host", "status"), [("localhost:8000", 202), ("help.lan:8000", 403)])
def test_the_demo_shop_is_ours_only_on_the_machine_itself(app: Flask, host: str, status: int) -> None:
    """It listens on loopback, so the next port of another host may be anybody's."""
    app.config["DEMO_PORT"] = 8001
    shop = {"Origin": f"http://{host.split(':')[0]}:8001", "Host": host}
    answer = app.test_client().post("/api/v1/events", json={"visitor": "v", "events": []}, headers=shop)
    assert answer.status_code == status
