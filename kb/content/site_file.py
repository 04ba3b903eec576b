"""Read `site.toml`, the settings that belong to the articles: how they are written, and how the site looks."""

from __future__ import annotations

import tomllib
from collections.abc import MutableSequence
from dataclasses import dataclass, fields
from typing import Literal, cast, get_args

from kb.content import article_keys
from kb.errors import Problem

FILE = "site.toml"
Markdown = Literal["auto", "commonmark", "python-markdown"]


@dataclass(frozen=True, slots=True)
class SiteFile:
    """The settings in `site.toml`. `markdown` is the dialect of the articles; `auto` decides by the folder's files."""

    markdown: Markdown = "auto"


def read(text: str, *, problems: MutableSequence[Problem]) -> SiteFile:
    """Return the settings in `site.toml`; an invalid or unknown key is ignored and added to `problems`.

    >>> read('markdown = "commonmark"', problems=[])
    SiteFile(markdown='commonmark')
    """
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        why = f"{error}; the file is ignored; see the article on the look of the site for an example"
        problems.append(Problem(FILE, 1, why, "settings", "error"))
        return SiteFile()
    values = {}
    for name, value in table.items():
        try:
            values[name] = _checked(name, value)
        except ValueError as error:
            problems.append(Problem(FILE, _line(text, name), str(error), "settings", "error"))
    return SiteFile(**values)


def _checked(name: str, value: object) -> Markdown:
    known = [field.name for field in fields(SiteFile)]
    if name not in known:
        raise ValueError(f"key '{name}' is unknown{article_keys.nearest(name, known)}")
    if value in get_args(Markdown):
        return cast(Markdown, value)
    raise ValueError(f"markdown must be one of {', '.join(get_args(Markdown))}; the key is ignored")


def _line(text: str, name: str) -> int:
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.split("=")[0].strip(" \"'[]") == name), 1)
