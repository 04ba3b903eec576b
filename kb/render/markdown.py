"""Convert Markdown to HTML: Python-Markdown with extensions, CommonMark's lists, and limits on time and nesting."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import markdown
from markdown.blockparser import BlockParser
from markdown.extensions import Extension
from markdown.inlinepatterns import HTML_RE, HtmlInlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import InlineProcessor, Treeprocessor
from pymdownx.superfences import SuperFencesException  # type: ignore[import-untyped]

from kb.render import lists

SECONDS = 2.0  # seconds of processor time for one article; the slowest of 400 real ones took 0.04
MAX_DEPTH = 60  # nested blocks; Python's stack overflows at a few hundred
MAX_FENCES = 2_000
MAX_UNCLOSED = 500
MAX_SIGNS = 2_000  # formatting characters in one paragraph; Python-Markdown takes quadratic time in them
MAX_CODE = 5_000  # characters; longer code blocks are not highlighted

# The tags of HTML; other words in angle brackets are text, as in "right-click on <account name>".
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
    "reference": ("[",),
    "link": ("[",),
    "image_link": ("![",),
    "image_reference": ("![",),
    "short_reference": ("[",),
    "short_image_ref": ("![",),
    "autolink": ("<",),
    "automail": ("<",),
    "linebreak": ("  \n",),
    "html": ("<",),
    "magic-link": ("://", "www.", "WWW."),
    "magic-mail": ("@",),
    "entity": ("&",),
    "keys": ("++",),
    "delimiter": ("*", "_", "^", "=", "~"),
}
_ANY_SIGN = re.compile("|".join(sorted({re.escape(sign) for signs in SIGNS.values() for sign in signs})))
_FENCE = re.compile(r"([ \t>]*(?:`{3,}|~{3,}))[ \t]*(\S?)")
_local = threading.local()


class TooMuch(SuperFencesException):  # type: ignore[misc]
    """Text that exceeds the limits on time or nesting.

    It is a SuperFencesException because superfences swallows all other exceptions.
    """


def convert(text: str) -> str:
    """Return the HTML of `text`, not yet sanitised; raise TooMuch if it exceeds a limit."""
    _check_counts(text)
    md: markdown.Markdown = getattr(_local, "md", None) or _new()
    _local.md = None  # after an error its state is unusable
    md.reset()
    _local.deadline, _local.depth = time.thread_time() + SECONDS, 0
    try:
        html = md.convert(text)
    except RecursionError:
        raise TooMuch("is nested too deeply; flatten it") from None
    _local.md = md
    return html


def _new() -> markdown.Markdown:
    return markdown.Markdown(extensions=[*EXTENSIONS, _Ours()], extension_configs=CONFIGS, output_format="html")


def _check_time() -> None:
    """Raise TooMuch after the deadline of this thread's text."""
    if time.thread_time() > _local.deadline:
        raise TooMuch(f"takes more than {SECONDS:.0f} s to render; shorten it, or split it into several articles")


def _timed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` with a check of the time before each call."""

    def with_look(**named: Any) -> Any:
        _check_time()
        return function(**named)

    return with_look


def _check_counts(text: str) -> None:
    """Raise TooMuch for text on which Python's HTML parser or the highlighter would take minutes."""
    if text.count("```") + text.count("~~~") > MAX_FENCES:
        raise TooMuch(f"has over {MAX_FENCES:,} code fences; split it into several articles")
    if text.count("<") - text.count(">") > MAX_UNCLOSED:
        raise TooMuch(f"has over {MAX_UNCLOSED:,} '<' without '>'; write &lt; instead")


class _Ours(Extension):
    """Our processors for Python-Markdown."""

    def extendMarkdown(self, md: markdown.Markdown) -> None:  # noqa: N802 - the name is Python-Markdown's
        parser = _Parser(md)
        parser.blockprocessors = md.parser.blockprocessors
        for processor in parser.blockprocessors:
            processor.parser = parser
        md.parser = parser
        fences = md.preprocessors["fenced_code_block"].extension.superfences[0]  # type: ignore[attr-defined]
        fences["formatter"] = _timed(fences["formatter"])
        md.preprocessors.register(_LongCode(md), "long_code", 26)  # before fences are replaced by placeholders
        md.preprocessors.register(_Lists(md), "lists", 15)  # after fences and HTML are replaced by placeholders
        md.inlinePatterns.register(_Html(HTML_RE, md), "html", 90)
        md.treeprocessors.register(_Inline(md), "inline", 20)
        md.treeprocessors.register(_Tabs(md), "tabs", 24)
        md.treeprocessors.register(_Tasks(md), "tasks", 23)


class _Parser(BlockParser):
    """The block parser with limits on time and depth."""

    def parseBlocks(self, parent: ElementTree.Element, blocks: list[str]) -> None:  # noqa: N802
        _local.depth += 1
        if _local.depth > MAX_DEPTH:
            raise TooMuch(f"is nested more than {MAX_DEPTH} levels deep; flatten it")
        while blocks:
            _check_time()
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
        _check_time()
        return super()._InlineProcessor__applyPattern(pattern, data, *rest, **named)  # type: ignore[misc]


class _Html(HtmlInlineProcessor):
    """Inline HTML; a word in angle brackets that is not an HTML tag is text."""

    def handleMatch(self, m: re.Match[str], data: str) -> Any:  # type: ignore[override]  # noqa: N802
        name = re.match(r"</?([a-zA-Z][a-zA-Z0-9]*)(?=[\s/>])", m[1])
        if m[1][1] not in "!?" and (not name or name[1].lower() not in HTML):
            return self.md.htmlStash.store(m[1].replace("&", "&amp;").replace("<", "&lt;")), m.start(0), m.end(0)
        return super().handleMatch(m, data)


class _LongCode(Preprocessor):
    """Remove the language of very long code blocks, because some Pygments lexers take quadratic time."""

    def run(self, lines: list[str]) -> list[str]:
        fences = [(at, match) for at, line in enumerate(lines) if (match := _FENCE.match(line))]
        result = lines
        for (at, match), (end, _) in pairwise(fences):
            if match[2] and sum(map(len, lines[at:end])) > MAX_CODE:
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
