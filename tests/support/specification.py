"""The examples of Markdown's specifications, and HTML in a form that can be compared."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

COMMONMARK = Path(__file__).parents[1] / "npm/node_modules/commonmark-spec/spec.txt"
GFM = Path(os.environ.get("KB_GFM_SPEC", "spec.txt of GitHub"))  # no package holds GitHub's text
_EXAMPLE = re.compile(r"^`{32} example([^\n]*)\n(.*?)^\.\n(.*?)^`{32}$", re.MULTILINE | re.DOTALL)
_BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 "
    "head header hr html iframe li main nav ol p pre script section style summary table tbody td tfoot th thead title "
    "tr ul".split()
)


@dataclass(frozen=True, slots=True)
class Example:
    """A text and the HTML that it must become; `kind` names the extension, or is empty."""

    number: int
    kind: str
    text: str
    html: str


def examples(path: Path) -> tuple[Example, ...]:
    """Return the examples in a specification's text."""
    found = _EXAMPLE.findall(path.read_text(encoding="utf-8"))
    return tuple(
        Example(number, kind.strip(), text.replace("→", "\t"), html.replace("→", "\t"))
        for number, (kind, text, html) in enumerate(found, 1)
    )


def normal(html: str) -> str:
    """Return HTML without differences that mean nothing: blanks between blocks, the order of attributes, escapes."""
    parser = _Normal()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts()).strip()


def words(html: str) -> list[str]:
    """Return the words that HTML shows, in order."""
    parser = _Normal()
    parser.feed(re.sub(r"<!---?>|<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>", "", html, flags=re.DOTALL))
    parser.close()
    return " ".join(text for kind, text in parser.found if kind == "text").split()


class _Normal(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self.pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.pre += tag == "pre"
        shown = "".join(f' {name}="{_value(name, value)}"' for name, value in sorted(attrs))
        self.found.append((tag, f"<{tag}{shown}>"))

    def handle_endtag(self, tag: str) -> None:
        self.pre -= tag == "pre"
        self.found.append((tag, f"</{tag}>"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.pre -= tag == "pre"

    def handle_data(self, data: str) -> None:
        self.found.append(("text", data if self.pre else re.sub(r"\s+", " ", data)))

    def handle_comment(self, data: str) -> None:
        self.found.append(("#", f"<!--{data}-->"))

    def handle_decl(self, decl: str) -> None:
        self.found.append(("#", f"<!{decl}>"))

    def handle_pi(self, data: str) -> None:
        self.found.append(("#", f"<?{data}>"))

    def unknown_decl(self, data: str) -> None:
        self.found.append(("#", f"<![{data}>"))

    def parts(self) -> Iterator[str]:
        """Yield tags and texts; a text has no blanks beside a block or a line break."""
        pre = False
        for at, (kind, text) in enumerate(self.found):
            if kind == "pre":
                pre = not text.startswith("</")
            if kind == "text" and not pre:
                if at == 0 or self.found[at - 1][0] in _BLOCKS or self.found[at - 1][0] == "br":
                    text = text.lstrip()
                if at + 1 == len(self.found) or self.found[at + 1][0] in _BLOCKS:
                    text = text.rstrip()
            yield escape(text) if kind == "text" else text


def _value(name: str, value: str | None) -> str:
    return escape(unquote(value or "") if name in ("href", "src") else value or "")
