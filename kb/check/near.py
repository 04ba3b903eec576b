"""Suggest the file that a dead link probably means: one of the same name, else one of a similar name."""

from __future__ import annotations

import difflib
import posixpath
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote

MOST = 300  # dead links for which similar names are searched; comparing takes milliseconds in a large folder


class Names:
    """The files of a library by their names."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._named: dict[str, list[str]] = defaultdict(list)
        self._left = MOST
        for path in sorted(paths):
            self._named[_name(path)].append(path)

    def meant(self, target: str, *, source: str) -> str:
        """Return "; did you mean …?" for a link to `target` in the file `source`, or "".

        A link to a file such as a picture means one of its kind.
        """
        wanted = unquote(target.split("#")[0].split("?")[0]).rstrip("/")
        name = _name(wanted)
        found = self._named.get(name, [])
        if not found and name and self._left > 0:
            self._left -= 1
            similar = difflib.get_close_matches(name, list(self._named), n=1, cutoff=0.7)
            found = self._named[similar[0]] if similar else []
        suffix = _file_suffix(wanted)
        found = [path for path in found if path != source and _file_suffix(path) == suffix]
        if not found:
            return ""
        near = min(found, key=lambda path: (_distance(path, source, wanted), path))
        return f"; did you mean '{posixpath.relpath(near, posixpath.dirname(source) or '.')}'?"


def _file_suffix(path: str) -> str:
    suffix = PurePosixPath(path).suffix.casefold()
    return "" if suffix in (".md", ".mdx", ".markdown", ".html") else suffix


def _name(path: str) -> str:
    stem = PurePosixPath(path)
    own = stem.stem if stem.suffix in (".md", ".mdx", ".markdown", ".html", "") else stem.name
    return (stem.parent.name if own.casefold() in ("index", "readme", "_index") else own).casefold()


def _distance(path: str, source: str, wanted: str) -> tuple[float, int]:
    """Return how far a file is from the link's own folders, and from the file that links."""
    alike = difflib.SequenceMatcher(None, path, wanted.lstrip("./")).ratio()
    common = posixpath.commonpath(["/" + path, "/" + source])
    return -alike, -len(common)
