"""The files of the world in `cases` are articles with their right title, and warn of what was not used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb.check import lint
from kb.content import library
from kb.content.library import Library
from kb.render import render

CASES = Path(__file__).parent / "cases"
NOW = datetime(2026, 11, 29, tzinfo=UTC)
TITLES = {  # file -> title
    "C# guide": "Hash in name",
    "What is it?": "Question mark in name",
    "fm-alias-name": "Named aliases",
    "fm-alias-rel": "Relative aliases",
    "fm-anchors": "Anchors in yaml",
    "fm-at": "@mentions in comments",
    "fm-block": "A folded title",
    "fm-bom-crlf": "With BOM and CRLF",
    "fm-bool": "No",
    "fm-category-list": "Category list",
    "fm-colon": "Error: printer is offline",
    "fm-comment-first": "Comment first",
    "fm-date": "A date",
    "fm-dots": "Ends with dots",
    "fm-dup": "First",
    "fm-empty": "Heading as title",
    "fm-h2-only": "Fm h2 only",
    "fm-hash": "Error",
    "fm-html-h1": "Centered HTML title",
    "fm-json": "Json head",
    "fm-lang-odd": "Lang odd",
    "fm-latin1": "Größe",
    "fm-leading-blank": "Blank line first",
    "fm-multidoc": "Multi",
    "fm-none": "Fm none",
    "fm-number": "2024",
    "fm-order-float": "Order float",
    "fm-owner-list": "Owner list",
    "fm-owner-map": "Owner map",
    "fm-permalink-rel": "Permalink relative",
    "fm-quote": "It's 'fine'",
    "fm-setext": "Setext title",
    "fm-slug-odd": "Slug odd",
    "fm-status": "Status of theirs",
    "fm-tab-after-colon": "Tab after colon",
    "fm-tab-indent": "Tab in list",
    "fm-toml": "Toml head",
    "fm-utf16": "Größe",
    "name 100%": "Percent in name",
    "naïve café": "Accents in name",
}
WARNED = (
    "alias-name alias-rel anchors at category-list colon dup lang-odd order-float owner-list owner-map status".split()
)


@pytest.fixture(scope="module")
def shelf() -> Library:
    return library.load(CASES / "md")


def test_every_file_but_that_of_an_odd_audience_is_shown_with_its_title(shelf: Library) -> None:
    assert {article.path.removesuffix(".md"): article.title for article in shelf.articles} == TITLES
    assert [(p.path, p.code) for p in shelf.problems if p.severity == "error"] == [("fm-audience-odd.md", "article")]


@pytest.mark.parametrize("name", WARNED)
def test_what_is_not_used_is_warned_of_once(name: str) -> None:
    article, notes = library.Parsed().read(CASES / "md", f"fm-{name}.md") or (None, ())
    assert article is not None
    assert len({note.line for note in notes}) == len(notes) > 0


def test_nobody_sees_the_article_of_an_odd_audience_and_its_text_is_checked_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntitle: A\naudience: {role: x}\n---\n\n[dead](none.md)", encoding="utf-8")
    shelf = library.load(tmp_path)
    assert (shelf.articles, shelf.published(NOW)) == ((), ())
    assert [(p.line, p.code) for p in lint.check(shelf, now=NOW)] == [(3, "article"), (6, "broken-link")]


def tree(name: str) -> Library:
    return library.load(CASES / "trees" / name)


def test_an_alias_of_obsidian_is_a_name_to_find_the_article_by() -> None:
    assert [article.names for article in tree("obsidian-alias").articles] == [("Sign in",)]


def test_a_toml_head_is_read_and_a_key_given_twice_is_a_warning() -> None:
    assert [article.title for article in tree("toml-head").articles] == ["Toml"]
    assert [(p.path, p.severity) for p in tree("duplicate-key").problems] == [("a.md", "warning")] * 2


def test_hugos_index_is_the_first_article_of_its_category_and_titles_it() -> None:
    shelf = tree("hugo-index")
    assert [category.title for category in shelf.categories] == ["The guide"]
    assert [(a.path, a.category, a.address) for a in shelf.articles] == [
        ("guide/_index.md", "guide", "/en/articles/guide"),
        ("guide/a.md", "guide", "/en/articles/guide/a"),
    ]
    assert shelf.addresses.resolve("_index.md", article=shelf.articles[1]).href == "/en/articles/guide"


def test_a_folder_named_files_holds_files() -> None:
    shelf = tree("folder-named-files")
    page = render.render(shelf.articles[0], addresses=shelf.addresses)
    assert [(image.kind, image.src) for image in page.images] == [("file", "/files/files/x.png")]


@pytest.mark.parametrize(
    ("name", "titles"), [("no-title", ["Async-Await"]), ("title-from-subheading", ["List view", "Table view"])]
)
def test_a_file_without_a_title_is_called_by_its_name(name: str, titles: list[str]) -> None:
    assert [article.title for article in tree(name).articles] == titles
