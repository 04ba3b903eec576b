"""The Python-Markdown renderer: its extensions as in MkDocs, CommonMark's lists, and limits on time and nesting."""

from __future__ import annotations

import re
import string
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import markdown
from markdown import inlinepatterns
from markdown.blockparser import BlockParser
from markdown.extensions import Extension
from markdown.inlinepatterns import (
    HTML_RE,
    IMAGE_LINK_RE,
    LINK_RE,
    HtmlInlineProcessor,
    ImageInlineProcessor,
    LinkInlineProcessor,
    SubstituteTagInlineProcessor,
)
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import InlineProcessor, Treeprocessor
from markdown.util import AtomicString
from pymdownx.superfences import SuperFencesException  # type: ignore[import-untyped]

from kb.render import code, limits, lists, python_markdown_blocks, shortcodes, tags
from kb.render.limits import MAX_DEPTH, TooMuch

MAX_SIGNS = 2_000  # formatting characters in one paragraph; Python-Markdown takes quadratic time in them
EXTENSIONS = (
    "abbr admonition attr_list def_list footnotes md_in_html sane_lists tables pymdownx.betterem pymdownx.caret "
    "pymdownx.details pymdownx.highlight pymdownx.keys pymdownx.magiclink pymdownx.mark pymdownx.saneheaders "
    "pymdownx.superfences pymdownx.tabbed pymdownx.tilde"
).split()
CONFIGS: dict[str, dict[str, Any]] = {
    "footnotes": {"BACKLINK_TITLE": "", "BACKLINK_TEXT": "↩"},
    "tables": {"use_align_attribute": True},
    "pymdownx.highlight": {"guess_lang": False, "auto_title": False, "stripnl": True, "use_pygments": True},
    "pymdownx.magiclink": {"hide_protocol": False},
}
# The strings of which a text must contain one for an inline pattern to match.
SIGNS: dict[str, tuple[str, ...]] = {
    "backtick": ("`", "\\"),
    "keys-custom": ("++", "\\"),
    "escape": ("\\",),
    "footnote": ("[^",),
    "shortcode": (":",),
    "reference": ("[",),
    "link": ("[",),
    "image_link": ("![",),
    "image_reference": ("![",),
    "short_reference": ("[",),
    "short_image_ref": ("![",),
    "autolink": ("<",),
    "automail": ("<",),
    "linebreak": ("  \n",),
    "backslash_break": ("\\\n",),
    "html": ("<",),
    "magic-link": ("://", "www.", "WWW."),
    "magic-mail": ("@",),
    "entity": ("&",),
    "keys": ("++",),
    "delimiter": ("*", "_", "^", "=", "~"),
}
_ANY_SIGN = re.compile("|".join(sorted({re.escape(sign) for signs in SIGNS.values() for sign in signs})))
_PARENTHESES = re.compile(r"(\S+)\s+\((.*)\)", re.DOTALL)
_FENCE = re.compile(r"([ \t>]*(?:`{3,}|~{3,}))[ \t]*(\S?)")
_local = threading.local()


class _Refused(TooMuch, SuperFencesException):  # type: ignore[misc]
    """A limit that is exceeded within a fence; superfences swallows all other exceptions."""


def convert(text: str) -> str:
    """Return the HTML of `text`, not yet sanitised; raise TooMuch if it exceeds a limit."""
    limits.begin(text)
    md: markdown.Markdown = getattr(_local, "md", None) or _new()
    _local.md = None  # after an error its state is unusable
    md.reset()
    _local.depth = 0
    try:
        html = md.convert(text)
    except RecursionError:
        raise TooMuch("is nested too deeply; flatten it") from None
    _local.md = md
    return html


def _new() -> markdown.Markdown:
    return markdown.Markdown(extensions=[*EXTENSIONS, _Ours()], extension_configs=CONFIGS, output_format="html")


def _timed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` with a check of the time before each call."""

    def with_look(*arguments: Any) -> Any:
        limits.check_time()
        return function(*arguments)

    return with_look


def _labelled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the formatter of fences with a check of the time before, and the name of the language."""

    def formatter(language: str | None = None, **named: Any) -> Any:
        try:
            limits.check_time()
        except TooMuch as error:
            raise _Refused(*error.args) from None
        html = function(language=language, **named)
        html = html.replace("<pre><span></span>", "<pre>")
        return html.replace('<div class="highlight">', f'<div class="highlight"{code.label(language or "")}>', 1)

    return formatter


class _Ours(Extension):
    """Our processors for Python-Markdown."""

    def extendMarkdown(self, md: markdown.Markdown) -> None:  # noqa: N802 - the name is Python-Markdown's
        parser = _Parser(md)
        parser.blockprocessors = md.parser.blockprocessors
        for processor in parser.blockprocessors:
            processor.parser = parser
        md.parser = parser
        fences = md.preprocessors["fenced_code_block"].extension.superfences[0]  # type: ignore[attr-defined]
        fences["formatter"] = _labelled(fences["formatter"])
        md.ESCAPED_CHARS = list(dict.fromkeys((*md.ESCAPED_CHARS, *string.punctuation)))
        md.block_level_elements = sorted(tags.BLOCKS | {"pre", "script", "style", "textarea"})
        md.preprocessors.register(python_markdown_blocks.Fences(md), "fences", 27)
        md.preprocessors.register(_LongCode(md), "long_code", 26)  # before fences are replaced by placeholders
        md.preprocessors.register(python_markdown_blocks.Blocks(md), "blocks", 24)  # before HTML is
        md.preprocessors.register(_Lists(md), "lists", 15)  # after fences and HTML are replaced by placeholders
        md.inlinePatterns.register(_Html(HTML_RE, md), "html", 90)
        short = md.treeprocessors["abbr"]
        short.create_element = _timed(short.create_element)  # type: ignore[attr-defined]
        md.treeprocessors.register(_Inline(md), "inline", 20)
        md.treeprocessors.register(_Tabs(md), "tabs", 24)
        md.treeprocessors.register(_Tasks(md), "tasks", 23)
        md.treeprocessors.register(_Cells(md), "cells", 19)
        md.treeprocessors.register(_Repeated(md), "repeated", -1)
        md.inlinePatterns.register(SubstituteTagInlineProcessor(r"\\\n", "br"), "backslash_break", 181)
        md.inlinePatterns.register(_Shortcode(shortcodes.PATTERN, md), "shortcode", 75)
        md.inlinePatterns.register(_Link(LINK_RE, md), "link", 160)
        md.inlinePatterns.register(_Image(IMAGE_LINK_RE, md), "image_link", 150)


class _Parser(BlockParser):
    """The block parser with limits on time and depth."""

    def parseBlocks(self, parent: ElementTree.Element, blocks: list[str]) -> None:  # noqa: N802
        _local.depth += 1
        if _local.depth > MAX_DEPTH:
            raise limits.too_deep()
        while blocks:
            limits.check_time()
            for processor in self.blockprocessors:
                if processor.test(parent, blocks[0]) and processor.run(parent, blocks) is not False:
                    break
        _local.depth -= 1


class _Inline(InlineProcessor):
    """The inline parser with a limit on time. It skips patterns that cannot match because of SIGNS.

    20,000 brackets take as long as 400 articles. Skipping saves a third of the time of an ordinary article.
    """

    def __init__(self, md: markdown.Markdown) -> None:
        super().__init__(md)
        self.signs: dict[Any, tuple[str, ...]] = {}

    def run(self, tree: ElementTree.Element, ancestors: list[str] | None = None) -> ElementTree.Element:
        patterns = self.md.inlinePatterns
        self.signs = {patterns[name]: signs for name, signs in SIGNS.items() if name in patterns}
        return super().run(tree, ancestors)

    def _InlineProcessor__handleInline(self, data: str, *rest: Any) -> Any:  # noqa: N802
        if not _ANY_SIGN.search(data):
            return data
        if len(data) > MAX_SIGNS and sum(1 for _ in _ANY_SIGN.finditer(data)) > MAX_SIGNS:
            raise TooMuch(f"has over {MAX_SIGNS:,} formatting characters in one paragraph; split it")
        return super()._InlineProcessor__handleInline(data, *rest)  # type: ignore[misc]

    def _InlineProcessor__applyPattern(self, pattern: Any, data: str, *rest: Any, **named: Any) -> Any:  # noqa: N802
        signs = self.signs.get(pattern)
        if signs and not any(sign in data for sign in signs):
            return data, False, 0
        limits.check_time()
        return super()._InlineProcessor__applyPattern(pattern, data, *rest, **named)  # type: ignore[misc]


class _Html(HtmlInlineProcessor):
    """Inline HTML; a word in angle brackets that is not an HTML tag is text."""

    def handleMatch(self, m: re.Match[str], data: str) -> Any:  # type: ignore[override]  # noqa: N802
        before = "".join(map(str, self.md.htmlStash.rawHtmlBlocks[-5:]))  # tags that are already replaced
        if tags.is_word(m[1], before=before, after=data[m.end(0) : m.end(0) + tags.NEAR]):
            return self.md.htmlStash.store(m[1].replace("&", "&amp;").replace("<", "&lt;")), m.start(0), m.end(0)
        return super().handleMatch(m, data)


class _Shortcode(inlinepatterns.InlineProcessor):
    """Emoji and icons."""

    def handleMatch(self, m: re.Match[str], data: str) -> Any:  # type: ignore[override]  # noqa: N802
        text = shortcodes.shown(m[1])
        return (None, None, None) if text is None else (text, m.start(0), m.end(0))


class _Parentheses(LinkInlineProcessor):
    """Links whose title may be in parentheses, as in `[text](target (title))`."""

    def getLink(self, data: str, index: int) -> tuple[str, str | None, int, bool]:  # noqa: N802
        href, title, index, handled = super().getLink(data, index)
        if handled and title is None and href.endswith(")") and (match := _PARENTHESES.fullmatch(href)):
            return match[1], match[2], index, handled
        return href, title, index, handled


class _Link(_Parentheses):
    pass


class _Image(_Parentheses, ImageInlineProcessor):
    pass


class _Cells(Treeprocessor):
    """Show `\\|` in the code of a table's cell without the backslash that kept the cell together."""

    def run(self, root: ElementTree.Element) -> None:
        for cell in (*root.iter("td"), *root.iter("th")):
            for span in cell.iter("code"):
                span.text = AtomicString((span.text or "").replace("\\|", "|"))


class _Repeated(Treeprocessor):
    """Refuse a page on which long references or abbreviations are repeated."""

    def run(self, root: ElementTree.Element) -> None:
        limits.check_repeated(sum(len(value or "") for element in root.iter() for value in element.attrib.values()))


class _LongCode(Preprocessor):
    """Remove the language of very long code blocks, because some Pygments lexers take quadratic time."""

    def run(self, lines: list[str]) -> list[str]:
        fences = [(at, match) for at, line in enumerate(lines) if (match := _FENCE.match(line))]
        result = lines
        for (at, match), (end, _) in pairwise(fences):
            if match[2] and sum(map(len, lines[at:end])) > code.MAX_CODE:
                result = lines.copy() if result is lines else result
                result[at] = match[1]
        return result


class _Lists(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        return lists.normalise([line.expandtabs(4) for line in lines])


class _Tabs(Treeprocessor):
    """Turn tabs into details elements, which work without a script, print, and are found by the browser's search."""

    def run(self, root: ElementTree.Element) -> None:
        for tabs in root.iter("div"):
            if tabs.get("class", "").startswith("tabbed-set"):
                parts = [child for child in tabs if child.tag != "input"]
                tabs.attrib.clear()
                tabs.set("class", "tabs")
                tabs[:] = [_tab(*pair) for pair in zip(parts[::2], parts[1::2], strict=False)]
                if len(tabs):
                    tabs[0].set("open", "open")


def _tab(label: ElementTree.Element, content: ElementTree.Element) -> ElementTree.Element:
    details = ElementTree.Element("details", {"class": "tab"})
    summary = ElementTree.SubElement(details, "summary")
    summary.text = label.text
    summary.extend(label)
    details.text = content.text
    details.extend(content)
    return details


class _Tasks(Treeprocessor):
    """Show the items of task lists with a ballot box character instead of a form control."""

    def run(self, root: ElementTree.Element) -> None:
        for item in root.iter("li"):
            holder = item[0] if not (item.text or "").strip() and len(item) and item[0].tag == "p" else item
            if match := re.match(r"\s*\[([ xX])\] ", holder.text or ""):
                item.set("class", "task")
                holder.text = ("☐ " if match[1] == " " else "☑ ") + (holder.text or "")[match.end() :]
