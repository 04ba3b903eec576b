"""The CommonMark renderer: markdown-it-py with GitHub's tables, tasks, alerts and autolinks, and our additions."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.parser_block import ParserBlock
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.gfm_autolink import gfm_autolink_plugin
from mdit_py_plugins.superscript import superscript_plugin

from kb.render import code, commonmark_blocks, commonmark_spans, limits
from kb.render.limits import MAX_DEPTH, TooMuch


def convert(text: str) -> str:
    """Return the HTML of `text`, not yet sanitised; raise TooMuch if it exceeds a limit."""
    limits.begin(text)
    md, env = _parser(), dict[str, Any]()
    try:
        tokens = md.parse(text, env)
        limits.check_repeated(sum(_lengths(tokens)))
        return str(md.renderer.render(tokens, md.options, env))
    except RecursionError:
        raise TooMuch("is nested too deeply; flatten it") from None


def _lengths(tokens: Sequence[Token]) -> Iterator[int]:
    for token in tokens:
        yield sum(len(str(value)) for value in token.attrs.values())
        yield from _lengths(token.children or ())


@functools.cache
def _parser() -> MarkdownIt:
    """Return the parser, which keeps nothing of a text, so that threads can share it."""
    md = MarkdownIt("commonmark", {"maxNesting": 2 * MAX_DEPTH, "html": True, "alerts": True, "tasklists": True})
    md.options["strikethrough_single_tilde"] = True
    md.enable(["table", "strikethrough"])
    md.use(gfm_autolink_plugin).use(footnote_plugin, inline=False).use(deflist_plugin).use(superscript_plugin)
    md.normalizeLink = _as_written  # type: ignore[method-assign]
    md.normalizeLinkText = _as_written  # type: ignore[method-assign,assignment]
    md.validateLink = _any_link  # type: ignore[method-assign]
    commonmark_blocks.add(md)
    commonmark_spans.add(md)
    md.block.ruler.before("table", "clock", _block_clock)
    md.inline.ruler.before("newline", "clock", _span_clock)
    md.block.tokenize = functools.partial(_tokenize, md.block)  # type: ignore[method-assign]
    md.renderer.rules["s_open"] = lambda *_: "<del>"  # type: ignore[attr-defined]
    md.renderer.rules["s_close"] = lambda *_: "</del>"  # type: ignore[attr-defined]
    for name, rule in (
        *(("fence", _fence), ("code_block", _fence)),
        *(("th_open", _cell), ("td_open", _cell), ("list_item_open", _item)),
        *(("footnote_ref", _note_mark), ("footnote_anchor", _note_return), ("footnote_open", _note)),
        *(("footnote_block_open", _notes), ("footnote_block_close", _notes_end)),
    ):
        md.renderer.rules[name] = rule  # type: ignore[attr-defined]
    return md


def _as_written(url: str) -> str:
    """Return a link's target unchanged, since `kb check` looks for it in the text."""
    return url


def _any_link(url: str) -> bool:
    """Accept every link, since the sanitiser decides."""
    return True


def _tokenize(parser: ParserBlock, state: StateBlock, start: int, end: int) -> None:
    if state.level >= 2 * MAX_DEPTH - 2:  # beyond maxNesting, markdown-it would leave the text out
        raise limits.too_deep()
    ParserBlock.tokenize(parser, state, start, end)


def _block_clock(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    limits.check_time()
    return False


def _span_clock(state: StateInline, silent: bool) -> bool:
    limits.check_time()
    return False


def _fence(tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return code.block(tokens[at].content, unescapeAll(tokens[at].info).strip())


def _cell(tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    align = str(tokens[at].attrs.get("style", "")).removeprefix("text-align:")
    return f'<{tokens[at].tag} align="{align}">' if align else f"<{tokens[at].tag}>"


def _item(tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    checked = tokens[at].meta.get("checked") if tokens[at].meta else None
    return "<li>" if checked is None else '<li class="task">'


def _note_mark(tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    meta = tokens[at].meta
    name, number = _label(meta), meta["subId"] + 1
    again = "" if number == 1 else str(number)
    text = meta["id"] + 1
    return f'<sup id="fnref{again}:{name}"><a class="footnote-ref" href="#fn:{name}">{text}</a></sup>'


def _note_return(tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    meta = tokens[at].meta
    again = "" if meta["subId"] == 0 else str(meta["subId"] + 1)
    return f' <a class="footnote-backref" href="#fnref{again}:{_label(meta)}">↩</a>'


def _note(tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return f'<li id="fn:{_label(tokens[at].meta)}">'


def _label(meta: dict[str, Any]) -> str:
    return commonmark_blocks.attribute(str(meta["label"]))


def _notes(tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return '<div class="footnote">\n<hr>\n<ol>\n'


def _notes_end(tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return "</ol>\n</div>\n"
