"""Measure and tabulate times: processor time for single calls, clock time for a visitor's wait."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

WARM = 5  # questions before the measured ones


@dataclass
class Figures:
    """The figures of one size: the cells by table and row, and the 95 % times of the picture."""

    size: int
    cells: dict[tuple[str, str], str] = field(default_factory=dict)
    p95: dict[str, float] = field(default_factory=dict)

    def add(self, table: str, row: str, cell: str) -> None:
        """Set a cell."""
        self.cells[table, row] = cell

    def times(self, table: str, row: str, times: Sequence[float], more: str = "") -> None:
        """Set a cell to the summary of times in milliseconds."""
        self.p95[row] = p95(times)
        self.add(table, row, shown(times) + more)


def alone(asks: Mapping[str, Callable[[Any], Any]], questions: Sequence[Any]) -> dict[str, list[float]]:
    """Return the milliseconds of processor time that each of `asks` takes for each question, by turns.

    Processor time equals clock time on an idle machine, and other processes barely change it. Turns spread noise
    evenly.
    """
    for question in questions[:WARM]:
        for ask in asks.values():
            ask(question)
    times: dict[str, list[float]] = {name: [] for name in asks}
    for question in questions:
        for name, ask in asks.items():
            began = time.process_time()
            ask(question)
            times[name].append((time.process_time() - began) * 1000)
    return times


def processor(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return the result of `work` and its seconds of processor time."""
    began = time.process_time()
    done = work()
    return done, time.process_time() - began


def clock(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return the result of `work` and its seconds of clock time."""
    began = time.perf_counter()
    done = work()
    return done, time.perf_counter() - began


def p95(times: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return float(np.percentile(times, 95))


def shown(times: Sequence[float]) -> str:
    """Return the median, 95 % and 99 % of times."""
    return " / ".join(_short(float(np.percentile(times, p))) for p in (50, 95, 99))


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def table(name: str, measured: Sequence[Figures], *, first: str) -> str:
    """Return one table with a column for each size."""
    rows = list(dict.fromkeys(row for one in measured for of, row in one.cells if of == name))
    head = f"| {first} | " + " | ".join(f"{one.size:,} articles" for one in measured) + " |"
    lines = [f"| {row} | " + " | ".join(one.cells.get((name, row), "") for one in measured) + " |" for row in rows]
    return "\n".join([f"### {name}", "", head, "| --- |" + " --- |" * len(measured), *lines])


def machine() -> str:
    """Return the report's sentence about day, processor, cores, load and Python version."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "an unknown processor")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg()[:2])
    return (
        f"{datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores ({cpu}), Python {platform.python_version()}; "
        f"load average of the machine at the end: {load}"
    )
