"""The Markdown dialect of a tree: as set, or by the marks of other systems in it and above it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.content import library
from kb.content.dialect import Choice, choose, mark
from tests.conftest import write_articles


def chosen(folder: Path) -> Choice:
    """Return the dialect of the articles in a folder."""
    return library.load(folder).markdown


@pytest.mark.parametrize(
    ("files", "dialect", "reason"),
    [
        ({"mkdocs.yml": ""}, "python-markdown", "because of top/mkdocs.yml"),
        ({"docs/mkdocs.yml": ""}, "python-markdown", "because of docs/mkdocs.yml"),
        ({"docusaurus.config.ts": ""}, "commonmark", "because of top/docusaurus.config.ts"),
        ({"website/docusaurus.config.js": ""}, "commonmark", "because of top/website/docusaurus.config.js"),
        ({"docs/.obsidian/app.json": ""}, "commonmark", "because of docs/.obsidian"),
        ({"docs/.obsidian/app.json": "", "docs/mkdocs.yml": ""}, "python-markdown", "because of docs/mkdocs.yml"),
        ({"docs/.obsidian/app.json": "", "mkdocs.yml": ""}, "commonmark", "because of docs/.obsidian"),
        ({"hugo.toml": ""}, "commonmark", "because of top/hugo.toml"),
        ({"_config.yml": "", "docs/b.md": "!!! note\n    x"}, "commonmark", "because of top/_config.yml"),
        ({"docs/b.mdx": "# B", "docs/c.md": "# C\n\n!!! note\n    x"}, "commonmark", "because b.mdx is MDX"),
        ({"docs/b.md": "# B\n\n!!! note\n    x"}, "python-markdown", "because b.md has '!!!'"),
        ({"docs/b.md": '# B\n\n=== "Tab"\n    x'}, "python-markdown", "because b.md has '==='"),
        ({"docs/b.md": "# B\n\n:::note\nx\n:::"}, "commonmark", "because nothing in the folder"),
        ({"docs/site.toml": 'markdown = "commonmark"', "mkdocs.yml": ""}, "commonmark", "as set in site.toml"),
        ({"docs/site.toml": 'markdown = "python-markdown"'}, "python-markdown", "as set in site.toml"),
    ],
)
def test_a_tree_is_read_in_the_dialect_of_its_marks(
    tmp_path: Path, files: dict[str, str], dialect: str, reason: str
) -> None:
    write_articles(tmp_path / "top", {"docs/a.md": "# A", **files})
    found = chosen(tmp_path / "top/docs")
    assert found.dialect == dialect
    assert found.reason.startswith(reason)


def test_the_marks_are_looked_for_up_to_the_top_of_the_repository(tmp_path: Path) -> None:
    write_articles(tmp_path, {"mkdocs.yml": "", "top/a/b/c/d.md": "# D", "top/.git/HEAD": ""})
    assert chosen(tmp_path / "top/a/b/c").dialect == "commonmark"
    (tmp_path / "top/mkdocs.yml").touch()
    assert chosen(tmp_path / "top/a/b/c").reason == "because of top/mkdocs.yml"


def test_outside_a_repository_two_folders_above_are_searched(tmp_path: Path) -> None:
    write_articles(tmp_path, {"top/mkdocs.yml": "", "top/a/b/c/d.md": "# D"})
    assert chosen(tmp_path / "top/a/b").dialect == "python-markdown"
    assert chosen(tmp_path / "top/a/b/c").dialect == "commonmark"


def test_another_dialect_is_another_library(tmp_path: Path) -> None:
    before = library.load(write_articles(tmp_path, {"a.md": "# A"}))
    (tmp_path / "mkdocs.yml").touch()
    after = library.load(tmp_path)
    assert before.fingerprint != after.fingerprint
    assert before.recipe != after.recipe


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("??? tip\n    x", "???"),
        ('===! "A"', "==="),
        ("Title\n=====", ""),
        ("So!!!", ""),
        ("!!!", ""),
        ("~~~~\n!!! note\n~~~\n~~~~\n\n!!! note", "!!!"),
        ("> ```\n> !!! note\n> ```", ""),
    ],
)
def test_marks_of_python_markdown_are_counted_outside_code(text: str, expected: str) -> None:
    assert mark(text) == expected


def test_the_sentence_names_dialect_and_reason(tmp_path: Path) -> None:
    assert choose("python-markdown", tmp_path, ()).sentence() == "Python-Markdown, as set in site.toml"
