"""Bundles: neighbouring articles share a file, so that a change writes a few small files and links all the others."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path

MOST = 64  # bundles of a generation, about: each is a few files that a process holds open
LEAST = 64  # articles of a bundle, about


@dataclass(frozen=True, slots=True)
class Bundle:
    """The articles from number `first` to `last`, without the last, all in one language."""

    name: str  # of its files; drawn from its first article, so that it stays when others come and go
    first: int
    last: int


def bundles(versions: Sequence[tuple[str, str]]) -> list[Bundle]:
    """Return the bundles of articles by (language, id), which come in order.

    An article begins a bundle by the hash of its own name: one more or less changes one bundle, or cuts or joins two.
    """
    size = LEAST
    while size * MOST < len(versions):
        size *= 2  # by powers of two: seldom, and each new beginning was one before
    hashes = [blake2b(f"{lang}/{id}".encode(), digest_size=8).digest() for lang, id in versions]
    starts = [
        number
        for number, (lang, _) in enumerate(versions)
        if number == 0 or lang != versions[number - 1][0] or int.from_bytes(hashes[number]) % size == 0
    ]
    return [Bundle(hashes[first].hex(), first, last) for first, last in pairwise([*starts, len(versions)])]


def link(source: Path, target: Path) -> None:
    """Give a file that is never written to again a second name, or copy it where the disk cannot."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
