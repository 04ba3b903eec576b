"""Find pages on which readers see the source of Markdown: `python -m tests.bench.source_shown FOLDER…`."""

from __future__ import annotations

import argparse
import re
from collections import Counter, defaultdict
from html import unescape
from pathlib import Path

from kb.content import library
from kb.content.dialect import Dialect
from kb.content.library import Library
from kb.render.render import render_all

_CODE = re.compile(r"<(pre|code|kbd|samp)\b.*?</\1>", re.DOTALL)
_BLOCK = re.compile(r"</?(?:p|li|h\d|td|th|tr|dd|dt|div|summary|br|blockquote|table|figcaption)\b[^>]*>")
_TAG = re.compile(r"<[^>]+>")
# What no reader should see outside code, by the name that the report prints.
MARKS = {
    "**": re.compile(r"\*\*(?=\S)[^*\n]+\*\*|(?<!\S)\*\*(?=\w)|__(?=\w)[^_\n]+__(?!\w)"),
    "](": re.compile(r"\]\([^)\s]"),
    "[[": re.compile(r"!?\[\[[^\]\n]+\]\]"),
    ":::": re.compile(r":::"),
    "{#": re.compile(r"\{:?\s*[#.][\w-]+[^}\n]*\}"),
    "{%": re.compile(r"\{%|\{\{[%<]"),
    "<tag": re.compile(r"</?(?:div|details|summary|table|tr|td|center|p|br|img|a|span|b|i|ul|li|Tab\w*)\b[^<>\n]*>"),
    "|---|": re.compile(r"\|\s*:?-{3,}:?\s*\|"),
    "##": re.compile(r"^\s*#{1,6}\s+\w", re.MULTILINE),
    "```": re.compile(r"```|~~~"),
    "!!!": re.compile(r"^\s*(?:!!!|\?\?\?\+?)\s+\w|^\s*===[!+]?\s+\"|\[!\w+\][+-]?(?=\s)", re.MULTILINE),
}


def source_shown(html: str) -> frozenset[str]:
    """Return the marks of Markdown that a page shows outside code, by their names in MARKS.

    >>> sorted(source_shown("<p>**bold** and <code>**code**</code></p>"))
    ['**']
    """
    text = unescape(_TAG.sub("", _BLOCK.sub("\n", _CODE.sub(" ", html))))
    return frozenset(name for name, pattern in MARKS.items() if pattern.search(text))


def shown_in(shelf: Library, *, dialect: Dialect) -> dict[str, frozenset[str]]:
    """Return the marks that the pages of a library show, by the path of the article."""
    pages = render_all(shelf.articles, addresses=shelf.addresses, dialect=dialect)
    by_version = {article.version: article.path for article in shelf.articles}
    return {by_version[version]: source_shown(page.html) for version, page in pages.items()}


def main() -> None:
    """Print for each folder and dialect the share of pages that show source, and one example of each mark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--paths", action="store_true", help="print every path")
    arguments = parser.parse_args()
    dialects: tuple[Dialect, ...] = ("commonmark", "python-markdown")
    for folder in arguments.folders:
        shelf = library.load(folder)
        print(f"{folder}: {shelf.markdown.sentence()}")
        for dialect in dialects:
            _print(shown_in(shelf, dialect=dialect), dialect, paths=arguments.paths)


def _print(found: dict[str, frozenset[str]], dialect: Dialect, *, paths: bool) -> None:
    bad = {path: marks for path, marks in found.items() if marks}
    share = len(bad) / max(len(found), 1)
    print(f"  {dialect}: {len(bad)} of {len(found)} pages show source ({share:.1%})")
    counts = Counter(mark for marks in bad.values() for mark in marks)
    examples: dict[str, list[str]] = defaultdict(list)
    for path, marks in sorted(bad.items()):
        for mark in marks:
            examples[mark].append(path)
    for mark, count in counts.most_common():
        print(f"    {mark:6} {count:4}  {', '.join(examples[mark] if paths else examples[mark][:2])}")


if __name__ == "__main__":
    main()
