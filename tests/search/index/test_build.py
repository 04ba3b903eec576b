"""A generation is built and made current; a damaged one is not used."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kb.content import library
from kb.content.library import Library
from kb.errors import BadGeneration
from search.index import build as builder
from search.index import generation
from search.rank.collection import Collection
from search.text.query import Text
from tests.support.shelf_of_articles import WordEmbedder

NOW = datetime(2026, 11, 1, tzinfo=UTC)
RESET = "---\ntitle: Reset your password\n---\n\nOpen the login page.\n\n## With a code\n\nWe send a code.\n"


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    (folder / "account").mkdir(parents=True)
    (folder / "account" / "reset.md").write_text(RESET, encoding="utf-8")
    (folder / "vat.md").write_text("---\ntitle: Tax\n---\n\nThe tax of your country.\n", encoding="utf-8")
    return folder


def loaded(folder: Path) -> Library:
    return library.load(folder, default_lang="en")


def build(folder: Path, data: Path, *, embedder: WordEmbedder | None = None) -> Path:
    path = builder.build(loaded(folder), data / "index", embedder=embedder, now=NOW)
    builder.activate(path)
    return path


def test_a_generation_holds_what_its_manifest_says(articles: Path, tmp_path: Path) -> None:
    path = build(articles, tmp_path, embedder=WordEmbedder())
    manifest = generation.read_manifest(path)
    assert manifest.counts == {"articles": 2, "documents": 2, "units": 5}
    assert manifest.recipe == "words-64"
    assert set(manifest.files) == {
        file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file() and "LOCK" not in file.name
    } - {"manifest.json"}


def test_the_same_articles_are_not_built_again(articles: Path, tmp_path: Path) -> None:
    first = build(articles, tmp_path)
    stamp = (first / "manifest.json").stat().st_mtime_ns
    assert build(articles, tmp_path) == first
    assert (first / "manifest.json").stat().st_mtime_ns == stamp


def test_a_changed_article_costs_its_own_vectors_only(articles: Path, tmp_path: Path) -> None:
    build(articles, tmp_path, embedder=WordEmbedder())
    (articles / "vat.md").write_text("---\ntitle: Tax\n---\n\nAnother text.\n", encoding="utf-8")
    embedder = WordEmbedder()
    build(articles, tmp_path, embedder=embedder)
    assert embedder.encoded == ["Tax\nAnother text."]


def test_a_changed_article_leaves_the_scores_as_a_fresh_build_has_them(articles: Path, tmp_path: Path) -> None:
    build(articles, tmp_path)
    (articles / "vat.md").unlink()
    (articles / "new.md").write_text("---\ntitle: New page\n---\n\nA code for the page.\n", encoding="utf-8")
    changed = Collection(build(articles, tmp_path))
    assert [document.article for document in changed.documents] == ["account/reset", "new"]
    assert changed.postings["en"].row("tax") is None or not len(
        changed.postings["en"].field(changed.postings["en"].row("tax") or 0, "title")[0]
    )


def test_words_alone_are_a_generation_of_their_own(articles: Path, tmp_path: Path) -> None:
    assert build(articles, tmp_path) != build(articles, tmp_path, embedder=WordEmbedder())


def test_a_pin_comes_first_until_its_last_day(articles: Path, tmp_path: Path) -> None:
    (articles / "_pins.yml").write_text(
        "login: {articles: vat, until: 2026-11-30}\npage: [vat]\nsign in: {articles: vat, until: 2026-10-31}\n"
    )
    pinned = Collection(build(articles, tmp_path)).pinned
    day = date(2026, 11, 30)
    assert [pinned(Text.of(query), "en", today=day) for query in ("Login", "page", "sign in")] == [["vat"], ["vat"], []]
    assert pinned(Text.of("login"), "es", today=day) == []


def test_a_draft_and_a_scheduled_article_are_not_in_it(articles: Path, tmp_path: Path) -> None:
    (articles / "vat.md").write_text("---\ntitle: Tax\nstatus: draft\n---\n\nText.\n", encoding="utf-8")
    (articles / "soon.md").write_text("---\ntitle: Soon\npublish_at: 2027-01-01\n---\n\nText.\n", encoding="utf-8")
    assert [d.article for d in Collection(build(articles, tmp_path)).documents] == ["account/reset"]
    later = datetime(2027, 1, 2, tzinfo=UTC)
    path = builder.build(loaded(articles), tmp_path / "index", embedder=None, now=later)
    assert [d.article for d in Collection(path).documents] == ["account/reset", "soon"]


def test_an_empty_folder_is_a_generation_without_articles(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    path = build(tmp_path / "articles", tmp_path, embedder=WordEmbedder())
    assert Collection(path).documents == []


def test_current_is_swapped_and_the_one_before_is_kept(articles: Path, tmp_path: Path) -> None:
    paths = []
    for number in range(4):
        (articles / "vat.md").write_text(f"---\ntitle: Tax\n---\n\nText {number}.\n", encoding="utf-8")
        paths.append(build(articles, tmp_path))
        builder.prune(tmp_path / "index")
    assert builder.current_path(tmp_path / "index") == paths[-1]
    assert [path.exists() for path in paths] == [False, False, True, True]


def test_a_folder_without_a_manifest_is_no_generation(articles: Path, tmp_path: Path) -> None:
    path = build(articles, tmp_path)
    (path / "manifest.json").unlink()
    assert not builder.intact(path)
    assert builder.current_path(tmp_path / "index") is None
    with pytest.raises(BadGeneration, match="kb index"):
        Collection(path)


def test_a_manifest_of_another_version_is_refused(articles: Path, tmp_path: Path) -> None:
    path = build(articles, tmp_path)
    manifest = generation.read_manifest(path)
    replace(manifest, version=manifest.version + 1).write(path)
    with pytest.raises(BadGeneration, match="another version"):
        generation.read_manifest(path)


def test_a_generation_of_another_version_is_replaced(articles: Path, tmp_path: Path) -> None:
    path = build(articles, tmp_path)
    replace(generation.read_manifest(path), version=0).write(path)
    assert build(articles, tmp_path) == path
    assert builder.current_path(tmp_path / "index") == path
    assert builder.intact(path)


def files_of(path: Path) -> list[str]:
    return sorted(json.loads((path / "manifest.json").read_text())["files"])


def spoil(file: Path, *, how: str) -> None:
    content = bytearray(file.read_bytes())
    if how == "cut":
        content = content[: len(content) // 2]
    else:
        content[len(content) // 2] ^= 0x10
    file.unlink()  # a hard link of it may belong to another generation
    file.write_bytes(content)


@pytest.mark.parametrize("how", ["flipped", "cut"])
def test_every_spoilt_file_is_noticed(articles: Path, tmp_path: Path, how: str) -> None:
    good = build(articles, tmp_path, embedder=WordEmbedder())
    for number, name in enumerate(files_of(good)):
        path = shutil.copytree(good, tmp_path / str(number))
        if (path / name).stat().st_size == 0:
            continue
        spoil(path / name, how=how)
        assert generation.damaged(path, generation.read_manifest(path)) == [name]
        if name.startswith("vectors"):
            assert not Collection(path).spaces
        elif "/whoosh/" not in name and "/segments/" not in name:
            with pytest.raises(BadGeneration, match=name.rpartition("/")[2]):
                Collection(path)


@pytest.mark.parametrize(
    "name", ["documents.jsonl", "units/*", "vectors/0/*", "pages/*", "library.db", "keyword/en/postings/terms.json"]
)
def test_a_spoilt_generation_is_built_again_from_the_articles(articles: Path, tmp_path: Path, name: str) -> None:
    path = build(articles, tmp_path, embedder=WordEmbedder())
    spoil(min(path.glob(name)), how="flipped")
    assert build(articles, tmp_path, embedder=WordEmbedder()) == path
    assert builder.intact(path)


def test_what_an_ended_builder_left_is_cleared_away(articles: Path, tmp_path: Path) -> None:
    path = build(articles, tmp_path)
    left = path.parent / ".build-999999999-x"
    shutil.copytree(path, left)
    builder.prune(path.parent)
    assert not left.exists()
    assert path.exists()
