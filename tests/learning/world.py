"""Real questions with their judged articles and the product's ranking of each, computed once."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.config import Settings, default_articles
from kb.content import library
from search.evaluate.beir import Folder
from search.index import build, embedder
from search.index.embedder import Vectors
from search.index.learned import Learned
from search.index.reuse import ANALYSIS
from search.index.vectors import VectorCache
from search.rank.ranking import Ranking, taught
from search.rank.searcher import Searcher
from search.text import message

RELEVANCE = Path(__file__).parent.parent / "relevance"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
CARDS = 3

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its judged article; `known` questions may be in logs, the others are new."""

    subject: str
    body: str
    lang: str
    article: str
    known: bool


@dataclass(frozen=True, slots=True)
class World:
    """Questions in rows and articles in columns, with their scores and rankings."""

    name: str
    searcher: Searcher
    asked: Sequence[Asked]
    articles: tuple[str, ...]
    label: Numbers  # the column of the judged article
    known: NDArray[np.bool_]
    vectors: Vectors
    rankings: Sequence[Ranking]
    dense: NDArray[np.float32]
    lexical: NDArray[np.float32]
    order: Numbers  # columns, best first, as ranked without learning
    offered: NDArray[np.bool_]  # True if an offer passes the floor

    def ranks(self, rows: Numbers, learned: Learned) -> Numbers:
        """Return the rank of the judged article for each of `rows`, as the product ranks with `learned`.

        Articles outside the first ten have rank 11.
        """
        collection, columns = self.searcher.collection, self.columns
        found = []
        for row in rows:
            ranking = taught(collection, self.rankings[row], learned, question=self.vectors[row], k=10)
            ids = columns[np.asarray(ranking.order)].tolist()
            found.append(ids.index(self.label[row]) + 1 if self.label[row] in ids else 11)
        return np.asarray(found, dtype=np.int64)

    def untaught(self, rows: Numbers) -> Numbers:
        """Return the rank of the judged article for each of `rows`, without learning."""
        return np.argmax(self.order[rows] == self.label[rows, None], axis=1) + 1

    @property
    def columns(self) -> Numbers:
        """The column of each document's article."""
        places = {id: column for column, id in enumerate(self.articles)}
        return np.asarray([places[d.article] for d in self.searcher.collection.documents], dtype=np.int64)


class Kept:
    """An embedder that encodes each text once and keeps the vector on disk."""

    def __init__(self, name: str, *, data: Path) -> None:
        found = embedder.load(name, models=data / "models", threads=2, build=True)
        assert found is not None
        self._own, self.recipe, self.dimensions = found, found.recipe, found.dimensions
        path = data / "evaluate" / f"{found.recipe}.bin"
        self._cache = VectorCache(path, recipe=found.recipe, dimensions=found.dimensions)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of the texts, from disk if they are stored."""
        return self._cache.encode(texts, embedder=self._own)


def of_folder(path: Path, *, data: Path) -> World:
    """Return the world of a BEIR folder: questions of `train` may be in logs, those of `dev` are new."""
    beir, encoder = Folder(path), Kept("minilm", data=data)
    built = build.build_from_contents(
        beir.contents,
        data / "learning",
        name=f"{beir.name}-{beir.fingerprint}-{ANALYSIS}",
        default_lang=beir.lang,
        embedder=encoder,
        cache=data / "vectors",
    )
    searcher = Searcher.open(built, settings=Settings(data=data), encoder=encoder)
    ids = {document: article for (article, _), document in beir.document_ids.items()}
    asked = [
        Asked(*beir.questions[id].message, beir.questions[id].lang, ids[next(iter(row))], split == "train")
        for split in ("train", "dev")
        for id, row in beir.qrels(split).items()
    ]
    return _world(beir.name, searcher, asked)


def of_manual(*, data: Path, embedder_name: str = "minilm") -> World:
    """Return the world of our own manual: every fifth question of the relevance tests is new."""
    settings, encoder = Settings(articles=default_articles(), data=data), Kept(embedder_name, data=data)
    shelf = library.load(settings.articles, default_lang="en")
    path = build.build(shelf, settings.generations, embedder=encoder, now=NOW)
    searcher = Searcher.open(path, settings=settings, encoder=encoder)
    rows = [("", row["question"], row["articles"]) for row in _rows("questions")]
    rows += [(row["subject"], row["body"], row["articles"]) for row in _rows("messages")]
    asked = [Asked(*said, "en", articles.split()[0], n % 5 > 0) for n, (*said, articles) in enumerate(rows)]
    return _world("our own manual", searcher, asked)


def _rows(name: str) -> list[dict[str, str]]:
    with (RELEVANCE / f"{name}.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _world(name: str, searcher: Searcher, asked: Sequence[Asked]) -> World:
    collection = searcher.collection
    assert searcher.encoder is not None
    vectors = searcher.encoder.encode([message.read(one.subject, one.body).whole for one in asked])
    articles = tuple(sorted({document.article for document in collection.documents}))
    column = {id: number for number, id in enumerate(articles)}
    columns = np.asarray([column[d.article] for d in collection.documents], dtype=np.int64)
    size = (len(asked), len(articles))
    dense, lexical = np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.float32)
    order, offered, rankings = np.zeros(size, dtype=np.int64), np.zeros(len(asked), dtype=np.bool_), []
    for row, one in enumerate(asked):
        found = searcher.ranked_message(one.subject, one.body, lang=one.lang, k=len(articles), system="hybrid")
        assert found.ranking is not None
        seen = np.flatnonzero(found.ranking.scores >= 0)
        dense[row, columns[seen]] = found.ranking.dense[seen]
        lexical[row, columns[seen]] = found.ranking.lexical.scores[seen]
        best = [int(columns[number]) for number, _ in found.ranked]
        order[row] = [*best, *sorted(set(range(len(articles))) - set(best))]
        offered[row] = bool(found.cards(CARDS))
        rankings.append(found.ranking)
    label = np.asarray([column[one.article] for one in asked], dtype=np.int64)
    known = np.asarray([one.known for one in asked], dtype=np.bool_)
    return World(name, searcher, asked, articles, label, known, vectors, rankings, dense, lexical, order, offered)
