"""Open a generation for searching: its documents, passages, vectors and postings, and who may see each document."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence, Set
from copy import copy
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.errors import BadGeneration
from kb.failures import degraded
from kb.languages import nearest
from search.index import generation, learned, seen
from search.index.embedder import Vectors
from search.index.generation import Document, Manifest, Passages
from search.index.learned import Learned
from search.index.postings import Postings
from search.rank.semantic import SpaceIndex
from search.text.query import Synonyms, Text, normal
from search.text.spelling import Vocabulary

Mask = NDArray[np.bool_]
VECTORS = "vectors"
PROMOTED = "*"  # the query in `_pins.yml` of the articles that are shown before anybody asks
MOST_VIEWS = 16  # sets of audiences whose postings are kept in memory
# Least cosine of an article's vector now and when the ranking was learned. Below it, the article counts as new. On
# thunderbird, a removed passage leaves .945 or more. With a quarter of the passages replaced by another article's, .85
# or more is left; with half of them, .80.
SAME = 0.85


class Collection:
    """The parts of a generation that a search reads, opened once and shared by all threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest: Manifest = generation.read_manifest(folder)
        broken = generation.damaged(folder, self.manifest, which=generation.searched, trusting=True)
        self.damaged = frozenset(name for name in broken if name.startswith(VECTORS))
        if any(not name.startswith(VECTORS) for name in broken):
            raise BadGeneration(f"{folder}: {', '.join(broken)} changed after it was built; run 'kb index'")
        self.documents: list[Document] = generation.read_documents(folder)
        self.passages = Passages(folder, self.manifest.bundles, self.documents)
        self.starts: NDArray[np.int64] = np.asarray([d.first for d in self.documents], dtype=np.int64)
        self.names = [f"{d.article}\0{d.lang}" for d in self.documents]
        self._every_lang = sorted({d.lang for d in self.documents})
        self.postings: Mapping[str, Postings] = {lang: Postings.open(self._words(lang)) for lang in self._every_lang}
        self.ends: NDArray[np.int64] = np.asarray([d.last for d in self.documents], dtype=np.int64)
        self.spaces: Sequence[SpaceIndex] = self._open_spaces()
        found = learned.load(folder)
        self.learned = found if found and found.recipe in {space.recipe for space in self.spaces} else None
        self._visible: dict[tuple[str, str, frozenset[str]], Mask] = {}
        self._audiences = frozenset(name for d in self.documents for name in d.audience)
        self._articles: Set[str] | None = None  # in a view, the articles that may be seen
        self._views: dict[frozenset[str], Collection] = {}
        self._lock = threading.Lock()
        self._columns: tuple[Learned, NDArray[np.int64]] | None = None
        self._taught: tuple[Learned, Learned] | None = None
        self._vocabularies: dict[str, Vocabulary] = {}

    def seen_by(self, audience: frozenset[str]) -> Collection:
        """Return the collection with the words, statistics and learned questions of the articles of an audience.

        The documents keep their numbers, and `visible` tells which of them may be found.
        """
        known = audience & self._audiences
        if known == self._audiences or self._articles is not None:
            return self
        with self._lock:
            if known not in self._views:
                if len(self._views) >= MOST_VIEWS:  # audiences come from tokens
                    self._views.pop(next(iter(self._views)))
                self._views[known] = self._seen(known)
            return self._views[known]

    def _seen(self, audience: frozenset[str]) -> Collection:
        shown = np.asarray([_may_see(d, audience) for d in self.documents], dtype=np.bool_)
        made = copy(self)
        made._articles = frozenset(self.documents[n].article for n in np.flatnonzero(shown))
        made.postings = {lang: self._only(lang, shown & (self.langs == lang)) for lang in self.langs_of(shown)}
        made.spaces = [space.only(shown) for space in self.spaces]
        made.__dict__.pop("silent", None)
        made._vocabularies, made._columns, made._taught = {}, None, None
        return made

    def _only(self, lang: str, shown: Mask) -> Postings:
        postings = self.postings[lang]
        return postings if shown.sum() == postings.size else seen.only(postings, self._words(lang), shown=shown)

    def _words(self, lang: str) -> Path:
        return self.folder / "keyword" / lang / "postings"

    def _open_spaces(self) -> Sequence[SpaceIndex]:
        found = [(space, self.manifest.vectors(space)) for space in self.manifest.spaces]
        whole = [(space, files) for space, files in found if self.damaged.isdisjoint(name for _, name in files)]
        if len(whole) < len(found):
            degraded("no-vectors", detail=f"damaged: {', '.join(sorted(self.damaged))}")
        return [SpaceIndex(self.folder, *one, starts=self.starts, ends=self.ends) for one in whole]

    @property
    def main_recipe(self) -> str:
        """The recipe of the default language's space, or else of the space for all languages."""
        lang = self.manifest.default_lang
        ranked = sorted(self.spaces, key=lambda space: (space.lang != lang, space.lang != ""))
        return ranked[0].recipe if ranked else ""

    @cached_property
    def langs(self) -> NDArray[np.str_]:
        """The language of every document."""
        return np.asarray([d.lang for d in self.documents], dtype=np.str_)

    def langs_of(self, mask: Mask) -> list[str]:
        """Return the languages of the documents in `mask`."""
        counts = np.bincount(self._lang_codes[mask], minlength=len(self._every_lang))
        return [lang for lang, count in zip(self._every_lang, counts, strict=True) if count]

    @cached_property
    def _lang_codes(self) -> NDArray[np.int64]:
        codes = {lang: code for code, lang in enumerate(self._every_lang)}
        return np.asarray([codes[d.lang] for d in self.documents], dtype=np.int64)

    def within(self, lang: str) -> slice:
        """Return where the documents of a language are. They are in order of language."""
        code = self._every_lang.index(lang)
        first, last = np.searchsorted(self._lang_codes, (code, code + 1))
        return slice(int(first), int(last))

    @cached_property
    def normal_titles(self) -> list[str]:
        """The normalised title of every document."""
        return [_normal_title(document.title) for document in self.documents]

    @cached_property
    def titles(self) -> Mapping[str, list[int]]:
        """The documents by their normalised title."""
        found: dict[str, list[int]] = {}
        for number, title in enumerate(self.normal_titles):
            found.setdefault(title, []).append(number)
        return found

    @cached_property
    def offered(self) -> Mask:
        """The documents that forms may offer."""
        return np.asarray([d.offers for d in self.documents], dtype=np.bool_)

    @cached_property
    def silent(self) -> frozenset[str]:
        """The categories without offers."""
        seen = self._articles
        return frozenset(d.category for d in self.documents if not d.offers and (seen is None or d.article in seen))

    def spoken(self, lang: str) -> str:
        """Return the language of articles that is nearest to `lang` (es for es-MX), or `lang` if none is near."""
        return nearest(lang, self.postings) or lang

    def visible(self, lang: str, audience: frozenset[str], *, page: str = "") -> Mask:
        """Return the documents that a visitor may find: each article in `lang`, else in the page's language, if any.

        Without either, it is the article in the default language, or in another one.
        """
        key = (lang, page, audience)
        if key not in self._visible:
            if len(self._visible) > 256:  # audiences come from tokens, so limit the memory that they can fill
                self._visible.clear()
            self._visible[key] = self._see([lang, page, self.manifest.default_lang], audience)
        return self._visible[key]

    def _see(self, langs: Sequence[str], audience: frozenset[str]) -> Mask:
        best: dict[str, tuple[int, int]] = {}
        for number, document in enumerate(self.documents):
            if not _may_see(document, audience):
                continue
            rank = langs.index(document.lang) if document.lang in langs else len(langs)
            best[document.article] = min(best.get(document.article, (9, 0)), (rank, number))
        mask = np.zeros(len(self.documents), dtype=np.bool_)
        mask[[number for _, number in best.values()]] = True
        return mask

    def columns(self, learned: Learned) -> NDArray[np.int64]:
        """Return the column of each document in the learned head; -1 for an article that is new or has changed."""
        if self._columns is None or self._columns[0] is not learned:
            changed = self.changed(learned)
            places = {id: column for column, id in enumerate(learned.articles) if id not in changed}
            self._columns = learned, np.asarray([places.get(d.article, -1) for d in self.documents], dtype=np.int64)
        return self._columns[1]

    def taught_by(self, learned: Learned) -> Learned:
        """Return the learned ranking of the articles that may be seen."""
        if self._articles is None:
            return learned
        if self._taught is None or self._taught[0] is not learned:
            self._taught = learned, learned.only(self._articles)
        return self._taught[1]

    def changed(self, learned: Learned) -> frozenset[str]:
        """Return the articles whose meaning has changed since the ranking was learned."""
        past = zip(learned.articles, learned.meant.astype(np.float32), strict=True)
        return frozenset(id for id, before in past if before.any() and float(self.meaning(id) @ before) < SAME)

    def meaning(self, article: str) -> Vectors:
        """Return the mean of an article's vectors in its main language, scaled to length one; zeros without vectors."""
        number = self._mains.get(article)
        document = self.documents[number] if number is not None else None
        if document is None or document.last == document.first:
            return np.zeros(self._main.dimensions if self._main else 0, dtype=np.float32)
        assert self._main is not None
        return self._main.mean(document.first, document.last)

    @cached_property
    def _main(self) -> SpaceIndex | None:
        return next((space for space in self.spaces if space.recipe == self.main_recipe), None)

    @cached_property
    def _mains(self) -> Mapping[str, int]:
        """The document of each article in the main space: in the default language, or else the first."""
        lang, found = self.manifest.default_lang, dict[str, int]()
        for number, document in enumerate(self.documents):
            main = self._main is not None and number in self._main
            if main and (document.lang == lang or document.article not in found):
                found[document.article] = number
        return found

    def synonyms(self, lang: str) -> Synonyms:
        """Return the groups of synonyms of a language."""
        return [tuple(group) for group in self.manifest.extra.get("synonyms", {}).get(lang, ())]

    def pinned(self, text: Text, lang: str, *, today: date) -> list[str]:
        """Return the articles that are pinned to a query on the day `today`."""
        pins = (pin for pin in self._pins(lang, today) if pin["query"] != PROMOTED)
        return [id for pin in pins if normal(pin["query"]) == text.normal for id in pin["articles"]]

    def promoted(self, lang: str, *, today: date) -> list[str]:
        """Return the articles that are pinned to `*` in this language, then those in the default language."""
        pins = [pin for one in (lang, self.manifest.default_lang) for pin in self._pins(one, today)]
        return list(dict.fromkeys(id for pin in pins if pin["query"] == PROMOTED for id in pin["articles"]))

    def _pins(self, lang: str, today: date) -> list[dict[str, Any]]:
        known = [pin for pin in self.manifest.extra.get("pins", ()) if pin["lang"] == lang]
        return [pin for pin in known if not pin.get("until") or pin["until"] >= str(today)]

    def vocabulary(self, lang: str) -> Vocabulary:
        """Return the words of a language, to correct spelling."""
        if lang not in self._vocabularies:
            self._vocabularies[lang] = Vocabulary(*self.postings[lang].written())
        return self._vocabularies[lang]


def _may_see(document: Document, audience: frozenset[str]) -> bool:
    return not document.audience or not audience.isdisjoint(document.audience)


@lru_cache(maxsize=1 << 17)
def _normal_title(title: str) -> str:
    return normal(title)  # cached, because the next generation has nearly the same titles
