"""Translate the Markdown of other systems line by line: Liquid, kramdown attributes, admonitions, tabs and MDX."""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from kb.content.foreign_keys import Note
from kb.content.frontmatter import Value

# No part of the pattern can match past the next opening, so that unclosed tags take linear time.
_LIQUID = re.compile(
    r"(?P<code>``(?:[^`\n]|`(?!`))+``|`[^`\n]+`)"
    r"|\{%-?\s*(?P<tag>[\w-]*)(?P<rest>(?:(?!\{%|%\}).)*)%\}"
    r"|\{\{-?[ \t]*(?P<output>(?:(?!\{\{|\}\})[^\n])*)\}\}",
    re.DOTALL,
)
_FENCE_LINES = re.compile(r"^[ \t>]*(`{3,}|~{3,})([^\n]*)", re.MULTILINE)
_LITERAL = re.compile(r"""(["'])(.*?)\1\s*(\||$)""", re.DOTALL)
_OBJECTS = {"site", "page", "include", "layout", "content", "paginator", "jekyll", "forloop", "post"}
_SILENT = {"comment", "raw"}  # the content of a comment is removed, that of raw is kept as it is
_LIST = re.compile(r"\b(?:items|list|content)\s*=\s*page\.([\w-]+)")


def strip(text: str, values: Mapping[str, Value], *, first_line: int) -> tuple[str, list[Note]]:
    """Return `text` without Liquid, with the same number of lines, and a note for each kind of removed tag."""
    if "{%" not in text and "{{" not in text:
        return text, []
    state = _State(values, first_line, names=set(re.findall(r"\{%-?\s*(?:assign|capture|for)\s+([\w-]+)", text)))
    code = _fenced(text)
    parts, last = [], 0
    for match in _LIQUID.finditer(text):
        if not state.silent and bisect.bisect(code, match.start()) % 2:
            continue
        before = text[last : match.start()]
        parts.append(before if state.silent != "comment" else _line_ends(before))
        parts.append(state.replace(match))
        last = match.end()
    parts.append(text[last:])
    return "".join(parts), state.notes(text)


def _fenced(text: str) -> list[int]:
    """Return the positions at which fenced code begins and ends, alternately."""
    edges: list[int] = []
    fence = ""
    for match in _FENCE_LINES.finditer(text):
        if not fence or (match[1].startswith(fence) and not match[2].strip()):
            fence = "" if fence else match[1]
            edges.append(match.end() if not fence else match.start())
    return edges


def _line_ends(text: str) -> str:
    return "\n" * text.count("\n")


@dataclass(slots=True)
class _State:
    values: Mapping[str, Value]
    first_line: int
    names: set[str]  # variables that the text itself sets
    silent: str = ""
    dropped: dict[str, tuple[int, str]] = field(default_factory=dict)

    def replace(self, match: re.Match[str]) -> str:
        whole, tag = match[0], match["tag"]
        if self.silent:
            if tag == f"end{self.silent}":
                self.silent = ""
                return _line_ends(whole)
            return whole if self.silent == "raw" else _line_ends(whole)
        if match["code"]:
            return whole
        if match["output"] is not None:
            return self._output(match)
        if tag in _SILENT:
            self.silent = tag
            return _line_ends(whole)
        if not tag.startswith("end"):
            self._drop(tag or "%", match.start(), f"Liquid tag '{tag or '%'}' is not supported and was removed")
        if tag == "highlight":
            return "```" + match["rest"].strip().split(" ")[0]
        if tag == "endhighlight":
            return "```"
        if tag == "link":
            return match["rest"].strip()
        return self._list(match["rest"]) + _line_ends(whole)

    def _list(self, rest: str) -> str:
        """Return the front-matter list that is passed to an include, as HTML, since it is text for readers."""
        found = _LIST.search(rest)
        items = self.values.get(found[1]) if found else None
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            return ""
        rows = "".join(f'<li markdown="span">{" ".join(str(item).split())}</li>' for item in items)
        return f'<ul markdown="block">{rows}</ul>'

    def _output(self, match: re.Match[str]) -> str:
        expression = match["output"].rstrip("- ")
        if literal := _LITERAL.match(expression):
            return literal[2]
        if expression.split("|")[0].strip() == "page.title" and isinstance(self.values.get("title"), str):
            return str(self.values["title"])
        name = re.split(r"[.|\s\[]", expression, maxsplit=1)[0]
        if name not in _OBJECTS | self.names:
            return match[0]  # a placeholder in the text, such as {{name}}
        self._drop(
            "{{",
            match.start(),
            f"Liquid output '{{{{ {expression[:40].strip()} }}}}' has no value here and was removed",
        )
        return _line_ends(match[0])

    def _drop(self, key: str, at: int, why: str) -> None:
        self.dropped.setdefault(key, (at, why))

    def notes(self, text: str) -> list[Note]:
        rows = self.dropped.items()
        return [Note(f"liquid {key}", self.first_line + text.count("\n", 0, at), why) for key, (at, why) in rows]


def lists_used(text: str) -> set[str]:
    """Return the front-matter keys whose lists are passed to includes in the text."""
    return set(_LIST.findall(text)) if "{%" in text else set()


_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})[ \t]*([^`\n]*)$")
_PLAIN_INFO = re.compile(r"(?:\w[\w.+#-]*)?(?:(?:^|\s+)\w+=\"[^\"]*\")*\s*|\{[^{}]*\}\s*")
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
MAX_DEPTH = 10  # nested blocks; deeper ones are read as text
_KINDS = {
    "caution": "warning",
    "important": "info",
    "success": "tip",
    "hint": "tip",
    "error": "danger",
    "secondary": "note",
}


def translate(text: str, values: Mapping[str, Value], *, first_line: int) -> tuple[str, list[Note]]:
    """Return `text` in our Markdown, with the same number of lines, and notes on removed parts."""
    text, notes = strip(text, values, first_line=first_line)
    if not _TRIGGERS.search(text):
        return text, notes
    reader = _Reader(first_line)
    lines = [reader.line(line, number) for number, line in enumerate(text.split("\n"))]
    return "\n".join(lines), [*notes, *reader.notes.values()]


class _Reader:
    """One pass over an article's lines; the content of a block is indented by four."""

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
            self._note("{:", number, "attributes such as {: .class} have no effect and were removed")
            return ""
        if mdx := _MDX.fullmatch(line):
            self.components |= set(re.findall(r"\w+", mdx[1] or ""))
            self._note("mdx", number, "MDX imports and exports are not supported and were removed")
            return ""
        return indent + self._without_components(line, number) if line.strip() else line

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
        return line[: match.start(2)] + re.split(r"[\s{]", match[2], maxsplit=1)[0]

    def _block(self, line: str) -> str | None:
        """Return the translation of a line that opens or closes a block, or None for any other line."""
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
                self._note("mdx component", number, "MDX components are not supported and were removed")
        return line

    def _note(self, key: str, number: int, why: str) -> None:
        self.notes.setdefault(key, Note(key, self.first_line + number, why))


def _title(title: str | None) -> str:
    clean = (title or "").replace('"', "”").strip()
    return f' "{clean}"' if clean else ""
