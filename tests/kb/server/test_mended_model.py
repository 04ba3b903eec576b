"""A model that could not be loaded is loaded after it is repaired, without a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.config import Settings
from kb.errors import HelpCenterError
from search.index import build, embedder
from search.rank import current
from search.rank.current import Current
from tests.support.shelf_of_articles import WordEmbedder, article


def test_a_model_that_was_mended_is_used_without_a_new_generation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current, "LOOK", 0.0)
    monkeypatch.setattr(current, "AGAIN", 0.0)
    settings = Settings(data=tmp_path, embedder="tests.support.shelf_of_articles:WordEmbedder")
    contents = [article("one", "Article one", "Some text.")]
    path = build.build_from_contents(
        contents, settings.generations, name="one", default_lang="en", embedder=WordEmbedder(), cache=tmp_path / "v"
    )
    build.activate(path)

    def broken(*_: object, **__: object) -> None:
        raise HelpCenterError("the model is damaged")

    now = Current(settings)
    with monkeypatch.context() as damaged:
        damaged.setattr(embedder, "load", broken)
        assert now.get().degraded == "embedder-failed"
    assert now.get().degraded is None
