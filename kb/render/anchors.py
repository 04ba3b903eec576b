"""Anchors: what a heading is linked by, each once on a page and none of the page's own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

PAGE_IDS = "kb-"  # ids of the site's own pages begin so; none of an article's may, lest a script finds that instead
_ANCHOR = re.compile(r"[\w][\w:.\-]{0,99}")


def slug(text: str) -> str:
    """Return the anchor of a heading: its words in lower case with hyphens, in any script.

    >>> slug("Can't sign in?"), slug("¿Qué es el IVA?"), slug("如何登录")
    ('cant-sign-in', 'qué-es-el-iva', '如何登录')
    """
    text = re.sub(r"[^\w\s-]", "", unicodedata.normalize("NFC", text)).strip().lower()
    return re.sub(r"[\s_-]+", "-", text).strip("-")[:80].rstrip("-")


def nearby(anchor: str, anchors: Collection[str]) -> str | None:
    """Return the anchor of `anchors` that another system's spelling of it means: `#w_Reset_it` is `reset-it`."""
    if anchor in anchors:
        return anchor
    wanted = _folded(anchor.removeprefix("w_"))
    return next((own for own in sorted(anchors) if _folded(own) == wanted), None)


def _folded(anchor: str) -> str:
    return re.sub(r"[\W_]", "", anchor).casefold()


class Anchors:
    """The anchors of one page as they are given out."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._used: set[str] = set()
        self._next: dict[str, int] = {}  # the next number behind an anchor that is there already

    def claim(self, anchor: str) -> str:
        """Return `anchor` if it may be an id of this page and is not one yet, else nothing."""
        folded = anchor.lower()
        if not _ANCHOR.fullmatch(anchor) or folded in self._used or folded.startswith(PAGE_IDS):
            return ""
        self._used.add(folded)
        self.names.add(anchor)
        return anchor

    def make(self, text: str) -> str:
        """Return a new anchor for a heading's text."""
        base = slug(text).removeprefix(PAGE_IDS) or "section"
        anchor, number = base, self._next.get(base, 1)
        while anchor.lower() in self._used:
            anchor, number = f"{base}-{number}", number + 1
        self._next[base] = number
        self._used.add(anchor.lower())
        self.names.add(anchor)
        return anchor
