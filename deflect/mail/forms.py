"""Choose among the forms of one text in an e-mail, plain and HTML, so that no line of either is lost.

Mail programs write the plain text from the HTML, so both say the same, and the plain text is shown as its author wrote
it. Other programs put a few words in its place, leave out tables and quoted mail, or write something else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

WORD = re.compile(r"[\u0e00-\u0eff\u3040-\u9fff\uac00-\ud7af]|[^\W_]+")
ADDRESS = re.compile(r"\b(?:https?://|www\.|mailto:)[^\s<>]+", re.IGNORECASE)  # HTML may have others in its links
PICTURE = re.compile(r"\s*\[[^\[\]]*\]\s*")  # a line that only names a picture
COMPARED = 200_000  # characters of a form
STUB = re.compile(
    r"html|browser|navegador|navigateur|przeglądar|webbläsare|prohlíže|böngésző|tarayıcı|браузер|ブラウザ|浏览器|"
    r"瀏覽器|브라우저|\b(?:mail|e-mail|email) (?:program|client|reader|app)|mailprogramm|multi-?part|mime",
    re.IGNORECASE,
)
LONGEST_STUB = 400  # characters


def of_forms(said: Sequence[tuple[str, str]]) -> str:
    """Return the text of several forms, each with its type.

    It is the plain text if that says it all, the HTML if that says more, and both if each has lines of its own.

    >>> of_forms([("text/plain", "No HTML?"), ("text/html", "My lamp is broken.")])
    'My lamp is broken.'
    """
    plain = "\n\n".join(dict.fromkeys(text.strip() for kind, text in said if kind == "text/plain"))
    rich = next((text for kind, text in reversed(said) if kind != "text/plain"), "")
    if not plain or not rich:
        return plain or rich
    more = _lines_beyond(rich, plain)
    if not more:
        return plain
    if _is_stub(plain) or not _lines_beyond(plain, rich):
        return rich
    return "\n".join([plain, "", *more])


def _lines_beyond(text: str, other: str) -> list[str]:
    """Return the lines of a text that another one lacks: a number, or more than a third of the words of a line."""
    known = set(_words(other))
    lines = [line for line in text[:COMPARED].splitlines() if not PICTURE.fullmatch(line)]
    return [line for line in lines if _is_beyond(_words(line), known)]


def _is_beyond(words: Sequence[str], known: set[str]) -> bool:
    missing = [word for word in words if word not in known]
    return 3 * len(missing) > len(words) or any(len(word) > 1 and word.isdecimal() for word in missing)


def _words(text: str) -> list[str]:
    return WORD.findall(ADDRESS.sub(" ", text[:COMPARED]).casefold())


def _is_stub(plain: str) -> bool:
    """Return True if a plain text only says that the HTML should be read, or only has its address."""
    return len(plain) <= LONGEST_STUB and (STUB.search(plain) is not None or not _words(plain))
