"""The current generation is opened, followed and shared while searches go on."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from kb import processes
from kb.config import Settings
from kb.errors import BadGeneration
from search.index import build as builder
from search.index import generation
from search.rank import current
from search.rank.collection import Collection
from search.rank.current import Current
from search.rank.searcher import Searcher
from tests.support.served import until
from tests.support.shelf_of_articles import WordEmbedder, article, ids

RECIPE = "tests.support.shelf_of_articles:WordEmbedder"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(current, "LOOK", 0.0)
    return Settings(data=tmp_path, embedder=RECIPE)


def build(settings: Settings, name: str, *, vectors: bool = True) -> Path:
    path = builder.build_from_contents(
        [article(name, f"Article {name}", "Some text.")],
        settings.generations,
        name=name,
        default_lang="en",
        embedder=WordEmbedder() if vectors else None,
        cache=settings.data / "vectors",
    )
    builder.activate(path)
    return path


def test_without_an_index_the_error_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(BadGeneration, match="kb index"):
        Current(settings).get()


def test_a_new_generation_is_noticed_and_the_old_one_still_answers(settings: Settings) -> None:
    build(settings, "one")
    now = Current(settings)
    old = now.get()
    build(settings, "two")
    builder.prune(settings.generations, keep=0)
    assert ids(now.get().search("article", lang="en")) == ["two"]
    assert ids(old.search("article", lang="en")) == ["one"]


def test_who_follows_opens_a_new_generation_before_anybody_asks(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(settings, "one")
    now, opened, ended = Current(settings), threading.Event(), threading.Event()
    first = now.get()
    of_class = Searcher.open

    def opening(*given: Any, **named: Any) -> Searcher:
        found = of_class(*given, **named)
        opened.set()
        return found

    monkeypatch.setattr(Searcher, "open", opening)
    now.follow(ended)
    try:
        build(settings, "two")
        assert opened.wait(30)
    finally:
        ended.set()
    until(lambda: now.get() is not first)


def test_no_search_waits_for_the_public_view_of_a_new_generation(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = article("inner", "Inner article", "Some text.", audience=("staff",))
    for name in ("one", "two"):
        shown = [article(name, f"Article {name}", "Some text."), limited]
        about: Any = {"name": name, "default_lang": "en", "embedder": None, "cache": settings.data / "vectors"}
        builder.activate(builder.build_from_contents(shown, settings.generations, **about))
    searcher = Current(settings).get()
    monkeypatch.setattr(Collection, "_seen", lambda *_: pytest.fail("made during a search"))
    assert ids(searcher.search("article", lang="en")) == ["two"]


def test_the_embedder_is_loaded_once_for_all_generations(settings: Settings) -> None:
    build(settings, "one")
    now = Current(settings)
    first = now.get().encoder
    build(settings, "two")
    assert now.get().encoder is first is not None


def test_a_damaged_generation_does_not_replace_one_that_works(settings: Settings) -> None:
    build(settings, "one")
    now = Current(settings)
    now.get()
    (build(settings, "two") / "documents.jsonl").write_text("{}\n")
    assert ids(now.get().search("article", lang="en")) == ["one"]
    build(settings, "three")
    assert ids(now.get().search("article", lang="en")) == ["three"]


def test_a_generation_mended_under_its_name_is_taken(settings: Settings) -> None:
    path = build(settings, "one")
    good = (path / "documents.jsonl").read_text()
    (path / "documents.jsonl").write_text("{}\n")
    now = Current(settings)
    with pytest.raises(BadGeneration, match=r"documents\.jsonl"):
        now.get()
    (path / "documents.jsonl").write_text(good)
    assert ids(now.get().search("article", lang="en")) == ["one"]


def test_without_vectors_results_are_by_words_and_say_so(settings: Settings) -> None:
    build(settings, "one", vectors=False)
    found = Current(settings).get().search("article", lang="en")
    assert (ids(found), found.degraded) == (["one"], "no-vectors")


def test_vectors_of_another_recipe_are_stale(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    build(settings, "one")
    monkeypatch.setattr(WordEmbedder, "recipe", "another")
    found = Current(settings).get().search("article", lang="en")
    assert (ids(found), found.degraded) == (["one"], "stale-vectors")


def test_damaged_vectors_leave_the_words(settings: Settings) -> None:
    path = build(settings, "one")
    min(path.glob("vectors/0/*")).write_bytes(b"spoilt")
    found = Current(settings).get().search("article", lang="en")
    assert (ids(found), found.degraded) == (["one"], "no-vectors")


def test_an_embedder_that_cannot_be_loaded_leaves_the_words(settings: Settings, tmp_path: Path) -> None:
    build(settings, "one")
    found = Current(Settings(data=tmp_path, embedder="minilm")).get().search("article", lang="en")
    assert (ids(found), found.degraded) == (["one"], "embedder-failed")


def test_an_embedder_that_fails_on_a_question_leaves_the_words(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(settings, "one")
    searcher = Current(settings).get()

    def fail(self: WordEmbedder, texts: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(WordEmbedder, "encode", fail)
    found = searcher.search("article", lang="en")
    assert (ids(found), found.degraded) == (["one"], "embedder-failed")
    assert searcher.suggest("article", "some text", lang="en").degraded == "embedder-failed"


def test_a_question_asked_again_is_not_encoded_again(settings: Settings) -> None:
    build(settings, "one")
    searcher = Current(settings).get()
    searcher.search("article", lang="en")
    searcher.search("  article ", lang="en")
    assert isinstance(searcher.encoder, WordEmbedder)
    assert searcher.encoder.encoded.count("article") == 1


def test_searches_go_on_while_generations_are_swapped(settings: Settings) -> None:
    build(settings, "0")
    now, failed, stop = Current(settings), [], threading.Event()

    def visit() -> None:
        while not stop.is_set():
            if len(now.get().search("article", lang="en").hits) != 1:
                failed.append("lost")

    visitors = [threading.Thread(target=visit) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    for number in range(1, 12):
        build(settings, str(number))
        builder.prune(settings.generations, keep=0)
    stop.set()
    for visitor in visitors:
        visitor.join()
    assert not failed
    assert ids(now.get().search("article", lang="en")) == ["11"]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the files that are read for their checksums."""
    seen: list[str] = []
    of = generation.Checksums.of

    def spy(self: generation.Checksums, path: Path) -> str:
        seen.append(path.name)
        return of(self, path)

    monkeypatch.setattr(generation.Checksums, "of", spy)
    monkeypatch.setattr(generation, "SETTLED", -1)
    monkeypatch.setenv(processes.NAME, "one kb serve")
    return seen


def test_what_the_builder_of_the_same_server_has_just_read_is_not_read_again(
    settings: Settings, reads: list[str]
) -> None:
    path = build(settings, "one")
    reads.clear()
    Collection(path)
    assert reads == []


def test_a_file_that_was_changed_since_its_builder_read_it_is_read_and_named(
    settings: Settings, reads: list[str]
) -> None:
    path = build(settings, "one")
    file = min(path.glob("units/*"))
    whole = file.read_bytes()
    reads.clear()
    file.write_bytes(whole.replace(b"text", b"tent"))
    with pytest.raises(BadGeneration, match=file.name):
        Collection(path)
    assert reads == [file.name]


@pytest.mark.parametrize("why", ["another server", "no server", "a while ago"])
def test_nobody_else_is_believed(
    settings: Settings, reads: list[str], monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    path = build(settings, "one")
    reads.clear()
    monkeypatch.setenv(processes.NAME, {"another server": "two", "no server": ""}.get(why, "one kb serve"))
    if why == "a while ago":
        os.utime(path / generation.MANIFEST, (1_000_000_000, 1_000_000_000))
    collection = Collection(path)
    assert sorted(reads) == sorted(Path(name).name for name in collection.manifest.files if generation.searched(name))
