"""`make bench`: speed and memory side by side in one run, as ratios against peers and against the bare encoder.

The result is a Markdown table on standard output and, with `--write FILE`, between the markers of an article.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from kb import indexing, library
from kb.config import Settings
from search import embedder, index
from search.searcher import Searcher
from tests.bench import corpus
from tests.bench.engines import ENGINES
from tests.served import served

SIZES = (174, 1_000, 10_000)
SOAK = (100_000,)
QUESTIONS = 200
VISITORS = 20
BLOCK = re.compile(r"(<!-- bench -->\n).*?(<!-- /bench -->)", re.DOTALL)

Row = tuple[str, ...]


def main() -> int:
    """Run the benchmark for each size and print its tables."""
    options = argparse.ArgumentParser()
    options.add_argument("--soak", action="store_true", help="100,000 articles")
    options.add_argument("--sizes", type=lambda text: tuple(map(int, text.split(","))), help="numbers of articles")
    options.add_argument("--write", type=Path, help="article that takes the result")
    given = options.parse_args()
    sizes = given.sizes or (SOAK if given.soak else SIZES)
    text = corpus.read()
    with tempfile.TemporaryDirectory() as folder:
        report = "\n\n".join([_head(text, sizes), *(_size(text, size, Path(folder) / str(size)) for size in sizes)])
    print(report)
    if given.write:
        article = given.write.read_text(encoding="utf-8")
        given.write.write_text(
            BLOCK.sub(lambda match: f"{match[1]}\n{report}\n\n{match[2]}", article), encoding="utf-8"
        )
    return 0


def _head(text: corpus.Text, sizes: Sequence[int]) -> str:
    cpu = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with `make bench` on {os.cpu_count()} cores ({cpu}), Python "
        f"{platform.python_version()}. Text: {text.source}, sections recombined with a fixed seed; vectors of the "
        f"articles are real ones with seeded noise, questions are encoded for real. {QUESTIONS} questions of each "
        f"kind, fewer for slow engines (the column says how many). Times in milliseconds: median / 95 % / 99 %."
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def _size(text: corpus.Text, size: int, folder: Path) -> str:
    """Return the table of one size."""
    _say(f"{size:,} articles: writing")
    corpus.write(text, folder / "articles", articles=size)
    settings = Settings(articles=folder / "articles", data=folder / "var")
    real = _encoder()
    built, rows = _build(settings, corpus.NoisyEmbedder(real, sample=tuple(t for _, t in text.sections[:64])))
    queries, messages = _draw(text.queries, QUESTIONS), _draw(text.messages, QUESTIONS)
    _say(f"{size:,} articles: asking")
    searcher = Searcher.open(built, settings=settings, encoder=real, remember=0)
    short = _timed(lambda q: searcher.search(q, lang="en"), queries)
    typing = _timed(lambda q: searcher.complete(q, lang="en"), [q[: max(3, len(q) // 2)] for q in queries])
    suggest = _timed(lambda m: searcher.suggest(*m, lang="en"), messages)
    alone_query = _timed(lambda q: real.encode([q]), queries)
    alone_message = _timed(lambda m: real.encode([f"{m[0]}\n{m[1]}"]), messages)
    rows += [
        ("typing", _shown(typing), ""),
        ("search", _shown(short), f"{_p95(short) / _p95(alone_query):.2f} × encoder alone"),
        ("suggest", _shown(suggest), f"{_p95(suggest) / _p95(alone_message):.2f} × encoder alone"),
        ("the encoder alone, query", _shown(alone_query), ""),
        ("the encoder alone, message", _shown(alone_message), ""),
        *_peers(settings, folder, queries, messages, searcher),
        *_server(settings, queries, messages),
    ]
    head = f"### {size:,} articles\n\n| What | Figure | Beside |\n| --- | --- | --- |"
    return "\n".join([head, *("| " + " | ".join(row) + " |" for row in rows)])


def _encoder() -> embedder.Embedder:
    models = Settings().data / "models"
    made = embedder.load("minilm", models=models, threads=1, build=True)
    assert made is not None
    return made


def _build(settings: Settings, noisy: Any) -> tuple[Path, list[Row]]:
    """Build by words, then with vectors, then with one article changed; return the generation and the rows."""
    words, took = _clocked(lambda: indexing.refresh(settings, words_only=True, now=datetime.now(UTC)))
    rows: list[Row] = [("build, words", f"{took:.1f} s", f"{words['counts']}".replace("|", ""))]
    shelf = library.load(settings.articles)
    path = index.build(shelf, settings.generations, embedder=noisy, now=datetime.now(UTC))
    index.activate(path)
    article = next(iter(sorted(settings.articles.rglob("*.md"))))
    article.write_text(article.read_text(encoding="utf-8") + "\nOne more sentence.\n", encoding="utf-8")

    def change() -> Path:
        changed = index.build(
            library.load(settings.articles), settings.generations, embedder=noisy, now=datetime.now(UTC)
        )
        index.activate(changed)
        return changed

    path, took = _clocked(change)
    rows.append(("one changed article, until it is current", f"{took:.2f} s", ""))
    _, took = _clocked(lambda: Searcher.open(path, settings=replace(settings, embedder="none")))
    rows.append(("open", f"{took * 1000:.0f} ms", f"{_memory(path):,.0f} MB resident after 50 searches by words"))
    return path, rows


def _memory(path: Path) -> float:
    """Return the resident megabytes of a fresh process that has searched in a generation."""
    code = (
        "import sys; from pathlib import Path; from kb.config import Settings; from search.searcher import Searcher\n"
        "s = Searcher.open(Path(sys.argv[1]), settings=Settings(embedder='none'))\n"
        "[s.search(f'account setting {n}', lang='en') for n in range(50)]\n"
        "print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmRSS')))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024


def _peers(
    settings: Settings, folder: Path, queries: Sequence[str], messages: Sequence[tuple[str, str]], searcher: Searcher
) -> Iterable[Row]:
    """Yield each other engine's build and times on the same documents and questions, and ours by words."""
    documents = [_document(path) for path in sorted(settings.articles.rglob("*.md"))]
    words_only = Searcher(searcher.collection, settings=settings, encoder=None, failed=True, remember=0)
    ours = _timed(lambda q: words_only.search(q, lang="en"), queries)
    ours_long = _timed(lambda m: words_only.suggest(*m, lang="en"), messages)
    yield "by words alone: query", _shown(ours), ""
    yield "by words alone: message", _shown(ours_long), ""
    for engine in ENGINES:
        place = folder / engine.name.split()[0]
        place.mkdir()
        search, took = _clocked(lambda engine=engine, place=place: engine.build(documents, place))
        asked, long = queries[: engine.most], [f"{s}\n{b}" for s, b in messages[: engine.most]]
        short, message = _timed(search, asked), _timed(search, long)
        yield f"{engine.name}: build", f"{took:.1f} s", ""
        yield f"{engine.name}: query", _shown(short), f"{len(asked)} asked; ours {_p95(ours) / _p95(short):.2f} ×"
        yield (
            f"{engine.name}: message",
            _shown(message),
            f"{len(long)} asked; ours {_p95(ours_long) / _p95(message):.2f} ×",
        )


def _document(path: Path) -> tuple[str, str]:
    head, _, body = path.read_text(encoding="utf-8").removeprefix("---\n").partition("\n---\n")
    return head.removeprefix("title: ").strip('"'), body


def _server(settings: Settings, queries: Sequence[str], messages: Sequence[tuple[str, str]]) -> Iterable[Row]:
    """Yield what 20 visitors at once get from the real server, five seconds each kind."""
    from urllib.parse import quote

    paths = [f"/api/v1/complete?lang=en&q={quote(q[: max(3, len(q) // 2)])}" for q in queries]
    found = [f"/api/v1/search?lang=en&q={quote(q)}" for q in queries]
    bodies = [
        {"visitor": f"v{n}", "subject": s, "body": b, "page": "", "lang": "en"} for n, (s, b) in enumerate(messages)
    ]
    embed = str((Settings().data / "models").resolve())
    (settings.data / "models").symlink_to(embed)
    with served(settings.articles, settings.data, embedder="minilm", rate_offers="0", rate_events="0") as center:
        kinds: list[tuple[str, Callable[[int], Any]]] = [
            ("typing", lambda n: center.get(paths[n % len(paths)])),
            ("search", lambda n: center.get(found[n % len(found)])),
            ("suggest", lambda n: center.post("/api/v1/offers", bodies[n % len(bodies)])),
            ("article page", lambda n: center.get(f"/en/articles/topic-{n % 40}/article-{n % 40}")),
        ]
        for name, ask in kinds:
            ask(0)
            times, took = _crowd(ask, seconds=5.0)
            yield f"{VISITORS} visitors at once: {name}", _shown(times), f"{len(times) / took:,.0f} requests a second"


def _crowd(ask: Callable[[int], Any], *, seconds: float) -> tuple[list[float], float]:
    end = time.monotonic() + seconds

    def visitor(number: int) -> list[float]:
        times = []
        while time.monotonic() < end:
            began = time.perf_counter()
            status, _ = ask(number)
            assert status == 200, status
            times.append((time.perf_counter() - began) * 1000)
            number += VISITORS
        return times

    with ThreadPoolExecutor(VISITORS) as pool:
        collected, took = _clocked(lambda: list(pool.map(visitor, range(VISITORS))))
    return [one for times in collected for one in times], took


def _draw(pool: Sequence[Any], count: int) -> list[Any]:
    draw = np.random.default_rng(corpus.SEED)
    return [pool[n] for n in draw.permutation(len(pool))[:count]]


def _timed(ask: Callable[[Any], Any], questions: Sequence[Any]) -> list[float]:
    for question in questions[:5]:
        ask(question)
    times = []
    for question in questions:
        began = time.perf_counter()
        ask(question)
        times.append((time.perf_counter() - began) * 1000)
    return times


def _clocked(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    done = work()
    return done, time.perf_counter() - began


def _p95(times: Sequence[float]) -> float:
    return float(np.percentile(times, 95))


def _shown(times: Sequence[float]) -> str:
    return " / ".join(f"{np.percentile(times, p):.1f}" for p in (50, 95, 99))


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
