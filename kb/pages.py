"""The pages of many articles: kept where nothing that they show has changed, rendered by all processors otherwise."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from kb.article import Article
from kb.errors import BadArticle
from kb.links import Addresses
from kb.parts import Rendered
from kb.render import render

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

    Spawned, not forked: whoever calls may have threads. Imported here: a handful of articles needs no pool.
    """
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

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
