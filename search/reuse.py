"""An article's share of a generation: made anew, or taken over from the generation before where nothing has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from kb.errors import BadGeneration
from search import generation
from search.embedder import Vectors
from search.generation import KINDS, Block, Document, Manifest, Units
from search.passage import Unit

ANALYSIS = "2"  # changes with what an article's units and terms are: those of older generations are not taken over
_FILES = ("documents", "units", "vectors", "library")


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
    """The units of an article that is as it was, still in the files of the generation before."""

    before: Before
    document: Document

    @property
    def count(self) -> int:
        return self.document.last - self.document.first

    def units(self) -> Sequence[Unit]:
        """Return them, read from the file."""
        d, rows = self.document, range(self.document.first, self.document.last)
        found = [(KINDS[self.before.units.kinds[row]], *self.before.units[row]) for row in rows]
        return [Unit(d.article, d.lang, anchor, heading, kind, text) for kind, anchor, heading, text in found]

    def block(self) -> Block:
        """Return their lines of the file as they are."""
        return self.before.units.block(self.document.first, self.document.last)

    def vectors(self, recipe: str) -> Vectors | None:
        """Return their vectors of a recipe, where the generation before has them."""
        return self.before.vectors(self.document, recipe)


class Before:
    """The generation before, whole and made by the same code."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.units = Units(folder)
        self._documents = generation.read_documents(folder)
        self._sources = {document.source: document for document in self._documents if document.source}
        self._spaces = {
            space.recipe: (space, np.asarray(np.load(folder / space.file, mmap_mode="r"))) for space in manifest.spaces
        }

    def share(self, source: str, *, article: str, lang: str) -> Kept | None:
        """Return the units that were made of `source`, for the same article and language."""
        found = self._sources.get(source)
        return Kept(self, found) if found is not None and (found.article, found.lang) == (article, lang) else None

    def vectors(self, document: Document, recipe: str) -> Vectors | None:
        """Return the vectors of a document's units."""
        if recipe not in self._spaces or not document.last > document.first:
            return None
        space, vectors = self._spaces[recipe]
        offset = self._documents[space.first].first if space.last > space.first else 0
        some: Vectors = vectors[max(0, document.first - offset) : max(0, document.last - offset)]
        return some if len(some) == document.last - document.first and document.first >= offset else None


def before(folder: Path | None) -> Before | None:
    """Return the generation in `folder`, or None where it is damaged or was made by other code."""
    if folder is None:
        return None
    try:
        manifest = generation.read_manifest(folder)
    except BadGeneration:
        return None
    if manifest.extra.get("analysis") != ANALYSIS or generation.damaged(folder, manifest, below=_FILES):
        return None
    return Before(folder, manifest)
