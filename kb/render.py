"""An article as a page: Markdown to HTML, sanitised, with its sections, links and images."""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping
from dataclasses import dataclass

from kb import dialect, sanitise
from kb.article import Article
from kb.errors import BadArticle
from kb.links import Addresses
from kb.outline import Found, Image, Link, Section, outline

__all__ = ["Image", "Link", "Rendered", "Section", "render"]


@dataclass(frozen=True, slots=True)
class Rendered:
    """An article's HTML, which a browser may be given as it is, and its parts."""

    html: str
    sections: tuple[Section, ...]
    links: tuple[Link, ...]
    images: tuple[Image, ...]
    anchors: frozenset[str]  # every id that a link may lead to
    lost: frozenset[str] = frozenset()  # elements that are not allowed and not shown


def render(article: Article, *, addresses: Mapping[str, str]) -> Rendered:
    """Return the page of `article`; `addresses` gives the address of each article and file by its path.

    Raises BadArticle for a text whose rendering would take more time or nesting than an article may.
    """
    try:
        html = dialect.convert(article.markdown)
    except dialect.TooMuch as error:
        raise BadArticle(article.path, article.body_line, f"the text {error}") from None
    if sanitise.too_deep(html):
        raise BadArticle(article.path, article.body_line, "the HTML is nested too deep; close what is open")
    page = outline(sanitise.clean(html), title=article.title, resolve=_Resolver(article, Addresses.of(addresses)))
    return Rendered(page.html, page.sections, page.links, page.images, page.anchors, sanitise.lost(html))


class _Resolver:
    """Says where a target leads and on which line of the file it stands, which Markdown does not tell."""

    def __init__(self, article: Article, addresses: Addresses) -> None:
        self.article = article
        self.addresses = addresses
        self.seen: dict[str, int] = {}  # where in the text a target was found last
        self.ends: list[int] = []  # where the text's lines end

    def __call__(self, target: str) -> Found:
        found = self.addresses.resolve(target, article=self.article)
        return Found(found.kind, found.href, found.article, found.anchor, self._line(target))

    def _line(self, target: str) -> int:
        text = self.article.markdown
        if not self.ends:
            self.ends = [match.start() for match in re.finditer("\n", text)] or [0]
        last = self.seen.get(target, -1)
        at = -2 if last == -2 or target.startswith("#fn") else text.find(target, last + 1)
        at = at if at >= 0 else last if last >= 0 else -2  # -2: it is not there, so that nobody looks again
        self.seen[target] = at
        return self.article.body_line + bisect.bisect_left(self.ends, max(at, 0))
