"""Limits on the time and the size of one article's text, for every Markdown renderer."""

from __future__ import annotations

import re
import threading
import time

SECONDS = 2.0  # seconds of processor time for one article; the slowest of 400 real ones took 0.04
MAX_DEPTH = 60  # nested blocks; Python's stack overflows at a few hundred
MAX_FENCES = 2_000
MAX_UNCLOSED = 500
MAX_CELLS = 20_000  # of one table; rows are filled up to the width of its head
MAX_REPEATED = 4_000_000  # characters in attributes: thousands of links may share one long reference
_DELIMITERS = re.compile(r"^[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$", re.MULTILINE)
_local = threading.local()


class TooMuch(Exception):
    """Text that exceeds the limits on time or nesting."""


def begin(text: str) -> None:
    """Start the clock of this thread's text; raise TooMuch if it would take minutes and memory to parse."""
    if text.count("```") + text.count("~~~") > MAX_FENCES:
        raise TooMuch(f"has over {MAX_FENCES:,} code fences; split it into several articles")
    if text.count("<") - text.count(">") > MAX_UNCLOSED:
        raise TooMuch(f"has over {MAX_UNCLOSED:,} '<' without '>'; write &lt; instead")
    if "|" in text:
        _check_tables(text)
    _local.deadline = time.thread_time() + SECONDS


def _check_tables(text: str) -> None:
    for match in _DELIMITERS.finditer(text):
        columns = match[0].count("|") + 1
        if columns * columns > MAX_CELLS:
            raise TooMuch(f"has a table of over {columns - 2:,} columns; split it into several tables")
        end = text.find("\n\n", match.end())
        rows = text.count("\n", match.end(), end if end >= 0 else len(text))
        if columns > 8 and columns * rows > MAX_CELLS:
            raise TooMuch(f"has a table of over {MAX_CELLS:,} cells; split it into several tables")


def check_time() -> None:
    """Raise TooMuch after the deadline of this thread's text."""
    if time.thread_time() > _local.deadline:
        raise TooMuch(f"takes more than {SECONDS:.0f} s to render; shorten it, or split it into several articles")


def check_repeated(length: int) -> None:
    """Raise TooMuch if the attributes of a page have more than MAX_REPEATED characters."""
    if length > MAX_REPEATED:
        raise TooMuch("repeats a long link or abbreviation too often; shorten it")


def too_deep() -> TooMuch:
    """Return the error for text that is nested deeper than MAX_DEPTH."""
    return TooMuch(f"is nested more than {MAX_DEPTH} levels deep; flatten it")
