"""Spans that CommonMark does not have: marks, keys, shortcodes, attributes, and words in angle brackets."""

from __future__ import annotations

import re
from html import escape

from markdown_it import MarkdownIt
from markdown_it.common.html_re import HTML_TAG_RE
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, emphasis
from pymdownx import keymap_db  # type: ignore[import-untyped]

from kb.render import shortcodes, tags

_MARKED = re.compile(r"==(?=[^\s=])(.{0,500}?[^\s=])==(?!=)", re.DOTALL)
_PAIR = r"[#.][\w:-]+|[\w-]+=(?:\"[^\"\n]*\"|'[^'\n]*'|[\w%.#-]+)"
BRACES = re.compile(rf"\{{:?[ \t]*((?:{_PAIR})(?:[ \t]+(?:{_PAIR}))*)[ \t]*\}}")
_ATTRIBUTE = re.compile(r"#([\w:-]+)|([\w-]+)=(?:\"([^\"\n]*)\"|'([^'\n]*)'|([\w%.#-]+))|\.[\w:-]+")
_KEYS = re.compile(r"\+\+([\w-]+(?:\+[\w-]+)*)\+\+(?!\+)")
_SHORTCODE = re.compile(shortcodes.PATTERN)
_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u318f\u31c0-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
)
_MAIL = re.compile(r"[A-Za-z0-9.+_-]+$")
_ALLOWED = frozenset(("width", "height", "title", "lang"))
_AFTER = frozenset(("image", "link_close", "code_inline", "mark_close"))


def add(md: MarkdownIt) -> None:
    """Add the spans to a parser."""
    md.inline.ruler.before("emphasis", "mark", _mark)
    md.inline.ruler.at("emphasis", _emphasis)
    md.inline.ruler.before("html_inline", "word", _word)
    md.inline.ruler.push("attributes", _attributes)
    md.inline.ruler.push("shortcode", _shortcode)
    md.inline.ruler.push("keys", _keys)
    md.core.ruler.after("inline", "mail", _mail)


def _mark(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("==", state.pos):
        return False
    match = _MARKED.match(state.src, state.pos, state.posMax)
    if match is None or state.src[state.pos - 1 : state.pos] == "=":
        return False
    if not silent:
        after = state.posMax
        state.push("mark_open", "mark", 1)
        state.pos, state.posMax = match.span(1)
        state.md.inline.tokenize(state)
        state.push("mark_close", "mark", -1)
        state.posMax = after
    state.pos = match.end()
    return True


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Parse `*` and `_`, and let `*` begin and end beside Chinese, Japanese or Korean, which have no spaces.

    By CommonMark's rules `**「重要」**です` is no emphasis, since a mark after punctuation needs a space after it.
    """
    start, known = state.pos, len(state.delimiters)
    if not emphasis.tokenize(state, silent):
        return False
    before = state.src[start - 1 : start] or " "
    after = state.src[state.pos : state.pos + 1] if state.pos < state.posMax else " "
    if state.src[start] == "*" and (_CJK.match(before) or _CJK.match(after)):
        for mark in state.delimiters[known:]:
            mark.open, mark.close = not after.isspace(), not before.isspace()
    return True


def _word(state: StateInline, silent: bool) -> bool:
    """Show a word in angle brackets that is no HTML."""
    if state.src[state.pos] != "<" or state.html_terminator_last(">") < state.pos:
        return False
    match = HTML_TAG_RE.match(state.src, state.pos)
    if match is None or not tags.is_word(
        match[0],
        before=state.src[max(0, state.pos - tags.NEAR) : state.pos],
        after=state.src[match.end() : match.end() + tags.NEAR],
    ):
        return False
    if not silent:
        state.append_pending(match[0])
    state.pos = match.end()
    return True


def _attributes(state: StateInline, silent: bool) -> bool:
    """Parse `{#id .class width="300"}` after an image, a link or code; classes have no effect."""
    if state.src[state.pos] != "{" or state.pending or not state.tokens or state.tokens[-1].type not in _AFTER:
        return False
    match = BRACES.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        token = state.tokens[-1]
        level = token.level
        if token.nesting == -1:
            token = next(t for t in reversed(state.tokens[:-1]) if t.nesting == 1 and t.level == level)
        for id, name, *values in _ATTRIBUTE.findall(match[1]):
            if id or name in _ALLOWED:
                token.attrs[name or "id"] = id or "".join(values)
    state.pos = match.end()
    return True


def _shortcode(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != ":":
        return False
    match = _SHORTCODE.match(state.src, state.pos, state.posMax)
    text = shortcodes.shown(match[1]) if match else None
    if match is None or text is None:
        return False
    if not silent:
        state.append_pending(text)
    state.pos = match.end()
    return True


def _keys(state: StateInline, silent: bool) -> bool:
    """Show `++ctrl+s++` as keys, if all of its names are known."""
    match = _KEYS.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "+" else None
    names = [_key(name) for name in match[1].split("+")] if match else []
    if match is None or not all(names):
        return False
    if not silent:
        shown = "<span>+</span>".join(f"<kbd>{escape(name)}</kbd>" for name in names)
        state.push("html_inline", "", 0).content = f'<span class="keys">{shown}</span>'
    state.pos = match.end()
    return True


def _key(name: str) -> str:
    name = name.lower()
    return str(keymap_db.keymap.get(keymap_db.aliases.get(name, name), ""))


def _mail(state: StateCore) -> None:
    """Extend the autolinks of e-mail addresses to what stands before their last underscore."""
    for token in state.tokens:
        children = token.children or []
        for at in range(1, len(children) - 1):
            link, text, before = children[at], children[at + 1], children[at - 1]
            address = f"mailto:{text.content}"
            found = link.type == "link_open" and link.attrs.get("href") == address and before.type == "text"
            if found and (match := _MAIL.search(before.content)):
                before.content = before.content[: match.start()]
                text.content = match[0] + text.content
                link.attrs["href"] = f"mailto:{text.content}"
