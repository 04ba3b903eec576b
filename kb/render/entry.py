"""Convert articles to rows of the snapshot, and rows to the entries that the site reads."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from html import unescape
from operator import attrgetter
from typing import Any
from urllib.parse import unquote

from kb.content.article import Article, Version
from kb.content.library import Library
from kb.content.links import normal
from kb.render.bundles import Place
from kb.render.rendered import Rendered

COLUMNS = (
    "id, lang, title, summary, category, address, revision, updated, owner, review_every, verified, audience, offers, "
    "status, path, queries, ord, replaced_by, outdated"
)
_PLAIN = ("id", "lang", "title", "summary", "category", "address", "revision", "owner", "path")
_PLAINLY = attrgetter(*_PLAIN)
_DERIVED = ("place", "updated", "verified", "audience", "queries", "status", "replaced_by", "headings", "files")
PLACE = ("bundle", "start", "html", "rest")  # the columns of an article's bundles.Place
TYPES: dict[str, Any] = dict.fromkeys((*_PLAIN, *_DERIVED, "bundle"), str) | dict.fromkeys(
    ("review_every", "offers", "ord", "outdated", *PLACE[1:]), int
)
_FILES = re.compile(r'="/files/([^"?#]+)')
CATEGORY_TYPES: dict[str, Any] = {"name": str, "lang": str, "title": str, "ord": int, "summary": str, "offers": int}


@dataclass(frozen=True, slots=True)
class Entry:
    """The metadata of an article that the site shows."""

    id: str
    lang: str
    title: str
    summary: str
    category: str
    address: str
    revision: str
    updated: datetime | None
    owner: str
    review_every: int | None
    verified: date | None
    audience: tuple[str, ...]
    offers: bool  # False where its category has `offers: none`
    status: str  # "published", or "gone"
    path: str
    queries: tuple[str, ...]
    order: int | None
    replaced_by: str  # the address to read instead of a gone article, or ""
    outdated: bool = False  # a translation whose original has changed since

    def is_for(self, audience: Collection[str]) -> bool:
        """Return True if somebody of this audience may see it."""
        return not self.audience or any(name in self.audience for name in audience)


_FIELDS = tuple(field.name for field in fields(Entry))  # in the order of COLUMNS


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of an article, for its table of contents."""

    anchor: str
    heading: str
    level: int


def of_articles(
    library: Library, rendered: Mapping[Version, Rendered], places: Mapping[Version, Place], *, now: datetime
) -> Iterator[dict[str, Any]]:
    """Yield a row for each article that is published at `now`, or was published before.

    `places` has the place of its page. A row has no headings and files if the article is not in `rendered`, because
    it has not changed.
    """
    silent = {(category.name, category.lang) for category in library.categories if not category.offers}
    for article in library.published(now):
        place, page = places.get(article.version), rendered.get(article.version)
        if place is None:
            continue
        where = {"bundle": place.bundle, "start": place.start, "html": place.html, "rest": place.rest}
        row = _row(article, library, silent) | where | {"status": "published"}
        if page is not None:
            headings = [[part.anchor, part.heading, part.level] for part in page.sections if part.anchor]
            row |= {"headings": json.dumps(headings), "files": json.dumps(_files(page.html))}
        yield row
    nowhere = {"bundle": "", "start": 0, "html": 0, "rest": 0, "headings": "[]", "files": "[]"}
    for article in library.gone(now):
        yield _row(article, library, silent) | nowhere | {"status": "gone"}


def _files(html: str) -> list[str]:
    """Return the files that a page uses, by path below the articles folder."""
    return sorted({unquote(unescape(name)) for name in _FILES.findall(html)})


def _row(article: Article, library: Library, silent: Collection[tuple[str, str]]) -> dict[str, Any]:
    return {
        **dict(zip(_PLAIN, _PLAINLY(article), strict=True)),
        "place": normal(article.address),
        "updated": article.updated.isoformat() if article.updated else None,
        "review_every": article.review_every,
        "verified": article.verified.isoformat() if article.verified else None,
        "audience": json.dumps(article.audience) if article.audience else "[]",
        "queries": json.dumps(article.queries) if article.queries else "[]",
        "offers": int((article.category, article.lang) not in silent),
        "ord": article.order,
        "replaced_by": library.way_on(article),
        "outdated": int(article.outdated),
    }


def of_categories(library: Library) -> Iterator[dict[str, Any]]:
    """Yield a row for each language version of a category."""
    for category in library.categories:
        names = ("name", "lang", "title", "summary")
        row = {name: getattr(category, name) for name in names}
        yield row | {"ord": category.order, "offers": int(category.offers)}


def entry(row: tuple[Any, ...]) -> Entry:
    """Return the entry in a row of COLUMNS."""
    values = dict(zip(_FIELDS, row, strict=True))
    values["updated"] = datetime.fromisoformat(values["updated"]).astimezone(UTC) if values["updated"] else None
    values["verified"] = date.fromisoformat(values["verified"]) if values["verified"] else None
    for name in ("audience", "queries"):
        values[name] = tuple(json.loads(values[name]))
    for name in ("offers", "outdated"):
        values[name] = bool(values[name])
    return Entry(**values)
