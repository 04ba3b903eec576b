"""Choose the Markdown dialect of a tree of articles: as set in `site.toml`, or by the marks that its authors left."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Dialect = Literal["commonmark", "python-markdown"]
NAMES: dict[Dialect, str] = {"commonmark": "CommonMark with GitHub's additions", "python-markdown": "Python-Markdown"}
LEVELS = 2  # folders above the articles that are searched outside git

# What publishes a tree says more than what it is edited with, so .obsidian comes last.
_FILES: tuple[tuple[str, Dialect], ...] = (
    ("mkdocs.yml", "python-markdown"),
    ("mkdocs.yaml", "python-markdown"),
    ("zensical.toml", "python-markdown"),
    *((f"{folder}docusaurus.config.{suffix}", "commonmark") for folder in ("", "website/") for suffix in
      ("js", "ts", "mjs", "cjs", "mts")),
    *((name, "commonmark") for name in ("hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config/_default")),
    ("_config.yml", "commonmark"),
    *((f".vitepress/config.{suffix}", "commonmark") for suffix in ("js", "ts", "mjs", "mts")),
    *((f"astro.config.{suffix}", "commonmark") for suffix in ("js", "ts", "mjs", "mts")),
    (".obsidian", "commonmark"),
)  # fmt: skip
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_MARK = re.compile(r"(!!! ?[\w-]|\?\?\?\+? ?[\w-]|===[!+]? +\")")


class Written(Protocol):
    """A file of the tree."""

    @property
    def path(self) -> str:
        """Its path below the folder."""

    @property
    def mark(self) -> str:
        """What `mark` returns for its text."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The dialect of a tree, and why."""

    dialect: Dialect = "commonmark"
    reason: str = ""

    def sentence(self) -> str:
        """Return the name of the dialect and the reason, for `kb check` and `kb doctor`."""
        return f"{NAMES[self.dialect]}, {self.reason}"


def choose(setting: str, folder: Path, articles: Sequence[Written]) -> Choice:
    """Return the dialect of the articles in `folder`; `setting` is `markdown` in `site.toml`."""
    if setting in NAMES:
        return Choice("commonmark" if setting == "commonmark" else "python-markdown", "as set in site.toml")
    for place in _places(folder):
        for name, dialect in _FILES:
            if (place / name).exists():
                return Choice(dialect, f"because of {place.name}/{name}")
    if mdx := next((article.path for article in articles if article.path.lower().endswith(".mdx")), ""):
        return Choice("commonmark", f"because {mdx} is MDX")
    if marked := next((article for article in articles if article.mark), None):
        return Choice("python-markdown", f"because {marked.path} has '{marked.mark}'")
    return Choice("commonmark", "because nothing in the folder or above it says otherwise")


def mark(text: str) -> str:
    """Return the first mark of Python-Markdown outside code: `!!!`, `???` or `===`, or "".

    >>> mark('Text\\n\\n!!! note\\n    Text'), mark('```\\n!!! note\\n```')
    ('!!!', '')
    """
    if "!!!" not in text and "???" not in text and "===" not in text:
        return ""
    fence = ""
    for line in text.split("\n"):
        if found := _FENCE.match(line):
            fence = "" if fence and found[1].startswith(fence) else fence or found[1]
        elif not fence and (found := _MARK.match(line)):
            return found[1][:3]
    return ""


def _places(folder: Path) -> Iterator[Path]:
    """Yield the folder and those above it, up to the top of its repository."""
    whole = folder.resolve()
    above = [whole, *whole.parents]
    top = next((number for number, place in enumerate(above) if (place / ".git").exists()), LEVELS)
    yield from above[: top + 1]
