"""Searches in a folder of articles: synonyms, pins, symbols, and very long questions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kb.config import Settings
from kb.content import library
from search.index import build
from search.rank.searcher import Searcher
from tests.support.shelf_of_articles import ids

FILES = {
    "vat.md": "---\ntitle: Tax on invoices\n---\n\nThe invoice shows the tax.\n",
    "bill.md": "---\ntitle: A bill by post\n---\n\nPaper costs one euro.\n",
    "dark.md": "---\ntitle: Dark pages\n---\n\nPress 🌙 at the top.\n",
    "ghost.md": "---\ntitle: Signing in\n---\n\nA password and a phone.\n",
    "strike.md": "---\ntitle: News of the week\n---\n\nTrains are late.\n",
    "_synonyms.yml": "en:\n  - [invoice, bill]\n  - [two factor, 2fa]\n",
    "_pins.yml": "phone: vat\nold news: {articles: vat, until: 2020-01-31}\n",
}


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    folder = tmp_path_factory.mktemp("center")
    for name, text in FILES.items():
        (folder / "articles" / name).parent.mkdir(exist_ok=True)
        (folder / "articles" / name).write_text(text, encoding="utf-8")
    shelf = library.load(folder / "articles", default_lang="en")
    path = build.build(shelf, folder / "index", embedder=None, now=datetime(2026, 11, 1, tzinfo=UTC))
    return Searcher.open(path, settings=Settings(data=folder))


def test_a_synonym_finds_what_says_it_otherwise(searcher: Searcher) -> None:
    assert set(ids(searcher.search("invoice", lang="en"))) == {"vat", "bill"}


@pytest.mark.parametrize(("query", "first"), [("invoice", "vat"), ("bill", "bill")])
def test_a_title_with_the_word_itself_stays_above_one_with_its_synonym(
    searcher: Searcher, query: str, first: str
) -> None:
    assert ids(searcher.search(query, lang="en"))[0] == first
    assert ids(searcher.complete(query, lang="en"))[0] == first


def test_a_pinned_article_comes_first_and_others_follow(searcher: Searcher) -> None:
    assert ids(searcher.search("Phone", lang="en")) == ["vat", "ghost"]


def test_a_pin_ends_by_itself(searcher: Searcher) -> None:
    assert ids(searcher.search("old news", lang="en"))[:1] != ["vat"]


def test_an_emoji_finds_the_article_that_has_it(searcher: Searcher) -> None:
    assert ids(searcher.search("🌙", lang="en")) == ["dark"]


def test_ten_thousand_characters_find_what_they_say(searcher: Searcher) -> None:
    text = ("the invoice shows tax " * 500)[:10_000]
    assert ids(searcher.search(text, lang="en"))[0] == "vat"
    assert searcher.suggest("Tax", text, lang="en").candidates[0][0] == "vat"


def test_what_stands_after_ten_thousand_characters_is_not_looked_at(searcher: Searcher) -> None:
    assert ids(searcher.search("zyx " * 2_500 + "invoice", lang="en")) == []
