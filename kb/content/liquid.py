"""Liquid in an article's text: tags and includes are dropped, what they hold is kept, and code is left alone."""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from kb.content.foreign import Note
from kb.content.frontmatter import Value

# Neither part of the pattern can run past the next opening, so that unclosed tags cost no more than their length.
_LIQUID = re.compile(
    r"(?P<code>``(?:[^`\n]|`(?!`))+``|`[^`\n]+`)"
    r"|\{%-?\s*(?P<tag>[\w-]*)(?P<rest>(?:(?!\{%|%\}).)*)%\}"
    r"|\{\{-?[ \t]*(?P<output>(?:(?!\{\{|\}\})[^\n])*)\}\}",
    re.DOTALL,
)
_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})([^\n]*)", re.MULTILINE)
_LITERAL = re.compile(r"""(["'])(.*?)\1\s*(\||$)""", re.DOTALL)
_OBJECTS = {"site", "page", "include", "layout", "content", "paginator", "jekyll", "forloop", "post"}
_SILENT = {"comment", "raw"}  # what lies between these and their ends is dropped, and kept as it is
_LIST = re.compile(r"\b(?:items|list|content)\s*=\s*page\.([\w-]+)")


def strip(text: str, values: Mapping[str, Value], *, first_line: int) -> tuple[str, list[Note]]:
    """Return `text` without Liquid, line for line, and a note for each kind of tag dropped."""
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
    """Return where fenced code begins and ends, in turn."""
    edges: list[int] = []
    fence = ""
    for match in _FENCE.finditer(text):
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
            self._drop(tag or "%", match.start(), f"Liquid tag '{tag or '%'}' is not run and was dropped")
        if tag == "highlight":
            return "```" + match["rest"].strip().split(" ")[0]
        if tag == "endhighlight":
            return "```"
        if tag == "link":
            return match["rest"].strip()
        return self._list(match["rest"]) + _line_ends(whole)

    def _list(self, rest: str) -> str:
        """Return the list of the front matter that an include was given, since it is text that people are to read."""
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
            return match[0]  # somebody's placeholder, which is text
        self._drop("{{", match.start(), f"Liquid output '{{{{ {expression[:40].strip()} }}}}' has no value here")
        return _line_ends(match[0])

    def _drop(self, key: str, at: int, why: str) -> None:
        self.dropped.setdefault(key, (at, why))

    def notes(self, text: str) -> list[Note]:
        rows = self.dropped.items()
        return [Note(f"liquid {key}", self.first_line + text.count("\n", 0, at), why) for key, (at, why) in rows]


def lists_used(text: str) -> set[str]:
    """Return the front-matter keys whose lists the text's includes show."""
    return set(_LIST.findall(text)) if "{%" in text else set()
