"""Find the article or file that an address of another system means: `/docs/start/` is `docs/01-start/index.md`."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Collection, Iterable

from kb import languages
from kb.foreign.generator import UNKNOWN, Generator

WIKI = "/_wiki/"  # before a target that is a name, wherever it is; the translation of foreign Markdown writes it
# Folders of a repository in which systems keep articles or files, and which addresses don't name.
_ROOTS = frozenset(
    "docs doc content contents src pages source _docs _posts posts static public assets documentation website site "
    "current".split()
)
# Folders with which addresses begin, and files may not.
_PREFIXES = frozenset("docs doc kb help hc support documentation wiki latest stable current next main master".split())
_SUFFIX = re.compile(r"\.(?:html?|mdx?|markdown)$", re.IGNORECASE)
_NUMBER = re.compile(r"^\d+\s*[-_.]+\s*(?=[^-_.\s\d])")  # that orders files, as in `01-start.md`
_VERSION = re.compile(r"v?\d+(?:\.(?:\d+|x))*")
_INDEX = frozenset(("index", "readme", "_index"))
MOST_FOLDERS = 12  # of an address


def route(path: str) -> tuple[str, ...]:
    """Return the folders of an address without what systems leave out: suffixes, numbers, `index`, and case.

    >>> route("/Guides/01-First steps/index.md"), route("/guides/first-steps/")
    (('guides', 'first-steps'), ('guides', 'first-steps'))
    """
    words = [word for word in _SUFFIX.sub("", path.casefold().strip("/")).split("/") if word]
    if words and words[-1] in _INDEX:
        words.pop()
    return tuple(re.sub(r"[\s+]+", "-", _NUMBER.sub("", word, count=1)) for word in words[-MOST_FOLDERS:])


def joined(base: tuple[str, ...], path: str) -> tuple[str, ...] | None:
    """Return the route of a relative link that begins in the folder `base`, or None if it leads above the top."""
    place = posixpath.normpath("/".join((*base, path)))
    return None if place.startswith("..") else route("" if place == "." else place)


class Routes:
    """The names of a library by their routes; a name is an article's id or a file's path."""

    def __init__(self, generator: Generator = UNKNOWN) -> None:
        self.generator = generator
        self._whole: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
        self._below: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)  # below the folders of _ROOTS
        self._deeper: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)  # and below a language in them
        self._ends: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
        self._dropped = _PREFIXES.union(word.casefold() for word in (*generator.bases, *generator.above))

    def add(self, name: str, places: Iterable[str]) -> None:
        """Enter `name` under the routes of `places`."""
        for words in dict.fromkeys(map(route, places)):
            self._whole[words][name] = None
            for level, below in zip((self._below, self._deeper), _below_roots(words), strict=False):
                level[below][name] = None
            for start in range(len(words)):
                self._ends[words[start:]][name] = None
            if len(words) > 1 and words[-1] == words[-2]:  # `start/start.md` is the page of its folder
                self._whole[words[:-1]].setdefault(name)

    def find(self, words: tuple[str, ...], *, near: str, known: Collection[str]) -> tuple[str, str] | None:
        """Return the name at a route, and the language that the route says or ""; `near` is the name that links.

        `known` are the languages of the library. Folders that only addresses have are left out one after the other.
        """
        if (found := self.whole(words, near=near, known=known)) is not None:
            return found
        for way, lang in self._ways(words, known):
            names: Collection[str] = self._ends.get(way, ()) if way else ()
            if len(way) == 1:
                names = [name for name in names if _ROOTS.issuperset(route(name)[:-1])]
            if (name := self._nearest(names, near)) is not None:
                return name, lang
        return None

    def whole(self, words: tuple[str, ...], *, near: str, known: Collection[str]) -> tuple[str, str] | None:
        """Return what `find` does, but only of a name whose whole route is left."""
        for way, lang in self._ways(words, known):
            if (name := self.at(way, near=near)) is not None:
                return name, lang
        return None

    def at(self, words: tuple[str, ...], *, near: str) -> str | None:
        """Return the name with exactly this route, perhaps below a folder such as `docs` or `content/en`."""
        for level in (self._whole, self._below, self._deeper) if words else (self._whole,):
            if (found := self._nearest(level.get(words, ()), near)) is not None:
                return found
        return None

    def words(self) -> list[str]:
        """Return the routes as text, in order, for a fingerprint."""
        return ["/".join(words) for words in self._whole]

    def named(self, words: tuple[str, ...], *, near: str) -> str | None:
        """Return the name that ends in these words, wherever it is, as a wiki finds its pages."""
        if not words:
            return None
        return self._nearest(self._ends.get(words, ()), near, closest=True)

    def _ways(self, words: tuple[str, ...], known: Collection[str]) -> Iterable[tuple[tuple[str, ...], str]]:
        """Yield the route, and what is left of it after each prefix that only addresses have."""
        lang = ""
        for start in range(len(words) + 1):
            yield words[start:], lang
            if start == len(words):
                return
            word = words[start]
            code = languages.normalise(word)
            if code is not None and code in known:
                lang = code
            elif word not in self._dropped and not _VERSION.fullmatch(word):
                return

    @staticmethod
    def _nearest(names: Collection[str], near: str, *, closest: bool = False) -> str | None:
        """Return the name that shares most folders with `near`; of several, none, or with `closest` the shortest."""
        if len(names) < 2:
            return next(iter(names), None)
        shared = {name: _shared(name, near) for name in names}
        most = max(shared.values())
        best = [name for name in names if shared[name] == most]
        if len(best) == 1:
            return best[0]
        return min(best, key=lambda name: (name.count("/"), name)) if closest else None


def _below_roots(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return a route below the folders of _ROOTS, and below a language in them, as in `content/en/guide`."""
    start = next((number for number, word in enumerate(words) if word not in _ROOTS), len(words))
    if not 0 < start < len(words):
        return [words[start:]] if start else []
    is_language = languages.normalise(words[start]) == words[start]
    return [words[start:], *([words[start + 1 :]] if is_language else [])]


def _shared(one: str, other: str) -> int:
    count = 0
    for mine, theirs in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if mine != theirs:
            break
        count += 1
    return count
