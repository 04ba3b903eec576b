"""Find Markdown that readers would see as source, since it was not understood."""

from __future__ import annotations

import re
from html import unescape

_CODE = re.compile(r"<(pre|code|kbd|samp)\b.*?</\1>", re.DOTALL)
_BLOCK = re.compile(r"</?(?:p|li|h\d|td|th|tr|dd|dt|div|summary|br|blockquote|table|figcaption|ul|ol)\b[^>]*>")
_TAG = re.compile(r"<[^>]+>")
_FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")
# Each with what it is called in messages. None matches what people write as text, such as `2 ** 3` or `{name}`.
MARKS = (
    ("bold text", re.compile(r"\*\*(?=[^\s*])[^*\n]+(?<=[^\s*])\*\*")),
    ("a link or picture", re.compile(r"!?\[[^\[\]\n]*\]\((?:[./#]|https?:)[^)\n]*\)")),
    ("a wiki link", re.compile(r"!?\[\[[^\[\]\n]{2,}\]\]")),
    ("a heading", re.compile(r"^\s*#{1,6} +\w", re.MULTILINE)),
    ("a code fence", re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)),
    ("a block", re.compile(r"^\s*(?::::+ ?\w|(?:!!!|\?\?\?\+?) +\w|===[!+]? +\"|\[!\w+\][+-]?\s)", re.MULTILINE)),
    ("attributes", re.compile(r"\{:? *[#.][\w-]+[^{}\n]*\}")),
    ("a template tag", re.compile(r"\{% *\w[^%\n]*%\}|\{\{[<%][^{}\n]*[>%]\}\}")),
    ("a table", re.compile(r"\| *:?-{3,}:? *\|")),
    ("HTML", re.compile(r"<(?:a|div|img|span|table|td|details)\b[^<>\n]*=[\"'][^<>\n]*>")),
    ("a component", re.compile(r"</?[A-Z]\w+(?: +\w+=[^<>\n]*)?/?>")),
)


def find(html: str) -> list[tuple[str, str]]:
    """Return each kind of Markdown that a page shows outside code, with the first example.

    >>> find("<p>**bold** and <code>**code**</code></p>")
    [('bold text', '**bold**')]
    """
    text = unescape(_TAG.sub("", _BLOCK.sub("\n", _CODE.sub(" ", html))))
    found = ((name, pattern.search(text)) for name, pattern in MARKS)
    return [(name, match[0].strip()) for name, match in found if match]


def open_fence(markdown: str) -> tuple[int, str] | None:
    """Return the line number, from 0, and the marks of a fence at the left margin that nothing closes.

    >>> open_fence("Text\\n```sh\\nls\\n")
    (1, '```')
    """
    begun: tuple[int, str] | None = None
    for number, line in enumerate(markdown.splitlines()):
        if begun is None:
            found = _FENCE.match(line)
            begun = (number, found[1]) if found else None
        elif line.strip().startswith(begun[1]) and not line.strip().strip(begun[1][0]):
            begun = None
    return begun
