"""The snapshot: the site reads the articles as they were when the generation was built."""

from __future__ import annotations

import os
import threading
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kb.content import library
from kb.errors import BadGeneration
from kb.render.render import render
from kb.render.snapshot import FILE, Snapshot, write
from tests.conftest import ARTICLES, NOW, write_articles


def build(folder: Path, articles: dict[str, str] = ARTICLES) -> Snapshot:
    """Return the snapshot of articles."""
    shelf = library.load(write_articles(folder / "articles", articles))
    pages = {a.version: render(a, addresses=shelf.addresses) for a in shelf.published(NOW)}
    write(folder, shelf, pages, now=NOW)
    return Snapshot.open(folder)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The snapshot of the shared five articles."""
    return build(tmp_path_factory.mktemp("snapshot"))


def test_an_entry_is_what_the_file_says(tmp_path: Path) -> None:
    text = (
        "---\ntitle: A\nsummary: S\nowner: o\nreview_every: 30d\nverified: 2026-01-02\naudience: [x, y]\n"
        "queries: [q]\norder: 2\n---\nText"
    )
    entry = build(tmp_path, {"c/a.md": text}).entry("c/a", "en")
    assert entry is not None
    assert (entry.title, entry.summary, entry.category, entry.owner) == ("A", "S", "c", "o")
    assert (entry.review_every, entry.verified, entry.order) == (30, date(2026, 1, 2), 2)
    assert (entry.audience, entry.queries) == (("x", "y"), ("q",))
    assert (entry.status, entry.updated, entry.offers) == ("published", None, True)


def test_published_articles_are_counted_by_language(snapshot: Snapshot) -> None:
    assert Counter(lang for _, lang in snapshot.versions()) == {"en": 4, "es": 1}
    assert snapshot.languages == ("en", "es")
    assert [entry.id for entry in snapshot.entries("es")] == ["account/reset-password"]


def test_html_and_headings_are_those_of_the_page(snapshot: Snapshot) -> None:
    entry = snapshot.entry("account/reset-password", "en")
    assert entry is not None
    assert '<h2 id="code">' in snapshot.html(entry)
    assert [(one.anchor, one.heading, one.level) for one in snapshot.headings(entry)] == [("code", "With a code", 2)]


def test_the_best_version_is_the_language_asked_for_then_the_default_then_any(tmp_path: Path) -> None:
    shelf = build(tmp_path, {"a.md": "# A", "a.es.md": "# A", "b.fr.md": "# B", "b.de.md": "# B"})
    assert [shelf.best("a", lang).lang for lang in ("es", "fr", "es-MX")] == ["es", "en", "es"]  # type: ignore[union-attr]
    assert shelf.best("b", "es").lang == "de"  # type: ignore[union-attr]
    assert shelf.best("c", "es") is None


def test_a_category_lists_each_article_once_with_the_language_that_stands_in(tmp_path: Path) -> None:
    files = {
        "c/a.md": "---\ntitle: Z\norder: 1\n---\n",
        "c/a.es.md": "# Á",
        "c/b.md": "# B",
        "c/d.es.md": "# D",
        "e.md": "# E",
    }
    shelf = build(tmp_path, files)
    assert [(entry.id, entry.lang) for entry in shelf.category_entries("c", "es")] == [
        ("c/a", "es"),
        ("c/b", "en"),
        ("c/d", "es"),
    ]
    assert shelf.category_entries("c", "en")[0].lang == "en"


def test_categories_without_a_published_article_are_not_listed(tmp_path: Path) -> None:
    shelf = build(tmp_path, {"a/x.md": "---\ntitle: X\nstatus: draft\n---\n", "b/y.md": "# Y"})
    assert [category.name for category in shelf.categories("en")] == ["b"]


def test_categories_speak_the_language_asked_for_where_they_can(snapshot: Snapshot) -> None:
    assert [category.title for category in snapshot.categories("es")] == ["Billing", "Cuenta", "Safety"]
    assert snapshot.category("safety", "en").offers is False  # type: ignore[union-attr]
    assert snapshot.category("missing", "en") is None


def test_an_entry_of_a_category_without_offers_is_not_offered(snapshot: Snapshot) -> None:
    assert {entry.id: entry.offers for entry in snapshot.entries("en")}["safety/threat"] is False


@pytest.mark.parametrize("path", ["/help/a", "/help/a/", "/help/a?x=1", "/help/%61"])
def test_an_address_is_found_however_it_is_spelled(tmp_path: Path, path: str) -> None:
    shelf = build(tmp_path, {"x.md": "---\ntitle: X\npermalink: /help/a/\n---\n"})
    assert shelf.by_address(path).id == "x"  # type: ignore[union-attr]


def test_the_plain_address_of_an_article_with_its_own_leads_there(tmp_path: Path) -> None:
    shelf = build(tmp_path, {"x.md": "---\ntitle: X\npermalink: /help/a/\n---\n"})
    assert shelf.by_address("/en/articles/x") is None
    assert shelf.redirect("/en/articles/x") == "/help/a/"


def test_old_addresses_lead_on(snapshot: Snapshot) -> None:
    assert snapshot.redirect("/old/reset.html") == "/en/articles/account/reset-password"
    assert snapshot.redirect("/en/articles/account/reset-password") is None
    assert snapshot.redirect("/nothing") is None


def test_what_is_archived_is_gone_and_a_draft_never_was(snapshot: Snapshot) -> None:
    assert snapshot.is_gone("/en/articles/billing/old-fees").id == "billing/old-fees"  # type: ignore[union-attr]
    assert snapshot.is_gone("/en/articles/billing/next-fees") is None
    assert snapshot.entry("billing/old-fees", "en") is None
    assert snapshot.best("billing/old-fees", "en") is None


def test_what_is_gone_knows_the_way_on(tmp_path: Path) -> None:
    shelf = build(tmp_path, {"a.md": "# A", "b.md": "---\ntitle: B\nstatus: archived\nreplaced_by: a.md\n---\n"})
    assert shelf.is_gone("/en/articles/b").replaced_by == "/en/articles/a"  # type: ignore[union-attr]


def test_a_published_article_without_a_page_is_left_out(tmp_path: Path) -> None:
    shelf = library.load(write_articles(tmp_path / "articles", {"a.md": "# A"}))
    write(tmp_path, shelf, {}, now=NOW)
    assert Snapshot.open(tmp_path).versions() == set()


def test_a_scheduled_article_appears_with_its_time(tmp_path: Path) -> None:
    shelf = library.load(
        write_articles(tmp_path / "articles", {"a.md": "---\ntitle: A\npublish_at: 2027-01-01\n---\n"})
    )
    pages = {a.version: render(a, addresses={}) for a in shelf.articles}
    for now, versions in [(NOW, set()), (datetime(2027, 1, 1, tzinfo=UTC), {("a", "en")})]:
        write(tmp_path, shelf, pages, now=now)
        assert Snapshot.open(tmp_path).versions() == versions


@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\0" + b"\xff" * 200])
def test_a_missing_or_broken_file_says_to_build_it_again(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(BadGeneration, match="kb index"):
        Snapshot.open(tmp_path)


def test_many_threads_read_at_once(snapshot: Snapshot) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(len(snapshot.entries("en")))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [4] * 16


def test_a_file_that_was_removed_is_still_read_by_who_has_it_open(tmp_path: Path) -> None:
    shelf = build(tmp_path)
    os.remove(tmp_path / FILE)
    assert len(shelf.entries("en")) == 4
    shelf.close()
