"""Notes on the parts of a file that were removed or ignored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """A part of a file that was removed or ignored; the library counts notes by `key`.

    An `error` keeps the article from being shown.
    """

    key: str
    line: int
    why: str
    error: bool = False
