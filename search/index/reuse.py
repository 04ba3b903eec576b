"""Reuse the passages and vectors of unchanged articles from the previous generation."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kb.content.article import Version
from kb.errors import BadGeneration
from kb.render.bundles import Bundle
from search.index import generation
from search.index.embedder import Vectors
from search.index.generation import KINDS, Block, Checksums, Document, Manifest, Passages
from search.index.passage import Passage
from search.index.postings import Segment

ANALYSIS = "4"  # raised when passages or terms change; then older generations are not reused


class Share(Protocol):
    """The passages of one article: as text, as lines of their file, and as vectors if they were encoded before."""

    @property
    def count(self) -> int: ...

    def passages(self) -> Sequence[Passage]: ...

    def block(self) -> Block: ...

    def vectors(self, recipe: str) -> Vectors | None: ...


@dataclass(frozen=True, slots=True)
class Fresh:
    """The passages of a new or changed article."""

    made: Sequence[Passage]

    @property
    def count(self) -> int:
        return len(self.made)

    def passages(self) -> Sequence[Passage]:
        """Return the passages."""
        return self.made

    def block(self) -> Block:
        """Return the passages as lines of their file."""
        return generation.block(self.made)

    def vectors(self, recipe: str) -> Vectors | None:
        """Return None, since these passages are not encoded yet."""
        return None


@dataclass(frozen=True, slots=True)
class Kept:
    """The passages of an unchanged article, in the files of the previous generation."""

    before: Before
    number: int  # of the article's document there

    @property
    def document(self) -> Document:
        """The article's document in the previous generation."""
        return self.before.documents[self.number]

    @property
    def count(self) -> int:
        return self.document.last - self.document.first

    def passages(self) -> Sequence[Passage]:
        """Read the passages from their file."""
        d, rows = self.document, range(self.document.first, self.document.last)
        found = [(KINDS[self.before.passages.kinds[row]], *self.before.passages[row]) for row in rows]
        return [Passage(d.article, d.lang, anchor, heading, kind, text) for kind, anchor, heading, text in found]

    def block(self) -> Block:
        """Return the passages as lines of their file, unparsed."""
        return self.before.passages.block(self.document.first, self.document.last)

    def vectors(self, recipe: str) -> Vectors | None:
        """Return the vectors of a recipe, or None if the previous generation has none."""
        return self.before.vectors(self.number, recipe)


class Before:
    """The previous generation, intact and built by the same code."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.segments: dict[str, dict[str, Segment]] = {}  # language -> name -> segment, if it was read before
        self.documents = generation.read_documents(folder)
        self.passages = Passages(folder, manifest.bundles, self.documents)
        self._indexed = frozenset(name.split("/")[1] for name in manifest.files if "/whoosh/" in name)
        self._numbers = {document.source: n for n, document in enumerate(self.documents) if document.source}
        self.sources: Set[str] = self._numbers.keys()
        self._bundles = {bundle.name: bundle for bundle in manifest.bundles}
        self._firsts = [bundle.first for bundle in manifest.bundles]
        self._spaces = {
            space.recipe: {bundle.first: _Vectors(folder, name) for bundle, name in manifest.vectors(space)}
            for space in manifest.spaces
        }

    def indexed(self, lang: str) -> frozenset[str]:
        """Return the articles of a language that are in Whoosh's index, which the first generation doesn't have."""
        some = (document.article for document in self.documents if document.lang == lang)
        return frozenset(some) if lang in self._indexed else frozenset()

    def share(self, source: str, version: Version) -> Kept | None:
        """Return the passages made from `source`, or None if there are none for the same article and language."""
        number = self._numbers.get(source)
        if number is None or self.documents[number].version != version:
            return None
        return Kept(self, number)

    def has(self, bundle: Bundle, shares: Sequence[Share]) -> bool:
        """Return True if this generation has the bundle with the same articles in the same order, all unchanged."""
        old = self._bundles.get(bundle.name)
        numbers = [share.number if isinstance(share, Kept) else -1 for share in shares]
        return old is not None and numbers == list(range(old.first, old.last))

    def passages_of(self, bundle: Bundle) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return the lengths in bytes and the kinds of a bundle's passages."""
        old = self._bundles[bundle.name]
        first, last = self.documents[old.first].first, self.documents[old.last - 1].last
        return self.passages.lengths(first, last), self.passages.kinds[first:last]

    def vectors_of(self, bundle: Bundle, recipe: str) -> Path | None:
        """Return the file of a bundle's vectors of a recipe, or None."""
        old = self._bundles[bundle.name]
        found = self._spaces.get(recipe, {}).get(old.first)
        return found.path if found else None

    def vectors(self, number: int, recipe: str) -> Vectors | None:
        """Return the vectors of a document's passages, or None if there are none of this recipe."""
        start = self._firsts[bisect_right(self._firsts, number) - 1]
        found = self._spaces.get(recipe, {}).get(start)
        if found is None:
            return None
        document, offset = self.documents[number], self.documents[start].first
        some: Vectors = found.rows[document.first - offset : document.last - offset]
        return some


class _Vectors:
    """The vectors of a bundle, mapped on first use."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / name

    @cached_property
    def rows(self) -> Vectors:
        return np.asarray(np.load(self.path, mmap_mode="r"))


def before(folder: Path | None, *, checksums: Checksums | None = None) -> Before | None:
    """Open the generation in `folder`, or return None if it is damaged or was built by other code."""
    if folder is None:
        return None
    try:
        manifest = generation.read_manifest(folder)
    except BadGeneration:
        return None
    if manifest.extra.get("analysis") != ANALYSIS or generation.damaged(folder, manifest, checksums=checksums):
        return None
    return Before(folder, manifest)
