"""Markdown habits of other systems, line by line: kramdown's attributes, Docusaurus's and GitHub's admonitions, MDX."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kb.content import liquid
from kb.content.foreign import Note
from kb.content.frontmatter import Value

_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})[ \t]*([^`\n]*)$")
_PLAIN_INFO = re.compile(r"(?:\w[\w.+#-]*)?(?:\s+\w+=\"[^\"]*\")*\s*|\{[^{}]*\}\s*")
_TRIGGERS = re.compile(r"\{:|:::|```|~~~|\btoc\b|\bTOC\b|^[ \t]*(?:import|export) |<Tab|\[!|\{/\*", re.M)
_ATTRIBUTES = re.compile(r"\s*\{:[^{}#]*\}\s*")  # without an #id, which is kept
_TOC = re.compile(
    r"\s*(?:\{:\s*toc\b[^}]*\}|\[\[?_?toc_?\]?\]|(?:[-*+]|\d+\.)\s+toc\s*(?:\{:\s*toc\b[^}]*\})?)\s*", re.I
)
_OPEN = re.compile(r"\s*(:{3,})\s*([A-Za-z]+)\s*(?:\[(.*)\]|(.*?))\s*(?:\{.*\})?")
_CLOSE = re.compile(r"\s*:{3,}\s*")
_ALERT = re.compile(r" {0,3}> ?\[!(\w+)\][+-]?\s*(.*)")
_TAB = re.compile(r"\s*<TabItem\b([^>]*)>\s*")
_TAB_END = re.compile(r"\s*</TabItem>\s*")
_TABS = re.compile(r"\s*</?Tabs\b[^>]*>\s*")
_MDX = re.compile(r"(?:import\s+(?:(.+?)\s+from\s+)?['\"][^'\"]+['\"];?|export\s+(?:const|default|function)\b.*)\s*")
_JSX_COMMENT = re.compile(r"\{/\*.*?\*/\}")
MAX_DEPTH = 10  # blocks in blocks that are still read as such
_KINDS = {
    "caution": "warning",
    "important": "info",
    "success": "tip",
    "hint": "tip",
    "error": "danger",
    "secondary": "note",
}


def translate(text: str, values: Mapping[str, Value], *, first_line: int) -> tuple[str, list[Note]]:
    """Return `text` in the Markdown that we render, line for line, and notes of what was dropped."""
    text, notes = liquid.strip(text, values, first_line=first_line)
    if not _TRIGGERS.search(text):
        return text, notes
    reader = _Reader(first_line)
    lines = [reader.line(line, number) for number, line in enumerate(text.split("\n"))]
    return "\n".join(lines), [*notes, *reader.notes.values()]


class _Reader:
    """One pass over an article's lines; open blocks indent what they hold by four."""

    def __init__(self, first_line: int) -> None:
        self.first_line = first_line
        self.fence = ""
        self.blocks: list[str] = []  # ":::" or "tab", outermost first
        self.alert = False
        self.components: set[str] = set()
        self.notes: dict[str, Note] = {}

    def line(self, line: str, number: int) -> str:
        indent = "    " * len(self.blocks)
        if self._in_code(line):
            return indent + self._opening(line)
        if self.alert:
            if line.lstrip().startswith(">"):
                return indent + "    " + re.sub(r"^\s*> ?", "", line)
            self.alert = False
        if (block := self._block(line)) is not None:
            return block
        if _TOC.fullmatch(line):
            return ""
        if _ATTRIBUTES.fullmatch(line):
            self._note("{:", number, "attributes such as {: .class} have no effect and were dropped")
            return ""
        if mdx := _MDX.fullmatch(line):
            self.components |= set(re.findall(r"\w+", mdx[1] or ""))
            self._note("mdx", number, "MDX's import and export are not run and were dropped")
            return ""
        return indent + self._without_components(line, number) if line.strip() else line

    def _in_code(self, line: str) -> bool:
        """Return whether a line is of a fenced block, its fences among it."""
        match = _FENCE.match(line)
        if self.fence:
            if match and match[1].startswith(self.fence) and not match[2].strip():
                self.fence = ""
            return True
        if match:
            self.fence = match[1]
        return bool(match)

    def _opening(self, line: str) -> str:
        """Return a fence with no more of its info than our highlighter reads: ```js {1,3} is ```js."""
        match = _FENCE.match(line)
        if not match or match[1] != self.fence or _PLAIN_INFO.fullmatch(match[2]):
            return line
        return line[: match.start(2)] + re.split(r"[\s{]", match[2], maxsplit=1)[0]

    def _block(self, line: str) -> str | None:
        """Return a line that opens or closes a block as ours has it, or None for any other line."""
        indent = "    " * len(self.blocks)
        if _CLOSE.fullmatch(line):
            if ":::" not in self.blocks:
                return None
            while self.blocks.pop() != ":::":
                pass
            return ""
        if len(self.blocks) >= MAX_DEPTH:
            return None
        if match := _OPEN.fullmatch(line):
            self.blocks.append(":::")
            kind = match[2].lower()
            return f"{indent}!!! {_KINDS.get(kind, kind)}{_title(match[3] or match[4])}"
        if match := _ALERT.fullmatch(line):
            self.alert = True
            kind = match[1].lower()
            return f"{indent}!!! {_KINDS.get(kind, kind)}{_title(match[2])}"
        if match := _TAB.fullmatch(line):
            self.blocks.append("tab")
            named = dict(re.findall(r"""(\w+)\s*=\s*\{?["']([^"']*)["']""", match[1]))
            return f"{indent}==={_title(named.get('label') or named.get('value') or 'Tab')}"
        if _TAB_END.fullmatch(line) and self.blocks and self.blocks[-1] == "tab":
            self.blocks.pop()
            return ""
        return "" if _TABS.fullmatch(line) else None

    def _without_components(self, line: str, number: int) -> str:
        if "{/*" in line:
            line = _JSX_COMMENT.sub("", line)
        if self.components and "<" in line:
            names = "|".join(map(re.escape, sorted(self.components)))
            line, found = re.subn(rf"</?(?:{names})\b[^>]*>", "", line)
            if found:
                self._note("mdx component", number, "MDX components are not run and were dropped")
        return line

    def _note(self, key: str, number: int, why: str) -> None:
        self.notes.setdefault(key, Note(key, self.first_line + number, why))


def _title(title: str | None) -> str:
    clean = (title or "").replace('"', "”").strip()
    return f' "{clean}"' if clean else ""
