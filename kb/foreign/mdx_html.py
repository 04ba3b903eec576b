"""Let HTML in MDX hold Markdown without empty lines around it, as MDX does, by writing those empty lines."""

from __future__ import annotations

import re

from kb.foreign.lines import ADDED, CLOSE, OPEN

_HOLDERS = (
    "div|details|section|article|aside|main|header|footer|nav|center|figure|blockquote|ul|ol|li|dl|dt|dd|p"
    "|table|thead|tbody|tfoot|tr|td|th"
)
_LINES = "summary|figcaption|h[1-6]|p|li|dt|dd|td|th|div"
_TAG = re.compile(rf"<(/?)({_HOLDERS})\b[^<>]*>")
_ALONE = re.compile(rf"([ \t]*)((?:</?(?:{_HOLDERS})\b[^<>]*(?<!/)>[ \t]*)+)")
_SHORT = re.compile(
    rf"([ \t]*)((?:<(?:{_HOLDERS})\b[^<>]*(?<!/)>[ \t]*)*)<({_LINES})((?:\s[^<>]*)?(?<!/))>"
    rf"(.*)</\3>[ \t]*((?:</(?:{_HOLDERS})>[ \t]*)*)"
)
_IN_ITEM = re.compile(r"([ \t]*(?:[-*+]|\d+[.)])[ \t]+)<p(?:\s[^<>]*)?>(.*)</p>[ \t]*")


def translate(text: str) -> str:
    """Return MDX, without code, in which tags on lines of their own hold Markdown, and elements within a line spans."""
    if "<" not in text:
        return text
    return "\n".join(_lines(line) if "<" in line else line for line in text.split("\n"))


def _lines(line: str) -> str:
    if match := _IN_ITEM.fullmatch(line):
        return match[1] + match[2]
    if match := _ALONE.fullmatch(line):
        return _joined(match[1], _around(match[2]))
    if match := _SHORT.fullmatch(line):
        indent, before, name, attributes, held, after = match.groups()
        if name == "p":
            return _joined(indent, [*_around(before), "", held, "", *_around(after)])
        span = f'<{name}{attributes} markdown="span">{held}</{name}>'
        return _joined(indent, [*_around(before), span, *_around(after)])
    return line


def _around(tags: str) -> list[str]:
    """Return the lines for tags: each in a line of its own, and what it holds as a group."""
    found: list[str] = []
    for match in _TAG.finditer(tags):
        shown = [] if match[2] == "p" else [match[0]]  # its text is a paragraph anyway
        found += [CLOSE, *shown, ""] if match[1] else [*shown, OPEN]
    return found


def _joined(indent: str, lines: list[str]) -> str:
    return f"\n{ADDED}".join(indent + line if line else "" for line in lines)
