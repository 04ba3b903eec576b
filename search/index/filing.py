"""The files of units and of vectors, one for each bundle of articles: written, or linked where they are as before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from kb.render.bundles import Bundle, bundles, link
from search.index import generation, vectors
from search.index.embedder import Embedder, Space, spaces
from search.index.generation import Document, SpaceFile, units_file, vectors_file
from search.index.reuse import Before, Share
from search.index.vectors import Progress


class Filing:
    """The files of a new generation in the folder `work`, beside those of the generation before, if any."""

    def __init__(
        self, work: Path, documents: Sequence[Document], shares: Sequence[Share], *, before: Before | None
    ) -> None:
        self._work, self._documents, self._before = work, documents, before
        self.bundles = bundles([(document.lang, document.article) for document in documents])
        self._shares = {bundle: shares[bundle.first : bundle.last] for bundle in self.bundles}
        found = (bundle for bundle in self.bundles if before is not None and before.has(bundle, self._shares[bundle]))
        self._same = frozenset(found)

    def write_units(self) -> None:
        """Write the units, where each ends and of which kind it is."""
        (self._work / "units").mkdir()
        sizes, kinds = [np.zeros(1, dtype=np.int64)], [np.zeros(0, dtype=np.uint8)]
        for bundle in self.bundles:
            name = units_file(bundle)
            if self._before is not None and bundle in self._same:
                link(self._before.folder / name, self._work / name)
                lengths, of = self._before.units_of(bundle)
            else:
                blocks = [share.block() for share in self._shares[bundle]]
                (self._work / name).write_bytes(b"".join(text for text, _, _ in blocks))
                lengths = np.asarray([length for _, lengths, _ in blocks for length in lengths], dtype=np.int64)
                of = np.asarray([kind for _, _, kinds in blocks for kind in kinds], dtype=np.uint8)
            sizes.append(lengths)
            kinds.append(of)
        np.save(self._work / generation.ENDS, np.cumsum(np.concatenate(sizes)))
        np.save(self._work / generation.UNIT_KINDS, np.concatenate(kinds))

    def write_vectors(self, cache: Path, embedder: Embedder | None, progress: Progress) -> list[SpaceFile]:
        """Write the vectors of the documents that each space is for: linked, taken over, from the cache, or encoded."""
        found = enumerate(spaces(embedder) if embedder else ())
        return [self._write_space(f"vectors/{number}", space, cache, progress) for number, space in found]

    def _write_space(self, folder: str, space: Space, cache: Path, progress: Progress) -> SpaceFile:
        (self._work / folder).mkdir(parents=True)
        recipe, dimensions = space.embedder.recipe, space.embedder.dimensions
        own = [bundle for bundle in self.bundles if space.lang in ("", self._documents[bundle.first].lang)]
        written = [bundle for bundle in own if not self._linked(bundle, recipe, folder)]
        known = {n: share.vectors(recipe) for bundle in written for n, share in self._numbered(bundle)}
        new = [(n, share) for bundle in written for n, share in self._numbered(bundle) if known[n] is None]
        texts = [unit.embedded(self._documents[n].title) for n, share in new for unit in share.units()]
        encoded = np.empty((0, dimensions), dtype=np.float32)
        if texts:
            encoded = _cache(cache, space).encode(texts, embedder=space.embedder, progress=progress)
        ends = np.cumsum([share.count for _, share in new])
        known |= {n: encoded[end - share.count : end] for (n, share), end in zip(new, ends, strict=True)}
        for bundle in written:
            parts = (known[n] for n in range(bundle.first, bundle.last))
            rows = np.concatenate([part for part in parts if part is not None], dtype="<f4")
            np.save(self._work / vectors_file(folder, bundle), rows)
        first, last = (own[0].first, own[-1].last) if own else (0, 0)
        return SpaceFile(recipe, space.lang, folder, dimensions, first, last, self._background(folder, own))

    def _numbered(self, bundle: Bundle) -> Iterable[tuple[int, Share]]:
        return enumerate(self._shares[bundle], bundle.first)

    def _linked(self, bundle: Bundle, recipe: str, folder: str) -> bool:
        """Link the vectors of a bundle that the generation before has in this recipe, and say whether it does."""
        found = self._before.vectors_of(bundle, recipe) if self._before is not None and bundle in self._same else None
        if found is not None:
            link(found, self._work / vectors_file(folder, bundle))
        return found is not None

    def _background(self, folder: str, own: Sequence[Bundle]) -> float:
        """Return the mean cosine of units of different articles, from some at even steps through all files."""
        some = self._documents[own[0].first : own[-1].last] if own else []
        owners = np.repeat(np.arange(len(some), dtype=np.int32), [document.last - document.first for document in some])
        numbers, found, first = vectors.even(len(owners)), [], 0
        for bundle in own:
            rows = np.asarray(np.load(self._work / vectors_file(folder, bundle), mmap_mode="r"))
            found.append(rows[numbers[(numbers >= first) & (numbers < first + len(rows))] - first])
            first += len(rows)
        return vectors.background(np.concatenate(found), owners[numbers]) if found else 0.0


def _cache(folder: Path, space: Space) -> vectors.VectorCache:
    recipe = space.embedder.recipe
    return vectors.VectorCache(folder / f"{recipe}.bin", recipe=recipe, dimensions=space.embedder.dimensions)
