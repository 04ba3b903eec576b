"""Cache vectors in a file, by the hash of recipe and text, so that only new texts are encoded."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.files import locked
from kb.progress import Report, silent
from search.index.embedder import Embedder, Vectors

KEY = 16  # bytes of the hash of recipe and text
STEP = 64  # texts encoded between two writes, which are lost if the process is killed


class VectorCache:
    """An append-only file of (key, vector, checksum) of one recipe. A torn or damaged record counts as missing."""

    def __init__(self, path: Path, *, recipe: str, dimensions: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._recipe = path, recipe
        self._record = np.dtype([("key", f"V{KEY}"), ("vector", "<f4", (dimensions,)), ("sum", "<u4")])
        self._known: dict[bytes, int] = {}
        self._read = 0

    @classmethod
    def of(cls, folder: Path, embedder: Embedder) -> VectorCache:
        """Return the file of an embedder's vectors in `folder`."""
        recipe = embedder.recipe
        return cls(folder / f"{recipe}.bin", recipe=recipe, dimensions=embedder.dimensions)

    def key(self, text: str) -> bytes:
        """Return the key of `text` in the file."""
        return hashlib.blake2b(f"{self._recipe}\0{text}".encode("utf-8", "surrogatepass"), digest_size=KEY).digest()

    def encode(self, texts: Sequence[str], *, embedder: Embedder, progress: Report = silent) -> Vectors:
        """Return a vector for each of `texts`. Missing ones are encoded and appended, `STEP` at a time.

        A process that is killed loses its last step. The file is locked, so other processes wait.
        """
        keys = [self.key(text) for text in texts]
        with locked(self._path) as file:
            self._catch_up(file)
            self._check(keys)
            missing = list({key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}.items())
            missing.sort(key=lambda pair: (len(pair[1]), pair[0]))  # similar lengths together: less padding
            total = len(missing)
            progress(0, total) if total else None
            for start in range(0, total, STEP):
                some = missing[start : start + STEP]
                self._append(file, [key for key, _ in some], embedder.encode([text for _, text in some]))
                progress(min(start + STEP, total), total)
            return self._vectors(keys)

    def forget_others(self, texts: Sequence[str]) -> int:
        """Remove the vectors of all texts except `texts`, and return the number removed."""
        wanted = {self.key(text) for text in texts}
        with locked(self._path) as file:
            self._catch_up(file)
            self._check(wanted)
            keys = [key for key in self._known if key in wanted]
            removed = len(self._known) - len(keys)
            if removed:
                kept = self._vectors(keys)
                os.ftruncate(file, 0)
                self._known, self._read = {}, 0
                self._append(file, keys, kept)
        return removed

    def _catch_up(self, file: int) -> None:
        """Read the records appended since the last call, and cut off a torn last record."""
        size = self._record.itemsize
        whole = os.fstat(file).st_size // size
        if os.fstat(file).st_size % size:
            os.ftruncate(file, whole * size)
        if whole < self._read or self._moved(file):
            self._known, self._read = {}, 0
        if whole > self._read:
            keys = self._records()["key"][self._read : whole].tolist()
            self._known |= {key: number for number, key in enumerate(keys, self._read)}
        self._read = whole

    def _check(self, keys: Iterable[bytes]) -> None:
        """Forget the records of `keys` with a wrong checksum. Other records are not checked."""
        some = self._known.keys() & set(keys)
        for key, record in zip(some, self._records()[[self._known[key] for key in some]] if some else (), strict=True):
            if record["sum"] != _checksum(key, record["vector"]):
                del self._known[key]

    def _records(self) -> NDArray[Any]:
        return np.asarray(np.memmap(self._path, dtype=self._record, mode="r"))

    def _moved(self, file: int) -> bool:
        """Return True if another process removed records, so that the last record read is not in its place."""
        if not self._read:
            return False
        raw = os.pread(file, KEY, (self._read - 1) * self._record.itemsize)
        return self._known.get(raw) != self._read - 1

    def _append(self, file: int, keys: list[bytes], vectors: Vectors) -> None:
        block = np.zeros(len(keys), dtype=self._record)
        for row, (key, vector) in enumerate(zip(keys, vectors, strict=True)):
            block[row] = (key, vector, _checksum(key, vector))
        os.pwrite(file, block.tobytes(), self._read * self._record.itemsize)
        for key in keys:
            self._known[key] = self._read
            self._read += 1

    def _vectors(self, keys: list[bytes]) -> Vectors:
        out = np.empty((len(keys), self._record["vector"].shape[0]), dtype=np.float32)
        if keys:  # an empty file cannot be mapped
            out[:] = self._records()["vector"][[self._known[key] for key in keys]]
        return out


def _checksum(key: bytes, vector: Vectors) -> int:
    return zlib.crc32(key + np.ascontiguousarray(vector, dtype="<f4").tobytes())


def even(count: int, *, sample: int = 512) -> NDArray[np.int64]:
    """Return up to `sample` of the numbers below `count`, evenly spaced and always the same."""
    return np.unique(np.linspace(0, count - 1, min(sample, count)).astype(np.int64))


def background(vectors: Vectors, owners: NDArray[np.int32]) -> float:
    """Return the mean cosine of passages of different articles, an estimate of the cosine of unrelated texts."""
    if len(vectors) < 2:
        return 0.0
    cosines = vectors @ vectors.T
    apart = owners[:, None] != owners[None, :]
    return float(cosines[apart].mean()) if apart.any() else 0.0
