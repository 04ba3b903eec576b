"""Highlight code with Pygments: classes for colours, and the name of the language for the reader."""

from __future__ import annotations

import re
from functools import cache
from html import escape

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

MAX_CODE = 5_000  # characters; longer blocks are not highlighted, because some lexers take quadratic time
TITLE = re.compile(r"\btitle=[\"']([^\"'\n]+)[\"']")
LANGUAGE = re.compile(r"[ \t]*(?:\{[ \t]*\.)?(?!title=)([\w.+#-]{1,40})")
_NAME = re.compile(r"[\w.+#-]{1,40}")
_PLAIN = frozenset(("text", "txt", "plain", "plaintext", "none"))


def block(text: str, info: str) -> str:
    """Return the HTML of a code block; `info` is what follows its fence. An unknown language has no colours."""
    named, title = LANGUAGE.match(info), TITLE.search(info)
    language = named[1] if named else ""
    lexer = _lexer(language.lower()) if len(text) <= MAX_CODE else None
    inner = highlight(text, lexer, HtmlFormatter(nowrap=True)) if lexer else escape(text)
    name = f'<span class="filename">{escape(title[1])}</span>' if title else ""
    return f'<div class="highlight"{label(language)}>{name}<pre><code>{inner}</code></pre></div>\n'


def label(language: str) -> str:
    """Return the attribute with the name of a language, or "" if it is unknown."""
    lexer = _lexer(language.lower()) if _NAME.fullmatch(language) else None
    return f' data-language="{escape(lexer.name)}"' if lexer else ""


@cache
def _lexer(language: str) -> Lexer | None:
    if language in _PLAIN:
        return None
    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None
