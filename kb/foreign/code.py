"""Set the code of a Markdown text aside, so that what is translated around it never touches it."""

from __future__ import annotations

import re
from bisect import bisect_right

from kb.foreign.lines import END

_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(`{3,}|~{3,})([^\n]*)")
_RUNS = re.compile(r"(?<!\\)`+")
# What indented text belongs to: items, whose text begins after the mark, and others, whose text begins at four.
_ITEM = re.compile(r"([-*+]|\d+[.)])([ \t]+|$)|(!!!|\?\?\?|===|\[\^[^\]]+\]:|:[ \t])")
_KEPT = re.compile(f"\0(\\d+)\0{END}*")


class Aside:
    """The text with placeholders for its code; `lines` counts the lines of both."""

    def __init__(self, text: str, *, indented: bool = True) -> None:
        """Set aside fences, spans and, if `indented`, lines that are code by their indentation."""
        self._code: list[str] = []
        blocks = _blocks(text, by_indentation=indented)
        spans = _spans(text, blocks)
        parts, last = [], 0
        for start, end in sorted([*blocks, *spans]):
            parts += [text[last:start], self._placeholder(text[start:end])]
            last = end
        self.text = "".join([*parts, text[last:]])

    def _placeholder(self, code: str) -> str:
        self._code.append(code)
        return f"\0{len(self._code) - 1}\0" + END * code.count("\n")

    def restore(self, text: str) -> str:
        """Return `text`, made of `self.text`, with the code in its places."""
        return _KEPT.sub(lambda match: self._code[int(match[1])], text)


def _blocks(text: str, *, by_indentation: bool) -> list[tuple[int, int]]:
    """Return where fenced and indented code begins and ends."""
    found: list[tuple[int, int]] = []
    fence, opened, at = "", 0, 0
    blank, indented = True, False
    holders: list[int] = []  # where the text of each open item begins, outermost first
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\n")
        match = _FENCE.match(bare)
        if fence:
            if match and match[1].startswith(fence) and not match[2].strip():
                found.append((opened, at + len(bare)))
                fence = ""
        elif match and not ("`" in match[2] and match[1][0] == "`"):
            fence, opened, indented = match[1], at + match.start(1), False
        elif not bare.strip():
            blank = True
        else:
            depth = _depth(bare)
            holders = [held for held in holders if held <= depth] if blank else holders
            code = depth >= (holders[-1] if holders else 0) + 4
            indented = by_indentation and (blank or indented) and code
            if indented:
                found.append((at, at + len(bare)))
            elif item := _ITEM.match(bare.lstrip()):
                wide = 4 if item[3] else len(item[0]) if 0 < len(item[2]) < 5 else len(item[1]) + 1
                holders = [*(held for held in holders if held <= depth), depth + wide]
            blank = False
        at += len(line)
    if fence:
        found.append((opened, len(text)))
    return found


def _depth(line: str) -> int:
    wide = line.expandtabs(4)
    return len(wide) - len(wide.lstrip())


def _spans(text: str, blocks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return where code spans begin and end; none crosses an empty line."""
    starts, found = [start for start, _ in blocks], []
    paragraphs = [match.end() for match in re.finditer(r"\n[ \t]*\n", text)]
    open_at: dict[tuple[int, int], list[int]] = {}
    runs: list[tuple[int, int, tuple[int, int]]] = []
    for match in _RUNS.finditer(text):
        number = bisect_right(starts, match.start()) - 1
        if number < 0 or match.start() >= blocks[number][1]:
            place = (bisect_right(paragraphs, match.start()), len(match[0]))
            open_at.setdefault(place, []).append(len(runs))
            runs.append((match.start(), match.end(), place))
    last = -1
    for number, (start, _end, place) in enumerate(runs):
        if start < last:
            continue
        same = open_at[place]
        after = bisect_right(same, number)
        if after < len(same):
            last = runs[same[after]][1]
            found.append((start, last))
    return found
