"""The counters that operators read at `/metrics` and in `kb doctor`.

Each process counts in its own memory-mapped files, and reading adds up the files of all processes of one `kb serve`,
which empties the folder when it starts and removes it when it ends. The files are in memory (`Settings.metrics`),
because a mapped file on a full disk would kill the process. Outside `kb serve` a process counts only for itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

disable_created_metrics()  # type: ignore[no-untyped-call]

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the variable that names the folder to prometheus_client
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Histogram(
    "shortstop_request_seconds", "Requests and their duration in seconds.", ["route", "status"], buckets=SECONDS
)
SEARCHES = Counter("shortstop_searches", "Searches by stage and degradation.", ["stage", "degraded"])
OFFERS = Counter("shortstop_offers", "Offers: shown, abstained, or withheld from the control group.", ["result"])
EVENTS = Counter("shortstop_events", "Events accepted.")
EVENTS_DROPPED = Counter("shortstop_events_dropped", "Events lost because nothing could be saved.")
TICKETS = Counter("shortstop_tickets", "Tickets accepted.", ["channel"])
DEGRADED = Counter("shortstop_degraded", "Degraded answers, by reason.", ["reason"])
WRITER_QUEUE = Gauge("shortstop_writer_queue", "Calls in the writer's last commit.", multiprocess_mode="mostrecent")
DUTY_FAILURES = Gauge(
    "shortstop_duty_failures", "Failures in a row of each duty.", ["duty"], multiprocess_mode="mostrecent"
)


Samples = Iterable[tuple[tuple[str, ...], float]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that is computed on request: its name, its description, and a value for each set of labels."""

    name: str
    doc: str
    labels: tuple[str, ...]
    samples: Samples


def text(readings: Iterable[Reading]) -> bytes:
    """Return the counters of all processes and `readings` in the Prometheus text format."""
    folder = os.environ.get(FOLDER)
    return generate_latest(_counted(Path(folder)) if folder else REGISTRY) + generate_latest(_Read(readings))


def degradations(folder: Path) -> dict[str, int]:
    """Return the number of degraded answers by reason, from the counters in `folder`."""
    metrics = _counted(folder).collect() if _is_ours(folder) else ()
    samples = [sample for metric in metrics if metric.name == "shortstop_degraded" for sample in metric.samples]
    return {s.labels["reason"]: int(s.value) for s in samples if s.name.endswith("_total")}


def failing(folder: Path) -> dict[str, int]:
    """Return the failures in a row of each duty of the background process that is failing."""
    metrics = _counted(folder).collect() if _is_ours(folder) else ()
    samples = [sample for metric in metrics if metric.name == "shortstop_duty_failures" for sample in metric.samples]
    return {s.labels["duty"]: int(s.value) for s in samples if s.value > 0}


def emptied(folder: Path) -> dict[str, str]:
    """Remove the counters of an earlier run, and return the environment variables that make processes count there.

    If the folder cannot be created or belongs to another user, each process counts only for itself.
    """
    if environ := kept(folder):
        with suppress(OSError):
            for path in folder.glob("*.db"):
                path.unlink()
    return environ


def kept(folder: Path) -> dict[str, str]:
    """Return the environment variables that make processes go on with the counters in `folder`."""
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_ours(folder):
            return {FOLDER: str(folder.absolute())}
    return {}


def _is_ours(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.getuid()


def _counted(folder: Path) -> CollectorRegistry:
    found = CollectorRegistry()
    MultiProcessCollector(found, path=str(folder))  # type: ignore[no-untyped-call]
    return found


class _Read(CollectorRegistry):
    """A registry of readings."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        super().__init__()
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        """Return a gauge for each reading."""
        for reading in self._readings:
            gauge = GaugeMetricFamily(reading.name, reading.doc, labels=reading.labels)
            for labels, value in reading.samples:
                gauge.add_metric(labels, value)
            yield gauge
