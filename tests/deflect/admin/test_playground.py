"""The widget's playground: the lines to paste, a preview without logging, and the page check."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deflect.admin.playground import chosen, snippet
from tests.browser.shop import serving
from tests.support.logging_in import services_of, token

CENTER = "https://help.example.com"
SCRIPT = '<script type="module" src="http://localhost/widget/1/help-widget.js"'


@pytest.mark.parametrize("path", ["", "snippet", "preview", "offers?body=password"])
def test_only_an_agent_gets_in(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/admin/widget/{path}")
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/admin/login")


def test_what_is_chosen_is_in_the_lines_and_nothing_else() -> None:
    choice = chosen({"form": "#a", "theme": "dark", "onclick": "x", "mode": "evil", "label": "for buttons only"})
    assert snippet(choice, center=CENTER) == (
        f'<script type="module" src="{CENTER}/widget/1/help-widget.js"></script>\n'
        f'<help-widget src="{CENTER}/" form="#a" theme="dark">\n'
        f'  <a href="{CENTER}/contact">Help</a>\n</help-widget>'
    )


def test_what_is_chosen_stays_text_in_the_lines_and_on_the_page(agent: FlaskClient) -> None:
    evil = '"><script>alert(1)</script>'
    assert "<script>alert" not in snippet(chosen({"form": evil, "accent": f"red{evil}"}), center=CENTER)
    query = {"shape": "button", "label": evil, "lang": "en"}
    for path in ("", "preview"):
        assert "<script>alert" not in agent.get(f"/admin/widget/{path}", query_string=query).text


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("shape=button&label=Ask&position=start", '<help-widget src="http://localhost/" position="start" label="Ask">'),
        ("shape=one-tag&form=", f'{SCRIPT} data-form></script>'),
        ("accent=%23ff0000", "<style>help-widget { --help-accent: #ff0000; }</style>"),
        ("form=", '<help-widget src="http://localhost/" form>'),
    ],
)  # fmt: skip
def test_each_shape_has_its_lines(agent: FlaskClient, query: str, line: str) -> None:
    answer = agent.get(f"/admin/widget/snippet?{query}")
    assert line in answer.text.splitlines()
    assert answer.content_type.startswith("text/plain")


def test_the_link_in_the_lines_leads_somewhere(client: FlaskClient) -> None:
    for address in ("/contact", "/"):
        assert client.get(address, follow_redirects=True).status_code == 200


def test_the_preview_offers_without_logging(app: Flask, agent: FlaskClient) -> None:
    found = agent.get("/admin/widget/offers?body=I+forgot+my+password&lang=en").json
    assert found["cards"][0]["article"] == "account/reset-password"
    assert services_of(app).store.rows("SELECT 1 FROM events WHERE type IN ('offer', 'intent')") == []


def test_only_the_playground_may_frame_the_preview(agent: FlaskClient) -> None:
    policy = agent.get("/admin/widget/preview").headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "trusted-types help-widget" in policy
    assert "frame-src 'self'" in agent.get("/admin/widget/").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in agent.get("/admin/origins").headers["Content-Security-Policy"]


def check(agent: FlaskClient, address: str) -> str:
    """Request a check and return the page."""
    form = {"csrf_token": token(agent, "/admin/widget/"), "address": address}
    return agent.post("/admin/widget/check", data=form).text


def test_a_page_of_this_machine_is_refused_with_the_setting_that_would_allow_it(app: Flask, agent: FlaskClient) -> None:
    assert "KB_ALLOW_NETWORKS" in check(agent, "http://127.0.0.1:9/<b>")
    assert services_of(app).store.rows("SELECT what FROM audit WHERE did = 'check page'")[0]["what"].endswith("<b>")


def test_the_demo_shop_is_checked_and_what_it_lacks_is_listed(app: Flask, agent: FlaskClient) -> None:
    shop = Flask("shop", static_folder=None)
    shop.add_url_rule("/", "page", lambda: "<title>Shop</title><form id=contact></form>")
    with serving(shop) as origin:
        app.config["DEMO_PORT"] = int(origin.rsplit(":", 1)[1])
        text = check(agent, f"{origin}/")
    assert "The widget&#39;s script is not on the page." in text
    assert "There is no &lt;help-widget&gt; on the page." in text
    assert "problems on" in text


def test_a_check_needs_the_form_of_the_page(agent: FlaskClient) -> None:
    assert agent.post("/admin/widget/check", data={"address": "http://127.0.0.1/"}).status_code == 400
