"""`kb index`: what it says of the articles that it leaves out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from kb.config import Settings
from kb.indexing import refresh
from tests.sample import write


def test_an_article_that_cannot_be_rendered_is_left_out_and_named(tmp_path: Path) -> None:
    articles = write(tmp_path / "articles", {"a.md": "# A\n\n" + "> " * 3_000 + "a", "b.md": "# B\n\nText"})
    settings = Settings(articles=articles, data=tmp_path / "var", embedder="none")
    done = refresh(settings, words_only=True, now=datetime.now(UTC))
    assert done["left_out"] == ["a.md:1: the text cannot be rendered; 'kb check' says why"]
