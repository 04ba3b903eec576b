"""Turn sanitised HTML into a page: headings with anchors, links with addresses, and the text of each section."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape

from kb.content.links import Target
from kb.render.rendered import Anchors, Image, Link, Rendered, Section, nearby

# The sanitiser writes every tag in this form, so that a pattern is enough to parse it.
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_EMPTY_HEAD = re.compile(r"<thead>\s*<tr>\s*(?:<th[^>]*>\s*</th>\s*)*</tr>\s*</thead>")
_EMPTY_PARAGRAPH = re.compile(r"<p>\s*</p>\n?")
_BLOCKS = frozenset(
    "p li dt dd tr div pre blockquote table ul ol dl details summary figure figcaption caption br hr".split()
)
_CELLS = frozenset(("td", "th"))
_BETWEEN = " · "  # between the cells of a row, which do not form a sentence
_REPEATED = re.compile(r"· (?:· )+")
Resolve = Callable[[str], tuple[Target, int]]

_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def outline(html: str, *, title: str, resolve: Resolve) -> Rendered:
    """Return the page of sanitised `html`; `resolve` returns the target of a link as written, and its line."""
    html = _EMPTY_HEAD.sub("", html)
    walker = _Walker(html, title, resolve)
    walker.walk(html)
    return walker.result()


class _Walker:
    """One pass over the tags, with the elements that are open."""

    def __init__(self, html: str, title: str, resolve: Resolve) -> None:
        self.resolve = resolve
        self.out: list[str] = []
        self.text: list[str] = []
        self.sections: list[Section] = []
        self.open: tuple[str, str, int, tuple[tuple[int, str], ...]] = ("", "", 1, ())
        self.links: list[Link] = []
        self.images: list[Image] = []
        self.title = title
        self.anchors = Anchors()
        self.heading: tuple[int, int, int, str] | None = None  # index of its HTML and text, level, id
        self.link: tuple[int, str, Target, int] | None = None  # index of its text, target as written, target, line
        self.tables = 0
        self.pre = False
        self.top_level = min(map(int, re.findall(r"<h([1-6])[ >]", html)), default=1)
        self.last_level = 1

    def walk(self, html: str) -> None:
        last = 0
        for match in _TAG.finditer(html):
            self._write_text(html[last : match.start()])
            last = match.end()
            close, name, attributes = match.groups()
            if name in _HEADINGS:
                self._heading(name, attributes, closing=bool(close))
            elif name == "a":
                self._a(attributes, closing=bool(close))
            elif name == "img":
                self._img(attributes)
            elif name == "table":
                self._table(attributes, closing=bool(close))
            else:
                self._other(name, attributes, match[0], closing=bool(close))
        self._write_text(html[last:])

    def result(self) -> Rendered:
        self._end_section()
        html = _EMPTY_PARAGRAPH.sub("", "".join(self.out)).strip()
        for link in {link.href: link for link in self.links if link.kind == "anchor"}.values():
            if link.anchor not in self.anchors.names and (found := nearby(link.anchor, self.anchors.names)):
                html = html.replace(f' href="{escape(link.href)}"', f' href="#{escape(found)}"')
        return Rendered(
            html, tuple(self.sections), tuple(self.links), tuple(self.images), frozenset(self.anchors.names)
        )

    def _write_text(self, text: str) -> None:
        if text:
            self.out.append(text)
            plain = unescape(text) if "&" in text else text
            self.text.append(plain if self.pre else plain.replace("\n", " "))  # a line break is a space

    def _other(self, name: str, attributes: str, whole: str, *, closing: bool) -> None:
        if name in _BLOCKS:
            self.text.append("\n")
        elif name in _CELLS and closing:
            self.text.append(_BETWEEN)
        if attributes:
            whole = f"<{name}{self._checked(name, attributes)}>"
        if name == "pre":
            self.pre = not closing
        if self.pre and name == "pre":
            whole = whole[:-1] + ' tabindex="0">'  # it scrolls, so it must be reachable with the keyboard
        self.out.append(whole)

    def _checked(self, name: str, attributes: str) -> str:
        """Return a tag's attributes, with ids that are unique on the page, and alignment as a class."""
        kept = []
        for key, value in _ATTRIBUTE.findall(attributes):
            if key == "id":
                value = self.anchors.claim(unescape(value))
            elif key == "align":
                key, value = "class", value if value in ("center", "right") else ""
            elif key == "title" and name == "a":
                value = value.strip()
            elif key == "open":
                kept.append(" open")
                continue
            if value:
                kept.append(f' {key}="{escape(value) if key == "id" else value}"')
        return "".join(kept)

    def _heading(self, name: str, attributes: str, *, closing: bool) -> None:
        if not closing and self.heading is None:
            self._end_section()
            given = dict(_ATTRIBUTE.findall(attributes)).get("id", "")
            self.heading = (len(self.out), len(self.text), self._level(_HEADINGS[name]), unescape(given))
        elif closing and self.heading is not None:
            self._close_heading(*self.heading)
            self.heading = None

    def _level(self, level: int) -> int:
        """Return a heading's level from 2 on, since the title is the only h1, without skipping a level."""
        level = max(2, min(level - self.top_level + 2, self.last_level + 1, 6))
        self.last_level = level
        return level

    def _close_heading(self, html_from: int, text_from: int, level: int, given: str) -> None:
        inner = "".join(self.out[html_from:]).strip()
        text = " ".join("".join(self.text[text_from:]).split())
        del self.out[html_from:], self.text[text_from:]
        if not text:
            self.out.append(inner)
            return
        anchor = self.anchors.claim(given) or self.anchors.make(text)
        href = escape(anchor)
        shown = inner if "<a " in inner else f'<a class="anchor" href="#{href}">{inner}</a>'
        self.out.append(f'<h{level} id="{href}">{shown}</h{level}>')
        above = tuple(row for row in self.open[3] if row[0] < level)
        self.open = (anchor, text, level, (*above, (level, text)))

    def _end_section(self) -> None:
        text = "\n".join(filter(None, map(_line, "".join(self.text).split("\n"))))
        anchor, heading, level, path = self.open
        if text or anchor:
            self.sections.append(Section(anchor, heading, tuple(name for _, name in path), level, text))
        self.text.clear()

    def _a(self, attributes: str, *, closing: bool) -> None:
        if closing:
            self._close_link()
            self.out.append("</a>")
            return
        values = {key: unescape(value) for key, value in _ATTRIBUTE.findall(attributes)}
        kept = "".join(
            f' {key}="{escape(values[key])}"'
            for key in ("class", "title", "lang", "dir")
            if values.get(key, "").strip()
        )
        if anchor := self.anchors.claim(values.get("id") or values.get("name") or ""):
            kept += f' id="{escape(anchor)}"'
        target = values.get("href")
        if target is not None:
            found, line = self.resolve(target)
            self.link = (len(self.text), target, found, line)
            if found.href:
                kept += f' href="{escape(found.href)}"'
            if found.kind == "outside":
                kept += ' rel="noopener noreferrer"'
        self.out.append(f"<a{kept}>")

    def _close_link(self) -> None:
        if self.link is None:
            return
        start, target, found, line = self.link
        self.link = None
        text = " ".join("".join(self.text[start:]).split())
        if text == "↩":
            del self.text[start:]  # the link back from a footnote is not text of the article
            return
        self.links.append(Link(target, found.kind, found.href, found.article, found.anchor, text, line))

    def _img(self, attributes: str) -> None:
        values = {key: unescape(value) for key, value in _ATTRIBUTE.findall(attributes)}
        target = values.get("src", "")
        found, line = self.resolve(target)
        self.images.append(Image(target, found.kind, found.href, values.get("alt"), line))
        if found.kind == "missing":
            self.out.append(escape(values.get("alt", "")))  # instead of a request that would fail
            return
        size = "".join(f' {key}="{values[key]}"' for key in ("width", "height") if values.get(key, "").isdigit())
        title = f' title="{escape(values["title"])}"' if values.get("title") else ""
        private = ' referrerpolicy="no-referrer"' if found.kind == "outside" else ""
        alt = escape(values.get("alt", ""))
        self.out.append(
            f'<img src="{escape(found.href)}" alt="{alt}"{title}{size} loading="lazy" decoding="async"{private}>'
        )

    def _table(self, attributes: str, *, closing: bool) -> None:
        """Wrap a table so that it scrolls on a narrow screen, also with the keyboard, labelled with its section."""
        self.text.append("\n")
        if closing:
            self.tables -= 1
            self.out.append("</table></div>" if self.tables == 0 else "</table>")
            return
        if self.tables == 0:
            name = escape(self.open[1] or self.title)
            self.out.append(f'<div class="table" role="group" tabindex="0" aria-label="{name}">')
        self.tables += 1
        self.out.append(f"<table{self._checked('table', attributes)}>")


def _line(text: str) -> str:
    """Return one line of a section's text, without the separators of empty cells."""
    return _REPEATED.sub("· ", " ".join(text.split())).strip(" ·")
