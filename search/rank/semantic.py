"""The semantic leg: score documents by the cosines of their best passages, by exact search."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.render.bundles import Bundle
from search.index import vectors
from search.index.embedder import Vectors
from search.index.generation import SpaceFile
from search.index.postings import Floats
from search.rank import fusion

# Weight of the second-best passage. nDCG@10 .584 -> .601 on thunderbird/train, .703 -> .711 on login-gov; no set lost.
SECOND = 0.35

Questions = Mapping[str, Vectors]  # recipe -> the vector of the question


@dataclass(frozen=True, slots=True)
class Semantic:
    """The scores of all documents and passages by their vectors, for one question."""

    scores: Floats  # of documents, in [0, 1]: 0 is the mean cosine of unrelated texts of the collection
    cosines: Floats  # of documents, unscaled
    passages: Floats  # the cosine of each passage
    crossed: NDArray[np.bool_]  # documents that were compared across languages
    multilingual: bool  # True if the space for all languages was used


class SpaceIndex:
    """The vectors of one space, memory-mapped file by file; the vectors of one document are adjacent in one file."""

    def __init__(
        self,
        folder: Path,
        file: SpaceFile,
        bundles: Sequence[tuple[Bundle, str]],
        *,
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
    ) -> None:
        self.recipe, self.lang, self.background = file.recipe, file.lang, file.background
        self.documents = slice(file.first, file.last)
        first = int(starts[file.first]) if file.last > file.first else 0
        self.passages = slice(first, int(ends[file.last - 1]) if file.last > file.first else 0)
        self.dimensions = file.dimensions
        self._firsts = [int(starts[bundle.first]) - first for bundle, _ in bundles]
        self._parts: list[Vectors] = [np.asarray(np.load(folder / name, mmap_mode="r")) for _, name in bundles]
        self._starts = starts[self.documents] - first
        self._counts = ends[self.documents] - starts[self.documents]
        self._owners = np.repeat(np.arange(len(self._counts), dtype=np.int32), self._counts)

    def __contains__(self, document: int) -> bool:
        return self.documents.start <= document < self.documents.stop

    def mean(self, first: int, last: int) -> Vectors:
        """Return the mean vector of the passages from `first` up to but not including `last`, scaled to length one."""
        first, last = first - self.passages.start, last - self.passages.start
        place = bisect_right(self._firsts, first) - 1
        some = self._parts[place][first - self._firsts[place] : last - self._firsts[place]].mean(axis=0)
        return np.asarray(some / max(float(np.linalg.norm(some)), 1e-9), dtype=np.float32)

    def only(self, shown: NDArray[np.bool_]) -> SpaceIndex:
        """Return this space with the background of the `shown` documents, so that the others show in no score."""
        owners = np.flatnonzero(shown[self.documents][self._owners])
        numbers = owners[vectors.even(len(owners))] if len(owners) else owners
        made = copy(self)
        made.background = vectors.background(self._rows(numbers), self._owners[numbers]) if len(numbers) else 0.0
        return made

    def _rows(self, numbers: NDArray[np.int64]) -> Vectors:
        """Return the vectors of passages of this space, by their ascending numbers."""
        ends = [*self._firsts[1:], self.passages.stop - self.passages.start]
        some = zip(self._parts, self._firsts, ends, strict=True)
        return np.concatenate(
            [part[numbers[(numbers >= first) & (numbers < end)] - first] for part, first, end in some]
        )

    def search(self, question: Vectors) -> tuple[Floats, Floats]:
        """Return the cosine of each passage, and of each document: (1 - SECOND) * its best + SECOND * its second best.

        The cosines are computed row by row in this thread. BLAS would share a matrix-vector product among its threads,
        which wait for each other in busy loops: that costs 4 to 8 ms of both cores on a busy machine, however few the
        rows. Its last bits would also depend on the number of cores.
        """
        passages = np.empty(self.passages.stop - self.passages.start, dtype=np.float32)
        for first, part in zip(self._firsts, self._parts, strict=True):
            np.vecdot(part, question, out=passages[first : first + len(part)])
        best = np.maximum.reduceat(passages, self._starts)
        rest = passages.copy()
        rest[self._places(passages, best)] = -1.0
        second = np.where(self._counts > 1, np.maximum.reduceat(rest, self._starts), best)
        return passages, np.asarray((1.0 - SECOND) * best + SECOND * second, dtype=np.float32)

    def _places(self, passages: Floats, best: Floats) -> NDArray[np.int64]:
        """Return the first passage of each document that has its best cosine."""
        hits = np.flatnonzero(passages == np.repeat(best, self._counts))
        owners = self._owners[hits]
        first = np.ones(len(hits), dtype=np.bool_)
        first[1:] = owners[1:] != owners[:-1]
        return hits[first]


def search(
    spaces: Sequence[SpaceIndex], questions: Questions, *, lang: str, langs: NDArray[np.str_], passages: int
) -> Semantic | None:
    """Score all documents for a question in `lang`. Return None if no space has a vector of it.

    Documents in the question's language are scored in that language's space if there is one, all others in the space
    for all languages.
    """
    nothing = np.zeros(len(langs), dtype=np.float32)
    used = [space for space in spaces if space.recipe in questions and space.documents.stop > space.documents.start]
    general = any(not space.lang for space in used)
    found = Semantic(nothing, nothing.copy(), np.zeros(passages, dtype=np.float32), langs != lang, general)
    for space in sorted(used, key=lambda space: space.lang == lang and space.lang != ""):  # its own space is last
        cosines, scores = space.search(questions[space.recipe])
        found.passages[space.passages] = cosines
        found.cosines[space.documents] = scores
        found.scores[space.documents] = fusion.dense_scale(scores, background=space.background)
    return found if used else None


def wanted(spaces: Sequence[SpaceIndex], *, lang: str, shown: NDArray[np.bool_], langs: NDArray[np.str_]) -> list[str]:
    """Return the recipes of the vectors that a question in `lang` needs to score the `shown` documents."""
    own = [space for space in spaces if space.lang == lang and lang]
    covered = np.zeros(len(langs), dtype=np.bool_)
    for space in own:
        covered[space.documents] = True
    rest = [space for space in spaces if not space.lang] if (shown & ~covered).any() else []
    return [space.recipe for space in (*own, *rest)]
