"""Questions as vectors, or the reason why they have none.

A question is encoded once for each space that it needs: that of its own language, and the one for all languages where
documents in another one may answer. The vectors of the latest questions are kept, since a page, its suggestions and
a reload ask the same. A space counts only while its recipe is the encoder's own. With no such space, without a model,
or when the model fails, questions have no vectors, and the answer names the reason.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from kb.failures import Degraded, degraded
from search.index import embedder
from search.index.embedder import Embedder, Vectors
from search.rank import semantic
from search.rank.collection import Collection, Mask
from search.rank.semantic import Questions, SpaceIndex

REMEMBERED = 1024  # vectors of questions


class QuestionEncoder:
    """Encodes questions as one generation was encoded; all threads of a process share it."""

    def __init__(self, collection: Collection, encoder: Embedder | None, *, failed: bool, remember: int) -> None:
        self.encoder = encoder
        self._collection = collection
        self._failed = failed
        self._remember = remember
        self._remembered: OrderedDict[tuple[str, str], Vectors] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def degraded(self) -> Degraded | None:
        """Why questions have no vectors, or None when they have."""
        if not self._collection.spaces:
            return "no-vectors"
        if self._failed or self.encoder is None:
            return "embedder-failed"
        return None if self._usable else "stale-vectors"

    def warm(self) -> None:
        """Encode a word in every space, so that no visitor waits while a model reads its files."""
        mask = np.ones(len(self._collection.documents), dtype=np.bool_)
        for space in self._usable:
            self.encode(".", lang=space.lang, mask=mask)

    def encode(self, text: str, *, lang: str, mask: Mask) -> tuple[Questions, Degraded | None]:
        """Return the vectors of a question by recipe, in the spaces that it needs, or none and why."""
        if self.degraded is not None:
            return {}, self.degraded
        recipes = semantic.wanted(self._usable, lang=lang, shown=mask, langs=self._collection.langs)
        try:
            return {recipe: self.vector(recipe, text) for recipe in recipes}, None
        except Exception as error:  # whatever a model dies of, words are left
            return {}, degraded("embedder-failed", error)

    def vector(self, recipe: str, text: str) -> Vectors:
        """Return the vector of a text in the space of a recipe; raises what the encoder raises."""
        key = (recipe, text)
        known = self._remembered.get(key)
        if known is None:
            known = self._encoders[recipe].encode([text])[0]
            with self._lock:
                self._remembered[key] = known
                while len(self._remembered) > self._remember:
                    self._remembered.popitem(last=False)
        return known

    @cached_property
    def _usable(self) -> Sequence[SpaceIndex]:
        """The spaces whose vectors were made as the encoder makes those of questions."""
        return [space for space in self._collection.spaces if space.recipe in self._encoders]

    @cached_property
    def _encoders(self) -> Mapping[str, Embedder]:
        own = embedder.spaces(self.encoder) if self.encoder is not None else ()
        return {space.embedder.recipe: space.embedder for space in own}
