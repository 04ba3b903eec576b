"""The keys of front matter: one list for the parser, the checks and the manual."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from kb import languages
from kb.content.frontmatter import Value

MOST = 10**9  # of a whole number, so that it can be stored
STATUSES = ("draft", "published", "archived")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


@dataclass(frozen=True, slots=True)
class Key:
    """One key: a function that reads its value, a description of valid values, and its purpose."""

    name: str
    read: Callable[[Value], Any]  # raises ValueError
    takes: str
    doc: str


def text(value: Value) -> str:
    """Return one line of text."""
    if not isinstance(value, str):
        raise ValueError
    return " ".join(value.split())


def texts(value: Value) -> tuple[str, ...]:
    """Return a tuple of texts; a single text becomes a tuple of one."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list):
        raise ValueError
    return tuple(text(item) for item in items if item is not None)


def number(value: Value) -> int:
    """Return a whole number."""
    found = int(text(value))
    if abs(found) > MOST:
        raise ValueError
    return found


def days(value: Value) -> int:
    """Return the number of days in a span such as 180d, 26w, 6m or 1y."""
    match = re.fullmatch(r"(\d{1,5})\s*([dwmy]?)", text(value))
    if not match or not int(match[1]):
        raise ValueError
    return int(match[1]) * _DAYS[match[2] or "d"]


def day(value: Value) -> date:
    """Return a date."""
    return moment(value).date()


def moment(value: Value) -> datetime:
    """Return a time; the default offset is UTC, the default hour midnight."""
    written = re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", text(value))  # as Jekyll and git write it
    moment = datetime.fromisoformat(written)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def status(value: Value) -> str:
    """Return one of STATUSES."""
    word = text(value).lower()
    if word not in STATUSES:
        raise ValueError
    return word


def lang(value: Value) -> str:
    """Return a normalised language code."""
    code = languages.normalise(text(value))
    if code is None:
        raise ValueError
    return code


def local_path(value: Value) -> str:
    """Return a path on this help center that begins with a slash and has no query or fragment."""
    path = text(value)
    if not path.startswith("/") or path.startswith("//") or re.search(r"[\\\x00-\x1f?#]", path):
        raise ValueError
    return path


def local_paths(value: Value) -> tuple[str, ...]:
    """Return paths on this help center."""
    return tuple(local_path(path) for path in texts(value))


def slug(value: Value) -> str:
    """Return the last part of an address, or, with a leading slash, the part after `/articles`."""
    word = text(value).rstrip("/")
    if not word.strip("/") or ".." in word.split("/") or "//" in word or re.search(r"[\\\x00-\x20?#%:]", word):
        raise ValueError
    return word


ARTICLE_KEYS = (
    Key("title", text, "text", "The article's title; without it, the first heading of level 1, else the file's name."),
    Key("summary", text, "text", "One or two sentences, shown under the title and in lists."),
    Key("category", text, "text", "The category; without it, the folder, or `general` at the top level."),
    Key("queries", texts, "a list of texts", "Questions that this article must answer."),
    Key("aliases", local_paths, "a list of paths, each beginning with /", "Old addresses that redirect here."),
    Key("owner", text, "text", "The person or team responsible for it."),
    Key("review_every", days, "a span such as 180d, 26w, 6m or 1y", "How often the owner reviews it."),
    Key("verified", day, "a date such as 2026-10-01", "The day of the last review."),
    Key("status", status, "draft, published or archived", "Whether visitors can see it; `published` by default."),
    Key("publish_at", moment, "a time such as 2026-10-01T09:00Z", "Hidden before this time."),
    Key(
        "expire_at", moment, "a time such as 2026-12-31", "Hidden from this time on; its address shows that it is gone."
    ),
    Key(
        "replaced_by",
        text,
        "an article's path, or an address",
        "The article or address that readers of an archived article are pointed to.",
    ),
    Key("audience", texts, "a list of texts", "Who can see it; everyone by default."),
    Key(
        "lang",
        lang,
        "a language code such as es or pt-br",
        "Its language, if neither the file name nor the folder gives it.",
    ),
    Key("order", number, "a whole number", "Its position in the category, smallest first."),
    Key(
        "slug",
        slug,
        "a word, or /a/path",
        "The last part of its address, instead of the file name; with a leading slash, all after `/en/articles`.",
    ),
    Key("permalink", local_path, "a path of this help center, beginning with one /", "Its full address."),
)
CATEGORY_KEYS = (
    Key("title", text, "text", "The category's name; without it, the folder's name."),
    Key("order", number, "a whole number", "Its position on the home page, smallest first."),
    Key("summary", text, "text", "A sentence, shown under its name."),
    Key(
        "offers", text, "none", "`none` keeps its articles from being offered on forms, for sensitive or urgent topics."
    ),
)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?", or "" if no known name is similar."""
    near = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""
