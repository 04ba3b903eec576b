"""An article as a row of the snapshot, and a row as what the site says of an article."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from kb.article import Article
from kb.library import Library
from kb.links import normal
from kb.parts import Rendered, to_row

COLUMNS = (
    "id, lang, title, summary, category, address, revision, updated, owner, review_every, verified, audience, offers, "
    "status, path, queries, ord, replaced_by, outdated"
)
_PLAIN = ("id", "lang", "title", "summary", "category", "address", "revision", "owner", "path")
_DERIVED = ("place", "updated", "verified", "audience", "queries", "status", "replaced_by", "html", "headings", "page")
TYPES: dict[str, Any] = dict.fromkeys(_PLAIN + _DERIVED, str) | dict.fromkeys(
    ("review_every", "offers", "ord", "outdated"), int
)
CATEGORY_TYPES: dict[str, Any] = {"name": str, "lang": str, "title": str, "ord": int, "summary": str, "offers": int}


@dataclass(frozen=True, slots=True)
class Entry:
    """What the site says of an article besides its text."""

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
    replaced_by: str  # the address to go on to from what is gone, or nothing
    outdated: bool = False  # a translation whose original says something else since


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of an article, for its table of contents."""

    anchor: str
    heading: str
    level: int


def of_articles(
    library: Library,
    rendered: Mapping[tuple[str, str], Rendered],
    *,
    now: datetime,
    kept: Collection[tuple[str, str]] = (),
) -> Iterator[dict[str, Any]]:
    """Yield a row for each article that visitors may see at `now`, or could once; without its page if that is kept."""
    silent = {(category.name, category.lang) for category in library.categories if not category.offers}
    for article in library.published(now):
        if (article.id, article.lang) in kept:
            yield _row(article, library, silent) | {"status": "published"}
        elif page := rendered.get((article.id, article.lang)):
            whole = json.dumps(to_row(page), ensure_ascii=False, separators=(",", ":"))
            headings = json.dumps([[part.anchor, part.heading, part.level] for part in page.sections if part.anchor])
            row = _row(article, library, silent)
            yield row | {"status": "published", "html": page.html, "headings": headings, "page": whole}
    for article in library.gone(now):
        yield _row(article, library, silent) | {"status": "gone", "html": "", "headings": "[]", "page": "{}"}


def _row(article: Article, library: Library, silent: Collection[tuple[str, str]]) -> dict[str, Any]:
    return {
        **{name: getattr(article, name) for name in _PLAIN},
        "place": normal(article.address),
        "updated": article.updated.isoformat() if article.updated else None,
        "review_every": article.review_every,
        "verified": article.verified.isoformat() if article.verified else None,
        "audience": json.dumps(article.audience),
        "queries": json.dumps(article.queries),
        "offers": int((article.category, article.lang) not in silent),
        "ord": article.order,
        "replaced_by": library.way_on(article),
        "outdated": int(article.outdated),
    }


def of_categories(library: Library) -> Iterator[dict[str, Any]]:
    """Yield a row for each category in each of its languages."""
    for category in library.categories:
        names = ("name", "lang", "title", "summary")
        row = {name: getattr(category, name) for name in names}
        yield row | {"ord": category.order, "offers": int(category.offers)}


def entry(row: tuple[Any, ...]) -> Entry:
    """Return the article of a row of COLUMNS."""
    (id, lang, title, summary, category, address, revision, updated, owner, review_every, verified, *rest) = row
    audience, offers, status, path, queries, order, replaced_by, late = rest
    return Entry(
        id=id,
        lang=lang,
        title=title,
        summary=summary,
        category=category,
        address=address,
        revision=revision,
        updated=datetime.fromisoformat(updated).astimezone(UTC) if updated else None,
        owner=owner,
        review_every=review_every,
        verified=date.fromisoformat(verified) if verified else None,
        audience=tuple(json.loads(audience)),
        offers=bool(offers),
        status=status,
        path=path,
        queries=tuple(json.loads(queries)),
        order=order,
        replaced_by=replaced_by,
        outdated=bool(late),
    )
