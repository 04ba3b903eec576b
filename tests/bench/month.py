"""Make a busy month of events from a seed, write it directly into the tables, and time the report on it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from deflect.store.clock import DAY, HOUR, MINUTE, SECOND, from_date
from deflect.store.database import Store

START = from_date("2026-10-01")
ARTICLES = tuple(f"topic-{n % 12}/article-{n}" for n in range(400))
WORDS = tuple("reset password code login invoice refund card label parcel printer address cancel plan team".split())
LANGS = ("en", "en", "en", "es")
BATCH = 20_000
OFFER = (
    '{"abstained": %s, "arm": "%s", "articles": ["%s"], "cards": ["%s"], '
    '"propensities": [1.0], "ranker": "x", "scores": [0.81]}'
)
EVENT = """
    INSERT INTO events (id, type, key, episode, article, rank, source, revision, at, received, data)
    VALUES (?, ?, ?, ?, ?, ?, ?, '0a1b2c3d', ?, ?, ?)
    """
TEXT = "INSERT INTO event_texts (event, text, received) VALUES (?, ?, ?)"
PERSON = "INSERT OR IGNORE INTO people (id, created) VALUES (?, ?)"
KEY = "INSERT OR IGNORE INTO keys (id, person, created) VALUES (?, ?, ?)"
EPISODE = """
    INSERT INTO episodes (id, person, arm, channels, page, lang, category, started, last)
    VALUES (?, ?, ?, '["web"]', 'https://shop.example/contact', ?, 'account', ?, ?)
    """

Batch = dict[str, list[tuple[Any, ...]]]


def main(events: int) -> None:
    """Print a table: the month's size on disk, and each part of the report timed in a separate process."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "shortstop.db"
        made, took = written(database, events)
        size = database.stat().st_size
        print("| A month | Figure |\n| --- | --- |")
        print(f"| events | {made:,} |\n| on disk | {size / 1e6:,.0f} MB, {size / made:.0f} bytes an event |")
        print(f"| written in | {took:.0f} s, straight into the tables |")
        for name in ("report", "report --by lang", "trends", "searches", "articles", "gaps"):
            done = subprocess.run(
                [sys.executable, "-m", "tests.bench.month", folder, name], capture_output=True, text=True, check=True
            )
            print(f"| {name} | {done.stdout.strip()} |", flush=True)


def written(database: Path, events: int, *, days: int = 30) -> tuple[int, float]:
    """Write a month of at least `events` events in order of time; return their number and the seconds taken."""
    began = time.monotonic()
    store, draw, made = Store.open(database), random.Random(1), 0
    db = store.connect().conn
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -1000000")
    batch: Batch = {sql: [] for sql in (PERSON, KEY, EPISODE, EVENT, TEXT)}
    step = days * DAY / (events / 3.6)  # a visit has about as many events
    people = max(10, events // 8)
    at = float(START)
    while made < events:
        at += draw.expovariate(1.0) * step
        before = len(batch[EVENT])
        visit(batch, draw, key=f"visitor:{draw.randrange(people):032x}", at=int(at))
        made += len(batch[EVENT]) - before
        if len(batch[EVENT]) > BATCH:
            flush(db, batch)
    flush(db, batch)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    store.close()
    return made, time.monotonic() - began


def flush(db: Any, batch: Batch) -> None:
    """Write the batch and empty it."""
    db.execute("BEGIN")
    for sql, rows in batch.items():
        db.executemany(sql, rows)
        rows.clear()
    db.execute("COMMIT")


def visit(batch: Batch, draw: random.Random, *, key: str, at: int) -> None:
    """Add one visit: seven in ten visitors search, two browse, one begins a message."""
    batch[PERSON].append((key, at))
    batch[KEY].append((key, key, at))
    kind = draw.random()
    if kind < 0.7:
        searched(batch, draw, key, at)
    elif kind < 0.9:
        opened(batch, draw, key, at, source="browse")
    else:
        wrote(batch, draw, key, at)


def searched(batch: Batch, draw: random.Random, key: str, at: int) -> None:
    """Add one to three searches and, for 65 % of visits, an opened article."""
    for n in range(draw.choice((1, 1, 1, 2, 3))):
        hits = 0 if draw.random() < 0.08 else draw.randint(1, 10)
        stage = "all" if hits else "none"
        data = f'{{"hits": {hits}, "lang": "{draw.choice(LANGS)}", "ranker": "hybrid-1", "stage": "{stage}"}}'
        id = event(batch, draw, "search", key, at + n * MINUTE, data=data)
        batch[TEXT].append((id, " ".join(draw.choices(WORDS, k=draw.randint(1, 4))), at + n * MINUTE))
    if draw.random() < 0.65:
        opened(batch, draw, key, at + 4 * MINUTE, source="search")


def opened(batch: Batch, draw: random.Random, key: str, at: int, *, source: str, episode: str | None = None) -> None:
    """Add an opened article; 70 % are also read, and 6 % get a vote."""
    about = {"article": draw.choice(ARTICLES), "source": source, "episode": episode}
    event(batch, draw, "follow", key, at, rank=draw.randint(1, 5), **about)
    if draw.random() < 0.7:
        event(batch, draw, "read", key, at + 20 * SECOND, **about)
    if draw.random() < 0.06:
        event(batch, draw, draw.choice(("helpful", "unhelpful")), key, at + MINUTE, **about)


def wrote(batch: Batch, draw: random.Random, key: str, at: int) -> None:
    """Add an episode: intent, offer, what the visitor did with it, and the outcome."""
    episode, arm = _id(draw), "control" if int(key[-6:], 16) % 10 == 0 else "treatment"
    batch[EPISODE].append((episode, key, arm, draw.choice(LANGS), at, at))
    intent = json.dumps({"arm": arm, "channels": ["web"], "device": draw.choice(("phone", "computer")), "holdout": 0.1})
    event(batch, draw, "intent", key, at, episode=episode, data=intent)
    abstained, article = draw.random() < 0.3, draw.choice(ARTICLES)
    data = OFFER % ("true" if abstained else "false", arm, article, article)
    id = event(batch, draw, "offer", key, at + SECOND, episode=episode, data=data)
    batch[TEXT].append((id, " ".join(draw.choices(WORDS, k=30)), at))
    ends = draw.random()
    if arm == "treatment" and not abstained:
        event(batch, draw, "shown", key, at + 2 * SECOND, episode=episode, article=article, rank=1)
        if draw.random() < 0.4:
            opened(batch, draw, key, at + MINUTE, source="offer", episode=episode)
            ends *= 0.7
    last = at + 5 * MINUTE
    if ends < 0.15:
        event(batch, draw, "solved", key, last, episode=episode, article=article)
    elif ends < 0.75:
        sent = json.dumps({"channel": "web", "ticket": "T" + episode[:9]})
        event(batch, draw, "sent", key, last, episode=episode, data=sent)
    else:
        event(batch, draw, "left", key, last, episode=episode)


def event(
    batch: Batch, draw: random.Random, type: str, key: str, at: int, *, data: str | None = None, **fields: Any
) -> str:
    """Add one event and return its id."""
    id = _id(draw)
    about = (fields.get("episode"), fields.get("article"), fields.get("rank"), fields.get("source"))
    batch[EVENT].append((id, type, key, *about, at, at, data))
    return id


def _id(draw: random.Random) -> str:
    h = f"{draw.getrandbits(128):032x}"
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def timed(folder: str, name: str) -> str:
    """Return the processor time and memory that one part of the report takes in this process."""
    from deflect.gaps import article_effects, unanswered
    from deflect.gaps.misses import misses
    from deflect.report import trends
    from deflect.report.report import material, report
    from kb.config import Settings

    settings = Settings(data=Path(folder), holdout=0.1)
    store, end = Store.open(settings.database), START + 31 * DAY
    now, began, base = end + 8 * DAY + HOUR, time.process_time(), _memory()
    period = {"start": START, "end": end}
    match name:
        case "report":
            report(store, settings, **period, now=now)
        case "report --by lang":
            report(store, settings, **period, now=now, by="lang")
        case "trends":
            trends.trend(material(store, **period, now=now), [], **period, holdout=0.1, connected=True)
        case "searches":
            misses(store, **period, limit=15)
        case "articles":
            article_effects.effects(store, **period, now=now)
        case "gaps":
            unanswered.find(store, None, **period, now=now)
    took = time.process_time() - began
    return f"{took:.1f} s of processor time, {_memory() - base:,.0f} MB more memory at most"


def _memory() -> float:
    """Return the peak resident megabytes of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    print(timed(*sys.argv[1:3]))
