"""`kb index`: the report of left-out articles, and a builder that stays alive."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from kb.config import Settings
from kb.errors import BadDatabase
from kb.server.indexing import Indexer, _taught, refresh
from tests.support.sample import write
from tests.support.shelf_of_articles import WordEmbedder


def test_an_article_that_cannot_be_rendered_is_left_out_and_named(tmp_path: Path) -> None:
    articles = write(tmp_path / "articles", {"a.md": "# A\n\n" + "> " * 3_000 + "a", "b.md": "# B\n\nText"})
    settings = Settings(articles=articles, data=tmp_path / "var", embedder="none")
    done = refresh(settings, words_only=True, now=datetime.now(UTC))
    assert done["left_out"] == ["a.md:1: the text cannot be rendered; run 'kb check' to see why"]


def test_a_builder_that_stays_builds_what_one_that_knows_nothing_does(tmp_path: Path) -> None:
    articles = write(tmp_path / "articles", {f"{n}.md": f"# Title {n}\n\nText about topic{n}.\n" for n in range(9)})
    settings = Settings(
        articles=articles, data=tmp_path / "var", embedder="tests.support.shelf_of_articles:WordEmbedder"
    )
    stays = Indexer(settings)
    for number, change in enumerate(({"3.md": "# Other\n\nWords"}, {"a.md": "# New\n\nNine"}, {"3.md": "# T\n\nBack"})):
        write(articles, change)
        (articles / f"{number}.md").unlink()
        now = datetime.now(UTC)
        ours = stays.refresh(words_only=False, now=now)
        stays.prepare()
        fresh = replace(settings, data=tmp_path / f"fresh{number}")
        theirs = refresh(fresh, words_only=False, now=now)
        assert ours["built"]
        assert ours["generation"] == theirs["generation"]
        kept, new = (place.generations / ours["generation"] for place in (settings, fresh))
        patterns = ("keyword/*/postings/*", "units*", "units/*", "*.jsonl", "vectors/0/*", "pages/*")
        same = [file for pattern in patterns for file in new.glob(pattern) if file.is_file()]
        for file in same:
            assert (kept / file.relative_to(new)).read_bytes() == file.read_bytes(), file


def test_a_builder_that_stays_builds_a_damaged_generation_again(tmp_path: Path) -> None:
    articles = write(tmp_path / "articles", {"a.md": "# A\n\nText", "b.md": "# B\n\nText"})
    settings = Settings(articles=articles, data=tmp_path / "var", embedder="none")
    stays = Indexer(settings)
    path = settings.generations / stays.refresh(words_only=False, now=datetime.now(UTC))["generation"]
    stays.prepare()
    assert not stays.refresh(words_only=False, now=datetime.now(UTC))["built"]
    file = min(path.glob("units/*"))
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"Text", b"Tent"))
    assert stays.refresh(words_only=False, now=datetime.now(UTC))["built"]
    assert file.read_bytes() == whole


def test_a_builder_that_stays_loads_its_model_again_when_that_was_changed(tmp_path: Path) -> None:
    settings = Settings(articles=write(tmp_path / "a", {"a.md": "# A\n\nText"}), data=tmp_path / "var", embedder="none")
    settings = replace(settings, embedder="tests.support.shelf_of_articles:WordEmbedder")
    stays = Indexer(settings)
    first, _ = stays._encoder_or_reason()
    assert stays._encoder_or_reason()[0] is first
    write(tmp_path / "var" / "models", {"model.onnx": "other"})
    assert stays._encoder_or_reason()[0] is not first


def test_without_the_database_the_learned_ranking_of_the_last_generation_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its questions are in the database, so a build without them would rank worse until the next."""

    def lost(*_: object) -> None:
        raise BadDatabase("the database is missing")

    encoder = WordEmbedder()
    known = SimpleNamespace(recipe=encoder.recipe)
    monkeypatch.setattr("deflect.learn.installed.installed", lost)
    monkeypatch.setattr("search.index.learned.load", lambda _: known)
    (tmp_path / "_tuning").mkdir()
    settings = Settings(articles=tmp_path, data=tmp_path / "var")
    assert _taught(settings, encoder, before=tmp_path) is known
    assert _taught(settings, encoder, before=None) is None
