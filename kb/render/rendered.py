"""The rendered page of an article: HTML, sections, links and images."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kb.foreign.anchors import slug

PAGE_IDS = "kb-"  # prefix of ids on the site's own pages; an article's ids must not have it, or scripts would find them
_ANCHOR = re.compile(r"[\w][\w:.\-]{0,99}")


def nearby(anchor: str, anchors: Collection[str]) -> str | None:
    """Return the anchor in `anchors` that matches another system's spelling: `#w_Reset_it` is `reset-it`."""
    if anchor in anchors:
        return anchor
    wanted = _folded(anchor.removeprefix("w_"))
    return next((own for own in sorted(anchors) if _folded(own) == wanted), None)


def _folded(anchor: str) -> str:
    return re.sub(r"[\W_]", "", anchor).casefold()


class Anchors:
    """The anchors of one page, each used once."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._used: set[str] = set()
        self._next: dict[str, int] = {}  # the next number to append to an anchor that is taken

    def claim(self, anchor: str) -> str:
        """Return `anchor` and mark it as used if it is valid and free, else return ""."""
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


@dataclass(frozen=True, slots=True)
class Section:
    """The part of an article under one heading; the first, with the anchor "", is the text before any heading."""

    anchor: str
    heading: str
    path: tuple[str, ...]  # the headings above it, without the title, and its own
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link: its target as written, and the resolved target."""

    target: str
    kind: str
    href: str
    article: str | None  # the path of the target article
    anchor: str
    text: str
    line: int  # of the file


@dataclass(frozen=True, slots=True)
class Image:
    """An image: its target as written, and its address; `alt` is None if it has no such attribute."""

    target: str
    kind: str
    src: str
    alt: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """An article's page: sanitised HTML and its parts."""

    html: str
    sections: tuple[Section, ...]
    links: tuple[Link, ...]
    images: tuple[Image, ...]
    anchors: frozenset[str]  # every id on the page
    lost: frozenset[str] = frozenset()  # elements that are not allowed and not shown


def to_row(page: Rendered) -> dict[str, Any]:
    """Return a page as a JSON object, without its HTML."""
    row = asdict(page) | {"anchors": sorted(page.anchors), "lost": sorted(page.lost)}
    del row["html"]
    return row


def of_row(html: str, row: Mapping[str, Any]) -> Rendered:
    """Return the page from its HTML and the object of `to_row`."""
    return Rendered(
        html=html,
        sections=tuple(Section(**section | {"path": tuple(section["path"])}) for section in row["sections"]),
        links=tuple(Link(**link) for link in row["links"]),
        images=tuple(Image(**image) for image in row["images"]),
        anchors=frozenset(row["anchors"]),
        lost=frozenset(row["lost"]),
    )
