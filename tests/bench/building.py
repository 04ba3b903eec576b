"""Measure a generation: building it, its keyword part, one changed article, and opening it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from kb.config import Settings
from kb.content import library
from kb.content.cache import Parsed
from search.index import build as builder
from search.index import embedder, reuse, write
from search.index.embedder import Embedder
from search.index.write import Content
from search.rank.searcher import Searcher
from tests.bench import corpus
from tests.bench.measuring import Figures, clock, processor

NAME = "Building, opening and memory"
PASSAGES = 256


def build(settings: Settings, noisy: Embedder, figures: Figures) -> Path:
    """Build by words, then with vectors, and return the second generation's folder."""
    now = datetime.now(UTC)
    shelf = library.load(settings.articles)
    path, took = processor(lambda: builder.build(shelf, settings.generations, embedder=None, now=now))
    builder.activate(path)
    figures.add(
        NAME, "the first generation, by words (processor, pages rendered by others not counted)", f"{took:.1f} s"
    )
    path, took = processor(lambda: builder.build(shelf, settings.generations, embedder=noisy, now=now))
    builder.activate(path)
    figures.add(NAME, "the next, with Whoosh's index and vectors known before (processor)", f"{took:.1f} s")
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    figures.add(NAME, "files of the generation", f"{size / 1e6:,.0f} MB")
    return path


def without_files(contents: Sequence[Content], folder: Path, noisy: Embedder, figures: Figures) -> Path:
    """Build a generation of articles without files, and so without pages; return its folder."""
    given = {"name": "bench", "default_lang": "en", "embedder": noisy, "cache": folder / "vectors"}
    path, took = processor(lambda: builder.build_from_contents(contents, folder / "index", **given))
    figures.add(NAME, "words and vectors known before, without pages (processor)", f"{took:.0f} s")
    return path


def keyword_part(settings: Settings, path: Path, figures: Figures) -> float:
    """Time analysing, counting and compiling all words; return the seconds of processor time."""
    before = reuse.before(path)
    assert before is not None
    kept = [(a, before.share(a.source, a.version)) for a in library.load(settings.articles).articles]
    contents = [Content(article, (), kept=share) for article, share in kept if share is not None]
    with tempfile.TemporaryDirectory(dir=settings.data) as work:
        _, took = processor(lambda: write.write_words(Path(work), contents, before=None))
    figures.add(NAME, "keyword part (processor)", f"{took:.1f} s")
    return took


def change(settings: Settings, noisy: Embedder, figures: Figures) -> None:
    """Time the builder on one changed article."""
    parsed = Parsed(settings.data / "articles.jsonl")
    library.load(settings.articles, parsed=parsed)
    for number in range(2):  # the first run fills the cache of parsed articles
        article = sorted(settings.articles.rglob("*.md"))[number]
        article.write_text(article.read_text(encoding="utf-8") + "\nOne more sentence.\n", encoding="utf-8")

        def refresh() -> None:
            shelf = library.load(settings.articles, parsed=parsed)
            builder.activate(builder.build(shelf, settings.generations, embedder=noisy, now=datetime.now(UTC)))

        _, took = processor(refresh)
    figures.add(NAME, "one changed article, the builder (processor)", f"{took:.2f} s")


def opening(path: Path, settings: Settings, figures: Figures) -> None:
    """Time opening a generation, and measure the memory of a process that has searched it."""
    plain = replace(settings, embedder="none")
    _, took = processor(lambda: Searcher.open(path, settings=plain))
    figures.add(NAME, "opening it, checksums and all (processor)", f"{took * 1000:,.0f} ms")
    figures.add(NAME, "one process after 50 searches by words, resident", f"{_resident(path):,.0f} MB")


def _resident(path: Path) -> float:
    """Return the resident megabytes of a new process after 50 searches of a generation."""
    code = (
        "import sys; from pathlib import Path; from kb.config import Settings\n"
        "from search.rank.searcher import Searcher\n"
        "s = Searcher.open(Path(sys.argv[1]), settings=Settings(embedder='none'))\n"
        "[s.search(f'account setting {n}', lang='en') for n in range(50)]\n"
        "print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmRSS')))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024


def encoding(text: corpus.Text, models: Path, figures: Figures) -> None:
    """Time the encoder on real passages with two threads, as the builder runs it."""
    encoder = embedder.load("minilm", models=models, threads=2)
    assert encoder is not None
    passages = [section for _, section in text.sections[:PASSAGES]]
    encoder.encode(passages[:8])
    _, wall = clock(lambda: encoder.encode(passages))
    figures.add(NAME, "passages encoded a second, both cores (clock)", f"{len(passages) / wall:,.0f}")
