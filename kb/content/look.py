"""The look of the site: the settings in `site.toml`, with the files that they name and the colours of both themes.

A generation contains its look, so that pages, files and colours change together.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping, MutableSequence
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

from kb.content import article_keys, colour, picture_size, site_file
from kb.content.site_file import FILE, SiteFile
from kb.errors import Problem

PICTURES = {
    ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
    ".webp": "image/webp",
}  # fmt: skip
ICONS = {".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon"}
CSS, HTML = {".css": "text/css"}, {".html": "text/html", ".htm": "text/html"}
TAKES: Mapping[str, tuple[str, Mapping[str, str], int]] = {  # role -> key, types by suffix, most bytes
    "logo": ("logo", PICTURES, 200_000),
    "dark_logo": ("logo", PICTURES, 200_000),
    "favicon": ("favicon", ICONS, 100_000),
    "stylesheet": ("stylesheet", CSS, 100_000),
    "head": ("head", HTML, 20_000),
}
IN_HEAD = frozenset({"script", "link", "meta", "noscript"})
CLOSED = re.compile(r"<!--.*?-->|<(script|noscript)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
FAR = re.compile(r"@import\b|@font-face[^}]*url\(\s*[\"']?(?:https?:)?//", re.IGNORECASE)


@dataclass(frozen=True)
class File:
    """A file that `site.toml` names. Each page asks for its tag and size, which are found once."""

    name: str
    media: str
    data: bytes = field(repr=False)

    @cached_property
    def tag(self) -> str:
        """A digest of its content, for its address."""
        return hashlib.blake2b(self.data, digest_size=6).hexdigest()

    @cached_property
    def size(self) -> tuple[int, int] | None:
        """Width and height of a picture, None if they can't be told."""
        return picture_size.size(self.data)

    @property
    def text(self) -> str:
        """Its content as text."""
        return self.data.decode("utf-8-sig", "replace")


@dataclass(frozen=True, eq=False)
class Look:
    """Everything that `site.toml` says about the look. A look may be large, so it is equal to itself only."""

    site: SiteFile = field(default_factory=SiteFile)
    files: Mapping[str, File] = field(default_factory=dict)  # by role, which is a key of TAKES

    @cached_property
    def themes(self) -> tuple[colour.Theme, colour.Theme] | None:
        """The colours of the light and of the dark theme, None without an accent."""
        accent = self.site.accent
        return (colour.light(accent), colour.dark(accent)) if accent else None

    def name(self, lang: str) -> str:
        """Return the name of the help center in a language, or ""."""
        return site_file.said(self.site.name, lang)


def load(site: SiteFile, folder: Path, *, text: str, problems: MutableSequence[Problem]) -> Look:
    """Return the look with its files; a file that can't be used is left out and added to `problems`."""
    lines = site_file.places(text)
    files: dict[str, File] = {}
    for role, (key, types, most) in TAKES.items():
        name = str(getattr(site, role))
        at = (key, "dark") if role == "dark_logo" else (key,)
        line = site_file.line_of(lines, at)
        try:
            if name:
                files[role] = _file(folder, name, types=types, most=most)
        except ValueError as error:
            problems.append(Problem(FILE, line, f"{key}: {name} {error}; the key is ignored", "settings", "error"))
    if "head" in files and (wrong := _wrong_head(files["head"].text)):
        problems.append(Problem(files.pop("head").name, 1, f"{wrong}; the file is ignored", "settings", "error"))
    found = Look(site, files)
    problems.extend(_advice(found, lines))
    return found


def check_topics(site: SiteFile, *, text: str, topics: Collection[str], problems: MutableSequence[Problem]) -> None:
    """Add a problem for each topic of the home page that doesn't exist."""
    line = site_file.line_of(site_file.places(text), ("topics",))
    for name in site.topics:
        if name not in topics:
            why = f"{name} is not a topic{article_keys.nearest(name, topics)}"
            problems.append(Problem(FILE, line, why, "settings", "error"))


def dumps(text: str, look: Look) -> str:
    """Return the file's text and the files that it names as one text, for a generation."""
    files = {
        role: [file.name, file.media, base64.b64encode(file.data).decode()] for role, file in sorted(look.files.items())
    }
    return json.dumps({"text": text, "files": files})


def loads(kept: str) -> Look:
    """Return the look that `dumps` wrote, and the usual look for an empty text."""
    if not kept:
        return Look()
    said = json.loads(kept)
    files = {role: File(name, media, base64.b64decode(data)) for role, (name, media, data) in said["files"].items()}
    return Look(site_file.read(said["text"], problems=[]), files)


def _file(folder: Path, name: str, *, types: Mapping[str, str], most: int) -> File:
    media = types.get(os.path.splitext(name)[1].lower())
    if media is None:
        raise ValueError(f"must end in {', '.join(types)}")
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError("is outside the articles folder; copy it in")
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a name that no file can have
        raise ValueError("is not the name of a file") from error
    if len(data) > most:
        raise ValueError(f"is larger than {most // 1000} KB; make it smaller")
    if media.startswith("image/") and not picture_size.is_picture(data):
        raise ValueError("is not a picture; save it again as one")
    return File(name, media, data)


class _Head(HTMLParser):
    """Collects what a head file contains."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong, self.inline = "", False
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        given = dict(attrs)
        if tag == "script" and given.get("src"):
            self.loads.append(str(given["src"]))
        self.inline = self.inline or any(name.startswith("on") for name in given)
        if tag not in IN_HEAD:
            self.wrong = self.wrong or tag


def _read_head(html: str) -> _Head:
    reader = _Head()
    reader.feed(html)
    reader.close()
    return reader


def _wrong_head(html: str) -> str:
    """Return what in a head file would end the head of a page early, or hide the page that follows, or ""."""
    if wrong := _read_head(html).wrong:
        return f"<{wrong}> can't be in the head of a page, which takes {', '.join(sorted(IN_HEAD))}"
    rest = CLOSED.sub("", html).lower()
    ends = {"<!--": "-->", "<script": "</script>", "<noscript": "</noscript>"}
    left = next((start for start in ends if start in rest), "")
    name = left if left in ("", "<!--") else f"{left}>"
    return name and f"{name} is not closed and would hide the page; add {ends[left]}"


def _advice(look: Look, lines: Mapping[site_file.Path, int]) -> list[Problem]:
    """Return warnings: what is changed so that it can be read, and what the Content-Security-Policy refuses."""
    found: list[Problem] = []

    def warn(key: str, why: str) -> None:
        found.append(Problem(FILE, site_file.line_of(lines, (key,)), why, "look"))

    if look.themes:
        accent, light, dark = look.site.accent, *(theme.accent for theme in look.themes)
        uses = [f"{new} in the {name} theme" for name, new in (("light", light), ("dark", dark)) if new != accent]
        if uses:
            why = f"accent {accent} can't be read well on {'every background' if len(uses) > 1 else 'one background'}"
            warn("accent", f"{why}; the site uses {' and '.join(uses)}, with a contrast of at least {colour.TEXT}:1")
    if head := look.files.get("head"):
        said = _read_head(head.text)
        for source in said.loads:
            host = urlsplit(source)
            origin = f"{host.scheme or 'https'}://{host.netloc}".lower()
            if host.netloc and origin not in look.site.analytics:
                warn("head", f"{head.name} loads a script from {origin}, which 'analytics' doesn't list; add it there")
        if said.inline:
            warn(
                "head", f"{head.name} has an attribute such as onload, which the security policy refuses; use a script"
            )
    if (css := look.files.get("stylesheet")) and FAR.search(css.text):
        why = f"{css.name} loads styles or fonts from another address, which the security policy refuses"
        warn("stylesheet", f"{why}; put the file into the articles folder and write url(/files/…)")
    return found
