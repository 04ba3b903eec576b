"""Draw the manual's chart of latency by number of articles, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from deflect.report import charts

LINES = ("typing", "search", "suggest", "the bare encoder, a query", "the bare encoder, a message")


def write(path: Path, sizes: Sequence[int], p95: Mapping[str, Sequence[float]]) -> None:
    """Write the chart of 95 % times in milliseconds, with a point for each size."""
    path.write_bytes(charts.lines([f"{size:,}" for size in sizes], {name: p95[name] for name in LINES}))
