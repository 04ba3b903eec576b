"""Translate Liquid, of Jekyll and GitBook: hints, tabs, links and pictures are kept, and other tags are dropped."""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from kb.foreign.lines import ADDED, in_step, line_ends, own_line
from kb.foreign.note import Note

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
_NAMED = re.compile(r"""([\w-]+)\s*=\s*(["'])(.*?)\2""", re.DOTALL)
_KINDS = frozenset("note tip warning info important caution danger".split())
_NOTES = _KINDS | {"callout", "alert", "notice", "message"}
_LIST = re.compile(r"\b(?:items|list|content)\s*=\s*page\.([\w-]+)")


def strip(text: str, values: Mapping[str, object], *, first_line: int) -> tuple[str, list[Note]]:
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
        parts.append(before if state.silent != "comment" else in_step("", before))
        parts.append(in_step(state.replace(match), match[0]))
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


@dataclass(slots=True)
class _State:
    values: Mapping[str, object]
    first_line: int
    names: set[str]  # variables that the text itself sets
    silent: str = ""
    dropped: dict[str, tuple[int, str]] = field(default_factory=dict)

    def replace(self, match: re.Match[str]) -> str:
        whole, tag = match[0], match["tag"]
        if self.silent:
            if tag == f"end{self.silent}":
                self.silent = ""
                return ""
            return whole if self.silent == "raw" else ""
        if match["code"]:
            return whole
        if match["output"] is not None:
            return self._output(match)
        if tag in _SILENT:
            self.silent = tag
            return ""
        if (known := self._known(tag or "", match["rest"], match)) is not None:
            return known
        if not tag.startswith("end"):
            self._drop(tag or "%", match.start(), f"Liquid tag '{tag or '%'}' is not supported and was removed")
        if tag == "highlight":
            return "```" + match["rest"].strip().split(" ")[0]
        if tag == "endhighlight":
            return "```"
        if tag == "link":
            return match["rest"].strip()
        return self._list(match["rest"])

    def _known(self, tag: str, rest: str, match: re.Match[str]) -> str | None:
        """Return the translation of a tag of GitBook, or of an include that is a note or a picture."""
        given = {name: text for name, _, text in _NAMED.findall(rest)}
        if tag == "hint":
            return own_line(f":::{given.get('style', 'info')}", match)
        if tag == "tab":
            label = given.get("title", "Tab").replace('"', "”")
            return own_line(f'<TabItem label="{label}">', match)
        if tag in ("endhint", "endtab"):
            return own_line(":::" if tag == "endhint" else "</TabItem>", match)
        if tag in ("embed", "file") and (src := given.get("url") or given.get("src")):
            return f"[{given.get('caption') or src.removeprefix('https://')}](<{src}>)"
        if tag in ("tabs", "endtabs", "code", "endcode", "content-ref", "endcontent-ref", "stepper", "endstepper"):
            return ""
        if tag == "post_url":
            return quote(f"/_wiki/{rest.strip()}")
        if tag != "include" and tag != "include_relative":
            return None
        name = rest.strip().split(" ")[0].rpartition("/")[2].split(".")[0].casefold()
        src = given.get("src") or given.get("url") or given.get("image_path") or given.get("file") or given.get("image")
        if src and re.search(r"\.(png|jpe?g|gif|webp|svg|avif)$", src, re.IGNORECASE):
            return f"![{given.get('alt') or given.get('caption') or given.get('description') or ''}](<{src}>)"
        text = given.get("content") or given.get("text") or given.get("message")
        if text and "{{" not in text and (name in _NOTES or given.get("type") in _NOTES):
            kind = name if name in _KINDS else given.get("type", "note")
            return own_line(f":::{kind if kind in _KINDS else 'note'}\n{ADDED}{text}\n{ADDED}:::", match)
        return None

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
        return ""

    def _drop(self, key: str, at: int, why: str) -> None:
        self.dropped.setdefault(key, (at, why))

    def notes(self, text: str) -> list[Note]:
        rows = self.dropped.items()
        return [Note(f"liquid {key}", self.first_line + line_ends(text, at), why) for key, (at, why) in rows]


def lists_used(text: str) -> set[str]:
    """Return the front-matter keys whose lists are passed to includes in the text."""
    return set(_LIST.findall(text)) if "{%" in text else set()
