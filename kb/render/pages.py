"""The pages of many articles: kept where nothing that they show has changed, rendered by all processors otherwise."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from kb.content.article import Article
from kb.content.links import Addresses
from kb.errors import BadArticle
from kb.render.parts import Rendered
from kb.render.render import render

MANY = 200  # fewer are rendered before other processes have started
MAX_PROCESSES = 8


def render_all(articles: Sequence[Article], *, addresses: Addresses) -> dict[tuple[str, str], Rendered]:
    """Return pages by (id, language); an article that cannot be rendered is left out, as `kb check` says of it."""
    many = len(articles) >= MANY and _processors() > 1
    found = _together(articles, addresses) if many else _one_by_one(articles, addresses)
    return {(article.id, article.lang): page for article, page in found if page is not None}


def still_right(articles: Sequence[Article], *, addresses: Addresses, kept: Mapping[str, Rendered]) -> set[str]:
    """Return the sources of the articles whose page in `kept` has links and images that lead where they led."""
    known = ((article, kept.get(article.source)) for article in articles)
    return {article.source for article, page in known if page is not None and _still_right(page, article, addresses)}


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


def _together(articles: Sequence[Article], addresses: Addresses) -> Iterator[tuple[Article, Rendered | None]]:
    """Yield the pages that this process and others render side by side.

    The others are started from nothing: a fork would copy the threads' locks of whoever calls, and
    multiprocessing's own processes would run his script again.
    """
    count = min(_processors(), MAX_PROCESSES)
    own, *parts = [articles[start::count] for start in range(count)]
    with ThreadPoolExecutor(len(parts)) as pool:
        others = [pool.submit(_elsewhere, part, addresses) for part in parts]
        yield from _one_by_one(own, addresses)
        for part, other in zip(parts, others, strict=True):
            yield from zip(part, other.result(), strict=True)


def _elsewhere(articles: Sequence[Article], addresses: Addresses) -> list[Rendered | None]:
    """Return the pages that another process renders; should it fail, this one does."""
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    task = pickle.dumps((articles, addresses))
    done = subprocess.run(
        [sys.executable, "-m", __name__], input=task, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ
    )
    if done.returncode:
        return [_page(article, addresses) for article in articles]
    return list(pickle.loads(done.stdout))


def main() -> None:
    """Render what comes in, as a process that `_elsewhere` started."""
    articles, addresses = pickle.load(sys.stdin.buffer)
    pickle.dump([_page(article, addresses) for article in articles], sys.stdout.buffer)


if __name__ == "__main__":
    main()
