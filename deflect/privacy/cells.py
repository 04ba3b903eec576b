"""Cells of CSV files that no spreadsheet runs as a formula."""

from __future__ import annotations

import re
from typing import Any

# A spreadsheet splits a line at the separator of its language, also inside our quotes. So a formula may start a cell,
# or follow any separator in it. The apostrophes make `safe` reversible.
_SEPARATOR = r";,|\t\r\n\v\f\x85\u2028\u2029\u060c\u061b\u3001\uff0c\uff1b"  # also Arabic and full-width ones
_UNSEEN = r"\s\"\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_START = rf"((?:^|[{_SEPARATOR}])[{_UNSEEN}]*)"
_FORMULA = r"('*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212])"
_BARE, _GUARDED = re.compile(_START + _FORMULA), re.compile(f"{_START}'{_FORMULA}")
_BARE_TAB, _GUARDED_TAB = re.compile(r"^('*[\t\r])"), re.compile(r"^'('*[\t\r])")


def safe(value: Any) -> Any:
    """Return a cell's value, with an apostrophe before each place where a spreadsheet could start a formula.

    >>> safe("=1+1"), safe("a;=1+1"), safe("all is well"), safe(-3)
    ("'=1+1", "a;'=1+1", 'all is well', -3)
    """
    return _BARE.sub(r"\1'\2", _BARE_TAB.sub(r"'\1", value)) if isinstance(value, str) else value


def plain(value: str) -> str:
    """Return the value that `safe` wrote as a cell.

    >>> plain("a;'=1+1"), plain("it's")
    ('a;=1+1', "it's")
    """
    return _GUARDED_TAB.sub(r"\1", _GUARDED.sub(r"\1\2", value))
