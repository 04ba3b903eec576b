"""Read `site.toml`, the settings that belong to the articles: how they are written, and how the site looks.

A wrong key is a problem with its line, and the other keys apply. `kb.content.look` reads the files that it names.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, MutableSequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from kb import languages
from kb.content import article_keys, colour
from kb.errors import Problem

FILE = "site.toml"
Markdown = Literal["auto", "commonmark", "python-markdown"]
Level = Literal["info", "warning", "danger"]
Words = tuple[tuple[str, str], ...]  # (language, text); the language "" is for all others
LONGEST = 300  # characters of a text
ADDRESS = re.compile(r"(?:/(?!/)|#|https?://[^/\s]|mailto:|tel:)\S*")
ORIGIN = re.compile(r"https?://[a-z0-9*](?:[a-z0-9.*-]*[a-z0-9])?(?::\d{1,5})?", re.IGNORECASE)
_HEADER = re.compile(r"\s*(\[\[?)\s*([\w\s.\"'-]+?)\s*\]")
_KEY = re.compile(r"\s*([\w.\"'-]+)\s*=")

Path = tuple[str | int, ...]
Reader = Callable[[Any], Any]  # raises ValueError with what the value must be


@dataclass(frozen=True, slots=True)
class Link:
    """A link at the foot of every page."""

    label: Words
    href: str


@dataclass(frozen=True, slots=True)
class Banner:
    """An announcement at the top of every page, shown until the end of a day."""

    text: Words
    link: str = ""
    level: Level = "info"
    until: date | None = None


@dataclass(frozen=True, slots=True)
class SiteFile:
    """The settings in `site.toml`. `markdown` is the dialect of the articles; `auto` decides by the folder's files."""

    markdown: Markdown = "auto"
    name: Words = ()
    logo: str = ""
    dark_logo: str = ""
    favicon: str = ""
    accent: str = ""  # as it was written, #rrggbb
    stylesheet: str = ""
    head: str = ""
    analytics: tuple[str, ...] = ()
    footer: tuple[Link, ...] = ()
    banner: Banner | None = None
    topics: tuple[str, ...] = ()  # first on the home page, in this order


@dataclass(frozen=True, slots=True)
class Key:
    """One key, for the reader and the manual: its name, which values it takes, and what it does."""

    name: str
    read: Reader | None  # None: `_Reading` reads it, since it may be a table
    takes: str
    doc: str


def said(words: Words, lang: str) -> str:
    """Return the text in a language, else the one for all others, else the first.

    >>> said((("", "Terms"), ("es", "Condiciones")), "es-MX")
    'Condiciones'
    """
    known = dict(words)
    found = languages.nearest(lang, [code for code in known if code])
    return known.get(found or "", "") or known.get("", "") or next(iter(known.values()), "")


def read(text: str, *, problems: MutableSequence[Problem]) -> SiteFile:
    """Return the settings in `site.toml`; an invalid or unknown key is ignored and added to `problems`.

    >>> read('markdown = "commonmark"', problems=[]).markdown
    'commonmark'
    """
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else max(1, len(text.splitlines()))  # at the end of the document
        why = f"{error}; the file is ignored; see the article on the look of the site for an example"
        problems.append(Problem(FILE, line, why, "settings", "error"))
        return SiteFile()
    lines = dict(_lines(text))

    def wrong(at: Path, why: str) -> None:
        problems.append(Problem(FILE, line_of(lines, at), why, "settings", "error"))

    return _Reading(wrong).site(table)


def places(text: str) -> dict[Path, int]:
    """Return the line of each key, to be asked with `line_of`."""
    return dict(_lines(text))


def line_of(lines: Mapping[Path, int], at: Path) -> int:
    """Return the line of a key, of the table that contains it, or 1."""
    return next((lines[at[:end]] for end in range(len(at), 0, -1) if at[:end] in lines), 1)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads the tables of one file; what is wrong goes to `wrong`, with the path of its key."""

    wrong: Callable[[Path, str], None]

    def site(self, table: Mapping[str, Any]) -> SiteFile:
        """Return the settings."""
        values = self._table(table, READERS, at=(), also=TABLES)
        values |= self._logo(table.get("logo", ""))
        return SiteFile(**values, footer=self._footer(table.get("footer", [])), banner=self._banner(table))

    def _table(
        self, table: Mapping[str, Any], readers: Mapping[str, Reader], *, at: Path, also: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        found = {}
        for name, value in table.items():
            if name in also:
                continue
            if name not in readers:
                near = article_keys.nearest(name, [*readers, *also])
                self.wrong((*at, name), f"key '{name}' is unknown{near}")
                continue
            try:
                found[name] = readers[name](value)
            except ValueError as error:
                self.wrong((*at, name), f"{name} {error}; the key is ignored")
        return found

    def _logo(self, value: object) -> dict[str, str]:
        if isinstance(value, dict):
            found = self._table(value, {"light": _file, "dark": _file}, at=("logo",))
            if "light" not in found:
                self.wrong(("logo",), "logo needs 'light'; the key is ignored")
                return {}
            return {"logo": found["light"], "dark_logo": found.get("dark", "")}
        return self._table({"logo": value}, {"logo": _file}, at=()) if value else {}

    def _banner(self, table: Mapping[str, Any]) -> Banner | None:
        value = table.get("banner")
        if value is None:
            return None
        value = value if isinstance(value, dict) else {"text": value}
        readers: dict[str, Reader] = {"text": _words, "link": _address, "level": _level, "until": _day}
        found = self._table(value, readers, at=("banner",))
        if "until" in value and "until" not in found:
            return None  # it would never go
        if "text" in found:
            return Banner(**found)
        if "text" not in value:
            self.wrong(("banner",), "banner needs 'text'; the banner is ignored")
        return None

    def _footer(self, value: object) -> tuple[Link, ...]:
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.wrong(("footer",), "footer must be tables [[footer]] with 'label' and 'href'; the key is ignored")
            return ()
        links = []
        for number, one in enumerate(value):
            at = ("footer", number)
            found = self._table(one, {"label": _words, "href": _address}, at=at)
            if len(found) == 2:
                links.append(Link(**found))
            elif missing := {"label", "href"} - one.keys():
                self.wrong(at, f"this link needs '{min(missing)}'; the link is ignored")
        return tuple(links)


def _markdown(value: object) -> str:
    return _one_of(value, get_args(Markdown))


def _level(value: object) -> str:
    return _one_of(value, get_args(Level))


def _one_of(value: object, choices: tuple[str, ...]) -> str:
    if value in choices:
        return str(value)
    raise ValueError(f"must be one of {', '.join(choices)}")


def _text(value: object) -> str:
    if not isinstance(value, str) or not (found := " ".join(value.split())) or len(found) > LONGEST:
        raise ValueError(f"must be a text of 1 to {LONGEST} characters")
    return found


def _words(value: object) -> Words:
    if not isinstance(value, dict):
        return (("", _text(value)),)
    found = []
    for code, one in value.items():
        lang = languages.normalise(code)
        if not lang:
            raise ValueError(f"has the key '{code}', which is not a language; write it like {{ en = …, es = … }}")
        found.append((lang, _text(one)))
    if not found:
        raise ValueError("has no text")
    return tuple(found)


def _file(value: object) -> str:
    name = _text(value).removeprefix("./")
    if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or "://" in name:
        raise ValueError("must be a file in the articles folder, with a path that begins there")
    return name


def _colour(value: object) -> str:
    return colour.parse(_text(value))


def _address(value: object) -> str:
    href = _text(value)
    if not ADDRESS.fullmatch(href):
        raise ValueError("must be an address that begins with https://, http://, mailto:, tel: or /")
    return href


def _origin(value: object) -> str:
    origin = _text(value).rstrip("/").lower()
    if not ORIGIN.fullmatch(origin) or "*" in (urlsplit(origin).hostname or "").removeprefix("*."):
        raise ValueError("must be origins such as https://stats.example, without a path")
    return origin


def _origins(value: object) -> tuple[str, ...]:
    return tuple(_origin(one) for one in (value if isinstance(value, list) else [value]))


def _names(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) for name in names):
        raise ValueError('must be a list of texts, such as ["account", "billing"]')
    return tuple(dict.fromkeys(_text(name).strip("/") for name in names))


def _day(value: object) -> date:
    try:
        found = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if isinstance(found, datetime):
        return found.date()
    if isinstance(found, date):
        return found
    raise ValueError("must be a day such as 2026-12-31")


KEYS = (
    Key("markdown", _markdown, "`auto`, `commonmark` or `python-markdown`", "How the articles are written."),
    Key("name", _words, "text", "Name of the help center. Without it, `KB_TITLE` is used."),
    Key(
        "logo", None, "SVG, PNG, JPEG, GIF or WebP file; or `{ light, dark }`", "Picture in the header and in e-mails."
    ),
    Key("favicon", _file, "SVG, PNG or ICO file", "Icon of the browser's tab."),
    Key("accent", _colour, "`#rrggbb`", "Colour of links, buttons and the home page's header."),
    Key("stylesheet", _file, "CSS file", "Your own rules, after ours."),
    Key(
        "head",
        _file,
        "HTML file",
        "With `KB_SITE_SCRIPTS`: lines for the `<head>` of every page, such as your analytics.",
    ),
    Key(
        "analytics",
        _origins,
        "list of origins",
        "With `KB_SITE_SCRIPTS`: where scripts in `head` may load from and send to.",
    ),
    Key("footer", None, "tables with `label` and `href`", "Links at the foot of every page."),
    Key(
        "banner",
        None,
        "table with `text`, `link`, `level` (`info`, `warning`, `danger`) and `until`",
        "Announcement at the top of every page.",
    ),
    Key("topics", _names, "list of categories", "Topics that come first on the home page, in this order."),
)
READERS: Mapping[str, Reader] = {key.name: key.read for key in KEYS if key.read}
TABLES = tuple(key.name for key in KEYS if not key.read)


def _lines(text: str) -> Iterator[tuple[Path, int]]:
    """Yield the path of each key and each header with its line."""
    above: Path = ()
    counts: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            above = _split(header[2])
            if header[1] == "[[":
                counts[above] = counts.get(above, -1) + 1
                above = (*above, counts[above])
            yield above, number
            yield above[:1], number
        elif key := _KEY.match(line):
            path = (*above, *_split(key[1]))
            yield from ((path[:end], number) for end in range(len(above) + 1, len(path) + 1))


def _split(key: str) -> Path:
    return tuple(part.strip(" \"'") for part in key.split("."))
