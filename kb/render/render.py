"""An article as a page: Markdown to HTML, sanitised, with its sections, links and images."""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping
from dataclasses import replace

from kb.content.article import Article
from kb.content.links import Addresses
from kb.errors import BadArticle
from kb.render import budget, dialect, sanitise, titles
from kb.render.outline import outline
from kb.render.parts import Found, Image, Link, Rendered, Section

__all__ = ["Image", "Link", "Rendered", "Section", "render"]


def render(article: Article, *, addresses: Mapping[str, str]) -> Rendered:
    """Return the page of `article`; `addresses` gives the address of each article and file by its path.

    Raises BadArticle for a text whose rendering would take more time or nesting than an article may.
    """
    try:
        html = titles.translate(dialect.convert(article.markdown), article.lang)
    except budget.TooMuch as error:
        raise BadArticle(article.path, article.body_line, f"the text {error}") from None
    if sanitise.too_deep(html):
        raise BadArticle(article.path, article.body_line, "the HTML is nested too deep; close what is open")
    resolver = _Resolver(article, Addresses.of(addresses))
    page = outline(sanitise.clean(html), title=article.title, resolve=resolver)
    return replace(page, lost=sanitise.lost(html))


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
