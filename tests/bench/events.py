"""Measure the log of events: its rate beside searches, losses when processes are killed, and a month of events.

`python -m tests.bench.events` prints a Markdown table of the first two, `--month` of the third.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from deflect.store.database import Store
from kb.config import Settings, default_articles
from tests.bench import month
from tests.support.served import Served, answers, descendants, served, until

OPEN = {"rate_offers": "0", "rate_events": "0", "rate_tickets": "0"}  # one generator acts for many addresses
WARM = 3.0  # seconds of load before the measurement
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Answered:
    """An answered request of the generator; `cut` counts its cut connections."""

    kind: str
    status: int
    ms: float
    cut: int
    id: str


def main() -> int:
    """Print the tables."""
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=float, default=20.0)
    options.add_argument("--rate", type=float, default=500.0, help="event requests a second")
    options.add_argument("--searches", type=float, default=20.0, help="searches a second")
    options.add_argument("--embedder", default="auto", help="none: searches by words")
    options.add_argument("--month", type=int, nargs="?", const=5_000_000, help="events of a month to report on instead")
    given = options.parse_args()
    if given.month:
        month.main(given.month)
        return 0
    print("| Run | Event requests accepted | Events, ms | Searches, ms | Processor | Acknowledged | Lost |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name, kill in (("undisturbed", False), ("with kill -9 of writer and web workers", True)):
            print(" | ".join(["|", name, *run(Path(folder) / name[:4], given, kill=kill), "|"]), flush=True)
    return 0


def run(folder: Path, given: argparse.Namespace, *, kill: bool) -> Iterator[str]:
    """Yield the cells of one run: rate, times, processor time, acknowledged events, and how many of those are lost."""
    folder.mkdir(parents=True)
    for name in ("models", "vectors") if given.embedder != "none" else ():  # made earlier by `kb index`
        if (made := Settings().data / name).is_dir():
            shutil.copytree(made, folder / name)
    with served(default_articles(), folder, embedder=given.embedder, **OPEN) as center:
        until(lambda: indexed(center), seconds=180)
        load(center, seconds=WARM, given=given, seed=1)
        before, began = used(center), time.monotonic()
        with killing(center) if kill else nullcontext():
            found = load(center, seconds=given.seconds, given=given, seed=2)
        spent = (used(center) - before) / (time.monotonic() - began)
        store = Store(folder / "shortstop.db")
        kept = {row["id"] for row in store.rows("SELECT id FROM events")}
        store.close()
    events = [one for one in found if one.kind == "event"]
    searches = [one for one in found if one.kind == "search"]
    accepted = [one for one in events if one.status == 202]
    yield f"{len(accepted) / given.seconds:,.0f} a second of {given.rate:,.0f}"
    yield shown([one.ms for one in events])
    yield shown([one.ms for one in searches])
    yield "not measured" if kill else f"{100 * spent:.0f} % of one core"
    yield f"{len(accepted):,}"
    yield f"{sum(one.id not in kept for one in accepted):,}"


def load(center: Served, *, seconds: float, given: argparse.Namespace, seed: int) -> list[Answered]:
    """Send load to the help center from a separate process, and return the answered requests."""
    port = center.url.rsplit(":", 1)[1]
    told = [str(value) for value in (port, seconds, given.rate, given.searches, seed)]
    command = [sys.executable, "-S", "-m", "tests.bench.generator", *told]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [Answered(*json.loads(line)) for line in done.stdout.splitlines()]


def indexed(center: Served) -> bool:
    """Return True if the index is complete, so that building it takes no processor time from the measurement."""
    time.sleep(0.2)
    return answers(center) and not any(b"index" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in alive(center))


def alive(center: Served) -> list[int]:
    """Return the processes of the help center."""
    return [pid for pid in descendants(center.process.pid) if Path(f"/proc/{pid}/cmdline").exists()]


def used(center: Served) -> float:
    """Return the seconds of processor time that the help center's processes have used."""
    total = 0
    for pid in [center.process.pid, *alive(center)]:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


@contextmanager
def killing(center: Served, *, every: float = 3.0) -> Iterator[None]:
    """Kill the background process and all web processes in turn while the block runs."""
    stop = threading.Event()

    def go_on() -> None:
        turn = 0
        while not stop.wait(every):
            for pid in center.children(("background", "web")[turn % 2]):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            turn += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def shown(times: Sequence[float]) -> str:
    """Return the median, 95 % and 99 % of times."""
    if not times:
        return "none"
    ordered = sorted(times)
    return " / ".join(f"{ordered[min(len(ordered) - 1, int(share * len(ordered)))]:.1f}" for share in (0.5, 0.95, 0.99))


if __name__ == "__main__":
    sys.exit(main())
