"""Measure memory growth: every few seconds during half an hour of visitors and changed articles.

`python -m tests.bench.growth --minutes 30` prints a Markdown table. It compares the end with the beginning, after the
caches have filled: the median of the last fifth of the samples with that of the first fifth.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from kb.config import Settings, default_articles
from tests.bench.crowd import rollup
from tests.bench.events import OPEN
from tests.bench.generator import QUESTIONS
from tests.support.served import Served, command, descendants, served, until

FULL = 0.2  # share of the time in which caches fill; it is not measured
EVERY = 3.0  # seconds between two samples
PAUSE = 0.05  # seconds between a visitor's requests
VISITORS = 4
CHANGES = 60.0  # seconds between two changes of an article; each one swaps the generation
PARTS = ("web", "background")
JSON = {"Content-Type": "application/json"}


@dataclass
class Weighed:
    """The measurements: megabytes of each part of the server by sample, answers by status, and changed articles."""

    sizes: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PARTS})
    answers: Counter[int] = field(default_factory=Counter)
    changes: int = 0


def main() -> int:
    """Print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=30.0)
    options.add_argument("--embedder", default="auto", help="none: searches by words")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seen = soak(Path(folder), minutes=given.minutes, embedder=given.embedder)
    print("\n".join(report(seen, minutes=given.minutes)))
    return 0


def soak(folder: Path, *, minutes: float, embedder: str) -> Weighed:
    """Serve a copy of our manual to visitors for `minutes`, and measure the memory of the processes."""
    articles, data, seen = folder / "articles", folder / "var", Weighed()
    shutil.copytree(default_articles(), articles)
    data.mkdir()
    for name in ("models", "vectors") if embedder != "none" else ():  # made earlier by `kb index`
        if (made := Settings().data / name).is_dir():
            shutil.copytree(made, data / name)
    with served(articles, data, "--watch", patience=300, embedder=embedder, **OPEN) as center:
        until(lambda: whole(center, embedder), seconds=600)
        began = time.monotonic()
        end, full = began + 60 * minutes, began + 60 * minutes * FULL
        with visitors(center, articles, seen):
            while time.monotonic() < end:
                time.sleep(min(EVERY, max(0.0, end - time.monotonic())))
                if time.monotonic() > full:
                    weigh(center, seen)
    return seen


def whole(center: Served, embedder: str) -> bool:
    """Return True if searches use vectors too, so that loading the first index does not count as growth."""
    time.sleep(0.5)
    status, answer = center.get("/api/v1/search?q=password")
    return status == 200 and (embedder == "none" or json.loads(answer)["degraded"] is None)


def weigh(center: Served, seen: Weighed) -> None:
    """Add up the memory of the processes of each part; shared pages count once."""
    found = dict.fromkeys(PARTS, 0.0)
    for pid in descendants(center.process.pid):
        part = next((name for name in PARTS if f"\0{name}\0" in command(pid)), None)
        if part:
            found[part] += rollup(pid).get("Pss", 0.0)
    for name, size in found.items():
        seen.sizes[name].append(size)


@contextmanager
def visitors(center: Served, articles: Path, seen: Weighed) -> Iterator[None]:
    """Run visitors, who send requests, and an author, who saves articles, while the block runs."""
    stop = threading.Event()
    threads = [threading.Thread(target=_visit, args=(center, n, stop, seen)) for n in range(VISITORS)]
    threads.append(threading.Thread(target=_save, args=(articles, stop, seen)))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _visit(center: Served, number: int, stop: threading.Event, seen: Weighed) -> None:
    """Send all kinds of a visitor's requests in random order until `stop` is set."""
    chance, connection = random.Random(number), http.client.HTTPConnection(center.url.removeprefix("http://"))
    while not stop.wait(PAUSE):
        method, path, body, headers = _request(chance)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        seen.answers[answer.status] += 1
    connection.close()


def _request(chance: random.Random) -> tuple[str, str, str | None, dict[str, str]]:
    words = f"{chance.choice(QUESTIONS)} {chance.choice(QUESTIONS)} {chance.randrange(100_000)}"
    visitor = f"v{chance.randrange(20_000)}"
    now = datetime.now(UTC).isoformat()
    event = {"id": str(uuid.uuid4()), "type": "read", "at": now, "article": "start/install", "source": "search"}
    ticket = {"subject": "Help", "body": words, "email": f"{visitor}@example.com"}
    gets = ("/en/", f"/en/search?q={quote(words)}", f"/api/v1/search?q={quote(words)}", "/en/articles/start/install",
            f"/api/v1/complete?q={quote(words[:12])}", "/en/contact", "/api/v1/articles/start/install")  # fmt: skip
    posts = (
        ("/api/v1/offers", {"visitor": visitor, "subject": words, "body": words, "page": "/", "lang": "en"}, {}),
        ("/api/v1/events", {"visitor": visitor, "events": [event]}, {}),
        ("/api/v1/tickets", ticket, {"Idempotency-Key": str(uuid.uuid4())}),
    )
    if chance.random() < 0.7:
        return "GET", chance.choice(gets), None, {}
    path, document, headers = chance.choice(posts)
    return "POST", path, json.dumps(document), JSON | headers


def _save(articles: Path, stop: threading.Event, seen: Weighed) -> None:
    """Save an article every CHANGES seconds, like its author."""
    article = articles / "start" / "install.md"
    text = article.read_text(encoding="utf-8")
    while not stop.wait(CHANGES):
        seen.changes += 1
        article.write_text(f"{text}\nChange {seen.changes}.\n", encoding="utf-8")


def report(seen: Weighed, *, minutes: float) -> Iterator[str]:
    """Yield the lines of the table: each part's memory at the beginning and at the end, and its growth."""
    several = ", ".join(f"{count:,} × {status}" for status, count in sorted(seen.answers.items()))
    yield f"{minutes:g} minutes, {several} answered, {seen.changes} changes of articles"
    yield ""
    yield "| Processes | Beginning, MB | End, MB | Growth |"
    yield "| --- | --- | --- | --- |"
    whole = [sum(sizes) for sizes in zip(*seen.sizes.values(), strict=True)]
    for name, sizes in {**seen.sizes, "all": whole}.items():
        first, last = ends(sizes)
        yield f"| {name} | {first:,.0f} | {last:,.0f} | {100 * (last / first - 1):+.1f} % |"


def ends(sizes: Sequence[float]) -> tuple[float, float]:
    """Return the medians of the first and the last fifth of `sizes`.

    >>> ends([100.0, 101.0, 99.0, 100.0, 100.0, 100.0, 104.0, 104.0, 105.0, 105.0])
    (100.5, 105.0)
    """
    fifth = max(1, len(sizes) // 5)
    return statistics.median(sizes[:fifth]), statistics.median(sizes[-fifth:])


if __name__ == "__main__":
    sys.exit(main())
