"""The pages of many articles: kept where nothing that they show has changed, rendered by all processors otherwise."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from multiprocessing import get_context
from typing import Any

from kb.article import Article
from kb.errors import BadArticle
from kb.links import Addresses
from kb.outline import Image, Link, Section
from kb.render import Rendered, render

MANY = 200  # fewer are rendered before other processes have started
BATCH = 25

_of_process: list[Addresses] = []  # in a process of the pool: what its articles link to


def key(article: Article) -> str:
    """Return the name under which an article's page is kept."""
    return f"{article.revision} {article.path}"


def render_all(
    articles: Sequence[Article], *, addresses: Addresses, kept: Mapping[str, Rendered] | None = None
) -> dict[tuple[str, str], Rendered]:
    """Return pages by (id, language); an article that cannot be rendered is left out, as `kb check` says of it.

    A page of `kept` is taken where its links and images still lead to the same addresses.
    """
    pages: dict[tuple[str, str], Rendered] = {}
    fresh = []
    for article in articles:
        page = (kept or {}).get(key(article))
        if page is not None and _still_right(page, article, addresses):
            pages[article.id, article.lang] = page
        else:
            fresh.append(article)
    found = _together(fresh, addresses) if len(fresh) >= MANY and _processors() > 1 else _one_by_one(fresh, addresses)
    pages |= {(article.id, article.lang): page for article, page in found if page is not None}
    return pages


def _still_right(page: Rendered, article: Article, addresses: Addresses) -> bool:
    written = {link.target: (link.kind, link.href) for link in page.links}
    written |= {image.target: (image.kind, image.src) for image in page.images}
    for target, leads in written.items():
        now = addresses.resolve(target, article=article)
        if (now.kind, now.href) != leads:
            return False
    return True


def _processors() -> int:
    return len(os.sched_getaffinity(0))


def _one_by_one(articles: Sequence[Article], addresses: Addresses) -> Iterator[tuple[Article, Rendered | None]]:
    for article in articles:
        yield article, _page(article, addresses)


def _page(article: Article, addresses: Addresses) -> Rendered | None:
    try:
        return render(article, addresses=addresses)
    except BadArticle:
        return None


def _together(articles: Sequence[Article], addresses: Addresses) -> list[tuple[Article, Rendered | None]]:
    """Return the pages that a pool of processes renders; where there can be no pool, this process does.

    Spawned, not forked: whoever calls may have threads.
    """
    try:
        with ProcessPoolExecutor(
            max_workers=min(_processors(), 8),
            mp_context=get_context("spawn"),
            initializer=_begin,
            initargs=(addresses,),
        ) as pool:
            return list(zip(articles, pool.map(_in_process, articles, chunksize=BATCH), strict=True))
    except (OSError, BrokenProcessPool):
        return list(_one_by_one(articles, addresses))


def _begin(addresses: Addresses) -> None:
    _of_process.append(addresses)


def _in_process(article: Article) -> Rendered | None:
    return _page(article, _of_process[0])


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
