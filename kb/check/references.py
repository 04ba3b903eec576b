"""Gather the facts about each article's text for the checks, and cache them until the article changes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kb.check import source_shown
from kb.content.article import Article
from kb.content.dialect import Dialect
from kb.content.library import Library
from kb.errors import BadArticle
from kb.files import keep_if_possible

VERSION = "2 "  # of the cached rows


@dataclass(frozen=True, slots=True)
class Reference:
    """A link as written, and its line."""

    target: str
    line: int


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as written; a `decorative` one has alt="" because it needs no text."""

    target: str
    line: int
    alt: str | None
    decorative: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """An article's links, images and anchors, and the error if it cannot be rendered."""

    links: tuple[Reference, ...] = ()
    images: tuple[Picture, ...] = ()
    anchors: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    shown: tuple[tuple[int, str, str], ...] = ()  # Markdown that readers see as source: line, kind, example
    empty: bool = False
    error: tuple[int, str] | None = None


def gather(library: Library, *, cache: Path | None) -> dict[str, Facts]:
    """Return the facts of each article by its path; articles missing from `cache` are rendered."""
    recipe = VERSION + library.recipe
    kept = _load(cache, recipe)
    found: dict[str, Facts] = {}
    fresh: dict[str, Any] = {}
    for article in (*library.articles, *library.barred):
        key = f"{article.revision} {article.path}"
        row = kept.get(key)
        found[article.path] = facts = _of_row(row) if row else learn(article, library.markdown.dialect)
        fresh[key] = row or asdict(facts)
    if cache is not None and fresh.keys() != kept.keys():
        document = {"recipe": recipe, "articles": fresh}
        keep_if_possible(cache, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())
    return found


def learn(article: Article, dialect: Dialect) -> Facts:
    """Return the facts of an article, by rendering it."""
    from kb.render import render  # a slow import, not needed if everything is cached

    try:
        page = render.render(article, addresses={}, dialect=dialect)
    except BadArticle as error:
        return Facts(error=(error.line, error.why))
    # Links of footnotes are made by the renderer.
    written = [link for link in page.links if not link.target.startswith(("#fn:", "#fnref"))]
    return Facts(
        links=tuple(Reference(link.target, link.line) for link in written),
        images=tuple(Picture(i.target, i.line, i.alt, _decorative(article, i.target)) for i in page.images),
        anchors=tuple(sorted(page.anchors)),
        lost=tuple(sorted(page.lost)),
        shown=tuple((_line(article, said), kind, said) for kind, said in source_shown.find(page.html)),
        empty=not any(section.text for section in page.sections) and not page.images,
    )


def _decorative(article: Article, target: str) -> bool:
    """Return True if an image is written as HTML, so that its empty alt is deliberate."""
    return bool(re.search(rf"<img\b[^>]*{re.escape(target)}", article.markdown))


def _line(article: Article, said: str) -> int:
    """Return the line of the file on which a text of the article begins, or that of its first line."""
    start = article.markdown.find(said)
    return article.body_line + article.markdown.count("\n", 0, max(start, 0))


def line_of(path: Path, text: str) -> int:
    """Return the number of the first line of a file that contains `text`, or 1."""
    lines = path.read_text(encoding="utf-8", errors="replace").casefold().split("\n")
    return next((number for number, line in enumerate(lines, 1) if text.casefold() in line), 1)


def _load(cache: Path | None, recipe: str) -> Mapping[str, Any]:
    """Return the rows of the cache file, or no rows if it is missing, damaged or outdated."""
    if cache is None:
        return {}
    try:
        document = json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    ours = isinstance(document, dict) and document.get("recipe") == recipe
    return document["articles"] if ours else {}


def _of_row(row: Mapping[str, Any]) -> Facts:
    return Facts(
        links=tuple(Reference(**link) for link in row["links"]),
        images=tuple(Picture(**image) for image in row["images"]),
        anchors=tuple(row["anchors"]),
        lost=tuple(row["lost"]),
        shown=tuple((line, kind, said) for line, kind, said in row["shown"]),
        empty=row["empty"],
        error=(row["error"][0], row["error"][1]) if row["error"] else None,
    )
