"""Convert Markdown to HTML, in one of two dialects: CommonMark with GitHub's additions, or Python-Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from kb.content.dialect import Dialect
from kb.render import commonmark, python_markdown
from kb.render.limits import TooMuch

__all__ = ["CONVERTERS", "TooMuch", "convert"]

# A converter returns the HTML of a text, not yet sanitised, or raises TooMuch.
CONVERTERS: Mapping[Dialect, Callable[[str], str]] = {
    "commonmark": commonmark.convert,
    "python-markdown": python_markdown.convert,
}
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})")
# A Mac types a non-breaking space when Option is still held for # or -.
_MARKED = re.compile(r"^[ \t>\xa0]*(?:#{1,6}|[-*+][ \xa0]+\[[ xX]\]|[-*+]|\d{1,9}[.)]|>)[ \xa0]+")


def convert(text: str, *, dialect: Dialect) -> str:
    """Return the HTML of `text`, not yet sanitised; raise TooMuch if it exceeds a limit."""
    return CONVERTERS[dialect](_with_blanks(text) if "\xa0" in text else text)


def _with_blanks(text: str) -> str:
    """Return `text` with an ordinary space for a non-breaking one after the mark of a heading, an item or a quote."""
    lines, fence = text.split("\n"), ""
    for at, line in enumerate(lines):
        if mark := _FENCE.match(line):
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        elif not fence and "\xa0" in line:
            lines[at] = _MARKED.sub(lambda match: match[0].replace("\xa0", " "), line, count=1)
    return "\n".join(lines)
