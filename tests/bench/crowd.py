"""Measure the real server: 20 visitors at once, one changed article, the first minute, and memory."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kb.config import Settings
from tests.bench import corpus
from tests.bench.asking import questions, unfinished
from tests.bench.measuring import Figures, shown
from tests.support.served import Served, served, until

NAME = "20 visitors at once"
ALL = "The whole server"
VISITORS = 20
SECONDS = 4.0  # for each kind
FIRST = 1_600  # articles of the first minute
PAUSE = 0.1  # seconds between two polls; polling takes processor time too
AUTHOR = 2.0  # seconds between two saves, in which the builder collects garbage
PATIENCE = 300.0  # seconds, for a busy machine

Ask = Callable[[http.client.HTTPConnection, int], None]


@contextmanager
def center(settings: Settings) -> Iterator[Served]:
    """Serve the articles with vectors, watching the folder, without rate limits."""
    given = {"embedder": "minilm", "rate_offers": "0", "rate_events": "0"}
    with served(settings.articles, settings.data, "--watch", patience=PATIENCE, **given) as running:
        until(lambda: _has_vectors(running), seconds=PATIENCE)
        yield running


def _has_vectors(running: Served) -> bool:
    status, answer = running.get("/api/v1/search?lang=en&q=account")
    return status == 200 and json.loads(answer)["degraded"] is None


def visitors(running: Served, text: corpus.Text, figures: Figures) -> None:
    """Time the answers to 20 visitors, each with a connection and asking again as soon as answered."""
    queries, messages = questions(text)
    typed = [f"/api/v1/complete?lang=en&q={quote(unfinished(q))}" for q in queries]
    found = [f"/api/v1/search?lang=en&q={quote(q)}" for q in queries]
    said = [
        {"visitor": f"v{n}", "subject": s, "body": b, "page": "", "lang": "en"} for n, (s, b) in enumerate(messages)
    ]
    bodies = [json.dumps(one) for one in said]
    kinds: dict[str, Ask] = {
        "typing": lambda c, n: _send(c, "GET", typed[n % len(typed)]),
        "search": lambda c, n: _send(c, "GET", found[n % len(found)]),
        "suggest": lambda c, n: _send(c, "POST", "/api/v1/offers", bodies[n % len(bodies)]),
        "page of an article": lambda c, n: _send(c, "GET", f"/en/articles/topic-{n % 40}/article-{n % 40}"),
    }
    for kind, ask in kinds.items():
        times, took = _all_at_once(running, ask)
        figures.add(NAME, kind, f"{shown(times)}; {len(times) / took:,.0f} a second")


def _send(connection: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> None:
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, f"{path} answered {answer.status}"


def _all_at_once(running: Served, ask: Ask) -> tuple[list[float], float]:
    began = time.monotonic()

    def visitor(number: int) -> list[float]:
        times: list[float] = []
        connection = http.client.HTTPConnection(running.url.removeprefix("http://"), timeout=60)
        while time.monotonic() < began + SECONDS:
            start = time.perf_counter()
            ask(connection, number)
            times.append((time.perf_counter() - start) * 1000)
            number += VISITORS
        connection.close()
        return times

    with ThreadPoolExecutor(VISITORS) as pool:
        collected = list(pool.map(visitor, range(VISITORS)))
    return [one for times in collected for one in times], time.monotonic() - began


def memory(running: Served, figures: Figures) -> None:
    """Measure the memory of the web workers: the largest one, and all together with shared pages counted once."""
    sizes = [size for pid in running.children("web") if (size := rollup(pid))]
    own = max(sizes, key=lambda size: size["Rss"])
    cell = f"{sum(size['Pss'] for size in sizes):,.0f} MB in all; the largest alone {own['Rss']:,.0f} MB"
    figures.add(ALL, f"memory of the web processes ({len(sizes)}), shared pages once", cell)


def rollup(pid: int) -> dict[str, float]:
    """Return the megabytes of a process by kind, such as Rss and Pss; empty if the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    return {name.rstrip(":"): int(value) / 1024 for name, value, *_ in map(str.split, lines)}


def change(running: Served, settings: Settings, figures: Figures) -> None:
    """Change an article three times, and wait each time until a search finds it by its new word."""
    article = max(settings.articles.rglob("*.md"))
    took = []
    for word in ("quokkafrotz", "wombatzig", "numbatkle"):
        time.sleep(AUTHOR)
        article.write_text(article.read_text(encoding="utf-8") + f"\nThe {word} is new.\n", encoding="utf-8")
        took.append(_until_found(running, word, seconds=PATIENCE))
    row = "one changed article, from the author's save until a search finds it (median of three)"
    figures.add(ALL, row, f"{sorted(took)[1]:.1f} s")


def first_minute(text: corpus.Text, folder: Path) -> float:
    """Return the seconds from `kb serve` without an index to an answer by words, over 1,600 articles of 600 words."""
    corpus.write(text, folder / "articles", articles=FIRST)
    began = time.perf_counter()
    with served(folder / "articles", folder / "var", patience=PATIENCE) as running:
        _until_found(running, "account", seconds=120)
        return time.perf_counter() - began


def _until_found(running: Served, word: str, *, seconds: float) -> float:
    began = time.perf_counter()
    end = time.monotonic() + seconds
    while not _finds(running, word):
        assert time.monotonic() < end, f"{word} was not found in {seconds:.0f} seconds"
        time.sleep(PAUSE)
    return time.perf_counter() - began


def _finds(running: Served, word: str) -> bool:
    status, answer = running.get(f"/api/v1/search?lang=en&q={word}")
    found: Any = json.loads(answer) if status == 200 else {}
    return bool(found.get("hits")) and found["stage"] == "all"


def articles_of(settings: Settings) -> Sequence[tuple[str, str]]:
    """Return the title and text of every article, the input of the other engines."""
    return [_document(path) for path in sorted(settings.articles.rglob("*.md"))]


def _document(path: Path) -> tuple[str, str]:
    head, _, body = path.read_text(encoding="utf-8").removeprefix("---\n").partition("\n---\n")
    return head.removeprefix("title: ").strip('"'), body
