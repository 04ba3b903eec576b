"""The semantic leg: every article's best unit for the vectors of a question, by exact search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from search.embedder import Vectors
from search.postings import Floats

SECOND = 0.35  # part of the second best unit: nDCG@10 .584 -> .601 thunderbird/train, .703 -> .711 login-gov, none lost


@dataclass(frozen=True, slots=True)
class Semantic:
    """Scores of all documents for one question, and the cosine of every unit, from which they come."""

    scores: Floats
    units: Floats


class VectorIndex:
    """The vectors of all units of a generation, memory-mapped; the units of a document are neighbours."""

    def __init__(self, folder: Path, *, starts: NDArray[np.int64]) -> None:
        self._vectors: Vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        self._starts = starts
        self._ends = np.append(starts[1:], len(self._vectors))

    def __len__(self) -> int:
        return len(self._vectors)

    def vector(self, unit: int) -> Vectors:
        """Return the vector of a unit."""
        return cast(Vectors, self._vectors[unit])

    def search(self, questions: Vectors, *, shares: Sequence[float]) -> Semantic:
        """Score every document by its best unit and its second best, for the weighted mean of `questions`."""
        cosines = self._vectors @ questions.T.astype(np.float32)
        units = (cosines @ np.asarray(shares, dtype=np.float32)).astype(np.float32)
        return Semantic(self._documents(units), units)

    def _documents(self, units: Floats) -> Floats:
        best = np.maximum.reduceat(units, self._starts)
        rest = units.copy()
        rest[self._best_units(units, best)] = -1.0
        second = np.maximum.reduceat(rest, self._starts)
        several = (self._ends - self._starts) > 1
        gain = np.where(several, np.maximum(second, 0.0) - np.maximum(best, 0.0), -np.maximum(best, 0.0))
        return cast(Floats, (best + SECOND * gain * (best > 0)).astype(np.float32))

    def _best_units(self, units: Floats, best: Floats) -> NDArray[np.int64]:
        """Return, of each document, the first unit that has its best score."""
        owners = np.repeat(np.arange(len(best)), self._ends - self._starts)
        places = np.flatnonzero(units == best[owners])
        _, first = np.unique(owners[places], return_index=True)
        return places[first]
