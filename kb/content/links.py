"""Resolve the targets of links and images in an article: articles, files, headings, or other sites."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from urllib.parse import quote, unquote, urljoin, urlsplit

from kb import languages
from kb.content.article import Article, identity
from kb.content.categories import way
from kb.foreign.generator import UNKNOWN, Generator
from kb.foreign.routes import WIKI, Routes, joined, route

Kind = Literal["article", "redirect", "file", "anchor", "outside", "page", "guessed", "missing"]

FILES = "/files/"
_SAFE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in "%?#\\")  # what addresses may hold as it is
# The site's own pages below a language, and at the top; links to them are valid without an article.
PAGES = frozenset({"", "search", "contact", "categories"})
TOP_PAGES = frozenset({"", "admin", "healthz", "livez", "metrics", "readyz", "sitemap.xml", "robots.txt"})
RESERVED = frozenset(
    {
        "admin",
        "api",
        "static",
        "files",
        "widget",
        "healthz",
        "livez",
        "metrics",
        "readyz",
        "sitemap.xml",
        "robots.txt",
        "llms.txt",
    }
)
# Folders that other help centers put before an article's name in its address.
_HOUSES = frozenset({"kb", "help", "docs", "doc", "article", "articles", "hc", "support", "faq", "guide", "guides"})


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a link: its address, and the path of the article if it is one of the library."""

    kind: Kind
    href: str
    article: str | None = None
    anchor: str = ""


def normal(path: str) -> str:
    """Return a local address in normal form: unquoted, without a slash at the end and without a query.

    >>> normal("/old/r%C3%A9set.html/?x=1")
    '/old/réset.html'
    """
    if "%" in path or "?" in path or "#" in path:  # skips the slow calls for most addresses
        path = unquote(path.split("?")[0].split("#")[0])
    return path.rstrip("/") or "/"


def is_ours(path: str) -> bool:
    """Return True if this address is reserved for the help center's own pages, so that no article can use it."""
    first, *rest = normal(path).strip("/").split("/")
    if first in RESERVED or not first:
        return True
    return languages.normalise(first) == first and (not rest or rest[0] in ("search", "contact", "categories"))


def _page(place: str, languages: Collection[str], lang: str) -> str:
    """Return the address of the help center's own page at `place`, or ""; `/contact/` is the form in `lang`."""
    first, *rest = place.strip("/").split("/")
    if first in languages and (rest or [""])[0] in PAGES:
        return place if rest else f"/{first}/"
    if first in TOP_PAGES:
        return place
    return f"/{lang}/{first}" if first in ("contact", "search") and not rest else ""


def _places(article: Article) -> list[str]:
    """Return the paths under which another system may have shown an article."""
    own = article.address.removeprefix(f"/{article.lang}/articles/")
    folder = posixpath.dirname(article.id)
    return [article.id, own, *(posixpath.normpath(posixpath.join("/", folder, path)) for path in article.routes)]


class Addresses(Mapping[str, str]):
    """The addresses of the articles and files of a library, by path below the folder."""

    def __init__(
        self,
        articles: Iterable[Article] = (),
        *,
        files: Iterable[str] = (),
        redirects: Mapping[str, str] | None = None,
        default_lang: str = "en",
        generator: Generator = UNKNOWN,
    ) -> None:
        self.default_lang = default_lang
        self.languages = {default_lang}
        self.generator = generator
        self._routes, self._files, self._topics = Routes(generator), Routes(generator), Routes(generator)
        self._address: dict[str, str] = {path: FILES + quote(path, safe=_SAFE) for path in files}
        for path in self._address:
            self._files.add(path, [path])
        self._path_at: dict[str, str] = {}
        self._versions: dict[str, dict[str, str]] = defaultdict(dict)  # id -> language -> path
        self._named: dict[str, set[str]] = defaultdict(set)  # last part of an id or address -> ids
        self._redirects = redirects or {}
        for article in articles:
            self._add(article.path, article.id, article.lang, article.address)
            self._routes.add(article.id, _places(article))
            for topic in way(article.category):
                self._topics.add(topic, [topic])

    @classmethod
    def of(cls, mapping: Mapping[str, str], *, default_lang: str = "en") -> Addresses:
        """Return the Addresses of `mapping`, from path to address."""
        if isinstance(mapping, Addresses):
            return mapping
        addresses = cls(default_lang=default_lang)
        for path, address in mapping.items():
            if address.startswith(FILES):
                addresses._address[path] = address
                addresses._files.add(path, [path])
            else:
                version = identity(path, default_lang=default_lang)
                addresses._add(path, *version, address)
                addresses._routes.add(version.id, [version.id])
        return addresses

    def _add(self, path: str, id: str, lang: str, address: str) -> None:
        self.languages.add(lang)
        self._address[path] = address
        self._path_at.setdefault(normal(address), path)
        self._versions[id].setdefault(lang, path)
        for name in {posixpath.basename(id), posixpath.basename(normal(address))}:
            self._named[name].add(id)

    def __getitem__(self, path: str) -> str:
        return self._address[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._address)

    def __len__(self) -> int:
        return len(self._address)

    @cached_property
    def fingerprint(self) -> str:
        """A hash that changes when the target of any link may have changed."""
        parts = [self.default_lang, list(self._address.items()), list(self._versions.items()), dict(self._redirects)]
        parts += [repr(self.generator), self._routes.words(), self._topics.words()]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    def leads_somewhere(self, address: str) -> bool:
        """Return True if an address belongs to an article, a file, or one of the help center's own pages."""
        place = normal(address)
        known = place in self._path_at or place.removeprefix(FILES) in self._address
        return known or bool(_page(place, self.languages, self.default_lang))

    def resolve(self, target: str, *, article: Article) -> Target:
        """Return the target of a link, as written in `article`."""
        if not target.strip():
            return Target("missing", "")
        try:
            parts = urlsplit(target.strip())
        except ValueError:
            return Target("missing", "")
        anchor = unquote(parts.fragment)
        if parts.scheme or parts.netloc:
            found = self._of_own_site(parts.netloc, unquote(parts.path), article)
            if found is None:
                return Target("outside", target.strip(), anchor=parts.fragment)
        elif not parts.path:
            return Target("anchor", f"#{parts.fragment}", article.path, anchor)
        else:
            path = unquote(parts.path)
            found = self._absolute(path, article) if path.startswith("/") else self._relative(path, article)
        fragment = parts.fragment.removeprefix("w_") if found.kind == "guessed" else parts.fragment
        tail = (f"?{parts.query}" if parts.query else "") + (f"#{fragment}" if fragment else "")
        href = quote(found.href, safe="/:?#[]@!$&'()*+,;=%~") + tail if found.href else ""
        return Target(found.kind, href, found.article, anchor)

    def _of_own_site(self, host: str, path: str, article: Article) -> Target | None:
        """Return the article at a whole address of the site that the articles come from."""
        if host.lower() not in self.generator.hosts or not route(path):
            return None
        return self._by_route(route(path), article)

    def _absolute(self, path: str, article: Article) -> Target:
        if path.startswith(WIKI):
            return self._by_name(path.removeprefix(WIKI), article)
        place = normal(path)
        if at := self._path_at.get(place):
            return Target("article", self._address[at], at)
        if to := self._redirects.get(place):
            return Target("redirect", to, self._path_at.get(normal(to)))
        for below in (place.removeprefix(FILES).lstrip("/"), place.lstrip("/")):
            if below in self._address and not self._is_article(below):
                return Target("file", self._address[below])
        if own := _page(place, self.languages, article.lang):
            return Target("page", own)
        return self._elsewhere(route(path), article) or self._guess(place, article) or Target("missing", path)

    def _elsewhere(self, words: tuple[str, ...], article: Article) -> Target | None:
        return self._by_route(words, article) or self._file_by_route(words, article) or self._topic_page(words, article)

    def _topic_page(self, words: tuple[str, ...] | None, article: Article) -> Target | None:
        """Return the page of the category at a route, since a folder without a page of its own has that one."""
        found = self._topics.whole(words, near=article.id, known=self.languages) if words else None
        return Target("page", f"/{found[1] or article.lang}/categories/{found[0]}") if found else None

    def _by_route(self, words: tuple[str, ...], article: Article) -> Target | None:
        found = self._routes.find(words, near=article.id, known=self.languages)
        return self._version(found[0], found[1] or article.lang) if found else None

    def _file_by_route(self, words: tuple[str, ...], article: Article) -> Target | None:
        found = self._files.find(words, near=article.path, known=self.languages)
        return Target("file", self._address[found[0]]) if found else None

    def _by_name(self, name: str, article: Article) -> Target:
        """Return the article or file of a wiki's link: beside this article, else the only or nearest of that name."""
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(article.path), name))
        if found := self._at(beside, article):
            return found
        words = route(posixpath.normpath("/" + name))
        if (path := self._files.named(words, near=article.path)) is not None:
            return Target("file", self._address[path])
        if (id := self._routes.named(words, near=article.id)) is not None:
            return self._version(id, article.lang) or Target("missing", "")
        return Target("missing", "")

    def _relative(self, path: str, article: Article) -> Target:
        place = posixpath.normpath(posixpath.join(posixpath.dirname(article.path), path))
        by_file = self._at(place, article)
        named = path.lower().endswith((".md", ".mdx", ".markdown"))
        if by_file and (by_file.kind == "file" or not self.generator.by_address):
            return by_file
        found = by_file if by_file and named else self._beside(path, article) or by_file
        found = found or self._from_top(path, article)
        return found or Target("missing", "" if place.startswith("..") else urljoin(article.address, path))

    def _at(self, place: str, article: Article) -> Target | None:
        """Return the file or article at a path below the folder."""
        if place in self._address and not self._is_article(place):
            return Target("file", self._address[place])
        return None if place.startswith("..") else self._version(place, article.lang)

    def _from_top(self, path: str, article: Article) -> Target | None:
        """Return what a relative link means from the top of the articles, as Docusaurus reads it, or a wiki."""
        if path.startswith("@site/"):
            return self._elsewhere(route(path.removeprefix("@site/")), article)
        if self.generator.name == "obsidian":
            return self._by_name(path, article)
        words = () if path.startswith("..") else route(posixpath.normpath("/" + path))
        if not words or (len(words) == 1 and self.generator.name != "docusaurus"):
            return None
        found = self._routes.whole(words, near=article.id, known=self.languages)
        if found is not None:
            return self._version(found[0], found[1] or article.lang)
        file = self._files.whole(words, near=article.path, known=())
        return Target("file", self._address[file[0]]) if file else None

    def _is_article(self, path: str) -> bool:
        return not self._address[path].startswith(FILES)

    def _version(self, place: str, lang: str) -> Target | None:
        """Return the article at a path that may lack suffix and language, preferably in `lang`."""
        for name in (place, f"{place}/index", f"{place}/README"):
            stem = name.removesuffix(".html").removesuffix(".mdx").removesuffix(".md")
            id, said = identity(stem + ".md", default_lang="")
            versions = self._versions.get(id) or self._versions.get(stem)
            if versions:
                order = (said, lang, self.default_lang, min(versions))
                path = next(versions[code] for code in order if code in versions)
                return Target("article", self._address[path], path)
        return None

    def _beside(self, path: str, article: Article) -> Target | None:
        """Return the article at `path` relative to the article's address, as a browser reads it.

        Whether that address ends in a slash is the other system's setting; if it is unknown, both are tried.
        """
        own = route(article.address)[2:] if article.address.startswith(f"/{article.lang}/articles/") else ()
        own = own or route(article.id)
        is_index = posixpath.basename(article.id).casefold() in ("index", "readme")
        with_slash = [own, own[:-1]] if self.generator.slash or is_index else [own[:-1], own]
        at = self._path_at.get(normal(urljoin(article.address, path)))
        if at and not self.generator.slash:
            return Target("article", self._address[at], at)
        for base in with_slash:
            words = joined(base, path)
            if words is None:
                continue
            if (id := self._routes.at(words, near=article.id)) is not None:
                return self._version(id, article.lang)
            if words and (file := self._files.at(words, near=article.path)) is not None:
                return Target("file", self._address[file])
        return next((page for base in with_slash if (page := self._topic_page(joined(base, path), article))), None)

    def _guess(self, place: str, article: Article) -> Target | None:
        """Return the only article of that name, for an address of the help center that the articles were moved from."""
        *folders, name = place.strip("/").split("/")
        if not _HOUSES.intersection(folders) or len(self._named.get(name, ())) != 1:
            return None
        (id,) = self._named[name]
        found = self._version(id, article.lang)
        return Target("guessed", found.href, found.article) if found else None
