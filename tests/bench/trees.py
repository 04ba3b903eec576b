"""Read trees of articles of other systems and print what is shown: `python -m tests.bench.trees FOLDER…`.

Whether the target of a link exists is judged from the files alone, without the resolver of the help center: a link
counts if a file lies at its path, or if it is the address that the system itself gives to a file.
"""

from __future__ import annotations

import argparse
import posixpath
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from kb.check import source_shown
from kb.content import library
from kb.content.article import Article
from kb.content.dialect import NAMES, Dialect
from kb.content.library import Library
from kb.foreign.routes import WIKI
from kb.render.render import render_all

_FENCE = re.compile(
    r"^[ \t>]*(?:[-*+] +|\d+\. +)?(`{3,}|~{3,}).*?(?:^[ \t>]*\1[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE
)
_SPAN = re.compile(r"(`+)(?!`)[^\n]*?(?<!`)\1(?!`)")
_PICTURE = re.compile(
    r"""!\[[^\]\n]*\]\(<?([^()\s<>]+)|<img\b[^<>]*?\bsrc=["']([^"'{}]+)["']|!\[\[([^\[\]|#\n]+\.\w+)"""
)
_LINK = re.compile(
    r"""(?:(?<!!)\[[^\[\]\n]*\]\(|^ {0,3}\[[^\[\]^\n]+\]:\s*)<?([^()\s<>{}]+)|<a\b[^<>]*?\bhref=["']([^"'{}]+)["']"""
    r"""|(?<!!)\[\[([^\[\]|#\n]+)""",
    re.MULTILINE,
)
_ROOTS = re.compile(r"^(?:src/content/docs|docs/src/content/docs|docs|content)/")
_LANGUAGE = re.compile(r"^[a-z]{2}(?:-[a-z]{2})?/")
_NUMBER = re.compile(r"(?<![^/])\d+[-_.]\s*(?=[^\d/])")
_SLUG = re.compile(r"^(?:slug|permalink|url|id):\s*[\"']?([^\"'\n]+)", re.MULTILINE)
_ENDS = ("", ".md", ".mdx", ".markdown", "/index.md", "/index.mdx", "/README.md", "/_index.md")
_PUBLIC = ("", "static/", "public/", "assets/", "../static/", "../public/")


@dataclass(slots=True)
class Tree:
    """What was counted in one folder."""

    articles: int = 0
    not_shown: list[str] = field(default_factory=list)
    links: int = 0
    dead: list[str] = field(default_factory=list)
    pictures: int = 0
    lost: list[str] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def row(self, name: str) -> str:
        """Return a row of the table."""
        share = f"{len(self.dead)} of {self.links:,}"
        pictures = f"{self.pictures - len(self.lost)} of {self.pictures:,}"
        cells = (name, f"{self.articles:,}", len(self.not_shown), share, pictures, len(self.source))
        return f"| {' | '.join(map(str, cells))} | {self.seconds:.1f} |"


def read(folder: Path, dialect: Dialect | None = None) -> Tree:
    """Return what is counted in a folder of articles, in its own dialect or in another one."""
    begin = time.perf_counter()
    shelf = library.load(folder)
    pages = render_all(shelf.articles, addresses=shelf.addresses, dialect=dialect or shelf.markdown.dialect)
    tree = Tree(articles=len(shelf.articles), seconds=time.perf_counter() - begin)
    tree.not_shown = [str(p) for p in shelf.problems if p.code in ("article", "duplicate-article")]
    files = Files(folder)
    for article in shelf.articles:
        page = pages.get(article.version)
        if page is None:
            tree.not_shown.append(f"{article.path}: too long to render")
        elif found := source_shown.find(page.html):
            tree.source.append(f"{article.path}: {', '.join(f'{kind} ({said[:60]})' for kind, said in found)}")
        _count(tree, shelf, article, files)
    return tree


def _count(tree: Tree, shelf: Library, article: Article, files: Files) -> None:
    text = _SPAN.sub("", _FENCE.sub("", (shelf.folder / article.path).read_text(encoding="utf-8", errors="replace")))
    for target in _own(_LINK, text):
        if files.leads(article.path, target):
            tree.links += 1
            if shelf.addresses.resolve(target, article=article).kind == "missing":
                tree.dead.append(f"{article.path}: {target}")
    for target in _own(_PICTURE, text):
        if files.holds(article.path, target):
            tree.pictures += 1
            if shelf.addresses.resolve(target, article=article).kind != "file":
                tree.lost.append(f"{article.path}: {target}")


def _own(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """Yield the targets that are no addresses of other sites."""
    for plain, html, wiki in pattern.findall(text):
        target = plain or html or WIKI + wiki.strip()
        try:
            parts = urlsplit(target)
        except ValueError:
            continue
        if parts.path and not parts.scheme and not parts.netloc:
            yield target


class Files:
    """The files of a tree, and the addresses that systems give to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: set[str] = set()
        self.addresses: set[str] = set()
        for path in folder.rglob("*"):
            if path.is_file():
                self._add(path.relative_to(folder).as_posix(), path)

    def _add(self, place: str, path: Path) -> None:
        self.names |= {path.name.casefold(), path.stem.casefold()}
        if path.suffix not in (".md", ".mdx", ".markdown"):
            return
        below = _ROOTS.sub("", place)
        for known in (place, below, _LANGUAGE.sub("", below)):
            self.addresses |= {_address(known), _address(_NUMBER.sub("", known))}
        said = _SLUG.findall(path.read_text(encoding="utf-8", errors="replace")[:3000])
        self.addresses |= {_address(posixpath.join("/", posixpath.dirname(place), word.strip())) for word in said}

    def holds(self, source: str, target: str) -> bool:
        """Return True if there is a file for a picture."""
        path = unquote(urlsplit(target).path)
        if path.startswith(WIKI):
            return path.removeprefix(WIKI).rpartition("/")[2].casefold() in self.names
        if path.startswith("/"):
            return any(self._inside(self.folder / (public + path.lstrip("/"))) for public in _PUBLIC)
        return self._inside(self.folder / posixpath.dirname(source) / path)

    def leads(self, source: str, target: str) -> bool:
        """Return True if there is a file for a link."""
        path = unquote(urlsplit(target).path)
        if path.startswith(WIKI):
            return path.removeprefix(WIKI).rpartition("/")[2].casefold() in self.names
        if path.startswith("/"):
            first, _, rest = path.strip("/").partition("/")
            whole = _address(path) in self.addresses
            return whole or (first in ("docs", self.folder.name) and bool(rest) and _address(rest) in self.addresses)
        beside = self.folder / posixpath.dirname(source) / path.rstrip("/")
        if any(self._inside(Path(f"{beside}{end}")) for end in _ENDS):
            return True
        own = _address(source)
        return any(
            _address(posixpath.normpath(f"{base}/{path}")) in self.addresses for base in (own, posixpath.dirname(own))
        )

    def _inside(self, path: Path) -> bool:
        return path.is_file() and path.resolve().is_relative_to(self.folder.resolve())


def _address(path: str) -> str:
    stem = re.sub(r"\.(mdx?|markdown|html?)$", "", path.strip("/"))
    return "/" + re.sub(r"(^|/)(index|README|_index)$", "", stem).strip("/")


def main() -> None:
    """Print a table of the folders, and with `--all` each thing that is not shown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--dialect", choices=NAMES, help="instead of the dialect that the folder's marks choose")
    parser.add_argument("--all", action="store_true", help="print each dead link, lost picture and page with source")
    arguments = parser.parse_args()
    print("| tree | articles | not shown | own links dead | pictures shown | pages with source | seconds |")
    print("|---|---|---|---|---|---|---|")
    for folder in arguments.folders:
        tree = read(folder, arguments.dialect)
        print(tree.row("/".join(folder.parts[-3:])), flush=True)
        if arguments.all:
            for name in ("not_shown", "dead", "lost", "source"):
                for line in getattr(tree, name):
                    print(f"  {name}: {line}")


if __name__ == "__main__":
    main()
