"""Encode questions as vectors, or give the reason why there are none.

A question is encoded once per space that it needs: the space of its language, and the space for all languages if
documents in other languages may answer. The latest vectors are cached, since a page, its suggestions and a reload ask
the same question. A space is used only if its recipe is the encoder's. If there is no such space or no model, or if the
model fails, questions have no vectors, and the results name the reason.
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

REMEMBERED = 1024  # cached vectors of questions


class QuestionEncoder:
    """Encodes questions for one generation. All threads of a process share it."""

    def __init__(self, collection: Collection, encoder: Embedder | None, *, failed: bool, remember: int) -> None:
        self.encoder = encoder
        self._collection = collection
        self._failed = failed
        self._remember = remember
        self._remembered: OrderedDict[tuple[str, str], Vectors] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def degraded(self) -> Degraded | None:
        """The reason why questions have no vectors, or None if they have."""
        if not self._collection.spaces:
            return "no-vectors"
        if self._failed or self.encoder is None:
            return "embedder-failed"
        return None if self._usable else "stale-vectors"

    def warm(self) -> None:
        """Encode a word in every space, so that no visitor waits for a model to read its files."""
        mask = np.ones(len(self._collection.documents), dtype=np.bool_)
        for space in self._usable:
            self.encode(".", lang=space.lang, mask=mask)

    def encode(self, text: str, *, lang: str, mask: Mask) -> tuple[Questions, Degraded | None]:
        """Return the vectors of a question by recipe, in the spaces that it needs, and the reason if there are none."""
        if self.degraded is not None:
            return {}, self.degraded
        recipes = semantic.wanted(self._usable, lang=lang, shown=mask, langs=self._collection.langs)
        try:
            return {recipe: self.vector(recipe, text) for recipe in recipes}, None
        except Exception as error:  # search by words works without the model
            return {}, degraded("embedder-failed", error)

    def vector(self, recipe: str, text: str) -> Vectors:
        """Return the vector of a text in the space of a recipe. Errors of the encoder are passed on."""
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
        """The spaces whose recipe is one of the encoder's."""
        return [space for space in self._collection.spaces if space.recipe in self._encoders]

    @cached_property
    def _encoders(self) -> Mapping[str, Embedder]:
        own = embedder.spaces(self.encoder) if self.encoder is not None else ()
        return {space.embedder.recipe: space.embedder for space in own}
