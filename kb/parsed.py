"""Articles as they were last read, kept in a file until their own files change: reading ten thousand takes seconds."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kb import article as articles
from kb.article import Article
from kb.foreign import Note
from kb.recipe import reading

SETTLED = 1.0  # seconds since a file's last change before it is kept: two changes at once may have one time
_NAMES = tuple(field.name for field in fields(Article))
_TUPLES = ("queries", "aliases", "audience")
_TIMES = {"verified": date, "publish_at": datetime, "expire_at": datetime, "updated": datetime}

Found = tuple[Article, tuple[Note, ...]]


class Parsed:
    """Reads articles; what `cache` holds of a file that has not changed since is taken from there."""

    def __init__(self, cache: Path | None, *, default_lang: str, folders: Collection[str]) -> None:
        self._cache, self._default_lang, self._folders = cache, default_lang, folders
        self._head = [reading(), default_lang, sorted(folders)]
        self._kept: dict[str, list[Any]] = {}
        self._lines = 0
        self._whole = cache is not None and self._load(cache)
        self._new: list[list[Any]] = []
        self._seen: set[str] = set()

    def read(self, folder: Path, path: str) -> Found | None:
        """Return an article and the notes on it, None where a file is none; raises BadArticle and OSError."""
        place = folder / path
        stamp = _stamp(place) if self._cache is not None else []
        self._seen.add(path)
        row = self._kept.get(path)
        if row is not None and row[1] == stamp:
            return _of_row(row)
        raw = place.read_bytes()
        if path.lower() == "readme.md" and not raw.startswith(b"---"):
            return None
        found = articles.read(path, raw, default_lang=self._default_lang, folders=self._folders)
        if self._cache is not None and time.time() - stamp[2] / 1e9 > SETTLED:
            self._new.append(_row(path, stamp, found))
        return found

    def save(self) -> None:
        """Keep what was read: behind what is there, or, where half of that is of no use any more, all anew."""
        if self._cache is None:
            return
        live = [row for path, row in self._kept.items() if path in self._seen]
        if self._whole and self._lines <= 2 * (len(live) + 1):
            if self._new:
                with self._cache.open("ab") as file:
                    file.write(_written(self._new))
            return
        rows = {row[0]: row for row in [*live, *self._new]}
        scratch = self._cache.with_suffix(".part")
        scratch.write_bytes(_written([self._head, *rows.values()]))
        scratch.replace(self._cache)

    def _load(self, cache: Path) -> bool:
        """Read the file, and say whether it is whole and of our code; what cannot be read is not there."""
        try:
            head, *lines = cache.read_bytes().splitlines(keepends=True)
            if json.loads(head) != self._head:
                return False
            rows = [json.loads(line) for line in lines]
        except (OSError, ValueError):
            return False
        self._kept, self._lines = {row[0]: row for row in rows}, len(rows)
        return not lines or lines[-1].endswith(b"\n")


def _stamp(path: Path) -> list[int]:
    """Return what tells that a file was written to, replaced or moved here."""
    found = os.stat(path)
    return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _row(path: str, stamp: list[int], found: Found) -> list[Any]:
    article, notes = found
    values = {name: getattr(article, name) for name in _NAMES}
    values |= {name: value.isoformat() for name in _TIMES if (value := values[name]) is not None}
    return [path, stamp, values, [[note.key, note.line, note.why] for note in notes]]


def _of_row(row: list[Any]) -> Found:
    values = row[2] | {name: tuple(row[2][name]) for name in _TUPLES}
    values |= {name: kind.fromisoformat(values[name]) for name, kind in _TIMES.items() if values[name] is not None}
    return Article(**values), tuple(Note(*note) for note in row[3])


def _written(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row, separators=(",", ":")).encode() + b"\n" for row in rows)
