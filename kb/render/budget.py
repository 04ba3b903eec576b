"""What rendering one article may cost: time of the processor, depth, and counts that no real article reaches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pymdownx.superfences import SuperFencesException  # type: ignore[import-untyped]

SECONDS = 2.0  # seconds of processor time for one article; the slowest of 400 real ones took 0.04
MAX_DEPTH = 60  # blocks in blocks; Python's own stack ends at a few hundred
MAX_FENCES = 2_000
MAX_UNCLOSED = 500
MAX_SIGNS = 2_000  # brackets and the like in one paragraph, which Python-Markdown takes the square of
_local = threading.local()


class TooMuch(SuperFencesException):  # type: ignore[misc]
    """Text whose rendering takes more time or nesting than an article may; superfences lets only its own kind pass."""


@contextmanager
def begun() -> Iterator[None]:
    """Give the text that is rendered inside its time, in this thread; nesting that Python cannot follow is TooMuch."""
    _local.deadline, _local.depth = time.thread_time() + SECONDS, 0
    try:
        yield
    except RecursionError:
        raise TooMuch("is nested too deep; make it flatter") from None


def check_time() -> None:
    """Raise TooMuch when the time of this thread's text is over."""
    if time.thread_time() > _local.deadline:
        raise TooMuch(f"takes more than {SECONDS:.0f} s to render; shorten it, or split it into several articles")


def timed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` with a look at the clock before each call."""

    def with_look(**named: Any) -> Any:
        check_time()
        return function(**named)

    return with_look


@contextmanager
def deeper() -> Iterator[None]:
    """Count one more block in blocks."""
    _local.depth += 1
    if _local.depth > MAX_DEPTH:
        raise TooMuch(f"is nested more than {MAX_DEPTH} deep; make it flatter")
    yield
    _local.depth -= 1


def check_signs(number: int) -> None:
    """Refuse a paragraph with so many of Markdown's signs."""
    if number > MAX_SIGNS:
        raise TooMuch(f"has over {MAX_SIGNS:,} of Markdown's signs in one paragraph; split it")


def check_counts(text: str) -> None:
    """Refuse what Python's own HTML parser and the highlighter would take minutes for."""
    if text.count("```") + text.count("~~~") > MAX_FENCES:
        raise TooMuch(f"has over {MAX_FENCES:,} code fences; split it into several articles")
    if text.count("<") - text.count(">") > MAX_UNCLOSED:
        raise TooMuch(f"has over {MAX_UNCLOSED:,} '<' that no '>' closes; write &lt; for the sign")
