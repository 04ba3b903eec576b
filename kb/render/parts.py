"""The parts of an article's page: sections, links and images, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Section:
    """The part of an article under one heading; the first, with the anchor "", is what comes before any heading."""

    anchor: str
    heading: str
    path: tuple[str, ...]  # the headings above it below the title, and its own
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link as written, and where it leads."""

    target: str
    kind: str
    href: str
    article: str | None  # the path of the article it leads to
    anchor: str
    text: str
    line: int  # of the file


@dataclass(frozen=True, slots=True)
class Image:
    """An image as written, and where it is; `alt` is None where nothing is said."""

    target: str
    kind: str
    src: str
    alt: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a resolver says of a link or an image: as `kb.content.links.Target`, with the line it stands on."""

    kind: str
    href: str
    article: str | None
    anchor: str
    line: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """An article's page: HTML that a browser may be given as it is, and its parts."""

    html: str
    sections: tuple[Section, ...]
    links: tuple[Link, ...]
    images: tuple[Image, ...]
    anchors: frozenset[str]  # every id that a link may lead to
    lost: frozenset[str] = frozenset()  # elements that are not allowed and not shown


def to_row(page: Rendered) -> dict[str, Any]:
    """Return a page as JSON takes it, without its HTML."""
    return {
        "sections": [asdict(section) for section in page.sections],
        "links": [asdict(link) for link in page.links],
        "images": [asdict(image) for image in page.images],
        "anchors": sorted(page.anchors),
        "lost": sorted(page.lost),
    }


def of_row(html: str, row: Mapping[str, Any]) -> Rendered:
    """Return the page that `to_row` wrote."""
    return Rendered(
        html=html,
        sections=tuple(Section(**section | {"path": tuple(section["path"])}) for section in row["sections"]),
        links=tuple(Link(**link) for link in row["links"]),
        images=tuple(Image(**image) for image in row["images"]),
        anchors=frozenset(row["anchors"]),
        lost=frozenset(row["lost"]),
    )
