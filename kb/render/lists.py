"""Re-indent lists from CommonMark's nesting to the four spaces that Python-Markdown needs."""

from __future__ import annotations

import re

MAX_DEPTH = 20  # deeper lists are left as they are

_ITEM = re.compile(r"( *)([-*+]|\d{1,9}[.)])( +)(?=\S)")
_RULE = re.compile(r" {0,3}(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})$")
_CONTAINER = re.compile(r"( *)(?:!!!|\?\?\?\+?|===[!+]?) ?\S|( *)\[\^[^\]]+\]:|( *): {1,3}\S")
_QUOTE = re.compile(r" {0,3}> ?")
_STASHED = re.compile(r" {0,3}\x02wzxhzdk:\d+\x03 *")  # Python-Markdown's placeholder for a fence or HTML
_BREAKS = re.compile(r" {0,3}(?:#{1,6} |>|`{3}|~{3}|\|)")


def normalise(lines: list[str], *, depth: int = 0) -> list[str]:
    """Return `lines` with nested lists indented by four and a blank line before each list."""
    if depth > MAX_DEPTH:
        return lines
    result: list[str] = []
    kind = ""  # of the list in the line before
    block: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if _QUOTE.match(line):
            at, block = _quote(lines, at, depth)
        elif container := _CONTAINER.match(line):
            indent = len(next(group for group in container.groups() if group is not None)) + 4
            end = _extent(lines, at + 1, indent)
            block = [line, *_within(lines[at + 1 : end], indent, indent, depth)]
            at = end
        elif (item := _ITEM.match(line)) and len(item[1]) < 4 and not _RULE.match(line):
            if _needs_blank(result, item) or (kind and (kind != _kind(item) or "" in block)):
                result.append("")  # Python-Markdown would read it as part of the paragraph before
            at, block = _item(lines, at, item, depth)
            kind = _kind(item)
            result.extend(block)
            continue
        elif _STASHED.fullmatch(line):
            at, block = at + 1, ["", line, ""]
        else:
            at, block = at + 1, [line]
        kind = kind if not line.strip() else ""
        result.extend(block)
    return result


def _kind(item: re.Match[str]) -> str:
    return "bullets" if item[2] in "-*+" else "numbers"


def _needs_blank(before: list[str], item: re.Match[str]) -> bool:
    """Return True if a list begins right after a paragraph, as CommonMark allows for bullets and the number 1."""
    if not before or not before[-1].strip() or before[-1].startswith("    "):
        return False
    last = before[-1]
    starts = item[2] in "-*+" or item[2][:-1] == "1"
    return starts and not _ITEM.match(last) and not _BREAKS.match(last) and not _in_item(before)


def _in_item(before: list[str]) -> bool:
    """Return True if the lines end in a list item whose paragraph continues without indentation."""
    for line in reversed(before):
        if not line.strip():
            return False
        if _ITEM.match(line):
            return True
    return False


def _quote(lines: list[str], at: int, depth: int) -> tuple[int, list[str]]:
    end = at
    while end < len(lines) and _QUOTE.match(lines[end]):
        end += 1
    inner = [_QUOTE.sub("", line, count=1) for line in lines[at:end]]
    return end, [f"> {line}".rstrip() for line in normalise(inner, depth=depth + 1)]


def _item(lines: list[str], at: int, item: re.Match[str], depth: int) -> tuple[int, list[str]]:
    """Return the line on which an item ends, and its lines, with all but the first indented by four."""
    indent, marker, gap = len(item[1]), item[2], len(item[3])
    content = indent + len(marker) + (gap if gap <= 4 else 1)
    end = _extent(lines, at + 1, indent + 2, lazy=True)
    rest = lines[at + 1 : end]
    inner = _within(rest, _dedent(rest, indent, content), 4, depth)
    shown = marker[:-1] + "." if marker[-1] == ")" else marker
    return end, [f"{shown} {lines[at][item.end() :]}", *inner]


def _extent(lines: list[str], at: int, indent: int, *, lazy: bool = False) -> int:
    """Return the line on which a block indented by at least `indent` ends."""
    end = last = at
    blank = False
    while end < len(lines):
        line = lines[end]
        if not line.strip():
            blank = True
        elif len(line) - len(line.lstrip(" ")) >= indent:
            last, blank = end + 1, False
        elif lazy and not blank and not _ITEM.match(line) and not _BREAKS.match(line) and not _CONTAINER.match(line):
            last = end + 1
        else:
            break
        end += 1
    return last


def _dedent(lines: list[str], indent: int, content: int) -> int:
    """Return the indentation of an item's lines, by CommonMark's rule or Python-Markdown's four."""
    depths = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
    least = min((depth for depth in depths if depth > indent), default=content)
    if content + 4 <= least < indent + 8:
        return content
    return indent + 4 if least >= indent + 4 else content


def _within(lines: list[str], dedent: int, indent: int, depth: int) -> list[str]:
    """Return a block's lines normalised, with their indentation of up to `dedent` changed to `indent`."""
    inner = [line[min(dedent, len(line) - len(line.lstrip(" "))) :] for line in lines]
    pad = " " * indent
    return [pad + line if line.strip() else "" for line in normalise(inner, depth=depth + 1)]
