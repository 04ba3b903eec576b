"""Read CSV from spreadsheets and other systems line by line, whatever separates its fields.

A quote that is opened and never closed would swallow the rest of the file. So its line is refused, and reading goes on
at the next line that is a whole record.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

LONGEST_FIELD = 10_000_000  # characters
MOST_LINES = 20_000  # of one record; more mean a quote that is never closed
DELIMITERS = ",;\t|"
SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # the first line that tells Excel the delimiter
QUOTED = re.compile(r'"[^"]*"')

Row = dict[str, str]
Refuse = Callable[[int, str], None]


def text_file(path: Path) -> TextIO:
    """Open a file as UTF-8, or as UTF-16 if it begins with that mark, as spreadsheets save "Unicode text"."""
    with path.open("rb") as file:
        mark = file.read(2)
    encoding = "utf-16" if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    return path.open(encoding=encoding, newline="")


def rows(path: Path, *, refuse: Refuse) -> Iterator[tuple[int, Row]]:
    """Yield (line, row) for the records of a file with a header; the names of the fields are in lower case.

    `refuse` is called with the line and the reason of each record that cannot be read.
    """
    csv.field_size_limit(LONGEST_FIELD)
    with text_file(path) as file:
        lines = _Lines(file)
        delimiter = _declared(lines)
        head = _first(lines, delimiter)
        if head is None:
            return
        delimiter, names = head
        yield from _records(lines, names, delimiter, refuse)


class _Lines:
    """The lines of a file, of which some can be given back to be read again."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self.number = 0  # of the line that was read last

    def read(self) -> str:
        """Return the next line, or "" at the end."""
        line = self._again.popleft() if self._again else self._file.readline()
        self.number += 1 if line else 0
        return line

    def give_back(self, lines: list[str]) -> None:
        """Return lines to the front."""
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)


def _declared(lines: _Lines) -> str | None:
    """Return the delimiter in a first line `sep=;`, or None without such a line."""
    line = lines.read()
    if declared := SEPARATOR.fullmatch(line):
        return "\t" if declared[1] == "\\" else declared[1]
    lines.give_back([line] if line else [])
    return None


def _first(lines: _Lines, delimiter: str | None) -> tuple[str, list[str]] | None:
    """Return the delimiter and the names in the first line that isn't empty, or None without one."""
    while line := lines.read():
        if line.strip():
            break
    else:
        return None
    bare = QUOTED.sub("", line)
    delimiter = delimiter or max(DELIMITERS, key=bare.count)
    lines.give_back([line])
    taken, fields = _one(lines, delimiter)
    if fields is None:
        fields = line.strip().split(delimiter)
        lines.give_back(taken[1:])
    return delimiter, [name_of(field) for field in fields]


def name_of(head: str) -> str:
    """Return a column's name as the readers know it.

    >>> name_of(" Created at (UTC)"), name_of("Requester-Email")
    ('created_at', 'requester_email')
    """
    return re.sub(r"[\s_-]+", "_", re.sub(r"\s*\((utc|gmt)\)$", "", head.strip().lower()))


def _records(lines: _Lines, names: list[str], delimiter: str, refuse: Refuse) -> Iterator[tuple[int, Row]]:
    while True:
        line = lines.number + 1
        taken, fields = _one(lines, delimiter)
        if not taken:
            return
        if fields is None:
            refuse(line, "a quote is opened and not closed in this line; close it, or double quotes inside a field")
            lines.give_back(taken[1:])
            _skip(lines, len(names), delimiter)
        elif len(fields) > len(names):
            refuse(line, "this line has more fields than the header")
        elif any(fields):
            yield line, {name: field for name, field in zip(names, fields, strict=False) if field}


def _one(lines: _Lines, delimiter: str) -> tuple[list[str], list[str] | None]:
    """Return the lines of the next record and its fields, or None for the fields if a quote is not closed."""
    taken: list[str] = []

    def feed() -> Iterator[str]:
        while len(taken) < MOST_LINES and (line := lines.read()):
            taken.append(line)
            yield line

    try:
        return taken, next(csv.reader(feed(), delimiter=delimiter, strict=True), [])
    except csv.Error:
        whole = _alone(taken[0], delimiter, strict=False) if taken[0].count('"') % 2 == 0 else None
        lines.give_back(taken[1:] if whole else [])
        return (taken[:1], whole) if whole else (taken, None)


def _alone(line: str, delimiter: str, *, strict: bool = True) -> list[str] | None:
    """Return the fields of a line that is a whole record, or None."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=strict), [])
    except csv.Error:
        return None


def _skip(lines: _Lines, width: int, delimiter: str) -> None:
    """Skip the lines up to the next one that is a whole record: those before it belong to the open quote."""
    while line := lines.read():
        fields = _alone(line, delimiter)
        if fields is not None and len(fields) == width:
            lines.give_back([line])
            return
