"""Compiled postings: BM25F computed when a generation is built, and summed by rows when it is searched."""

from __future__ import annotations

import bisect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

FIELDS = ("title", "queries", "headings", "body", "exact", "names", "words")
BITS = 32
SPAN = 1 << BITS
STEP = 1 << 15  # postings that are scored at once
B, K1 = 0.75, 1.2  # Whoosh's own

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Field:
    """The postings of one field of a segment: row `i` of (docs, weights) belongs to `terms[i]`."""

    terms: Sequence[str]
    indptr: NDArray[np.int64]
    docs: Ints
    weights: Floats
    lengths: NDArray[np.float64]  # of each document, as the index rounds it


@dataclass(frozen=True, slots=True)
class Segment:
    """The postings of one segment of a word index, deleted documents still in them."""

    name: str
    keys: Sequence[str]
    deleted: Ints
    fields: Mapping[str, Field]

    def save(self, path: Path) -> None:
        """Keep all but what is deleted, which changes, beside the index."""
        arrays: dict[str, NDArray[np.generic]] = {"keys": _packed(self.keys)}
        for name, field in self.fields.items():
            arrays |= {
                f"{name}.terms": _packed(field.terms),
                f"{name}.indptr": field.indptr,
                f"{name}.docs": field.docs,
            }
            arrays |= {f"{name}.weights": field.weights, f"{name}.lengths": field.lengths}
        scratch = path.with_suffix(".part")
        with scratch.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        scratch.replace(path)

    @classmethod
    def load(cls, path: Path, *, deleted: Ints) -> Segment:
        """Return what `save` kept."""
        with np.load(path) as kept:
            fields = {
                name: Field(
                    terms=_unpacked(kept[f"{name}.terms"]),
                    indptr=kept[f"{name}.indptr"],
                    docs=kept[f"{name}.docs"],
                    weights=kept[f"{name}.weights"],
                    lengths=kept[f"{name}.lengths"],
                )
                for name in FIELDS
            }
            return cls(path.stem, _unpacked(kept["keys"]), deleted, fields)


def compile_postings(segments: Sequence[Segment], numbers: Mapping[str, int], folder: Path) -> None:
    """Write the impact matrices of `segments` to `folder`; `numbers` gives the document number of each key.

    Rows are terms, columns documents; a value is the BM25 score of that term in that field. What is deleted counts in
    no statistic, so that it does not matter in how many segments or builds the documents came.
    """
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = sorted({term for segment in segments for field in segment.fields.values() for term in field.terms})
    rows = {term: row for row, term in enumerate(vocabulary)}
    places = [_places(segment, numbers) for segment in segments]
    found = {}
    for name in FIELDS:
        parts = [(segment.fields[name], own) for segment, own in zip(segments, places, strict=True)]
        found[name] = _compiled(parts, rows, documents=len(numbers))
    used = np.flatnonzero(np.sum([compiled.counts for compiled in found.values()], axis=0))
    terms = [vocabulary[row] for row in used]
    (folder / "terms.json").write_text(json.dumps(terms, ensure_ascii=False), encoding="utf-8")
    for name, compiled in found.items():
        np.save(folder / f"{name}.indptr.npy", _ends(compiled.counts[used]))
        np.save(folder / f"{name}.docs.npy", compiled.docs)
        np.save(folder / f"{name}.impacts.npy", compiled.impacts)
    pairs = np.concatenate([compiled.pairs for compiled in found.values()])
    np.save(folder / "frequency.npy", _distinct(pairs, size=len(rows))[used])
    np.save(folder / "size.npy", np.asarray(len(numbers)))


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A field of all segments: how many postings each term has, the postings, and term * SPAN + document of each."""

    counts: NDArray[np.int64]
    docs: Ints
    impacts: Floats
    pairs: NDArray[np.int64]


def _distinct(pairs: NDArray[np.int64], *, size: int) -> Ints:
    """Return in how many documents each term is, in whatever field; `pairs` are term * SPAN + document."""
    pairs.sort()
    first = np.ones(len(pairs), dtype=np.bool_)
    first[1:] = pairs[1:] != pairs[:-1]  # a quarter of the time of numpy's unique
    return np.bincount(pairs[first] >> BITS, minlength=size).astype(np.int32)


def _places(segment: Segment, numbers: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the document number of each document of a segment, -1 where it is deleted."""
    places = np.asarray([numbers.get(key, -1) for key in segment.keys], dtype=np.int64)
    places[segment.deleted] = -1
    return places


def _compiled(
    parts: Sequence[tuple[Field, NDArray[np.int64]]], rows: Mapping[str, int], *, documents: int
) -> _Compiled:
    """Return the postings of a field in order; each part comes with the document numbers of its segment."""
    live = [_live(field, places, rows) for field, places in parts]
    pairs, weights = _joined([p for p, _ in live], np.int64), _joined([w for _, w in live], np.float32)
    if np.any(pairs[1:] < pairs[:-1]):  # one large segment is in order, a few small ones come behind it
        order = np.argsort(pairs, kind="stable")
        pairs, weights = pairs[order], weights[order]
    counts = np.diff(np.searchsorted(pairs, np.arange(len(rows) + 1, dtype=np.int64) << BITS))
    idf = np.log(documents / (counts + 1.0)) + 1.0
    average = float(weights.sum(dtype=np.float64)) / max(documents, 1) or 1.0
    last = max((int(places.max(initial=0)) for _, places in parts), default=0)
    norm = np.zeros(last + 2, dtype=np.float64)  # behind the last stands what is deleted
    for field, places in parts:
        norm[places] = K1 * ((1 - B) + B * np.maximum(field.lengths, 0.0) / average)
    impacts = np.empty(len(pairs), dtype=np.float32)
    for start in range(0, len(pairs), STEP):  # in pieces that stay in the processor's cache
        some = pairs[start : start + STEP]
        tf = weights[start : start + STEP].astype(np.float64)
        impacts[start : start + STEP] = (tf * (K1 + 1)) / (tf + norm[some & (SPAN - 1)]) * idf[some >> BITS]
    return _Compiled(counts, (pairs & (SPAN - 1)).astype(np.int32), impacts, pairs)


def _live(field: Field, places: NDArray[np.int64], rows: Mapping[str, int]) -> tuple[NDArray[np.int64], Floats]:
    """Return term * SPAN + document, and the frequency, of what is not deleted."""
    own = np.asarray([rows[term] for term in field.terms], dtype=np.int64) << BITS
    pairs = np.repeat(own, np.diff(field.indptr))
    if places.min(initial=0) >= 0:
        pairs += places[field.docs]
        return pairs, field.weights
    there = places[field.docs]
    pairs += there
    kept = there >= 0
    return pairs[kept], field.weights[kept]


def _ends(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


class Postings:
    """The compiled postings of one language, memory-mapped."""

    def __init__(self, folder: Path) -> None:
        self.terms: list[str] = json.loads((folder / "terms.json").read_text(encoding="utf-8"))
        self._fields = {
            name: tuple(_mapped(folder / f"{name}.{part}.npy") for part in ("indptr", "docs", "impacts"))
            for name in FIELDS
        }
        self._count = np.load(folder / "frequency.npy")
        self.size = int(np.load(folder / "size.npy"))
        self.rarest = float(np.log((1.0 + self.size) / 0.5))

    def rarity(self, term: str) -> float:
        """Return the logarithm of how many documents there are for each that has `term`: near 0 when all have it."""
        row = self.row(term)
        return self.rarest if row is None else float(np.log((1.0 + self.size) / (0.5 + self._count[row])))

    def row(self, term: str) -> int | None:
        """Return the row of `term`, or None when no article has it."""
        row = bisect.bisect_left(self.terms, term)
        return row if row < len(self.terms) and self.terms[row] == term else None

    def field(self, row: int, name: str) -> tuple[Ints, Floats]:
        """Return the documents that have a term in a field, ascending, and the score of each."""
        indptr, docs, impacts = self._fields[name]
        start, end = int(indptr[row]), int(indptr[row + 1])
        return cast(Ints, docs[start:end]), cast(Floats, impacts[start:end])

    def add(self, row: int, into: Floats, *, weights: Mapping[str, float], factor: float = 1.0) -> None:
        """Add the weighted scores of a term to `into`, one value a document."""
        for name, weight in weights.items():
            docs, impacts = self.field(row, name)
            if len(docs):
                into[docs] += impacts * np.float32(weight * factor)

    def written(self) -> tuple[list[str], Ints]:
        """Return the words as they stand in the articles, in order, and in how many documents each is."""
        rows = np.flatnonzero(np.diff(self._fields["names"][0]) + np.diff(self._fields["words"][0]))
        return [self.terms[row] for row in rows], self._count[rows]

    def named(self, prefix: str, *, most: int) -> list[int]:
        """Return up to `most` words of titles, questions and headings that begin with `prefix`, frequent first."""
        words, rows = self._named
        start, end = bisect.bisect_left(words, prefix), bisect.bisect_left(words, prefix + chr(0x10FFFF))
        found = rows[start:end]
        return [int(row) for row in found[np.argsort(-self._count[found], kind="stable")][:most]]

    @cached_property
    def _named(self) -> tuple[list[str], Ints]:
        rows = np.flatnonzero(np.diff(self._fields["names"][0])).astype(np.int32)
        return [self.terms[row] for row in rows], rows


def _mapped(path: Path) -> NDArray[Any]:
    """Return a mapped file as a plain array: a slice of numpy's own memmap takes fifty times as long."""
    return np.asarray(np.load(path, mmap_mode="r"))


def _joined(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)


def _packed(texts: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(texts).encode("utf-8"), dtype=np.uint8)


def _unpacked(raw: NDArray[np.uint8]) -> list[str]:
    text = raw.tobytes().decode("utf-8")
    return text.split("\n") if text else []
