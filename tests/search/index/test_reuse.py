"""A generation that reuses unchanged parts equals one that is built from scratch."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kb.content import library
from kb.render import bundles
from search.index import build as builder
from search.index import reuse
from search.rank.collection import Collection
from tests.conftest import ARTICLES, NOW, write_articles
from tests.support.shelf_of_articles import WordEmbedder

VAT = "billing/vat.md"
CHANGES: dict[str, dict[str, str | None]] = {
    "nothing": {},
    "an edited article": {VAT: "---\ntitle: VAT on invoices\n---\n\nAnother text.\n\n## Rates\n\nTwenty percent.\n"},
    "a new one": {"account/a-first.md": "---\ntitle: A first\n---\n\nIt comes before the others.\n"},
    "a removed one": {VAT: None},
    "an archived one": {VAT: "---\ntitle: VAT on invoices\nstatus: archived\n---\n\nThe invoice shows VAT.\n"},
    "another address": {VAT: "---\ntitle: VAT on invoices\nslug: tax\n---\n\nThe invoice shows VAT.\n"},
    "a category without offers": {"billing/_category.yml": "title: Billing\noffers: none\n"},
    "a new language": {"billing/vat.es.md": "---\ntitle: IVA\n---\n\nLa factura muestra el IVA.\n"},
    "another redirect": {"_redirects.yml": "/old/vat: /en/articles/billing/vat\n"},
}
LINKING = "---\ntitle: Links\n---\n\nSee [VAT](vat.md) and [nothing](gone.md).\n"


def build(articles: Path, data: Path) -> Path:
    shelf = library.load(articles, default_lang="en")
    path = builder.build(shelf, data / "index", embedder=WordEmbedder(), now=NOW)
    builder.activate(path)
    return path


def entries(path: Path) -> list[Any]:
    db = sqlite3.connect(path / "library.db")
    try:
        tables = ("entries", "redirects", "categories", "meta")
        return [sorted(db.execute(f"SELECT * FROM {table}"), key=str) for table in tables]
    finally:
        db.close()


def files(path: Path, pattern: str) -> dict[Path, bytes]:
    return {file.relative_to(path): file.read_bytes() for file in path.glob(pattern)}


@pytest.fixture(autouse=True)
def small_bundles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put about two articles into a bundle, so that a few articles form several bundles."""
    monkeypatch.setattr(bundles, "LEAST", 2)


@pytest.mark.parametrize("before", [1, 2])  # the second generation is the first to have Whoosh's index
@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_a_generation_is_what_a_build_from_nothing_makes(
    tmp_path: Path, change: str, before: int
) -> None:
    articles = write_articles(tmp_path / "articles", ARTICLES | {"billing/links.md": LINKING})
    for number in range(before):
        write_articles(articles, {"billing/more.md": f"---\ntitle: More\n---\n\nText {number}.\n"})
        build(articles, tmp_path / "kept")
    for name, text in CHANGES[change].items():
        (articles / name).unlink() if text is None else write_articles(articles, {name: text})
    kept, fresh = build(articles, tmp_path / "kept"), build(articles, tmp_path / "fresh")
    ours, theirs = Collection(kept), Collection(fresh)
    assert entries(kept) == entries(fresh)
    assert ours.documents == theirs.documents
    assert list(ours.passages) == list(theirs.passages)
    assert np.array_equal(ours.passages.kinds, theirs.passages.kinds)
    for pattern in ("keyword/*/postings/*", "units/*", "vectors/0/*", "pages/*"):
        assert files(kept, pattern) == files(fresh, pattern)  # to the last bit, for any number of segments


def test_passages_and_vectors_of_what_has_not_changed_are_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = write_articles(tmp_path / "articles", ARTICLES)
    build(articles, tmp_path)
    shutil.rmtree(tmp_path / "vectors")
    write_articles(articles, {VAT: "---\ntitle: Tax\n---\n\nNew.\n"})
    embedder = WordEmbedder()
    builder.build(library.load(articles), tmp_path / "index", embedder=embedder, now=NOW)
    assert sorted(embedder.encoded) == ["Tax", "Tax\nNew."]


def test_a_change_writes_the_files_of_its_own_bundle_and_links_the_others(tmp_path: Path) -> None:
    articles = write_articles(tmp_path / "articles", {f"a{n}.md": f"# A {n}\n\nText {n}.\n" for n in range(12)})
    before = build(articles, tmp_path)
    write_articles(articles, {"a5.md": "# A 5\n\nAnother text.\n"})
    after = build(articles, tmp_path)
    for folder in ("units", "vectors/0", "pages"):
        same = [file.samefile(before / folder / file.name) for file in (after / folder).iterdir()]
        assert len(same) > 2
        assert same.count(False) == 1
    assert builder.intact(before)
    assert builder.intact(after)


def test_nothing_is_taken_over_from_a_damaged_generation(tmp_path: Path) -> None:
    path = build(write_articles(tmp_path / "articles", ARTICLES), tmp_path)
    file = min(path.glob("units/*"))
    content = bytearray(file.read_bytes())
    content[20] ^= 1
    file.write_bytes(content)
    assert reuse.before(path) is None


def test_nothing_is_taken_over_from_a_generation_that_was_analysed_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = build(write_articles(tmp_path / "articles", ARTICLES), tmp_path)
    monkeypatch.setattr(reuse, "ANALYSIS", "other")
    assert reuse.before(path) is None
    assert reuse.before(None) is None
    assert reuse.before(tmp_path) is None
