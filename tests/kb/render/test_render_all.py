"""Rendering many articles: unchanged pages are kept, and many pages are rendered by several processes."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kb.content import library
from kb.content.dialect import Choice
from kb.content.library import Library
from kb.render import render
from kb.render.snapshot import Snapshot, write
from tests.conftest import NOW, write_articles

FILES = {"a.md": "# A\n\n[x](b.md) ![i](i.png)\n\n## Head\n\nText", "b.md": "# B\n\nText", "i.png": ""}


def load(folder: Path, **files: str) -> Library:
    """Return the library of two articles and an image; `files` are added to them or replace them."""
    return library.load(
        write_articles(folder / "articles", FILES | {f"{name}.md": text for name, text in files.items()})
    )


def kept_after(folder: Path, shelf: Library) -> dict[str, object]:
    """Return the pages that a generation of `shelf` keeps."""
    write(folder, shelf, render.render_all(shelf.articles, addresses=shelf.addresses), now=NOW)
    return Snapshot.open(folder).pages(shelf.recipe)  # type: ignore[return-value]


def rendered_again(shelf: Library, kept: dict[str, object]) -> list[str]:
    """Return the paths of the articles that must be rendered again."""
    right = render.still_right(shelf.articles, addresses=shelf.addresses, kept=kept)  # type: ignore[arg-type]
    return [article.path for article in shelf.articles if article.source not in right]


def test_a_kept_page_is_the_page(tmp_path: Path) -> None:
    shelf = load(tmp_path)
    kept = kept_after(tmp_path, shelf)
    assert list(kept.values()) == [render.render(article, addresses=shelf.addresses) for article in shelf.articles]


def test_what_has_not_changed_is_not_rendered_again(tmp_path: Path) -> None:
    kept = kept_after(tmp_path, load(tmp_path))
    assert rendered_again(load(tmp_path), kept) == []


@pytest.mark.parametrize(
    ("name", "text", "again"),
    [
        ("a", "# A\n\nOther", ["a.md"]),
        ("c", "# C", ["c.md"]),
        ("b", "---\ntitle: B\nslug: other\n---\n", ["a.md", "b.md"]),  # a links to b, whose address has changed
    ],
)
def test_a_changed_article_costs_itself_and_who_links_to_its_address(
    tmp_path: Path, name: str, text: str, again: list[str]
) -> None:
    kept = kept_after(tmp_path, load(tmp_path))
    assert rendered_again(load(tmp_path, **{name: text}), kept) == again


def test_pages_of_other_code_or_another_dialect_are_not_kept(tmp_path: Path) -> None:
    shelf = load(tmp_path)
    kept_after(tmp_path, shelf)
    other = replace(shelf, markdown=Choice("python-markdown"))
    assert Snapshot.open(tmp_path).pages(other.recipe) == {}
    assert Snapshot.open(tmp_path).pages("other") == {}


def test_several_processes_render_what_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = load(tmp_path, bad="# Bad\n\n" + "> " * 3_000)
    alone = render.render_all(shelf.articles, addresses=shelf.addresses)
    monkeypatch.setattr(render, "MANY", 1)
    monkeypatch.setattr(render, "_processors", lambda: 2)
    assert render.render_all(shelf.articles, addresses=shelf.addresses) == alone
    assert ("bad", "en") not in alone


def test_where_another_process_cannot_be_had_this_one_renders_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = load(tmp_path)
    monkeypatch.setattr(render, "MANY", 1)
    monkeypatch.setattr(render, "_processors", lambda: 2)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert set(render.render_all(shelf.articles, addresses=shelf.addresses)) == {("a", "en"), ("b", "en")}
