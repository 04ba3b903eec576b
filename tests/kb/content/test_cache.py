"""Articles are read again when their files change, and never taken from an outdated cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kb.content import article, cache, library
from kb.content.cache import Parsed
from kb.content.library import Library

TEXT = "---\ntitle: {}\nverified: 2026-10-01\nqueries: [how]\nnonsense: 1\n---\n\nText.\n"


def load(folder: Path, **given: str) -> Library:
    return library.load(folder / "articles", parsed=Parsed(folder / "articles.jsonl"), **given)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "articles").mkdir()
    for name in ("a", "b"):
        file = tmp_path / "articles" / f"{name}.md"
        file.write_text(TEXT.format(name))
        os.utime(file, (1_000_000_000, 1_000_000_000))
    load(tmp_path)
    return tmp_path


def read_again(folder: Path, monkeypatch: pytest.MonkeyPatch, **given: str) -> list[str]:
    paths: list[str] = []
    read = article.read

    def spy(path: str, data: bytes, **more: object) -> object:
        paths.append(path)
        return read(path, data, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(article, "read", spy)
    load(folder, **given)
    return paths


def test_a_library_from_the_cache_is_the_library(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, fresh = load(folder), library.load(folder / "articles")
    assert (kept.articles, kept.problems, kept.fingerprint) == (fresh.articles, fresh.problems, fresh.fingerprint)
    assert read_again(folder, monkeypatch) == []


def test_a_changed_file_is_read_again_even_with_the_size_and_time_it_had(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "articles" / "b.md"
    file.write_text(TEXT.format("c"))
    os.utime(file, (1_000_000_000, 1_000_000_000))
    assert read_again(folder, monkeypatch) == ["b.md"]
    assert [article.title for article in load(folder).articles] == ["a", "c"]


@pytest.mark.parametrize("how", ["torn", "nonsense", "empty"])
def test_a_spoilt_cache_is_made_again(folder: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    cache = folder / "articles.jsonl"
    whole = cache.read_bytes()
    cache.write_bytes({"torn": whole[:-9], "nonsense": b"{]", "empty": b""}[how])
    assert read_again(folder, monkeypatch) == ["a.md", "b.md"]
    assert cache.read_bytes() == whole


def test_another_default_language_reads_everything_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_again(folder, monkeypatch, default_lang="de") == ["a.md", "b.md"]


def test_the_cache_does_not_grow_with_every_change(folder: Path) -> None:
    for number in range(12):
        file = folder / "articles" / "b.md"
        file.write_text(TEXT.format(number))
        os.utime(file, (1_000_000_000, 1_000_000_000))
        load(folder)
    assert len((folder / "articles.jsonl").read_bytes().splitlines()) <= 9


def test_a_process_that_reads_again_and_again_is_as_one_that_reads_once(folder: Path) -> None:
    reader = Parsed(folder / "articles.jsonl")
    for number, name in enumerate(["b", "a", "c", "b"]):
        (folder / "articles" / f"{name}.md").write_text(TEXT.format(f"{name}{number}"))
        (folder / "articles" / "gone.md").write_text("# Gone") if number == 1 else None
        (folder / "articles" / "gone.md").unlink() if number == 2 else None
        ours, fresh = library.load(folder / "articles", parsed=reader), library.load(folder / "articles")
        assert (ours.articles, ours.problems, ours.fingerprint) == (fresh.articles, fresh.problems, fresh.fingerprint)


def test_what_another_process_wrote_to_the_cache_is_not_written_over(folder: Path) -> None:
    reader = Parsed(folder / "articles.jsonl")
    library.load(folder / "articles", parsed=reader)
    cache = folder / "articles.jsonl"
    cache.write_bytes(b'["another version"]\n')
    library.load(folder / "articles", parsed=reader)
    assert b"another version" not in cache.read_bytes()
    assert len(cache.read_bytes().splitlines()) == 3


def test_every_module_that_rendering_loads_is_in_the_recipe() -> None:
    code = "import sys, kb.render.render; print(*sorted(name[3:] for name in sys.modules if name.startswith('kb.')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    without_effect = {
        "content",
        "foreign",
        "render",
        "errors",
        "languages",
        "content/frontmatter",
        "content/article_keys",
    }  # the path covers these
    assert {name.replace(".", "/") for name in loaded} - without_effect == set(cache._MODULES)


def test_the_modules_are_there_and_the_recipe_is_short() -> None:
    assert all((cache._KB / f"{name}.py").is_file() for name in cache._MODULES)
    assert len(cache.recipe()) == 16
