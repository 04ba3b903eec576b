"""The word index of one language, kept by Whoosh. An update writes the changed articles only."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh import fields, index, query, scoring
from whoosh.formats import Frequency
from whoosh.index import EmptyIndexError
from whoosh.system import pack_uint
from whoosh.util.numeric import byte_to_length, length_to_byte

from kb.files import link_or_copy
from search.index.postings import FIELDS, K1, B, Field, Segment

Counts = Mapping[str, Mapping[str, int]]  # field -> term -> count


@dataclass(frozen=True, slots=True)
class WordDocument:
    """An article in the word index: its key, the hash of its content, and its terms."""

    key: str
    hash: str
    fields: Counts


class Counted(fields.FieldType):  # type: ignore[misc]
    """A Whoosh field of terms that our analyzers counted. This takes a third of the time of Whoosh's own tokens."""

    def index(self, value: Mapping[str, int], **kwargs: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield (term, frequency, weight, encoded frequency), as Whoosh requires."""
        for term, count in value.items():
            yield term.encode(), count, float(count), pack_uint(count)


class WordIndex:
    """A Whoosh index in a folder. Its segments never change, so it can be copied with hard links."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        terms = {name: Counted(Frequency(), None, scorable=True, stored=False) for name in FIELDS}
        schema = fields.Schema(key=fields.ID(unique=True, stored=True), hash=fields.STORED, **terms)
        try:
            self._index = index.open_dir(str(folder), schema=schema)
        except EmptyIndexError:
            self._index = index.create_in(str(folder), schema)

    def hashes(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the content hash of each of `keys` that is in the index."""
        with self._index.searcher() as searcher:
            found = ((key, searcher.document_number(key=key)) for key in keys)
            return {key: searcher.stored_fields(number)["hash"] for key, number in found if number is not None}

    def update(self, *, remove: Iterable[str], add: Iterable[WordDocument]) -> None:
        """Remove and add documents in one commit."""
        writer = self._index.writer(limitmb=256)
        for key in remove:
            writer.delete_by_term("key", key)
        for document in add:
            writer.add_document(key=document.key, hash=document.hash, **document.fields)
        writer.commit()

    def segments(self, cache: Path, known: dict[str, Segment]) -> list[Segment]:
        """Return the postings of each segment as arrays.

        Segments that were read before come from `known`, or from the files in `cache`. Both are updated.
        """
        cache.mkdir(parents=True, exist_ok=True)
        with self._index.reader() as reader:
            leaves = [leaf for leaf, _ in reader.leaf_readers()]
            found = [_segment(leaf, cache, known) for leaf in leaves if leaf.doc_count_all()]
        wanted = {segment.name for segment in found}
        known.clear()
        known.update({segment.name: segment for segment in found})
        for file in cache.iterdir():
            if file.suffix == ".npz" and file.stem not in wanted:
                file.unlink()
        return found

    def scores(self, terms: Sequence[tuple[str, str, float]]) -> dict[str, float]:
        """Return Whoosh's BM25F scores by key for (field, term, weight). Tests compare compiled postings with them.

        The segments are merged first, because Whoosh's statistics count deleted documents until then.
        """
        self._index.optimize()
        asked = query.Or([query.Term(field, term, boost=weight) for field, term, weight in terms])
        with self._index.searcher(weighting=scoring.BM25F(B=B, K1=K1)) as searcher:
            return {hit["key"]: float(hit.score) for hit in searcher.search(asked, limit=None)}


def counted(documents: Iterable[WordDocument]) -> Segment:
    """Return the postings that Whoosh would store for `documents`, equal to the last bit, without writing an index.

    The first generation of a new installation is built this way, in a third of the time. The next one has an index.
    """
    keys: list[str] = []
    found = {name: _Counting() for name in FIELDS}
    for number, document in enumerate(documents):
        keys.append(document.key)
        for name in FIELDS:
            found[name].add(number, document.fields[name])
    none = np.empty(0, dtype=np.int32)
    return Segment.of("counted", keys, none, {name: counting.field() for name, counting in found.items()})


class _Counting:
    """Collects the postings of a field in arrays, which take a tenth of the memory of lists of tuples."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._terms, self._docs, self._counts, self._lengths = array("i"), array("i"), array("i"), array("q")

    def add(self, document: int, counts: Mapping[str, int]) -> None:
        numbers = self._numbers
        self._terms.extend([numbers.setdefault(term, len(numbers)) for term in counts])
        self._docs.extend([document] * len(counts))
        self._counts.extend(counts.values())
        self._lengths.append(sum(counts.values()))

    def field(self) -> Field:
        """Return the postings sorted by term, in Whoosh's order, and by document."""
        terms = sorted(self._numbers, key=str.encode)
        places = np.empty(len(terms), dtype=np.int32)
        places[[self._numbers[term] for term in terms]] = np.arange(len(terms), dtype=np.int32)
        rows = places[np.asarray(self._terms, dtype=np.int32)]
        order = np.argsort(rows, kind="stable")
        # Whoosh stores a length in one byte.
        lengths = [byte_to_length(length_to_byte(length)) for length in self._lengths]
        return Field(
            terms=terms,
            indptr=np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(terms)))]).astype(np.int64),
            docs=np.asarray(self._docs, dtype=np.int32)[order],
            weights=np.asarray(self._counts, dtype=np.float32)[order],
            lengths=np.asarray(lengths, dtype=np.float64),
        )


def copy(source: Path, target: Path) -> None:
    """Copy an index folder with hard links. Its files never change, except the lock, which is left out."""
    target.mkdir(parents=True, exist_ok=True)
    for file in source.iterdir():
        if file.is_dir():
            copy(file, target / file.name)
        elif not file.name.endswith("LOCK"):
            link_or_copy(file, target / file.name)


def _segment(leaf: Any, cache: Path, known: Mapping[str, Segment]) -> Segment:
    name = str(leaf.segment().segment_id())
    path = cache / f"{name}.npz"
    deleted = np.fromiter(sorted(leaf.segment().deleted_docs() or ()), dtype=np.int32)
    if name in known and path.is_file():
        return replace(known[name], deleted=deleted)
    if path.is_file():
        return Segment.load(path, deleted=deleted)
    segment = _read(leaf, name, deleted)
    segment.save(path)
    return segment


def _read(leaf: Any, name: str, deleted: NDArray[np.int32]) -> Segment:
    """Read the postings of a segment: for each field, its terms in order, with the document and frequency of each."""
    count = leaf.doc_count_all()
    keys = [leaf.stored_fields(number)["key"] if number not in deleted else "" for number in range(count)]
    return Segment.of(name, keys, deleted, {field: _read_field(leaf, field, count) for field in FIELDS})


def _read_field(leaf: Any, field: str, count: int) -> Field:
    terms: list[str] = []
    ends, docs, weights = [0], [], []
    for raw in leaf.lexicon(field):
        matcher = leaf.postings(field, raw)
        while matcher.is_active():
            docs.append(matcher.id())
            weights.append(matcher.weight())
            matcher.next()
        terms.append(raw.decode("utf-8") if isinstance(raw, bytes) else raw)
        ends.append(len(docs))
    lengths = np.fromiter((leaf.doc_field_length(number, field, 0) for number in range(count)), dtype=np.float64)
    return Field(
        terms=terms,
        indptr=np.asarray(ends, dtype=np.int64),
        docs=np.asarray(docs, dtype=np.int32),
        weights=np.asarray(weights, dtype=np.float32),
        lengths=lengths,
    )
