"""Group neighbouring articles into bundles that share files: a new generation rewrites few files and links the rest."""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

from kb.content.article import Version
from kb.errors import BadGeneration
from kb.files import link_or_copy
from kb.render.rendered import Rendered, of_row, to_row

MOST = 64  # approximate bundles of a generation; a process holds the files of each one open
LEAST = 64  # approximate articles of a bundle


@dataclass(frozen=True, slots=True)
class Bundle:
    """The articles from number `first` to `last` (exclusive), all in one language."""

    name: str  # of its files; a hash of its first article, so that it is stable when others change
    first: int
    last: int


def bundles(versions: Sequence[Version]) -> list[Bundle]:
    """Return the bundles of versions, which are in order of language and id.

    The hash of an article's name decides whether it begins a bundle. Adding or removing an article therefore changes
    one bundle, or splits or joins two.
    """
    size = LEAST
    while size * MOST < len(versions):
        size *= 2  # powers of two change rarely, and every new first article was one before
    hashes = [blake2b(f"{lang}/{id}".encode(), digest_size=8).digest() for id, lang in versions]
    starts = [
        number
        for number, version in enumerate(versions)
        if number == 0 or version.lang != versions[number - 1].lang or int.from_bytes(hashes[number]) % size == 0
    ]
    return [Bundle(hashes[first].hex(), first, last) for first, last in pairwise([*starts, len(versions)])]


FOLDER = "pages"


@dataclass(frozen=True, slots=True)
class Place:
    """The position of a page in a file: its HTML, followed by the rest of the rendering as JSON."""

    bundle: str
    start: int
    html: int  # bytes
    rest: int  # bytes


class PageFiles:
    """The page files of one generation, held open so that its pages stay readable while it is in use."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self._folder = folder / FOLDER
        self._files: dict[str, int] = {}
        self._close = weakref.finalize(self, _close, self._files)
        for name in names:
            try:
                self._files[name] = os.open(self.path(name), os.O_RDONLY | os.O_CLOEXEC)
            except OSError as error:
                self._close()
                raise BadGeneration(f"{self.path(name)} is missing; run 'kb index' to build it again") from error

    def html(self, place: Place) -> str:
        """Return the HTML of a page."""
        return self.raw(place)[0].decode("utf-8")

    def page(self, place: Place) -> Rendered:
        """Return a page with its sections, links and images."""
        html, rest = self.raw(place)
        return of_row(html.decode("utf-8"), json.loads(rest))

    def raw(self, place: Place) -> tuple[bytes, bytes]:
        """Return the bytes of a page, HTML and rest; raise BadGeneration if the file is truncated."""
        size = place.html + place.rest
        raw = os.pread(self._files[place.bundle], size, place.start)
        if len(raw) != size:
            raise BadGeneration(f"{self.path(place.bundle)} is truncated; run 'kb index' to build it again")
        return raw[: place.html], raw[place.html :]

    def holds(self, name: str, places: Iterable[Place]) -> bool:
        """Return True if a file consists of exactly these pages."""
        some = list(places)
        size = os.fstat(self._files[name]).st_size if name in self._files else -1
        return all(place.bundle == name for place in some) and sum(place.html + place.rest for place in some) == size

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return self._folder / name

    def close(self) -> None:
        """Close the files."""
        self._close()


def write(
    folder: Path, fresh: Mapping[Version, Rendered], kept: Mapping[Version, Place], *, before: Path | None
) -> dict[Version, Place]:
    """Write the pages in `fresh`, and those `kept` from the snapshot in `before`; return the place of each.

    An unchanged file is hard-linked.
    """
    (folder / FOLDER).mkdir(exist_ok=True)
    versions = sorted({**fresh, **kept}, key=attrgetter("lang", "id"))
    old = PageFiles(before, sorted({place.bundle for place in kept.values()})) if before is not None else None
    found: dict[Version, Place] = {}
    for bundle in bundles(versions):
        some = versions[bundle.first : bundle.last]
        places = {version: kept[version] for version in some if version in kept}
        if old is not None and len(places) == len(some) and old.holds(bundle.name, places.values()):
            link_or_copy(old.path(bundle.name), folder / FOLDER / bundle.name)
            found |= places
            continue
        start = 0
        with (folder / FOLDER / bundle.name).open("wb") as file:
            for version in some:
                html, rest = old.raw(kept[version]) if old is not None and version in kept else _raw(fresh[version])
                found[version] = Place(bundle.name, start, len(html), len(rest))
                start += file.write(html) + file.write(rest)
    if old is not None:
        old.close()
    return found


def _raw(page: Rendered) -> tuple[bytes, bytes]:
    rest = json.dumps(to_row(page), ensure_ascii=False, separators=(",", ":"))
    return page.html.encode("utf-8", "replace"), rest.encode("utf-8", "replace")


def _close(files: dict[str, int]) -> None:
    while files:
        os.close(files.popitem()[1])
