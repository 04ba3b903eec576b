"""Read `_category.yml` of each folder, and `_synonyms.yml` and `_pins.yml` at the top."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableSequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kb import languages
from kb.content import article_keys, frontmatter
from kb.content.article import Article, is_section
from kb.content.frontmatter import FrontMatter, Value
from kb.errors import BadArticle, Problem

KEYS = {key.name: key for key in article_keys.CATEGORY_KEYS}
_FILE = re.compile(r"(?:(?P<folder>.*)/)?_category(?:\.(?P<lang>[\w-]+))?\.ya?ml")


@dataclass(frozen=True, slots=True)
class Category:
    """One language version of a category, from its `_category.yml` or the name of its folder."""

    name: str  # "account", "account/billing"
    title: str
    order: int | None
    summary: str
    offers: bool  # False: its articles are not offered on forms
    lang: str


@dataclass(frozen=True, slots=True)
class Pin:
    """Articles that come first for a query, regardless of the ranking."""

    query: str
    articles: tuple[str, ...]  # ids, in this order
    lang: str
    until: date | None = None  # the last day on which it applies


def load(
    texts: Mapping[str, str], articles: Iterable[Article], *, default_lang: str, problems: MutableSequence[Problem]
) -> tuple[Category, ...]:
    """Return each category and its parents, in the default language and in each other with a title or an article."""
    said: dict[str, dict[str, dict[str, Any]]] = {}  # name -> language -> values
    for path, text in sorted(texts.items()):
        if match := _FILE.fullmatch(path):
            name, lang = _place(match["folder"] or "general", match["lang"], default_lang)
            for code, values in _languages(path, text, lang, problems).items():
                said.setdefault(name, {}).setdefault(code, {}).update(values)
    for article in articles:
        if is_section(article.path):
            given = {"title": article.title, "order": article.order, "summary": article.summary}
            own = said.setdefault(article.category, {}).setdefault(article.lang, {})
            own.update({key: value for key, value in given.items() if value and key not in own})
    used = {(article.category, article.lang) for article in articles}
    names = {name for category, _ in used for name in way(category)}
    silent = {name for name in names if said.get(name, {}).get(default_lang, {}).get("offers") == "none"}
    found = []
    for name in sorted(names):
        own = said.get(name, {})
        base = own.get(default_lang, {}) | ({"offers": "none"} if silent.intersection(way(name)) else {})
        for lang in sorted({default_lang, *own, *(lang for category, lang in used if category == name)}):
            found.append(_category(name, lang, base, base | own.get(lang, {})))
    return tuple(sorted(found, key=lambda c: (c.order is None, c.order or 0, c.title.casefold(), c.name, c.lang)))


def way(name: str) -> tuple[str, ...]:
    """Return the parents of a category, outermost first, followed by itself.

    >>> way("account/billing/tax")
    ('account', 'account/billing', 'account/billing/tax')
    """
    parts = name.split("/")
    return tuple("/".join(parts[: count + 1]) for count in range(len(parts)))


def _category(name: str, lang: str, base: dict[str, Any], values: dict[str, Any]) -> Category:
    return Category(
        name=name,
        title=values.get("title") or name.rpartition("/")[2].replace("-", " ").replace("_", " ").capitalize(),
        order=values.get("order"),
        summary=values.get("summary", ""),
        offers=values.get("offers", "") not in ("none", "no", "false") and base.get("offers", "") != "none",
        lang=lang,
    )


def _place(folder: str, said: str | None, default_lang: str) -> tuple[str, str]:
    """Return the category's name and the language of the file, from `es/account/` or `_category.es.yml`."""
    lang = languages.normalise((said or "").removeprefix("_"))
    top, slash, rest = folder.partition("/")
    if slash and (of_folder := languages.normalise(top)):
        return rest, lang or of_folder
    return folder, lang or default_lang


def _languages(path: str, text: str, lang: str, problems: MutableSequence[Problem]) -> dict[str, dict[str, Any]]:
    """Return the values of a `_category.yml` by language; a key that is a language code has that language's values."""
    head = _load(path, text, problems)
    own: dict[str, Value] = {}
    found: dict[str, dict[str, Any]] = {}
    for key, value in head.values.items():
        code = languages.normalise(key)
        if code and isinstance(value, dict):
            found[code] = _values(path, value, head.lines, problems)
        else:
            own[key] = value
    found.setdefault(lang, {}).update(_values(path, own, head.lines, problems))
    return found


def _values(
    path: str, written: Mapping[str, Value], lines: Mapping[str, int], problems: MutableSequence[Problem]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in written.items():
        key, line = KEYS.get(name), lines.get(name, 1)
        if key is None:
            why = f"key '{name}' is unknown and ignored{article_keys.nearest(name, KEYS)}"
            problems.append(Problem(path, line, why, "not-used"))
        elif value is not None:
            try:
                values[name] = key.read(value)
            except ValueError:
                problems.append(
                    Problem(path, line, f"{name} is {value!r}; it must be {key.takes}", "settings", "error")
                )
    return values


def _load(path: str, text: str, problems: MutableSequence[Problem]) -> FrontMatter:
    try:
        return frontmatter.load(path, text, first_line=1)
    except BadArticle as error:
        problems.append(Problem(error.path, error.line, error.why, "settings", "error"))
        return FrontMatter()


def synonyms(
    texts: Mapping[str, str], *, default_lang: str, problems: MutableSequence[Problem]
) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return groups of synonyms by language. The file has `en:` and below it lists such as `- [invoice, bill]`.

    A group of one phrase turns off the search's own group that has it.
    """
    path = "_synonyms.yml"
    head = _load(path, texts.get(path, ""), problems)
    found = {}
    for key, groups in head.values.items():
        lang = languages.normalise(key)
        if lang is None or not isinstance(groups, list):
            why = f"'{key}' is not a language with groups of words; write 'en:' and below it '- [invoice, bill]'"
            problems.append(Problem(path, head.lines[key], why, "settings", "error"))
            continue
        rows = [tuple(str(word).lower() for word in group if word) for group in groups if isinstance(group, list)]
        rows += [_words(group) for group in groups if isinstance(group, str)]
        if not all(rows):
            problems.append(Problem(path, head.lines[key], "a group has no words", "settings"))
        found[lang] = tuple(filter(None, rows))
    return found


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip().lower() for word in re.split(r"[,=]", text) if word.strip())


def pins(
    texts: Mapping[str, str], articles: Iterable[Article], *, default_lang: str, problems: MutableSequence[Problem]
) -> tuple[Pin, ...]:
    """Return the pins of `_pins.yml`: `query: article`, or a list of articles, or both below a language.

    A pin may also be `query: {articles: …, until: date}`.
    """
    path = "_pins.yml"
    head = _load(path, texts.get(path, ""), problems)
    ids = {article.id for article in articles}
    found = []

    def problem(line: int, why: str) -> None:
        problems.append(Problem(path, line, why, "settings", "error"))

    for key, value in head.values.items():
        line = head.lines[key]
        lang = languages.normalise(key) if isinstance(value, dict) and "articles" not in value else ""
        for query, said in (value if lang and isinstance(value, dict) else {key: value}).items():
            listed, until = (said.get("articles"), said.get("until")) if isinstance(said, dict) else (said, None)
            names = [_id(str(name)) for name in (listed if isinstance(listed, list) else [listed]) if name]
            for name in sorted(set(names) - ids):
                problem(
                    line, f"'{query}' is pinned to {name}, which is not an article{article_keys.nearest(name, ids)}"
                )
            try:
                last = article_keys.day(until) if until else None
            except ValueError:
                problem(line, f"'{query}' is pinned until {until!r}, which is not a date; write it as 2027-01-31")
                continue
            if known := tuple(name for name in names if name in ids):
                found.append(Pin(query, known, lang or default_lang, last))
    return tuple(found)


def _id(name: str) -> str:
    return re.sub(r"(\._?[a-z]{2}(-[a-z]+)?)?\.mdx?$", "", name.strip("/"))
