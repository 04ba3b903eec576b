"""Find parts of a text with patterns, and replace them in the original spelling.

Patterns see a folded text of the same length: full-width letters, foreign digits, dashes and odd spaces are written in
ASCII. A found part is covered, so that no later pattern sees it again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

Span = tuple[int, int]
Found = tuple[int, int, str]  # start, end and kind; the kind "" protects a harmless part
Finder = Callable[[str], Iterable[Found]]
Judge = Callable[[re.Match[str]], Span | None]

COVER = "\x00"  # neither a letter nor a space; patterns that take any character exclude it
PROTECTED = ""
_BLOCKS = ((0x2100, 0x2150), (0xFE50, 0xFE70), (0xFF01, 0xFF5F), (0x1D400, 0x1D800))
_DIGITS = (0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50)
_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"


def _table() -> dict[int, str]:
    """Return the ASCII form of each character that has one of the same length."""
    table = {ord(c): " " for c in _SPACES} | {ord(c): "-" for c in _DASHES}
    table |= {zero + n: str(n) for zero in _DIGITS for n in range(10)}
    for first, end in _BLOCKS:
        plain = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(first, end)}
        table |= {code: c for code, c in plain.items() if len(c) == 1 and c.isascii()}
    return table


FOLDED = _table()


def folded(text: str) -> str:
    """Return `text` in the same length with an ASCII form of digits, signs and full-width letters.

    >>> folded("jo＠example．com, ١٢٣")
    'jo@example.com, 123'
    """
    return text if text.isascii() else text.translate(FOLDED)


def lowered(text: str) -> str:
    """Return `text` in lower case and in the same length; a letter whose lower case is longer stays."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def whole(match: re.Match[str]) -> Span:
    """Return the span of the whole match."""
    return match.span()


def last_group(match: re.Match[str]) -> Span:
    """Return the span of the last group that matched."""
    return match.span(match.lastindex or 0)


def rule(
    kind: str, pattern: str, judge: Judge = whole, *, flags: int = 0, needs: str = "", only_if: str = ""
) -> Finder:
    """Return a finder of a pattern; `judge` returns the part to replace, or None to leave the match.

    To save time, a text is not searched if it has none of the characters in `needs`, or no match of `only_if`.
    """
    compiled, sign = re.compile(pattern, flags), re.compile(only_if)

    def find(text: str) -> Iterator[Found]:
        if (needs and not any(c in text for c in needs)) or (only_if and not sign.search(text)):
            return
        for match in compiled.finditer(text):
            span = judge(match)
            if span:
                yield *span, kind

    return find


def covered(text: str, found: Iterable[Found]) -> str:
    """Return `text` in the same length with the found parts covered, protected ones too."""
    parts, at = [], 0
    for start, end, _ in sorted(found):
        if end > at:
            start = max(start, at)
            parts += [text[at:start], COVER * (end - start)]
            at = end
    return "".join([*parts, text[at:]])


def replaced(text: str, found: Iterable[Found]) -> str:
    """Return `text` with each found part replaced by its kind in brackets; protected parts stay."""
    parts, at = [], 0
    for start, end, kind in merged(found):
        parts += [text[at:start], f"[{kind}]"]
        at = end
    return "".join([*parts, text[at:]])


def merged(found: Iterable[Found]) -> list[Found]:
    """Return the parts to replace, in order. Overlapping ones become one, of the kind of the longest.

    >>> merged([(4, 9, "token"), (0, 6, ""), (2, 5, "user")])
    [(2, 9, 'token')]
    """
    result = list[Found]()
    for start, end, kind in sorted(one for one in found if one[2] != PROTECTED):
        if result and start < result[-1][1]:
            before = result.pop()
            longest = kind if end - start > before[1] - before[0] else before[2]
            result.append((before[0], max(before[1], end), longest))
        else:
            result.append((start, end, kind))
    return result
