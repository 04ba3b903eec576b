"""The postings of the documents that a visitor may see, as if the others did not exist.

Articles with an audience must not show through the search of other people: not by a word that only they have, not by
how rare it makes a word, not by a score. So a visitor's search uses postings with the statistics of the visible
documents. They are equal to those of a generation that was built without the others.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.index.postings import BITS, FIELDS, SPAN, Postings, distinct, ends_of, impacts_of, mapped


def only(postings: Postings, folder: Path, *, shown: NDArray[np.bool_]) -> Postings:
    """Return `postings`, which were compiled to `folder` with `limited`, of the `shown` documents of their language."""
    documents = int(shown.sum())
    kept = {name: _kept(postings, folder, name, shown) for name in FIELDS}
    rows = len(postings.terms)
    counts = {name: np.bincount(pairs >> BITS, minlength=rows) for name, (pairs, _) in kept.items()}
    used = np.flatnonzero(np.sum(list(counts.values()), axis=0))
    fields = {}
    for name, (pairs, weights) in kept.items():
        lengths = mapped(folder / f"{name}.lengths.npy")
        impacts = impacts_of(pairs, weights, counts=counts[name], lengths=lengths, documents=documents)
        fields[name] = (ends_of(counts[name][used]), (pairs & (SPAN - 1)).astype(np.int32), impacts)
    frequency = distinct(np.concatenate([pairs for pairs, _ in kept.values()]), size=rows)[used].astype(np.int32)
    return Postings([postings.terms[row] for row in used], fields, counts=frequency, size=documents)


def _kept(
    postings: Postings, folder: Path, name: str, shown: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return term * SPAN + document, and the count, of the postings of the shown documents in a field."""
    ends, docs = postings.rows(name)
    pairs = np.repeat(np.arange(len(ends) - 1, dtype=np.int64) << BITS, np.diff(ends)) + docs.astype(np.int64)
    kept = shown[docs]
    return pairs[kept], mapped(folder / f"{name}.weights.npy")[kept]
