"""Rewrite an article's lines for Python-Markdown where GitHub reads blocks differently: HTML, fences and tables."""

from __future__ import annotations

import re

from markdown.preprocessors import Preprocessor

from kb.render import code, tags

_FENCE = re.compile(r"([ \t>]*)(`{3,}|~{3,})(.*)$")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)(?=[\s/>]|$)([^<>]*)>?")
_KEPT = frozenset(("pre", "script", "style", "textarea"))  # Python-Markdown reads them to their end, as CommonMark does
_MARKDOWN = re.compile(r"\smarkdown(?=[\s=>])")
_DELIMITERS = re.compile(r"[ >]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_GLUED_ID = re.compile(r"([ >]*#{1,6} .*?[^\s{])(\{:?[ ]*#[\w:.-]+[ ]*\}[ \t]*)$")
_SPLIT = re.compile(r"(?<!\\)\|")


class Fences(Preprocessor):
    """Close fences that are not closed, and write every closing fence like its opening one."""

    def run(self, lines: list[str]) -> list[str]:
        result: list[str] = []
        at = 0
        while at < len(lines):
            match = _FENCE.match(lines[at])
            if match is None or (match[2][0] == "`" and "`" in match[3]):
                result.append(lines[at])
                at += 1
                continue
            end, closed = _fence_end(lines, at, match)
            result += [match[1] + match[2] + _info(match[3]), *lines[at + 1 : end], match[1] + match[2]]
            at = end + closed
        return result


def _info(info: str) -> str:
    """Return what follows a fence, reduced to the language and the title, the only parts with an effect."""
    language, title = code.LANGUAGE.match(info), code.TITLE.search(info)
    return (f" {language[1]}" if language else "") + (f' title="{title[1]}"' if title else "")


def _fence_end(lines: list[str], at: int, opening: re.Match[str]) -> tuple[int, bool]:
    """Return the line of the closing fence and True, or the end of the fence's quote, item or text and False."""
    indent, quoted, mark = len(opening[1].expandtabs(4)), opening[1].count(">"), opening[2]
    for number in range(at + 1, len(lines)):
        line = lines[number]
        match = _FENCE.match(line)
        closes = match and match[2].startswith(mark) and not match[3].strip() and match[1].count(">") >= quoted
        if match and closes and len(match[1].expandtabs(4)) < indent + 4:
            return number, True
        if quoted and line.lstrip()[:1] != ">":
            return number, False
        if not quoted and indent > 1 and line.strip() and len(line) - len(line.lstrip()) < indent - 1:
            return number, False
    return len(lines), False


class Blocks(Preprocessor):
    """End HTML at a blank line, and begin a table right below a paragraph."""

    def run(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines)
        if "<" not in text:
            return _tables(lines)
        lines, result = lines.copy(), list[str]()
        at = depth = 0
        while at < len(lines):
            line = lines[at]
            if "<" in line and tags.is_component(line.strip(), text):
                result.append("")
                at += 1
                continue
            if _is_text(lines, at):
                line = lines[at] = line.replace("<", self.md.htmlStash.store("&lt;"), 1)
            if (end := _untouched(lines, at)) > at:
                result += lines[at:end]
                at = end
                continue
            if _begins(lines, at, inside=depth > 0):
                end, depth = _html(lines, at, depth)
                indent = line[: min(3, len(line) - len(line.lstrip()))]
                result += ["", indent + self.md.htmlStash.store("\n".join(lines[at:end])), ""]
                at = end
            else:
                result.append(line)
                at += 1
        return _tables(result)


def _untouched(lines: list[str], at: int) -> int:
    """Return the line after a comment, preformatted text or HTML with a `markdown` attribute, or `at`."""
    line = lines[at].lstrip()
    if not line.startswith("<"):
        return at
    if line.startswith("<!--"):
        return _after(lines, at, "-->")
    match = _TAG.match(line)
    if match is None or match[1]:
        return at
    name = match[2].lower()
    if name in _KEPT:
        return _after(lines, at, f"</{name}")
    if not _MARKDOWN.search(match[3] + ">"):
        return at
    depth = 0
    for number in range(at, len(lines)):
        found = [tag for tag in _TAG.finditer(lines[number]) if tag[2].lower() == name]
        depth += sum(-1 if tag[1] else 1 for tag in found)
        if depth <= 0:
            return number + 1
    return len(lines)


def _after(lines: list[str], at: int, end: str) -> int:
    return next((number + 1 for number in range(at, len(lines)) if end in lines[number].lower()), len(lines))


def _begins(lines: list[str], at: int, *, inside: bool) -> bool:
    """Return True if a block of HTML begins on the line; `inside` other HTML it may be indented."""
    line = lines[at]
    text = line.lstrip()
    if not text.startswith("<") or (len(line) - len(text) > 3 and not inside):
        return False
    match = _TAG.match(text)
    return match is not None and match[2].lower() in tags.BLOCKS


def _is_text(lines: list[str], at: int) -> bool:
    """Return True if a line begins with a word in angle brackets that is no HTML."""
    match = _TAG.match(lines[at].lstrip())
    if match is None or match[1] or not match[0].endswith(">"):
        return False
    return tags.is_text(match[0], "\n".join([lines[at], *lines[at + 1 : at + 40]])[match.end() :])


def _html(lines: list[str], at: int, depth: int) -> tuple[int, int]:
    """Return the line after a block of HTML, and how many elements are open there."""
    while at < len(lines) and lines[at].strip():
        for tag in _TAG.finditer(lines[at]):
            if tag[2].lower() not in tags.VOID and not tag[3].endswith("/"):
                depth = max(0, depth - 1) if tag[1] else depth + 1
        at += 1
        if depth == 0:
            break
    return at, depth


def _tables(lines: list[str]) -> list[str]:
    """Return the lines with a blank one before each table, and before the id of a heading."""
    result: list[str] = []
    for at, line in enumerate(lines):
        if at and at + 1 < len(lines) and "|" in line and lines[at - 1].strip() and _begins_table(lines, at):
            result.append("")
        match = _GLUED_ID.match(line) if line.endswith("}") else None
        result.append(f"{match[1]} {match[2]}" if match else line)
    return result


def _begins_table(lines: list[str], at: int) -> bool:
    head, below = lines[at], lines[at + 1]
    if "-" not in below or not _DELIMITERS.fullmatch(below) or ("|" not in below and "|" not in head.strip()[1:-1]):
        return False
    if lines[at - 1].lstrip(" ").startswith((">", "|")) and lines[at - 1].lstrip(" ")[0] != head.lstrip(" ")[0]:
        return False
    return _columns(head) == _columns(below)


def _columns(line: str) -> int:
    return len(_SPLIT.split(line.strip(" >\t").strip("|")))
