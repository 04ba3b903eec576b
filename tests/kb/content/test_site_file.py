"""`site.toml` beside the articles."""

from __future__ import annotations

import pytest

from kb.content.library import load
from kb.content.site_file import SiteFile


def test_the_file_beside_the_articles_is_read(tmp_path):
    (tmp_path / "site.toml").write_text('markdown = "commonmark"\n')

    assert load(tmp_path).site == SiteFile(markdown="commonmark")


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('\nmarkdwn = "auto"', 2, "key 'markdwn' is unknown; did you mean 'markdown'?"),
        ("markdown = 7", 1, "markdown must be one of auto, commonmark, python-markdown; the key is ignored"),
        ("markdown =", 1, "Invalid value (at end of document)"),
    ],
)
def test_a_wrong_key_is_named_and_ignored(tmp_path, text, line, why):
    (tmp_path / "site.toml").write_text(text)

    library = load(tmp_path)

    assert library.site == SiteFile()
    (problem,) = library.problems
    assert (problem.path, problem.line, problem.severity) == ("site.toml", line, "error")
    assert problem.why.startswith(why)
