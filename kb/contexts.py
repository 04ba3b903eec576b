"""Contexts: which articles, search and mode belong to a page of the owner's site, by the pattern of its address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import yaml

from kb.errors import BadArticle

FILE = "_contexts.yml"
Mode = Literal["neutral", "self-service", "ask-first"]
KEYS = ("page", "articles", "query", "audience", "mode")


@dataclass(frozen=True, slots=True)
class Context:
    """One entry: `page` is a pattern with `*`, of a path (/checkout/*) or of a whole address."""

    page: str
    articles: tuple[str, ...] = ()
    query: str = ""
    audience: frozenset[str] = frozenset()
    mode: Mode | None = None


def load(folder: Path) -> tuple[Context, ...]:
    """Return the contexts of a folder of articles, none without such a file; raises BadArticle naming the entry."""
    path = folder / FILE
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except FileNotFoundError:
        return ()
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadArticle(FILE, 1, f"this is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(entries, list):
        raise BadArticle(FILE, 1, "this is a list; begin each entry with '- page: /checkout/*'")
    return tuple(_context(number, entry) for number, entry in enumerate(entries, start=1))


def find(contexts: Iterable[Context], page: str, *, audience: frozenset[str] = frozenset()) -> Context | None:
    """Return the first context that a page's address matches and that is for this audience.

    >>> find([Context("/shop/*", query="parcels")], "https://shop.example/shop/7?x=1").query
    'parcels'
    """
    try:
        parts = urlsplit(page)
    except ValueError:
        return None
    names = (parts.path or "/", f"{parts.scheme}://{parts.netloc}{parts.path or '/'}")
    for context in contexts:
        if context.audience and context.audience.isdisjoint(audience):
            continue
        if any(fnmatchcase(name, context.page) for name in names):
            return context
    return None


def _context(number: int, entry: Any) -> Context:
    where = f"entry {number}"
    if not isinstance(entry, dict) or not isinstance(entry.get("page"), str):
        raise BadArticle(FILE, 1, f"{where} has no page; write 'page: /checkout/*'")
    unknown = sorted(set(map(str, entry)) - set(KEYS))
    if unknown:
        raise BadArticle(FILE, 1, f"{where}: {unknown[0]} is unknown; an entry takes {', '.join(KEYS)}")
    mode = entry.get("mode")
    if mode is not None and mode not in get_args(Mode):
        raise BadArticle(FILE, 1, f"{where}: mode is one of {', '.join(get_args(Mode))}")
    return Context(
        entry["page"], _texts(where, entry, "articles"), str(entry.get("query") or ""),
        frozenset(_texts(where, entry, "audience")), mode,
    )  # fmt: skip


def _texts(where: str, entry: dict[str, Any], name: str) -> tuple[str, ...]:
    value = entry.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadArticle(FILE, 1, f"{where}: {name} is a list of texts, such as [billing/vat]")
    return tuple(value)
