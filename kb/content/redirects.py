"""Redirects from old addresses: the aliases of articles and `_redirects.yml`, with a search for loops and chains."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from kb.content import frontmatter
from kb.content.article import Article
from kb.content.frontmatter import Value
from kb.content.links import is_ours, normal
from kb.errors import BadArticle, Problem

FILE = "_redirects.yml"
SHOWN = 6  # addresses of a chain that are named


@dataclass(frozen=True, slots=True)
class Redirect:
    """An old address, its target, and the file and line of the redirect."""

    old: str
    new: str
    path: str
    line: int


def read(text: str, *, articles: Mapping[str, str]) -> tuple[list[Redirect], list[Problem]]:
    """Return the redirects of `_redirects.yml`: `old: new` lines, or a list of mappings with `from` and `to`.

    `articles` maps an article's path to its address, since `new` may be a file.
    """
    try:
        head = frontmatter.load(FILE, text, first_line=1)
        pairs = [(old, new, head.lines[old]) for old, new in head.values.items()]
    except BadArticle as error:
        listed = _listed(text)
        if listed is None:
            return [], [Problem(FILE, error.line, error.why, "redirect", "error")]
        pairs = listed
    redirects, problems = [], []
    for old, new, line in pairs:
        target = articles.get(new.lstrip("/"), new) if isinstance(new, str) else ""
        if why := _wrong(old, target):
            problems.append(Problem(FILE, line, why, "redirect", "error"))
        else:
            redirects.append(Redirect(normal(old), target, FILE, line))
    return redirects, problems


def _listed(text: str) -> list[tuple[str, Value, int]] | None:
    """Return the pairs of a list of mappings, or None if the file is not a list."""
    indented = "list:\n" + "\n".join(f"  {line}" for line in text.split("\n"))
    try:
        items = frontmatter.load(FILE, indented, first_line=0).values.get("list")
    except BadArticle:
        return None
    if not isinstance(items, list):
        return None
    return [(str(item.get("from")), item.get("to"), 1) for item in items if isinstance(item, dict)]


def _wrong(old: str, new: str) -> str:
    """Return the error of a redirect, or ""."""
    if not old.startswith("/"):
        return f"'{old}' is not a path of this help center; begin it with /"
    if is_ours(old):
        return f"'{old}' is a page of the help center itself; it cannot redirect"
    if not new.isprintable():
        return f"'{old}' redirects to an address with a line break or another invalid character; remove it"
    parts = urlsplit(new)
    if new.startswith("/") and not new.startswith("//") and "\\" not in new:
        return ""
    if parts.scheme in ("http", "https") and parts.netloc:
        return ""
    if posixpath.splitext(new)[1] == ".md":
        return f"'{old}' redirects to {new}, which is not an article"
    return f"'{old}' redirects to '{new}'; it must be an address beginning with / or https://, or an article's file"


def aliases(articles: Iterable[Article]) -> list[Redirect]:
    """Return the redirects from the aliases of articles."""
    return [
        Redirect(normal(alias), article.address, article.path, 1) for article in articles for alias in article.aliases
    ]


def follow(redirects: Iterable[Redirect], *, live: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """Return the final target of each old address, and problems; `live` maps an article's address to its path.

    The first of two redirects from the same address counts. The address of a live article cannot redirect.
    """
    first: dict[str, Redirect] = {}
    problems = []
    for redirect in redirects:
        same = first.setdefault(redirect.old, redirect)
        where = (redirect.path, redirect.line)
        if redirect.old in live:
            if normal(redirect.new) != redirect.old:
                why = f"{redirect.old} is the address of {live[redirect.old]}, so this redirect is never used"
                problems.append(Problem(*where, why, "redirect-unused"))
            if same is redirect:
                del first[redirect.old]
        elif same is not redirect and same.new != redirect.new:
            why = f"{redirect.old} already redirects to {same.new}, in {same.path}"
            problems.append(Problem(*where, why, "duplicate-alias"))
    return _ends(first, problems), problems


def _ends(first: Mapping[str, Redirect], problems: list[Problem]) -> dict[str, str]:
    """Return the final target of each old address, without loops."""
    after = {old: normal(redirect.new) if redirect.new.startswith("/") else "" for old, redirect in first.items()}
    ends: dict[str, str] = {}
    for old, redirect in first.items():
        seen, place = {old: None}, old
        while after[place] in first and after[place] not in seen:
            place = after[place]
            seen[place] = None
        way = " → ".join(list(seen)[1:SHOWN]) + (" → …" if len(seen) > SHOWN else "")
        if after[place] in seen:
            why = f"{old} redirects in a loop: {way or old} → {after[place]}"
            problems.append(Problem(redirect.path, redirect.line, why, "redirect-loop", "error"))
            continue
        ends[old] = first[place].new
        if len(seen) > 1:
            why = f"{old} redirects through {way}; point it to {ends[old]}"
            problems.append(Problem(redirect.path, redirect.line, why, "redirect-chain"))
    return ends
