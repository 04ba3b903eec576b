"""Translate the Markdown of other systems to ours: Liquid, shortcodes, MDX, wiki links, admonitions and tabs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kb.foreign import components, liquid, mdx_html, shortcodes, wiki
from kb.foreign.code import Aside
from kb.foreign.lines import CLOSE, OPEN, settled
from kb.foreign.liquid import lists_used
from kb.foreign.note import Note

__all__ = ["lists_used", "translate"]

_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})[ \t]*([^`\n]*)$")
_PLAIN_INFO = re.compile(r"(?:\w[\w.+#-]*)?(?:(?:^|\s+)(?:title|linenums|hl_lines)=\"[^\"]*\")*\s*|\{[^{}]*\}\s*")
_TRIGGERS = re.compile(r"\{:|:::|```|~~~|\btoc\b|\bTOC\b|<Tab|\[!|[\2\3]", re.M)
_WITHIN = re.compile(
    r"[<{%]|\[\[|==|^[ \t]*(?:import|export)\b|\^[A-Za-z0-9-]+[ \t]*$|-8<-|pathname:|:[a-z]+-[\w-]+:|^@\[code", re.M
)
_ATTRIBUTES = re.compile(r"\s*\{:[^{}#]*\}\s*")  # without an #id, which is kept
_TOC = re.compile(
    r"\s*(?:\{:\s*toc\b[^}]*\}|\[\[?_?toc_?\]?\]|(?:[-*+]|\d+\.)\s+toc\s*(?:\{:\s*toc\b[^}]*\})?)\s*", re.I
)
_OPEN = re.compile(r"\s*(:{3,})\s*([A-Za-z][\w-]*)\s*(?:\[(.*)\]|(.*?))\s*(?:\{.*\})?")
_CLOSE = re.compile(r"\s*:{3,}\s*")
_ALERT = re.compile(r" {0,3}> ?\[!(\w+)\][+-]?\s*(.*)")
_TAB = re.compile(r"\s*<TabItem\b([^>]*)>\s*")
_TAB_END = re.compile(r"\s*</TabItem>\s*")
_MDX = re.compile(r"[<{]|^(?:import|export)\b", re.M)
_ITEM = re.compile(r"[ \t]*([-*+:]|\d+[.)])[ \t]")
_GROUP_END = re.compile(rf"\s*{CLOSE}\s*")
_TABS = re.compile(r"\s*</?Tabs\b[^>]*>\s*")
MAX_DEPTH = 10  # nested blocks; deeper ones are read as text
MAX_GROUPS = 100  # nested blocks and groups
_KINDS = {
    "caution": "warning",
    "important": "info",
    "success": "tip",
    "hint": "tip",
    "error": "danger",
    "secondary": "note",
}


def translate(text: str, values: Mapping[str, object], *, first_line: int, mdx: bool = False) -> tuple[str, list[Note]]:
    """Return `text` in our Markdown, and notes on removed parts; `mdx` is the dialect in which `<Word>` is no text.

    The number of lines stays the same, but for components that begin and end within a line.
    """
    text, notes = liquid.strip(re.sub("[\1\2\3\4]", "", text), values, first_line=first_line)
    if _WITHIN.search(text):
        aside = Aside(text, indented=not mdx)
        plain, dropped = shortcodes.translate(aside.text, first_line=first_line)
        read = components.Translation(values, mdx, first_line)
        plain = read.run(plain) if mdx or _MDX.search(plain) else plain
        plain = mdx_html.translate(plain) if read.mdx else plain
        plain, removed = wiki.translate(plain, first_line=first_line)
        text = aside.restore(settled(plain))
        notes = [*notes, *dropped, *read.notes.values(), *removed]
    if not _TRIGGERS.search(text):
        return settled(text), notes
    reader = _Reader(first_line)
    lines = [reader.line(line, number) for number, line in enumerate(settled(text).split("\n"))]
    return "\n".join(lines), [*notes, *reader.notes.values()]


@dataclass(slots=True)
class _Block:
    """An open block: its kind, how far its lines are moved right, and how far its text was moved already."""

    kind: str  # ":::", "tab" or "group"
    indent: str
    dedent: int | None = None


class _Reader:
    """One pass over an article's lines; the content of a block is indented by four."""

    def __init__(self, first_line: int) -> None:
        self.first_line = first_line
        self.fence = ""
        self.blocks: list[_Block] = []  # outermost first
        self.alert: tuple[str, _Reader] | None = None  # of an open alert of GitHub: its indentation, and its lines
        self.holder = ""  # "list" or "definition", to which indented lines belong
        self.notes: dict[str, Note] = {}

    def line(self, line: str, number: int) -> str:
        indent = "".join(block.indent for block in self.blocks)
        if self.alert is not None:
            if line.lstrip().startswith(">"):
                inner = self.alert[1].line(re.sub(r"^\s*> ?", "", line), number)
                return (indent + self.alert[0] + "    " + inner).rstrip(" ")
            self.alert = None
        if self._in_code(line):
            return indent + self._moved(self._opening(line))
        if (block := self._block(line)) is not None:
            return block
        if _TOC.fullmatch(line):
            return ""
        if _ATTRIBUTES.fullmatch(line):
            self._note("{:", number, "attributes such as {: .class} have no effect and were removed")
            return ""
        self._hold(line)
        return indent + self._moved(line) if line.strip() else line

    def _hold(self, line: str) -> None:
        if match := _ITEM.match(line):
            self.holder = "definition" if match[1] == ":" else "list"
        elif line[:1] not in ("", " ", "\t"):
            self.holder = ""

    def _moved(self, line: str) -> str:
        """Return a line of a component without the indentation that all its lines have."""
        if not self.blocks:
            return line
        block = self.blocks[-1]
        bare = line.lstrip(" \t")
        if block.dedent is None and bare:
            block.dedent = len(line) - len(bare)
        return line[min(block.dedent or 0, len(line) - len(bare)) :]

    def _in_code(self, line: str) -> bool:
        """Return True if a line is part of a fenced block, including its fences."""
        match = _FENCE.match(line)
        if self.fence:
            if match and match[1].startswith(self.fence) and not match[2].strip():
                self.fence = ""
            return True
        if match:
            self.fence = match[1]
        return bool(match)

    def _opening(self, line: str) -> str:
        """Return a fence with only the language in its info string: ```js {1,3} becomes ```js."""
        match = _FENCE.match(line)
        if not match or match[1] != self.fence or _PLAIN_INFO.fullmatch(match[2]):
            return line
        return line[: match.start(2)] + re.split(r"[\s{:\[]", match[2], maxsplit=1)[0]

    def _block(self, line: str) -> str | None:
        """Return the translation of a line that opens or closes a block, or None for any other line."""
        for close, kind in ((_CLOSE, ":::"), (_TAB_END, "tab"), (_GROUP_END, "group")):
            if close.fullmatch(line):
                return self._closed(kind)
        group = line.strip() == OPEN
        if len(self.blocks) >= MAX_GROUPS or (not group and self._depth() >= MAX_DEPTH):
            return "" if group else None
        indent = "".join(block.indent for block in self.blocks)
        own = self._moved(line)
        own = own[: len(own) - len(own.lstrip())]
        own = own if self.holder == "list" else "    " if self.holder == "definition" and own else ""
        if match := _OPEN.fullmatch(line):
            kind = match[2].lower()
            unboxed = kind in ("code-group", "tabs", "steps", "raw", "v-pre")
            self.blocks.append(_Block(":::", "" if unboxed else own + "    "))
            return "" if unboxed else f"{indent}{own}!!! {_KINDS.get(kind, kind)}{_title(match[3] or match[4])}"
        if match := _ALERT.fullmatch(line):
            self.alert = own, _Reader(self.first_line)
            kind = match[1].lower()
            return f"{indent}{own}!!! {_KINDS.get(kind, kind)}{_title(match[2])}"
        if match := _TAB.fullmatch(line):
            self.blocks.append(_Block("tab", own + "    "))
            named = dict(re.findall(r"""(\w+)\s*=\s*\{?["']([^"']*)["']""", match[1]))
            return f"{indent}{own}==={_title(named.get('label') or named.get('value') or 'Tab')}"
        if group:
            self.blocks.append(_Block("group", own))
            return ""
        return "" if _TABS.fullmatch(line) else None

    def _depth(self) -> int:
        return sum(block.kind != "group" for block in self.blocks)

    def _closed(self, kind: str) -> str | None:
        """Close the innermost block of this kind, and those in it."""
        if all(block.kind != kind for block in self.blocks):
            return "" if kind == "group" else None
        while self.blocks.pop().kind != kind:
            pass
        return ""

    def _note(self, key: str, number: int, why: str) -> None:
        self.notes.setdefault(key, Note(key, self.first_line + number, why))


def _title(title: str | None) -> str:
    clean = (title or "").replace('"', "”").strip()
    return f' "{clean}"' if clean else ""
