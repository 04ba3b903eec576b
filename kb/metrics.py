"""The counters that operators read at `/metrics` and in `kb doctor`.

Each process counts in files of its own below `var/metrics`, which `kb serve` empties when it starts, so that all
processes of one `kb serve` are read as one. Outside `kb serve` a process counts in its memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, registry
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the variable that names the folder to prometheus_client
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Histogram("shortstop_request_seconds", "Requests and their time.", ["route", "status"], buckets=SECONDS)
SEARCHES = Counter("shortstop_searches", "Searches by stage and degradation.", ["stage", "degraded"])
OFFERS = Counter("shortstop_offers", "Offers: shown, abstained, or kept back as control.", ["result"])
EVENTS = Counter("shortstop_events", "Events accepted.")
TICKETS = Counter("shortstop_tickets", "Tickets accepted.", ["channel"])
DEGRADED = Counter("shortstop_degraded", "Answers that were less than they could be.", ["reason"])
WRITER_QUEUE = Gauge("shortstop_writer_queue", "Calls in the writer's last commit.", multiprocess_mode="mostrecent")


def collected(folder: Path) -> CollectorRegistry:
    """Return a registry of everything counted: by all processes where `folder` holds their files, or by this one."""
    if not folder.is_dir():
        return registry.REGISTRY
    found = CollectorRegistry()
    MultiProcessCollector(found, path=str(folder))  # type: ignore[no-untyped-call]
    return found


def emptied(folder: Path) -> Mapping[str, str]:
    """Remove the counts of an earlier run, and return the environment in which processes count in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.db"):
        path.unlink()
    return {FOLDER: str(folder.absolute())}


def counts(folder: Path) -> Iterator[tuple[str, int]]:
    """Return each reason for which answers were less than they could be, and how often."""
    for metric in collected(folder).collect():
        if metric.name == "shortstop_degraded":
            for sample in metric.samples:
                if sample.name.endswith("_total"):
                    yield sample.labels["reason"], int(sample.value)
