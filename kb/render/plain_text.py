"""Turn HTML, as in e-mails, into plain lines."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from kb.render.sanitise import clean, too_deep

LONGEST_HTML = 1_000_000  # characters that are read; a ticket stores 50,000 characters of text
BLOCKS = frozenset("p div tr table ul ol dl dt dd h1 h2 h3 h4 h5 h6 pre blockquote figure details summary hr".split())
_TAG = re.compile(r"<[^<>]*>")
_DATA = re.compile(r"data:[\w/+.-]{1,100};base64,[A-Za-z0-9+/=%\s]{100,}", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\f\v\u00a0]+")


def without_pictures(html: str) -> str:
    """Return HTML without the data of pictures in it, which may be longer than all of its text."""
    return _DATA.sub("data:,", html)


def of_html(html: str) -> str:
    """Return HTML as plain text: one line for each block, quotes prefixed with `>`, links with their address.

    >>> of_html("<p>Hi <b>Jo</b></p><blockquote>old<br>text</blockquote><script>x()</script>")
    'Hi Jo\\n\\n> old\\n> text'
    """
    html = html[:LONGEST_HTML]
    if too_deep(html):
        return _TAG.sub(" ", html)
    reader = _Reader()
    reader.feed(clean(html))  # well formed, and without scripts, styles and comments
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Collects HTML as plain lines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._quotes = self._pre = 0
        self._link, self._said = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Start a line, a quote or a link."""
        if tag in BLOCKS:
            self._end_line(blank=tag not in ("div", "tr"))
        given = dict(attrs)
        if tag == "blockquote":
            self._quotes += 1
        elif tag == "pre":
            self._pre += 1
        elif tag == "br":
            self._end_line(empty=True)
        elif tag == "li":
            self._end_line()
            self._line = "- "
        elif tag == "a":
            self._link, self._said = given.get("href") or "", ""
        elif tag == "img" and given.get("alt"):
            self.handle_data(f"[{given['alt']}]")

    def handle_endtag(self, tag: str) -> None:
        """End a line, a quote or a link."""
        if tag in BLOCKS:
            self._end_line(blank=tag not in ("div", "tr"))
        if tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        elif tag == "pre":
            self._pre = max(0, self._pre - 1)
        elif tag in ("td", "th"):
            self._line += " "
        elif tag == "a" and self._link.startswith(("http://", "https://")):
            if self._link.rstrip("/") not in self._said:
                self._line += f" ({self._link})"
            self._link = ""

    def handle_data(self, data: str) -> None:
        """Add text. Outside `pre`, white space collapses to one space."""
        self._said += data
        if self._pre:
            *lines, last = data.split("\n")
            for line in lines:
                self._line += line
                self._end_line(empty=True)
            self._line += last
        else:
            text = _SPACE.sub(" ", data)
            self._line += text.lstrip() if not self._line or self._line.endswith(" ") else text

    def text(self) -> str:
        """Return the lines without consecutive empty lines."""
        self._end_line()
        kept: list[str] = []
        for line in self._lines:
            if line.strip("> ") or (kept and kept[-1].strip("> ")):
                kept.append(line)
        return "\n".join(kept).strip()

    def _end_line(self, *, empty: bool = False, blank: bool = False) -> None:
        prefix = "> " * self._quotes
        if self._line.strip() or empty:
            self._lines.append((prefix + self._line).rstrip())
        if blank and self._lines:
            self._lines.append("")
        self._line = ""
