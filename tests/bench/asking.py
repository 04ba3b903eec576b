"""Time questions one after the other: ours, the bare encoder and other engines, on the same articles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kb.config import Settings
from search.index.embedder import Embedder
from search.rank.searcher import Searcher
from tests.bench import corpus
from tests.bench.engines import ENGINES
from tests.bench.measuring import Figures, alone, p95, processor

NAME = "Alone"
OTHERS = "Beside other engines, by words"
QUESTIONS = 200

Messages = Sequence[tuple[str, str]]


def questions(text: corpus.Text) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the short queries and the messages to ask, drawn with a seed."""
    drawn = [_draw(len(pool)) for pool in (text.queries, text.messages)]
    return [text.queries[n] for n in drawn[0]], [text.messages[n] for n in drawn[1]]


def _draw(size: int) -> list[int]:
    return [int(n) for n in np.random.default_rng(corpus.SEED).permutation(size)[:QUESTIONS]]


def unfinished(query: str) -> str:
    """Return the first half of a query, at least three characters, as if it were still being typed."""
    return query[: max(3, len(query) // 2)]


def ours(path: Path, settings: Settings, encoder: Embedder, text: corpus.Text, figures: Figures) -> Searcher:
    """Time typing, searches and messages, and the bare encoder for comparison."""
    searcher = Searcher.open(path, settings=settings, encoder=encoder, remember=0)
    queries, messages = questions(text)
    typing = alone({"typing": lambda q: searcher.complete(unfinished(q), lang="en")}, queries)
    short = alone(
        {"search": lambda q: searcher.search(q, lang="en"), "encoder": lambda q: encoder.encode([q])}, queries
    )
    long = alone(
        {"suggest": lambda m: searcher.suggest(*m, lang="en"), "encoder": lambda m: encoder.encode(["\n".join(m)])},
        messages,
    )
    figures.times(NAME, "typing", typing["typing"])
    figures.times(NAME, "search", short["search"], f"; {p95(short['search']) / p95(short['encoder']):.2f} × encoder")
    figures.times(NAME, "suggest", long["suggest"], f"; {p95(long['suggest']) / p95(long['encoder']):.2f} × encoder")
    figures.times(NAME, "the bare encoder, a query", short["encoder"])
    figures.times(NAME, "the bare encoder, a message", long["encoder"])
    return searcher


def others(
    documents: Sequence[tuple[str, str]],
    searcher: Searcher,
    text: corpus.Text,
    figures: Figures,
    *,
    folder: Path,
    keyword: float | None,
    largest: int,
) -> None:
    """Time other engines: build, queries and messages.

    `keyword` is the seconds that our keyword part takes, shown as a multiple of each engine's build.
    """
    queries, messages = questions(text)
    settings = searcher.settings
    words = Searcher(searcher.collection, settings=settings, encoder=None, failed=True, remember=0)
    short = alone({"": lambda q: words.search(q, lang="en")}, queries)[""]
    long = alone({"": lambda m: words.suggest(*m, lang="en")}, messages)[""]
    figures.times(OTHERS, "ours: query, with its page of hits", short)
    figures.times(OTHERS, "ours: message, with its cards", long)
    for engine in ENGINES:
        if engine.name.startswith("Whoosh") and len(documents) > largest:
            figures.add(OTHERS, f"{engine.name}: build", "left out: minutes")
            continue
        place = folder / engine.name.split()[0]
        place.mkdir()
        search, took = processor(lambda engine=engine, place=place: engine.build(documents, place))
        figures.add(
            OTHERS, f"{engine.name}: build", f"{took:.1f} s{f'; ours {keyword / took:.2f} ×' if keyword else ''}"
        )
        most = engine.most if len(documents) < largest else engine.most // 4
        asked = {"query": queries[:most], "message": ["\n".join(message) for message in messages[:most]]}
        for kind, some in asked.items():
            times = alone({"": search}, some)[""]
            figures.times(OTHERS, f"{engine.name}: {kind}", times, f"; {len(some)} asked" if most < QUESTIONS else "")
