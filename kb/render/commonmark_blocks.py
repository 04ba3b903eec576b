"""Blocks that CommonMark does not have: boxes (`!!!`, `???`), tabs (`===`), anchors in braces, and abbreviations."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock, html_block
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from kb.render import limits, tags
from kb.render.commonmark_spans import BRACES

MAX_ABBREVIATIONS = 500
_BOX = re.compile(r'(!!!|\?\?\?\+?) ?([\w-]+(?: +[\w-]+)*)?(?: +"(.*)")? *$')
_TAB = re.compile(r'===([!+]*) +"(.*)" *$')
_SHORT = re.compile(r"\*\[([^\]\n]+)\]: *(.*)$")
_ID = re.compile(r"[ \t]*\{:?[ \t]*#([^\s{}\"']+)[^{}\n]*\}[ \t]*$")
_ID_LINE = re.compile(r"\{:[ \t]*#([^\s{}\"']+)[^{}\n]*\}[ \t]*$")
_HTML = re.compile(r"<[a-zA-Z][^<>\n]*>")
_ITEMS = re.compile(r'<ul markdown="block">(?:<li markdown="span">(?:(?!</li>).)*</li>)*</ul>[ \t]*$')
_SPAN = re.compile(
    r'(<(summary|figcaption|h[1-6]|li|dt|dd|td|th|div)\b[^<>]*?) markdown="span"((?:\s[^<>]*)?>)(.*)(</\2>)[ \t]*$'
)
_ITEM = re.compile(r'<li markdown="span">(.*?)</li>')
_ALERTS = {"caution": "warning", "important": "info"}  # of which we have no kind
_TASK = {True: "☑ ", False: "☐ "}


def add(md: MarkdownIt) -> None:
    """Add the blocks to a parser."""
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    md.block.ruler.before("fence", "box", _box, interrupts)
    md.block.ruler.before("fence", "tabs", _tabs, interrupts)
    md.block.ruler.before("reference", "abbreviation", _abbreviation, {"alt": ["paragraph"]})
    md.block.ruler.before("html_block", "items", _items, interrupts)
    md.block.ruler.before("html_block", "span", _span, interrupts)
    md.block.ruler.at("html_block", _html_block, {"alt": ["paragraph", "reference", "blockquote"]})
    md.core.ruler.before("inline", "anchors", _anchors)
    md.core.ruler.before("inline", "boxes", _alerts_and_tasks)
    md.core.ruler.after("inline", "abbreviations", _abbreviate)


def attribute(text: str) -> str:
    """Return text for the value of an attribute in double quotes."""
    return escape(text, quote=True)


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _end(state: StateBlock, start: int, end: int) -> int:
    """Return the line after the lines below `start` that are indented by four, or empty."""
    last = number = start + 1
    while number < end and (state.isEmpty(number) or state.sCount[number] >= state.blkIndent + 4):
        last = last if state.isEmpty(number) else number + 1
        number += 1
    return last


def _content(state: StateBlock, start: int, end: int, kind: str) -> None:
    """Parse the lines from `start` to `end`, which are indented by four."""
    before = state.parentType, state.lineMax, state.blkIndent
    state.parentType, state.lineMax, state.blkIndent = kind, end, state.blkIndent + 4
    state.md.block.tokenize(state, start, end)
    state.parentType, state.lineMax, state.blkIndent = before
    state.line = end


def _open(state: StateBlock, tag: str, attributes: dict[str, str], lines: tuple[int, int]) -> None:
    token = state.push("box_open", tag, 1)
    token.attrs = dict(attributes)
    token.map = list(lines)


def _title(state: StateBlock, tag: str, title: str, line: int) -> None:
    token = state.push("box_title_open", tag, 1)
    if tag == "p":
        token.attrs = {"class": "admonition-title"}
    token = state.push("inline", "", 0)
    token.content, token.children, token.map = title, [], [line, line + 1]
    state.push("box_title_close", tag, -1)


def _box(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start) or state.src[state.bMarks[start] + state.tShift[start]] not in "!?":
        return False
    match = _BOX.match(_line(state, start))
    if match is None or not (match[2] or match[3]):
        return False
    if silent:
        return True
    mark, kinds, title = match.groups()
    kinds = (kinds or "note").lower()
    last = _end(state, start, end)
    if mark == "!!!":
        _open(state, tag := "div", {"class": f"admonition {kinds}"}, (start, last))
    else:
        _open(state, tag := "details", {"class": kinds} | ({"open": ""} if "+" in mark else {}), (start, last))
    shown = kinds.split()[0].capitalize() if title is None else title
    if shown or tag == "details":
        _title(state, "p" if tag == "div" else "summary", shown, start)
    _content(state, start + 1, last, "box")
    state.push("box_close", tag, -1)
    return True


def _tabs(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start) or state.src[state.bMarks[start] + state.tShift[start]] != "=":
        return False
    match = _TAB.match(_line(state, start))
    if match is None or silent:
        return match is not None
    _open(state, "div", {"class": "tabs"}, (start, end))
    first = True
    while match and (first or "!" not in match[1]):
        last = _end(state, start, end)
        _open(state, "details", {"class": "tab"} | ({"open": "open"} if first else {}), (start, last))
        _title(state, "summary", match[2], start)
        _content(state, start + 1, last, "box")
        state.push("box_close", "details", -1)
        start, first = state.skipEmptyLines(last), False
        here = start < end and state.sCount[start] >= state.blkIndent and not state.is_code_block(start)
        match = _TAB.match(_line(state, start)) if here else None
    state.push("box_close", "div", -1)
    return True


def _abbreviation(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    match = None if state.is_code_block(start) else _SHORT.match(_line(state, start))
    if match is None or silent:
        return match is not None
    known = state.env.setdefault("abbreviations", {})
    known[match[1]] = match[2].strip()
    if len(known) > MAX_ABBREVIATIONS:
        raise limits.TooMuch(f"has over {MAX_ABBREVIATIONS:,} abbreviations; remove some")
    state.line = start + 1
    return True


def _items(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a list that `kb.foreign.liquid` made of the front matter, in one line of HTML."""
    match = None if state.is_code_block(start) else _ITEMS.match(_line(state, start))
    if match is None or silent:
        return match is not None
    state.push("bullet_list_open", "ul", 1)
    for content in _ITEM.findall(match[0]):
        state.push("list_item_open", "li", 1)
        token = state.push("inline", "", 0)
        token.content, token.children, token.map = content, [], [start, start + 1]
        state.push("list_item_close", "li", -1)
    state.push("bullet_list_close", "ul", -1)
    state.line = start + 1
    return True


def _span(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse an element of HTML within a line whose text `kb.foreign.mdx_html` found to be Markdown."""
    match = None if state.is_code_block(start) else _SPAN.match(_line(state, start))
    if match is None or silent:
        return match is not None
    state.push("html_block", "", 0).content = match[1] + match[3]
    token = state.push("inline", "", 0)
    token.content, token.map, token.children = match[4].strip(), [start, start + 1], []
    state.push("html_block", "", 0).content = match[5] + "\n"
    state.line = start + 1
    return True


def _html_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a block of HTML, unless it begins with a word in angle brackets that is text."""
    at = state.bMarks[start] + state.tShift[start]
    if state.src[at : at + 1] == "<" and tags.is_component(_line(state, start), state.src):
        state.line = start + (not silent)
        return not silent  # its tags are lines of their own, and what it holds is Markdown
    match = _HTML.match(state.src, at)
    if match and tags.is_text(match[0], state.src[match.end() : match.end() + tags.NEAR]):
        return False
    return html_block(state, start, end, silent)


def _anchors(state: StateCore) -> None:
    """Turn `{#id}` at the end of a heading or a paragraph, or `{: #id}` below it, into its id."""
    if "{" not in state.src:
        return
    tokens, dropped = state.tokens, set[int]()
    for at, token in enumerate(tokens):
        if token.type != "inline" or "{" not in token.content or not at:
            continue
        before = tokens[at - 1]
        if before.type == "heading_open" and (match := _ID.search(token.content)):
            before.attrs["id"], token.content = match[1], token.content[: match.start()]
        elif before.type == "paragraph_open" and (match := _ID_LINE.match(token.content)):
            if above := _above(tokens, at - 2):
                above.attrs["id"] = match[1]
                dropped |= {at - 1, at, at + 1}
        elif before.type == "paragraph_open" and "\n" in token.content:
            text, _, last = token.content.rpartition("\n")
            if match := _ID_LINE.match(last):
                before.attrs["id"] = match[1]
            if match or BRACES.fullmatch(last.strip()):
                token.content = text
    state.tokens = [token for at, token in enumerate(tokens) if at not in dropped]


def _above(tokens: list[Token], at: int) -> Token | None:
    """Return the opening token of the block that ends at `at`."""
    if at < 0 or tokens[at].nesting != -1:
        return None
    level, end = tokens[at].level, at
    while at > 0:
        at -= 1
        if tokens[at].level == level and tokens[at].tag == tokens[end].tag:
            return tokens[at]
    return None


def _alerts_and_tasks(state: StateCore) -> None:
    """Make GitHub's alerts boxes like ours, and show tasks with a ballot box character instead of a form control."""
    checked: bool | None = None
    for at, token in enumerate(state.tokens):
        if token.type == "alert_open":
            kind = token.meta["kind"].lower()
            kind = _ALERTS.get(kind, kind)
            token.attrs["class"] = f"admonition {kind}"
            state.tokens[at + 1].attrs["class"] = "admonition-title"
            state.tokens[at + 2].content = kind.capitalize()
        elif token.type == "list_item_open":
            checked = token.meta.get("checked") if token.meta else None
        elif token.type == "inline" and checked is not None:
            token.content, checked = _TASK[checked] + token.content, None


def _abbreviate(state: StateCore) -> None:
    known: dict[str, str] = state.env.get("abbreviations", {})
    if not known:
        return
    names = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(known, key=len, reverse=True))) + r")(?!\w)")
    for token in state.tokens:
        if token.children:
            limits.check_time()
            token.children = [part for child in token.children for part in _explained(child, names, known)]


def _explained(token: Token, names: re.Pattern[str], known: dict[str, str]) -> list[Token]:
    """Return a text token cut at its abbreviations; any other token as it is."""
    if token.type != "text" or not names.search(token.content):
        return [token]
    parts: list[Token] = []
    last = 0
    for match in names.finditer(token.content):
        limits.check_time()
        parts.append(_text(token.content[last : match.start()]))
        attributes: dict[str, Any] = {"title": known[match[0]]}
        parts += [Token("abbr_open", "abbr", 1, attrs=attributes), _text(match[0]), Token("abbr_close", "abbr", -1)]
        last = match.end()
    return [*parts, _text(token.content[last:])]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
