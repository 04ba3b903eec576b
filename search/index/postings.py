"""Compiled postings: BM25F scores computed when a generation is built. A search sums the rows of its terms."""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from kb.files import written_aside

FIELDS = ("title", "queries", "headings", "body", "joined", "exact", "names", "words")
BITS = 32
SPAN = 1 << BITS
STEP = 1 << 15  # postings scored at once
B, K1 = 0.75, 1.2  # Whoosh's defaults

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Field:
    """The postings of one field of a segment: row `i` of (docs, weights) belongs to `terms[i]`."""

    terms: Sequence[str]
    indptr: NDArray[np.int64]
    docs: Ints
    weights: Floats
    lengths: NDArray[np.float64]  # of each document, rounded like Whoosh does


ARRAYS = ("indptr", "docs", "weights", "lengths")  # the arrays of a Field, in the order of its attributes


@dataclass(frozen=True, slots=True)
class Segment:
    """The postings of one segment of a word index, including those of deleted documents."""

    name: str
    keys: Sequence[str]
    deleted: Ints
    fields: Mapping[str, Field]
    vocabulary: Sequence[str]  # the terms of all fields, in order
    rows: Mapping[str, NDArray[np.int64]]  # field -> the index in `vocabulary` of each of its terms
    counts: NDArray[np.int64]  # number of documents with each term, in any field

    @classmethod
    def of(cls, name: str, keys: Sequence[str], deleted: Ints, fields: Mapping[str, Field]) -> Segment:
        """Return a segment with the vocabulary and the counts of all its fields."""
        vocabulary = sorted({term for field in fields.values() for term in field.terms})
        places = {term: row for row, term in enumerate(vocabulary)}
        rows = {name: np.asarray([places[t] for t in field.terms], dtype=np.int64) for name, field in fields.items()}
        pairs = [np.repeat(rows[name] << BITS, np.diff(field.indptr)) + field.docs for name, field in fields.items()]
        counts = distinct(np.concatenate(pairs), size=len(vocabulary))
        return cls(name, keys, deleted, fields, vocabulary, rows, counts)

    def save(self, path: Path) -> None:
        """Write the segment without its deletions, which change later."""
        arrays: dict[str, NDArray[np.generic]] = {"keys": _packed(self.keys)}
        for name, field in self.fields.items():
            arrays[f"{name}.terms"] = _packed(field.terms)
            arrays |= {f"{name}.{part}": getattr(field, part) for part in ARRAYS}
        with written_aside(path) as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: Path, *, deleted: Ints) -> Segment:
        """Return the segment that `save` wrote."""
        with np.load(path) as kept:
            fields = {
                name: Field(_unpacked(kept[f"{name}.terms"]), *(kept[f"{name}.{part}"] for part in ARRAYS))
                for name in FIELDS
            }
            return cls.of(path.stem, _unpacked(kept["keys"]), deleted, fields)


def compile_postings(
    segments: Sequence[Segment], numbers: Mapping[str, int], folder: Path, *, limited: bool = False
) -> None:
    """Write one impact matrix per field of `segments` to `folder`. `numbers` has the document number of each key.

    Rows are terms and columns are documents; a value is the BM25 score of the term in that field of the document.
    Deleted documents count in no statistic, so the result does not depend on the number of segments or builds. With
    `limited`, the counts and lengths are written too, so that `seen.only` can leave out documents with an audience.
    """
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = sorted({term for segment in segments for term in segment.vocabulary})
    rows = {term: row for row, term in enumerate(vocabulary)}
    parts = [_part(segment, numbers, rows) for segment in segments]
    with ThreadPoolExecutor(2) as pool:  # numpy releases the GIL; FIELDS ends with the largest field
        compiled = list(
            pool.map(lambda name: _compiled(name, parts, folder, len(rows), len(numbers), limited), FIELDS[::-1])
        )
    counts = dict(zip(FIELDS[::-1], compiled, strict=True))
    used = np.flatnonzero(np.sum(compiled, axis=0))
    terms = [vocabulary[row] for row in used]
    (folder / "terms.json").write_text(json.dumps(terms, ensure_ascii=False), encoding="utf-8")
    for name, count in counts.items():
        np.save(folder / f"{name}.indptr.npy", ends_of(count[used]))
    frequency = np.zeros(len(rows), dtype=np.int64)
    for part in parts:
        frequency[part.rows] += part.segment.counts - _deleted(part)
    np.save(folder / "frequency.npy", frequency[used].astype(np.int32))
    np.save(folder / "size.npy", np.asarray(len(numbers)))


@dataclass(frozen=True, slots=True)
class _Part:
    """A segment's place in the compiled postings: the numbers of its documents and the rows of its terms."""

    segment: Segment
    places: NDArray[np.int64]  # -1 if deleted
    rows: NDArray[np.int64]


def _part(segment: Segment, numbers: Mapping[str, int], rows: Mapping[str, int]) -> _Part:
    places = np.asarray([numbers.get(key, -1) for key in segment.keys], dtype=np.int64)
    places[segment.deleted] = -1
    return _Part(segment, places, np.asarray([rows[term] for term in segment.vocabulary], dtype=np.int64))


def _deleted(part: _Part) -> NDArray[np.int64]:
    """Return the number of deleted documents with each term of a segment."""
    segment, gone = part.segment, part.places < 0
    if not gone.any():
        return np.zeros(len(segment.vocabulary), dtype=np.int64)
    pairs = []
    for name, field in segment.fields.items():
        places = np.flatnonzero(gone[field.docs])
        own = segment.rows[name][np.searchsorted(field.indptr, places, side="right") - 1]
        pairs.append((own << BITS) + field.docs[places])
    return distinct(np.concatenate(pairs), size=len(segment.vocabulary))


def distinct(pairs: NDArray[np.int64], *, size: int) -> NDArray[np.int64]:
    """Return the number of documents with each term. `pairs` are term * SPAN + document; they are sorted in place."""
    pairs.sort()
    first = np.ones(len(pairs), dtype=np.bool_)
    first[1:] = pairs[1:] != pairs[:-1]  # a quarter of the time of numpy's unique
    return np.bincount(pairs[first] >> BITS, minlength=size)


def _compiled(
    name: str, parts: Sequence[_Part], folder: Path, terms: int, documents: int, limited: bool
) -> NDArray[np.int64]:
    """Write the sorted postings of a field with their scores. Return the number of postings per term."""
    live = [_live(part, name) for part in parts]
    pairs, weights = _joined([p for p, _ in live], np.int64), _joined([w for _, w in live], np.float32)
    del live  # frees as much memory again
    if np.any(pairs[1:] < pairs[:-1]):  # usually a large sorted segment, then a few small ones
        order = np.argsort(pairs, kind="stable")
        pairs, weights = pairs[order], weights[order]
    counts = np.diff(np.searchsorted(pairs, np.arange(terms + 1, dtype=np.int64) << BITS))
    last = max((int(part.places.max(initial=0)) for part in parts), default=0)
    lengths = np.zeros(last + 2, dtype=np.float64)  # the extra last place is for deleted documents, numbered -1
    for part in parts:
        lengths[part.places] = part.segment.fields[name].lengths
    impacts = impacts_of(pairs, weights, counts=counts, lengths=lengths, documents=documents)
    if limited:
        np.save(folder / f"{name}.weights.npy", weights)
        np.save(folder / f"{name}.lengths.npy", lengths)
    np.save(folder / f"{name}.docs.npy", (pairs & (SPAN - 1)).astype(np.int32))
    np.save(folder / f"{name}.impacts.npy", impacts)
    return np.asarray(counts, dtype=np.int64)


def impacts_of(
    pairs: NDArray[np.int64],
    weights: Floats,
    *,
    counts: NDArray[np.int64],
    lengths: NDArray[np.float64],
    documents: int,
) -> Floats:
    """Return the BM25 score of each posting (term * SPAN + document). `counts` has the number of postings per term."""
    idf = np.log(documents / (counts + 1.0)) + 1.0
    average = float(weights.sum(dtype=np.float64)) / max(documents, 1) or 1.0
    norm = K1 * ((1 - B) + B * np.maximum(lengths, 0.0) / average)
    impacts = np.empty(len(pairs), dtype=np.float32)
    for start in range(0, len(pairs), STEP):  # in pieces that fit the processor's cache
        some = pairs[start : start + STEP]
        tf = weights[start : start + STEP].astype(np.float64)
        impacts[start : start + STEP] = (tf * (K1 + 1)) / (tf + norm[some & (SPAN - 1)]) * idf[some >> BITS]
    return impacts


def _live(part: _Part, name: str) -> tuple[NDArray[np.int64], Floats]:
    """Return term * SPAN + document, and the frequency, of all postings of documents that are not deleted."""
    field, places = part.segment.fields[name], part.places
    there = places[field.docs]
    pairs = np.repeat(part.rows[part.segment.rows[name]] << BITS, np.diff(field.indptr))
    pairs += there
    if places.min(initial=0) >= 0:
        return pairs, field.weights
    kept = there >= 0
    return pairs[kept], field.weights[kept]


def ends_of(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where the rows end, in half the space if they are fewer than 2³¹."""
    ends = np.concatenate([[0], np.cumsum(counts)])
    return ends.astype(np.int32 if ends[-1] < SPAN // 2 else np.int64)


class Postings:
    """The compiled postings of one language. `fields` has the ends of the rows, the documents and the scores."""

    def __init__(
        self, terms: list[str], fields: Mapping[str, tuple[NDArray[Any], ...]], *, counts: NDArray[Any], size: int
    ) -> None:
        self.terms, self._fields, self._count, self.size = terms, fields, counts, size
        self.rarest = float(np.log((1.0 + self.size) / 0.5))

    @classmethod
    def open(cls, folder: Path) -> Postings:
        """Open the postings that `compile_postings` wrote, memory-mapped."""
        terms: list[str] = json.loads((folder / "terms.json").read_text(encoding="utf-8"))
        fields = {
            name: tuple(mapped(folder / f"{name}.{part}.npy") for part in ("indptr", "docs", "impacts"))
            for name in FIELDS
        }
        counts, size = np.load(folder / "frequency.npy"), int(np.load(folder / "size.npy"))
        return cls(terms, fields, counts=counts, size=size)

    def rows(self, name: str) -> tuple[NDArray[np.int64], Ints]:
        """Return the ends of the rows of a field, from 0, and the documents of all rows."""
        ends, docs, _ = self._fields[name]
        return ends, docs

    def rarity(self, term: str) -> float:
        """Return log((1 + documents) / (0.5 + documents with `term`)), which is near 0 if all documents have it."""
        row = self.row(term)
        return self.rarest if row is None else float(np.log((1.0 + self.size) / (0.5 + self._count[row])))

    def row(self, term: str) -> int | None:
        """Return the row of `term`, or None if no article has it."""
        row = bisect.bisect_left(self.terms, term)
        return row if row < len(self.terms) and self.terms[row] == term else None

    def field(self, row: int, name: str) -> tuple[Ints, Floats]:
        """Return the documents that have the term of a row in a field, ascending, and their scores."""
        indptr, docs, impacts = self._fields[name]
        start, end = int(indptr[row]), int(indptr[row + 1])
        return cast(Ints, docs[start:end]), cast(Floats, impacts[start:end])

    def add(self, row: int, into: Floats, *, weights: Mapping[str, float], factor: float = 1.0) -> None:
        """Add the weighted scores of a term to `into`, which has one value per document."""
        for name, weight in weights.items():
            docs, impacts = self.field(row, name)
            if len(docs):
                into[docs] += impacts * np.float32(weight * factor)

    def written(self) -> tuple[list[str], Ints]:
        """Return the unstemmed words of the articles and their joined forms, in order, with the documents of each."""
        rows = np.flatnonzero(sum(np.diff(self._fields[name][0]) for name in ("names", "words", "joined")))
        return [self.terms[row] for row in rows], self._count[rows]

    def named(self, prefix: str, *, most: int) -> list[int]:
        """Return the rows of up to `most` words in titles, questions and headings with this prefix, frequent first."""
        words, rows = self._named
        start, end = bisect.bisect_left(words, prefix), bisect.bisect_left(words, prefix + chr(0x10FFFF))
        found = rows[start:end]
        return [int(row) for row in found[np.argsort(-self._count[found], kind="stable")][:most]]

    def begins(self, prefix: str) -> bool:
        """Return True if a term of the articles begins with `prefix`."""
        row = bisect.bisect_left(self.terms, prefix)
        return row < len(self.terms) and self.terms[row].startswith(prefix)

    def said(self, prefix: str, *, most: int) -> list[int]:
        """Return the rows of up to `most` written words with this prefix, those of most documents first."""
        start, end = bisect.bisect_left(self.terms, prefix), bisect.bisect_left(self.terms, prefix + chr(0x10FFFF))
        said = np.diff(self._fields["words"][0][start : end + 1])
        found = start + np.flatnonzero(said)
        return [int(row) for row in found[np.argsort(-self._count[found], kind="stable")][:most]]

    def around(self, words: tuple[str, ...], *, most: int = 64) -> list[int]:
        """Return the rows of written words that begin or end with one of `words` and have three letters more."""
        return sorted({row for word in words for row in self._around(word)})[:most]

    def _around(self, word: str) -> Iterator[int]:
        text, starts = self._written
        at = text.find(word)
        while at >= 0:
            place = bisect.bisect_right(starts, at) - 1
            first, last = starts[place], starts[place + 1] - 1
            before, after = at - first, last - at - len(word)
            if _is_part(before, after, length=len(word)):
                yield self._written_rows[place]
            at = text.find(word, at + 1)

    @cached_property
    def _written(self) -> tuple[str, list[int]]:
        """The written words in one text, and where each begins."""
        words = [self.terms[row] for row in self._written_rows]
        return "\n".join(words), [0, *accumulate(len(word) + 1 for word in words)]

    @cached_property
    def _written_rows(self) -> list[int]:
        counts = np.diff(self._fields["names"][0]) + np.diff(self._fields["words"][0])
        return [int(row) for row in np.flatnonzero(counts)]

    @cached_property
    def _named(self) -> tuple[list[str], Ints]:
        counts = np.diff(self._fields["names"][0]) + np.diff(self._fields["joined"][0])
        rows = np.flatnonzero(counts).astype(np.int32)
        return [self.terms[row] for row in rows], rows


def _is_part(before: int, after: int, *, length: int) -> bool:
    """Return True if a word with so many letters before and after it is a part of a compound: three letters or none."""
    shorter, longer = sorted((before, after))
    return longer >= 3 and (shorter == 0 or (shorter >= 3 and length >= 6))


def mapped(path: Path) -> NDArray[Any]:
    """Map a file as a plain array. Slicing numpy's memmap takes fifty times as long."""
    return np.asarray(np.load(path, mmap_mode="r"))


def _joined(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)


def _packed(texts: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(texts).encode("utf-8"), dtype=np.uint8)


def _unpacked(raw: NDArray[np.uint8]) -> list[str]:
    text = raw.tobytes().decode("utf-8")
    return text.split("\n") if text else []
