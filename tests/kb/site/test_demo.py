"""The demo shop: another origin, the strictest policy, and an unchanged help center."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

from kb.site import demo
from kb.site.demo_pages import FORM_PAGES, GOODS, PAGES, WORDS, Good


@pytest.fixture
def both() -> demo.ByPort:
    """A help center with the demo shop on the next port."""
    app = Flask(__name__)
    app.register_blueprint(demo.blueprint)
    app.add_url_rule("/", "home", lambda: "help center")
    return demo.ByPort(app, help_port=8000)


def get(both: demo.ByPort, path: str, *, port: int, method: str = "GET") -> Response:
    """Return the answer on a port, regardless of the Host header."""
    environ = EnvironBuilder(path, base_url="http://help.test:8000", method=method).get_environ()
    return Response(*run_wsgi_app(both, environ | {"SERVER_PORT": str(port)}, buffered=True))


def test_the_shop_is_on_the_next_port_only(both: demo.ByPort) -> None:
    assert get(both, "/", port=8000).get_data(as_text=True) == "help center"
    page = get(both, "/contact", port=8001)
    assert '<help-widget src="http://help.test:8000/" form="#contact"' in page.get_data(as_text=True)
    assert get(both, "/nothing", port=8001).status_code == 404


def test_the_help_center_leads_to_it(both: demo.ByPort) -> None:
    answer = get(both, "/demo", port=8000)
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://help.test:8001/")


def test_without_a_second_port_there_is_no_demo() -> None:
    app = Flask(__name__)
    app.register_blueprint(demo.blueprint)
    assert app.test_client().get("/demo").status_code == 404


def test_its_policy_allows_the_help_center_and_one_named_policy_for_html(both: demo.ByPort) -> None:
    policy = get(both, "/", port=8001).headers["Content-Security-Policy"]
    assert re.match(
        "default-src 'none'; script-src http://help.test:8000 'nonce-[\\w-]+'; connect-src http://help.test:8000;",
        policy,
    )
    assert policy.endswith("require-trusted-types-for 'script'; trusted-types help-widget")
    assert "unsafe" not in policy


@pytest.mark.parametrize(("query", "words"), [("lang=ar&theme=dark", 'dir="rtl"'), ("lang=<b>&theme=<b>", 'lang="en"')])
def test_language_and_colours_are_chosen_from_a_list(both: demo.ByPort, query: str, words: str) -> None:
    text = get(both, f"/contact?{query}", port=8001).get_data(as_text=True)
    assert words in text
    assert "<b>&" not in text


def test_a_message_to_the_shop_is_thanked_for(both: demo.ByPort) -> None:
    assert "Thank you" in get(both, "/sent", port=8001, method="POST").get_data(as_text=True)


def test_an_order_is_thanked_for_as_an_order(both: demo.ByPort) -> None:
    action = re.search('action="(/sent[^"]*)"', get(both, "/checkout", port=8001).get_data(as_text=True))
    assert action is not None
    assert "your order" in get(both, action[1], port=8001, method="POST").get_data(as_text=True)


@pytest.mark.parametrize("good", GOODS, ids=lambda good: good.shape)
def test_each_thing_leads_to_its_own_page(both: demo.ByPort, good: Good) -> None:
    assert f"/product?item={good.shape}" in get(both, "/", port=8001).get_data(as_text=True)
    assert f"<h1>{good.name}</h1>" in get(both, f"/product?item={good.shape}", port=8001).get_data(as_text=True)


@pytest.mark.parametrize("name", PAGES)
def test_each_page_says_in_one_line_what_to_try_and_loads_nothing_from_elsewhere(both: demo.ByPort, name: str) -> None:
    text = get(both, f"/{name}", port=8001).get_data(as_text=True)
    hint = re.search('<p class="hint">(.+)</p>', text)
    assert hint is not None
    assert len(hint[1]) < 180
    assert "<help-widget " in text
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', text)
    assert [one for one in addresses if "//" in one and not one.startswith("http://help.test:8000/")] == []
    assert 'style="' not in text
    assert " onclick" not in text


def test_the_app_has_addresses_of_its_own_and_no_other_page_has(both: demo.ByPort) -> None:
    assert get(both, "/app/messages", port=8001).status_code == 200
    assert get(both, "/product/messages", port=8001).status_code == 404


@pytest.mark.parametrize("lang", WORDS)
def test_the_contact_page_is_in_every_language_of_the_shop(both: demo.ByPort, lang: str) -> None:
    assert set(WORDS[lang]) == set(WORDS["en"])
    for name in FORM_PAGES:
        method = "POST" if name == "sent" else "GET"
        text = get(both, f"/{name}?lang={lang}", port=8001, method=method).get_data(as_text=True)
        assert f'lang="{lang}"' in text
