"""An article's share of a generation: made anew, or taken over from the generation before where nothing has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from kb.errors import BadGeneration
from search import generation
from search.embedder import Vectors
from search.generation import KINDS, Block, Checksums, Document, Manifest, Units
from search.passage import Unit

ANALYSIS = "2"  # changes with what an article's units and terms are: those of older generations are not taken over


class Share(Protocol):
    """The units of one article, as text, as lines of the file, and as vectors if there are any yet."""

    @property
    def count(self) -> int: ...

    def units(self) -> Sequence[Unit]: ...

    def block(self) -> Block: ...

    def vectors(self, recipe: str) -> Vectors | None: ...


@dataclass(frozen=True, slots=True)
class Fresh:
    """The units of an article that is new or has changed."""

    made: Sequence[Unit]

    @property
    def count(self) -> int:
        return len(self.made)

    def units(self) -> Sequence[Unit]:
        """Return them."""
        return self.made

    def block(self) -> Block:
        """Return them as lines of the file of units."""
        return generation.block(self.made)

    def vectors(self, recipe: str) -> Vectors | None:
        """Return nothing: they are not encoded yet."""
        return None


@dataclass(frozen=True, slots=True)
class Kept:
    """The units of an article that is as it was, or of several neighbours, in the files of the generation before."""

    before: Before
    document: Document  # the first of them
    last: int  # the number of the last unit in those files, and one

    @property
    def count(self) -> int:
        return self.last - self.document.first

    def units(self) -> Sequence[Unit]:
        """Return them, read from the file; of one article only."""
        d, rows = self.document, range(self.document.first, self.document.last)
        found = [(KINDS[self.before.units.kinds[row]], *self.before.units[row]) for row in rows]
        return [Unit(d.article, d.lang, anchor, heading, kind, text) for kind, anchor, heading, text in found]

    def block(self) -> Block:
        """Return their lines of the file as they are."""
        return self.before.units.block(self.document.first, self.last)

    def vectors(self, recipe: str) -> Vectors | None:
        """Return their vectors of a recipe, where the generation before has them."""
        return self.before.vectors(self.document.first, self.last, recipe)


def joined(shares: Iterable[Share]) -> Iterator[Share]:
    """Yield shares with those that were neighbours before, and still are, as one: most of a generation in one piece."""
    run: Kept | None = None
    for share in shares:
        if run is not None and isinstance(share, Kept) and share.document.first == run.last:
            run = replace(run, last=share.last)
            continue
        if run is not None:
            yield run
        run = share if isinstance(share, Kept) else None
        if run is None:
            yield share
    if run is not None:
        yield run


class Before:
    """The generation before, whole and made by the same code."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.units = Units(folder)
        self._indexed = frozenset(name.split("/")[1] for name in manifest.files if "/whoosh/" in name)
        self._documents = generation.read_documents(folder)
        self._by_source = {document.source: document for document in self._documents if document.source}
        self.sources: Set[str] = self._by_source.keys()
        self._spaces = {
            space.recipe: (space, np.asarray(np.load(folder / space.file, mmap_mode="r"))) for space in manifest.spaces
        }

    def indexed(self, lang: str) -> frozenset[str]:
        """Return the articles of a language that are in Whoosh's index; none where there is no such index yet."""
        some = (document.article for document in self._documents if document.lang == lang)
        return frozenset(some) if lang in self._indexed else frozenset()

    def share(self, source: str, *, article: str, lang: str) -> Kept | None:
        """Return the units that were made of `source`, for the same article and language."""
        found = self._by_source.get(source)
        return Kept(self, found, found.last) if found and (found.article, found.lang) == (article, lang) else None

    def vectors(self, first: int, last: int, recipe: str) -> Vectors | None:
        """Return the vectors of the units from `first` to `last`, without the last."""
        if recipe not in self._spaces or not last > first:
            return None
        space, vectors = self._spaces[recipe]
        offset = self._documents[space.first].first if space.last > space.first else 0
        some: Vectors = vectors[max(0, first - offset) : max(0, last - offset)]
        return some if len(some) == last - first and first >= offset else None


def before(folder: Path | None, *, checksums: Checksums | None = None) -> Before | None:
    """Return the generation in `folder`, or None where it is damaged or was made by other code."""
    if folder is None:
        return None
    try:
        manifest = generation.read_manifest(folder)
    except BadGeneration:
        return None
    if manifest.extra.get("analysis") != ANALYSIS or generation.damaged(folder, manifest, checksums=checksums):
        return None
    return Before(folder, manifest)
