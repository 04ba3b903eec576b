"""The sitemap, robots.txt, llms.txt and linked data."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from tests.support.sample import help_center

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
LINK = "{http://www.w3.org/1999/xhtml}link"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """The sample help center under its public address."""
    return help_center(tmp_path_factory.mktemp("seo"), url="https://help.example.com/").test_client()


def text(client: FlaskClient, path: str) -> str:
    """Return the answer of a path."""
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def head(client: FlaskClient, path: str) -> str:
    """Return the head of a page."""
    return text(client, path).split("</head>")[0]


def test_the_site_map_names_every_page_at_its_public_address(client: FlaskClient) -> None:
    found = [loc.text or "" for loc in ElementTree.fromstring(text(client, "/sitemap.xml")).iter(f"{SITEMAP}loc")]
    assert len(found) == len(set(found))
    assert {url.removeprefix("https://help.example.com") for url in found} >= {
        "/en/", "/es/", "/ar/", "/en/categories/account", "/help/invoices",
        "/en/articles/account/reset-password", "/es/articles/account/reset-password",
    }  # fmt: skip
    assert not [url for url in found if "draft" in url or "clients" in url or "old-sign-in" in url or "/search" in url]
    assert "https://help.example.com/es/articles/account/passkey" not in found  # there is no such translation


def test_the_site_map_names_the_translations_of_an_article(client: FlaskClient) -> None:
    for url in ElementTree.fromstring(text(client, "/sitemap.xml")):
        if url.findtext(f"{SITEMAP}loc", "").endswith("/en/articles/account/reset-password"):
            assert {link.get("hreflang") for link in url.iter(LINK)} == {"en", "es", "ar"}


def test_robots_are_told_where_the_site_map_is(client: FlaskClient) -> None:
    lines = text(client, "/robots.txt").splitlines()
    assert "Sitemap: https://help.example.com/sitemap.xml" in lines
    assert "Disallow: /admin/" in lines


def test_an_article_says_what_it_is(client: FlaskClient) -> None:
    found = re.search(
        r'<script type="application/ld\+json">(.*?)</script>', head(client, "/en/articles/account/reset-password")
    )
    assert found
    article, way = json.loads(found[1])["@graph"]
    assert (article["@type"], article["headline"], article["inLanguage"]) == ("Article", "Reset your password", "en")
    assert way["@type"] == "BreadcrumbList"
    assert [step["name"] for step in way["itemListElement"]] == ["Help center", "Your account", "Reset your password"]
    assert way["itemListElement"][1]["item"] == "https://help.example.com/en/categories/account"


def test_an_article_names_its_address_its_translations_and_its_summary(client: FlaskClient) -> None:
    page = head(client, "/en/articles/account/reset-password")
    assert '<link rel="canonical" href="https://help.example.com/en/articles/account/reset-password">' in page
    assert 'hreflang="es" href="https://help.example.com/es/articles/account/reset-password"' in page
    assert '<meta property="og:type" content="article">' in page
    assert '<meta property="og:title" content="Reset your password">' in page
    assert '<meta name="description" content="Two ways back' in page


@pytest.mark.parametrize(
    ("path", "kept_out"),
    [
        ("/en/search?q=password", True),
        ("/en/search", True),
        ("/en/", False),
        ("/en/contact", False),
        ("/help/invoices", False),
    ],
)
def test_only_pages_worth_finding_are_for_search_engines(client: FlaskClient, path: str, kept_out: bool) -> None:
    assert ('<meta name="robots" content="noindex">' in head(client, path)) == kept_out


def test_machines_that_read_find_every_article_as_markdown(client: FlaskClient) -> None:
    page = text(client, "/llms.txt")
    assert "[Reset your password](https://help.example.com/en/articles/account/reset-password.md): Two ways" in page
    for path in re.findall(r"\(https://help\.example\.com([^)]*)\)", page):
        assert client.get(path).mimetype == "text/markdown"


def test_a_title_cannot_break_out_of_the_linked_data(tmp_path_factory: pytest.TempPathFactory) -> None:
    files = {"bad.md": "---\ntitle: '</script><script>alert(1)</script>'\n---\n\nText.\n"}
    page = (
        help_center(tmp_path_factory.mktemp("bad"), files=files)
        .test_client()
        .get("/en/articles/bad")
        .get_data(as_text=True)
    )
    assert "<script>alert" not in page
