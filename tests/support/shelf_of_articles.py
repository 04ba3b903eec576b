"""Articles without files, and an embedder that a reader can compute by hand, for the tests of search."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.config import Settings
from kb.content.article import Article
from search.index import build
from search.index.build import Content
from search.index.embedder import Embedder, Pair, Space
from search.rank.searcher import Searcher
from search.text.analyzer import analyzer


@dataclass(frozen=True)
class Part:
    """A section: anchor, heading path, text."""

    anchor: str
    path: tuple[str, ...]
    text: str


def article(
    id: str, title: str, text: str = "", *, lang: str = "en", parts: Sequence[Part] = (), **more: object
) -> Content:
    """Return an article with `text` before any heading, and `parts` as further sections."""
    made = Article(
        id=id, lang=lang, path=f"{id}.md", title=title, summary="", category="general", markdown=text,
        body_line=1, address=f"/{lang}/articles/{id}", revision="",
    )  # fmt: skip
    offers = bool(more.pop("offers", True))
    lead = (Part("", (), text),) if text else ()
    return Content(replace(made, **more), (*lead, *parts), offers)  # type: ignore[arg-type]


class WordEmbedder:
    """An embedder with 64 dimensions, one for each group of stems: texts that share words are close."""

    recipe = "words-64"
    dimensions = 64

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a unit vector for each text, and add the texts to `encoded`."""
        self.encoded += texts
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for term in analyzer("en").terms(text) or ["nothing"]:
                row[int(hashlib.md5(term.encode()).hexdigest(), 16) % self.dimensions] += 1.0
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def shelf(
    folder: Path, contents: Sequence[Content], *, encoder: Embedder | None = None, name: str = "one", lang: str = "en"
) -> Searcher:
    """Return a searcher over `contents`, by words, or with vectors if an encoder is given."""
    path = build.build_from_contents(
        contents, folder / "index", name=name, default_lang=lang, embedder=encoder, cache=folder / "vectors"
    )
    return Searcher.open(path, settings=Settings(data=folder), encoder=encoder)


def ids(found: object) -> list[str]:
    """Return the article ids of hits, in order."""
    return [hit.article for hit in found.hits]  # type: ignore[attr-defined]


class Narrow(WordEmbedder):
    """A WordEmbedder with half as many dimensions, as another model has."""

    recipe = "words-32"
    dimensions = 32


def pair_of_embedders() -> Embedder:
    """Return an embedder like the default one: one model for English, another of other dimensions for all languages."""
    return Pair(Space("en", WordEmbedder()), Narrow())
