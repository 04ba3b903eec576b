"""Read `_contexts.yml`, which sets the widget's articles, query and mode for pages of the owner's site."""

from __future__ import annotations

from collections.abc import Collection, Iterable, MutableSequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, get_args
from urllib.parse import urlsplit

from kb.content import article_keys, frontmatter
from kb.content.frontmatter import Value
from kb.errors import BadArticle, Problem

FILE = "_contexts.yml"
Mode = Literal["neutral", "self-service", "ask-first"]
KEYS = ("page", "articles", "query", "audience", "mode")


@dataclass(frozen=True, slots=True)
class Context:
    """One entry; `page` is a pattern with `*` of a path (/checkout/*) or a whole address."""

    page: str
    articles: tuple[str, ...] = ()
    query: str = ""
    audience: frozenset[str] = frozenset()
    mode: Mode | None = None


def read(
    text: str, *, articles: Collection[str] | None = None, problems: MutableSequence[Problem] | None = None
) -> tuple[Context, ...]:
    """Return the entries of `_contexts.yml`; invalid ones are left out and added to `problems`."""
    wrong: list[Problem] = []
    found = []
    try:
        entries = frontmatter.load_list(FILE, text)
    except BadArticle as error:
        wrong.append(Problem(error.path, error.line, error.why, "settings", "error"))
        entries = []
    for line, entry in entries:
        try:
            found.append(_context(entry))
        except ValueError as error:
            wrong.append(Problem(FILE, line, f"{error}; the entry is ignored", "settings", "error"))
        else:
            unknown = sorted(set(found[-1].articles) - set(articles)) if articles is not None else []
            wrong += [
                Problem(
                    FILE, line, f"{id} is not an article{article_keys.nearest(id, articles or ())}", "settings", "error"
                )
                for id in unknown
            ]
    if problems is not None:
        problems.extend(wrong)
    return tuple(found)


def find(contexts: Iterable[Context], page: str, *, audience: frozenset[str] = frozenset()) -> Context | None:
    """Return the first context that matches a page's address and this audience.

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


def _context(entry: Value) -> Context:
    if not isinstance(entry, dict) or not isinstance(entry.get("page"), str):
        raise ValueError("page is missing; write 'page: /checkout/*'")
    for name in entry.keys() - set(KEYS):
        raise ValueError(f"key '{name}' is unknown{article_keys.nearest(name, KEYS)}")
    mode, query = entry.get("mode"), entry.get("query") or ""
    if mode is not None and mode not in get_args(Mode):
        raise ValueError(f"mode must be one of {', '.join(get_args(Mode))}")
    if not isinstance(query, str):
        raise ValueError("query must be text")
    audience = frozenset(_texts(entry, "audience"))
    return Context(str(entry["page"]), _texts(entry, "articles"), query, audience, mode)  # type: ignore[arg-type]


def _texts(entry: dict[str, Value], name: str) -> tuple[str, ...]:
    value = entry.get(name)
    try:
        return article_keys.texts(value) if value is not None else ()
    except ValueError as error:
        raise ValueError(f"{name} must be a list of texts such as [billing/vat]") from error
