"""Our Markdown: Python-Markdown with its own and pymdownx's extensions, CommonMark's lists, and a time budget."""

from __future__ import annotations

import re
import threading
import time
from typing import Any
from xml.etree import ElementTree

import markdown
from markdown.blockparser import BlockParser
from markdown.extensions import Extension
from markdown.inlinepatterns import HTML_RE, HtmlInlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import InlineProcessor, Treeprocessor

from kb import lists

BUDGET = 2.0  # seconds of processor time for one article; the slowest of 400 real ones took 0.04
MAX_DEPTH = 60  # blocks in blocks; Python's own stack ends at a few hundred
MAX_CODE = 20_000  # characters of a code block that are still highlighted

# Tags that are HTML; what else stands in angle brackets is text, as in "right-click on <account name>".
HTML = frozenset(
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote "
    "body br button canvas caption center cite code col colgroup command data datalist dd del details dfn dialog "
    "dir div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head "
    "header hgroup hr html i iframe image img input ins isindex kbd keygen label legend li link listing main map "
    "mark marquee math menu menuitem meta meter multicol nav nobr noembed noframes noscript object ol optgroup "
    "option output p param picture plaintext portal pre progress q rb rp rt rtc ruby s samp script search section "
    "select slot small source spacer span strike strong style sub summary sup svg table tbody td template textarea "
    "tfoot th thead time tr track tt u ul var video wbr xmp".split()
)
EXTENSIONS = [
    "abbr",
    "admonition",
    "attr_list",
    "def_list",
    "footnotes",
    "md_in_html",
    "sane_lists",
    "tables",
    "pymdownx.betterem",
    "pymdownx.caret",
    "pymdownx.details",
    "pymdownx.highlight",
    "pymdownx.keys",
    "pymdownx.magiclink",
    "pymdownx.mark",
    "pymdownx.saneheaders",
    "pymdownx.superfences",
    "pymdownx.tabbed",
    "pymdownx.tilde",
]
CONFIGS: dict[str, dict[str, Any]] = {
    "footnotes": {"BACKLINK_TITLE": "", "BACKLINK_TEXT": "↩"},
    "tables": {"use_align_attribute": True},
    "pymdownx.highlight": {"guess_lang": False, "auto_title": False, "stripnl": True, "use_pygments": True},
    "pymdownx.magiclink": {"hide_protocol": False},
}
_local = threading.local()


class TooMuch(Exception):
    """Text whose rendering takes more time or nesting than an article may."""


def convert(text: str) -> str:
    """Return the HTML of `text`, not yet sanitised; raises TooMuch for what is made to be slow."""
    md: markdown.Markdown | None = getattr(_local, "md", None)
    if md is None:
        md = _local.md = _new()
    md.reset()
    _local.deadline = time.thread_time() + BUDGET
    _local.depth = 0
    try:
        return md.convert(text)
    except RecursionError:
        _local.md = None
        raise TooMuch("is nested too deep; make it flatter") from None
    except TooMuch:
        _local.md = None  # it was left in the middle of its work
        raise


def _new() -> markdown.Markdown:
    return markdown.Markdown(extensions=[*EXTENSIONS, _Ours()], extension_configs=CONFIGS, output_format="html")


def _check_time() -> None:
    if time.thread_time() > _local.deadline:
        raise TooMuch(f"takes more than {BUDGET:.0f} s to render; shorten it, or split it into several articles")


class _Ours(Extension):
    """What is put between Python-Markdown's own steps."""

    def extendMarkdown(self, md: markdown.Markdown) -> None:  # noqa: N802 - the name is Python-Markdown's
        parser = _Parser(md)
        parser.blockprocessors = md.parser.blockprocessors
        for processor in parser.blockprocessors:
            processor.parser = parser
        md.parser = parser
        md.preprocessors.register(_Lists(md), "lists", 15)  # after fences and HTML are put aside
        md.inlinePatterns.register(_Html(HTML_RE, md), "html", 90)
        md.treeprocessors.register(_Inline(md), "inline", 20)
        md.treeprocessors.register(_Tabs(md), "tabs", 24)
        md.treeprocessors.register(_Tasks(md), "tasks", 23)


class _Parser(BlockParser):
    """The block parser with a limit on time and depth."""

    def parseBlocks(self, parent: ElementTree.Element, blocks: list[str]) -> None:  # noqa: N802
        _local.depth += 1
        if _local.depth > MAX_DEPTH:
            raise TooMuch(f"is nested more than {MAX_DEPTH} deep; make it flatter")
        while blocks:
            _check_time()
            for processor in self.blockprocessors:
                if processor.test(parent, blocks[0]) and processor.run(parent, blocks) is not False:
                    break
        _local.depth -= 1


class _Inline(InlineProcessor):
    """The inline parser with a limit on time: 20,000 brackets cost as much as 400 articles."""

    def _InlineProcessor__applyPattern(self, *arguments: Any, **named: Any) -> Any:  # noqa: N802
        _check_time()
        return super()._InlineProcessor__applyPattern(*arguments, **named)  # type: ignore[misc]


class _Html(HtmlInlineProcessor):
    """Inline HTML; a word in angle brackets that is no tag of HTML is text."""

    def handleMatch(self, m: re.Match[str], data: str) -> Any:  # type: ignore[override]  # noqa: N802
        name = re.match(r"</?([a-zA-Z][a-zA-Z0-9]*)(?=[\s/>])", m[1])
        if m[1][1] not in "!?" and (not name or name[1].lower() not in HTML):
            return self.md.htmlStash.store(m[1].replace("&", "&amp;").replace("<", "&lt;")), m.start(0), m.end(0)
        return super().handleMatch(m, data)


class _Lists(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        return lists.normalise([line.expandtabs(4) for line in lines])


class _Tabs(Treeprocessor):
    """Tabs become details, which open without a script, print, and are found by the browser's own search."""

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
    """Task lists show a ballot box, which needs no form control."""

    def run(self, root: ElementTree.Element) -> None:
        for item in root.iter("li"):
            holder = item[0] if not (item.text or "").strip() and len(item) and item[0].tag == "p" else item
            if match := re.match(r"\s*\[([ xX])\] ", holder.text or ""):
                item.set("class", "task")
                holder.text = ("☐ " if match[1] == " " else "☑ ") + (holder.text or "")[match.end() :]
