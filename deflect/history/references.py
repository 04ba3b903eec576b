"""Which of our articles somebody meant: by id, by address, by an old address, or by a name in another system."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from kb.content.article import Article
from kb.content.library import Library

URL = re.compile(r"https?://[^\s<>\"')\]]+")
NUMBERED = re.compile(r"^\d+-")
HOPS = 10  # redirects that are followed; more are a circle


@dataclass(frozen=True, slots=True)
class References:
    """The names that articles go by."""

    ids: frozenset[str]
    paths: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, library: Library) -> References:
        """Return the names of a library's articles, its redirects and the last parts of its addresses."""
        articles = library.articles
        return cls(
            ids=frozenset(article.id for article in articles),
            paths={_path(article.address): article.id for article in articles},
            redirects={_path(old): new for old, new in library.redirects.items()},
            names=_names(articles),
        )

    def article(self, reference: str) -> str | None:
        """Return the id of the article that an id, address, file name or link means, or None."""
        reference = reference.strip()
        bare = reference.strip("/").removesuffix(".md")
        if bare in self.ids:
            return bare
        path = _path(reference)
        for _ in range(HOPS):
            if path in self.paths:
                return self.paths[path]
            if path not in self.redirects:
                break
            path = _path(self.redirects[path])
        return self.names.get(_slug(NUMBERED.sub("", path.rsplit("/", 1)[-1])))

    def linked(self, text: str) -> str | None:
        """Return the first of our articles that a text links to, or None."""
        found = (self.article(link.rstrip(".,;:!?")) for link in URL.findall(text))
        return next((article for article in found if article), None)


def _names(articles: Iterable[Article]) -> dict[str, str]:
    """Return the last part of each id and the title, as names, where they mean one article only."""
    pairs = {(_slug(name), a.id) for a in articles for name in (a.id.rsplit("/", 1)[-1], a.title)}
    counts = Counter(name for name, _ in pairs)
    return {name: id for name, id in sorted(pairs) if name and counts[name] == 1}


def _path(address: str) -> str:
    """Return an address as it is compared: without host, question, anchor, suffix and last slash."""
    path = unquote(urlsplit(address).path if "//" in address else address.split("?")[0].split("#")[0])
    return "/" + path.strip("/").removesuffix(".md").removesuffix(".html").lower()


def _slug(text: str) -> str:
    """Return a text as the last part of an address.

    >>> _slug("Reset your password!")
    'reset-your-password'
    """
    plain = unicodedata.normalize("NFKD", text.lower())
    return re.sub(r"[\W_]+", "-", "".join(c for c in plain if not unicodedata.combining(c))).strip("-")
