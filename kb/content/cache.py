"""A cache of parsed articles, since parsing ten thousand takes seconds.

A cached article is used until its file changes. `reading` is a hash of the code and the libraries that parse an
article, and `recipe` of those that render one. Entries of another hash are discarded.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import time
from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kb.content import article as articles
from kb.content.article import Article
from kb.files import written_aside
from kb.foreign.note import Note

_KB = Path(__file__).parent.parent
_MODULES = (
    *("foreign/anchors", "foreign/code", "foreign/components", "foreign/generator", "foreign/lines", "foreign/liquid"),
    *("foreign/markdown", "foreign/mdx_html", "foreign/note", "foreign/routes", "foreign/shortcodes", "foreign/wiki"),
    *("content/article", "content/categories", "content/dialect", "content/foreign_keys"),
    *("content/heads", "content/links"),
    *("render/code", "render/commonmark", "render/commonmark_blocks", "render/commonmark_spans", "render/limits"),
    *("render/lists", "render/markdown", "render/outline", "render/python_markdown", "render/python_markdown_blocks"),
    *("render/rendered", "render/render", "render/sanitise", "render/shortcodes", "render/tags"),
)
_READING = ("content/frontmatter", "languages", "content/article_keys")
_LIBRARIES = ("markdown", "markdown-it-py", "mdit-py-plugins", "nh3", "pygments", "pymdown-extensions")

SETTLED = 1.0  # seconds since a file's last change before it is cached: two quick changes may have the same mtime
_NAMES = tuple(field.name for field in fields(Article))
_TUPLES = ("queries", "aliases", "names", "routes", "audience")
_TIMES = {"verified": date, "publish_at": datetime, "expire_at": datetime, "updated": datetime}

Found = tuple[Article, tuple[Note, ...]]


class Parsed:
    """Reads articles, taking unchanged files from memory or from the file `cache`."""

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._default_lang, self._folders = "", frozenset[str]()
        self._head: list[Any] = []
        self._left: list[int] = []  # the stamp of the cache file after the last read or write
        self._kept: dict[str, tuple[list[int], Found]] = {}
        self._new: list[str] = []
        self._seen: set[str] = set()
        self._lines = 0  # of the cache file
        self._whole = False  # True if the cache file can be appended to

    def begin(self, *, default_lang: str, folders: Collection[str]) -> None:
        """Start a new reading; drop the memory if the settings or the cache file have changed."""
        self._default_lang, self._folders = default_lang, frozenset(folders)
        head = [reading(), default_lang, sorted(folders)]
        if head != self._head or self._left != self._found():
            self._head, self._kept, self._lines = head, {}, 0
            self._whole = self._cache is not None and self._load(self._cache)
        self._new, self._seen = [], set()

    def read(self, folder: Path, path: str) -> Found | None:
        """Return an article and its notes, or None if the file is not an article; raise BadArticle or OSError."""
        place = f"{folder}/{path}"
        stamp = _stamp(place) if self._cache is not None else []
        self._seen.add(path)
        kept = self._kept.get(path)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        raw = Path(place).read_bytes()
        if path.lower() == "readme.md" and not raw.startswith(b"---"):
            return None
        found = articles.read(path, raw, default_lang=self._default_lang, folders=self._folders)
        if self._cache is not None and time.time() - stamp[2] / 1e9 > SETTLED:
            self._kept[path] = stamp, found
            self._new.append(path)
        return found

    def save(self) -> None:
        """Append the new entries to the cache file, or rewrite it if half of its lines are outdated."""
        if self._cache is None:
            return
        live = [path for path in self._kept if path in self._seen]
        if self._whole and self._lines + len(self._new) <= 2 * (len(live) + 1):
            if self._new:
                with self._cache.open("ab") as file:
                    file.write(self._written(self._new))
            self._lines += len(self._new)
        else:
            with written_aside(self._cache) as file:
                file.write(_line(self._head) + self._written(live))
            self._kept = {path: self._kept[path] for path in live}
            self._whole, self._lines = True, len(live)
        self._left = self._found()

    def _load(self, cache: Path) -> bool:
        """Read the cache file; return True if it is complete and was written by the same code."""
        try:
            head, *lines = cache.read_bytes().splitlines(keepends=True)
            if json.loads(head) != self._head:
                return False
            rows = [json.loads(line) for line in lines]
        except (OSError, ValueError):
            return False
        self._kept, self._lines = {row[0]: (row[1], _of_row(row)) for row in rows}, len(rows)
        return not lines or lines[-1].endswith(b"\n")

    def _found(self) -> list[int]:
        try:
            return _stamp(self._cache) if self._cache is not None else []
        except OSError:
            return []

    def _written(self, paths: Iterable[str]) -> bytes:
        return b"".join(_line(_row(path, *self._kept[path])) for path in paths)


def _stamp(path: str | Path) -> list[int]:
    """Return the file's inode, size, mtime and ctime, which change when it is written or replaced."""
    found = os.stat(path)
    return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _row(path: str, stamp: list[int], found: Found) -> list[Any]:
    article, notes = found
    values = {name: getattr(article, name) for name in _NAMES}
    values |= {name: value.isoformat() for name in _TIMES if (value := values[name]) is not None}
    return [path, stamp, values, [[note.key, note.line, note.why, note.error] for note in notes]]


def _of_row(row: list[Any]) -> Found:
    values = row[2] | {name: tuple(row[2][name]) for name in _TUPLES}
    values |= {name: kind.fromisoformat(values[name]) for name, kind in _TIMES.items() if values[name] is not None}
    return Article(**values), tuple(Note(*note) for note in row[3])


def _line(row: list[Any]) -> bytes:
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


@functools.cache
def recipe() -> str:
    """Return a hash that changes with the code that renders articles."""
    return _digest(_MODULES, _LIBRARIES)


@functools.cache
def reading() -> str:
    """Return a hash that changes with the code that parses articles."""
    return _digest(_READING, ("pyyaml",), begin=recipe())


def _digest(modules: Iterable[str], libraries: Iterable[str], *, begin: str = "") -> str:
    digest = hashlib.sha256(begin.encode())
    for name in modules:
        digest.update((_KB / f"{name}.py").read_bytes())
    for name in libraries:
        digest.update(f"{name} {version(name)} ".encode())
    return digest.hexdigest()[:16]
