"""Show the progress of long work: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

Report = Callable[[int, int], None]
WIDTH = 30
EVERY = 5.0  # seconds between plain lines


def reporter(label: str, *, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> Report:
    """Return a function of (done, total) that shows the progress of `label` on `stream` (standard error).

    A terminal gets a bar. Other streams get a line every five seconds and one at the end.
    """
    out = sys.stderr if stream is None else stream
    began = last = clock()

    def plain(done: int, total: int) -> None:
        nonlocal last
        if done < total and clock() - last < EVERY:
            return
        last = clock()
        print(f"{label}: {done:,} of {total:,}, {clock() - began:.0f} s", file=out, flush=True)

    def bar(done: int, total: int) -> None:
        nonlocal last
        if done < total and clock() - last < 0.1:
            return
        last = clock()
        filled = WIDTH * done // max(total, 1)
        end = "\n" if done >= total else ""
        line = f"\r{label} {'█' * filled}{'░' * (WIDTH - filled)} {done:,}/{total:,} {clock() - began:.0f} s"
        print(line, end=end, file=out, flush=True)

    return bar if out.isatty() else plain


def silent(done: int, total: int) -> None:
    """Report nothing."""
