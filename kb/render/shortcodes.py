"""Words between colons: GitHub's emoji as characters, and the icons of MkDocs, which have no text, as nothing."""

from __future__ import annotations

import re
from functools import cache

PATTERN = r":([a-z0-9_+-]+):(?:(?<=\w:)\{[^{}\n]*\})?"
_ICON = re.compile(r"(?:material|octicons|fontawesome|simple)-[a-z0-9-]+")


def shown(name: str) -> str | None:
    """Return what readers see instead of `:name:`, or None if it is no shortcode.

    >>> shown("tada"), shown("material-clock-fast"), shown("30")
    ('🎉', '', None)
    """
    return "" if _ICON.fullmatch(name) else _emoji().get(f":{name}:")


@cache
def _emoji() -> dict[str, str]:
    """Return the characters of GitHub's emoji by their names."""
    from pymdownx import gemoji_db  # type: ignore[import-untyped]  # 1,900 names, which few articles need

    known = {name: _characters(row["unicode"]) for name, row in gemoji_db.emoji.items() if "unicode" in row}
    return known | {name: known[meant] for name, meant in gemoji_db.aliases.items() if meant in known}


def _characters(codes: str) -> str:
    return "".join(chr(int(code, 16)) for code in codes.split("-"))
