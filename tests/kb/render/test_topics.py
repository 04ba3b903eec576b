"""Nested categories: on the home page, on their own pages, in breadcrumbs, and at the foot of an article."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from deflect.store.database import Store
from deflect.store.writer import DirectWriter
from kb.config import Settings
from kb.server.indexing import refresh
from kb.site.app import create_app
from tests.conftest import write_articles

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LIMITED = "---\ntitle: {0}\naudience: [client]\n---\n\nWords.\n"
FILES = {
    "account/_category.yml": "title: Your account\noffers: none\n",
    "account/close.md": "# Close it\n\nWords.\n",
    "account/open.md": "# Open it\n\nWords.\n",
    "account/rename.md": "# Rename it\n\nWords.\n",
    "account/billing/tax/vat.md": "# VAT\n\nWords.\n",
    "account/billing/_category.yml": "title: Billing\nes:\n  title: Facturas\n",
    "general.md": "# At the top\n\nWords.\n",
    "xanadu/inner/one.md": LIMITED.format("Xanadu"),
    "account/zephyr/two.md": LIMITED.format("Zephyr"),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A browser at a help center with categories three deep."""
    folder = tmp_path_factory.mktemp("topics")
    settings = Settings(articles=write_articles(folder / "articles", FILES), data=folder / "var", embedder="none")
    refresh(settings, words_only=True, now=NOW)
    return create_app(settings, writer=DirectWriter(Store.open(settings.database))).test_client()


def cards(client: FlaskClient, path: str) -> list[tuple[str, str, int]]:
    """Return the topics on a page: name, title, number of articles."""
    found = re.findall(
        r'categories/([^"]+)"[^>]*>([^<]+)</a></h\d>.*?(\d+) (?:article|artículo)', client.get(path).text, re.DOTALL
    )
    return [(name, title, int(count)) for name, title, count in found]


def trail(client: FlaskClient, path: str) -> list[str]:
    """Return the breadcrumbs of a page."""
    (nav,) = re.findall(r'<nav class="crumbs".*?</nav>', client.get(path).text, re.DOTALL)
    return re.findall(r">([^<>]+)</a>", nav)


def test_the_home_page_shows_the_outermost_categories_with_all_that_they_hold(client: FlaskClient) -> None:
    assert cards(client, "/en/") == [("general", "General", 1), ("account", "Your account", 4)]


def test_a_category_lists_those_within_it_before_its_own_articles(client: FlaskClient) -> None:
    assert cards(client, "/en/categories/account") == [("account/billing", "Billing", 1)]
    page = client.get("/en/categories/account").text.partition("<h1>")[2]
    assert page.index("categories/account/billing") < page.index("articles/account/close")


def test_a_category_that_holds_only_categories_has_a_page_in_each_language(client: FlaskClient) -> None:
    assert cards(client, "/en/categories/account/billing") == [("account/billing/tax", "Tax", 1)]
    assert trail(client, "/es/categories/account/billing") == ["Inicio", "Your account", "Facturas"]


def test_breadcrumbs_and_linked_data_hold_the_parents(client: FlaskClient) -> None:
    path = "/en/articles/account/billing/tax/vat"
    assert trail(client, path) == ["Home", "Your account", "Billing", "Tax", "VAT"]
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', client.get(path).text)
    steps = json.loads(data)["@graph"][1]["itemListElement"]
    assert [step["name"] for step in steps] == ["Help center", "Your account", "Billing", "Tax", "VAT"]
    assert steps[2]["item"].endswith("/en/categories/account/billing")


def test_no_page_tells_of_a_category_that_holds_nothing_for_everybody(client: FlaskClient) -> None:
    for path in ("/en/categories/xanadu", "/en/categories/xanadu/inner", "/en/categories/account/zephyr"):
        assert client.get(path).status_code == 404
    for path in ("/en/", "/en/categories/account", "/sitemap.xml", "/llms.txt", "/en/contact"):
        assert not re.search("xanadu|zephyr", client.get(path).text, re.IGNORECASE)


def turns(client: FlaskClient, id: str) -> dict[str, str]:
    """Return the links at the foot of an article, to the previous and the next one."""
    found = re.findall(r'<a rel="(prev|next)" href="/en/articles/([^"]+)"', client.get(f"/en/articles/{id}").text)
    return dict(found)


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("account/close", {"next": "account/open"}),
        ("account/open", {"prev": "account/close", "next": "account/rename"}),
        ("account/rename", {"prev": "account/open"}),
        ("general", {}),
    ],
)
def test_an_article_leads_to_its_neighbours_in_the_category(
    client: FlaskClient, id: str, expected: dict[str, str]
) -> None:
    assert turns(client, id) == expected


def test_the_form_names_a_category_with_its_parents_and_no_offers_there_means_none_within(client: FlaskClient) -> None:
    options = re.findall(r'<option value="([^"]+)"([^>]*)>([^<]+)</option>', client.get("/en/contact").text)
    assert ("account/billing/tax", ' data-offers="none"', "Your account › Billing › Tax") in options


def test_a_feed_and_the_list_for_machines_have_what_is_within(client: FlaskClient) -> None:
    assert "## Your account › Billing › Tax\n" in client.get("/llms.txt").text
    assert client.get("/en/categories/account/billing/feed.xml").status_code == 200
