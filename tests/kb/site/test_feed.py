"""Feeds: they contain the latest changes of public articles only."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from tests.conftest import git
from tests.support.sample import help_center, write

ATOM = "{http://www.w3.org/2005/Atom}"
ROOT = "https://help.example.com"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """The sample help center under its public address, its invoices committed a day after everything else."""
    folder = tmp_path_factory.mktemp("feed")
    articles = write(folder / "articles")
    git(articles, "init", "--quiet")
    commit(articles, ".", ":!billing/invoice.md", when="2026-10-01T10:00:00Z")
    commit(articles, "billing/invoice.md", when="2026-10-02T10:00:00Z")
    return help_center(folder, url=f"{ROOT}/").test_client()


def commit(folder: Path, *paths: str, when: str) -> None:
    """Commit files."""
    git(folder, "add", "--", *paths)
    git(folder, "commit", "--quiet", "-m", "Write", when=when)


def feed(client: FlaskClient, path: str) -> ElementTree.Element:
    """Return a feed."""
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    return ElementTree.fromstring(answer.data)


def titles(found: ElementTree.Element) -> list[str | None]:
    """Return the titles of a feed's entries, in its order."""
    return [entry.findtext(f"{ATOM}title") for entry in found.iter(f"{ATOM}entry")]


def test_the_latest_change_comes_first_and_has_its_date(client: FlaskClient) -> None:
    found = feed(client, "/en/feed.xml")
    assert titles(found)[0] == "Download an invoice"
    first = found.find(f"{ATOM}entry")
    assert first is not None
    assert first.findtext(f"{ATOM}updated") == found.findtext(f"{ATOM}updated") == "2026-10-02T10:00:00+00:00"
    assert first.findtext(f"{ATOM}id") == f"{ROOT}/help/invoices"


def test_what_is_for_some_or_not_published_is_in_no_feed(client: FlaskClient) -> None:
    said = client.get("/en/feed.xml").text + client.get("/en/categories/account/feed.xml").text
    assert not [word for word in ("Clandestine", "zebra", "hint") if word in said]


def test_a_topic_has_a_feed_of_its_own(client: FlaskClient) -> None:
    found = feed(client, "/en/categories/billing/feed.xml")
    assert titles(found) == ["Download an invoice"]
    links = {link.get("rel"): link.get("href") for link in found.findall(f"{ATOM}link")}
    assert links == {
        "self": f"{ROOT}/en/categories/billing/feed.xml",
        "alternate": f"{ROOT}/en/categories/billing",
    }


@pytest.mark.parametrize("page", ["/en/", "/en/categories/billing"])
def test_a_page_names_a_feed_that_is_there(client: FlaskClient, page: str) -> None:
    (address,) = re.findall(r'<link rel="alternate" type="application/atom\+xml" href="(.*?)">', client.get(page).text)
    feed(client, address)


@pytest.mark.parametrize("path", ["/xx/feed.xml", "/en/categories/nothing/feed.xml"])
def test_what_is_not_there_has_no_feed(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_without_dates_a_feed_is_empty_and_still_one(tmp_path: Path) -> None:
    bare = help_center(tmp_path).test_client()
    assert titles(feed(bare, "/en/feed.xml")) == []
