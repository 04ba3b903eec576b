"""Read JSON and whole numbers from outside, and refuse values that cannot be stored or computed with.

Python's `json` accepts NaN, Infinity, numbers beyond a double and lone surrogates, which fail later: in SQLite, in
UTF-8, or in a sum. `loads` refuses them and names the field, so that the sender gets an answer that helps.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

DIGITS = re.compile(r"[0-9]{1,18}")  # fits into 64 bits; Python refuses to convert more than 4,300 digits
SURROGATE = re.compile(r"[\ud800-\udfff]")
LONGEST_NAME = 60  # characters of a field's name in a message


class BadValue(ValueError):
    """A value that JSON doesn't allow, or that cannot be stored. The message names the field."""


class _Unusable:
    """The place of an unusable number in a document, until `_refuse` finds its name."""


def loads(data: bytes | str) -> Any:
    """Return the value of a JSON document in UTF-8. Raise ValueError for anything else.

    >>> loads('{"fields": [{"price": NaN}]}')
    Traceback (most recent call last):
    kb.strict.BadValue: fields.0.price is not a number that JSON allows
    """
    text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
    unusable: list[_Unusable] = []

    def refused(_: str) -> _Unusable:
        unusable.append(_Unusable())
        return unusable[0]

    def finite(digits: str) -> Any:
        value = float(digits)
        return value if math.isfinite(value) else refused(digits)

    def whole(digits: str) -> Any:
        return int(digits) if len(digits) < 300 else refused(digits)  # a double ends at 309 digits

    try:
        document = json.loads(text, parse_constant=refused, parse_float=finite, parse_int=whole)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if unusable or "\\u" in text or SURROGATE.search(text):
        _refuse(document, "")
    return document


def whole_number(text: str, *, least: int = 0, most: int) -> int | None:
    """Return the number that a text of ASCII digits says, or None if it is none from `least` to `most`.

    >>> whole_number("7", most=50), whole_number("0050999", most=50), whole_number("9" * 5000, most=50)
    (7, None, None)
    """
    number = int(text) if DIGITS.fullmatch(text) else -1
    return number if least <= number <= most else None


def storable(text: str) -> bool:
    """Return True if a text can be stored as UTF-8: it has no lone surrogates and no NUL."""
    return "\0" not in text and not SURROGATE.search(text)


def plain(value: object, *, longest: int) -> str:
    """Return a text of another server on one line, without control characters or lone surrogates, and cut."""
    text = value if isinstance(value, str) else str(value)
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * longest]).split())[:longest]


def _refuse(value: Any, name: str) -> None:
    """Raise BadValue for the first unusable number or text of a document."""
    if isinstance(value, _Unusable):
        raise BadValue(f"{name or 'the document'} is not a number that JSON allows")
    if isinstance(value, str) and SURROGATE.search(value):
        raise BadValue(f"{name or 'the document'} contains half of a character (a lone surrogate)")
    if isinstance(value, dict):
        for key, inner in value.items():
            if SURROGATE.search(key):
                raise BadValue(f"a name in {name or 'the document'} contains half of a character (a lone surrogate)")
            _refuse(inner, f"{name}.{key}".lstrip(".")[:LONGEST_NAME])
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            _refuse(inner, f"{name}.{place}".lstrip(".")[:LONGEST_NAME])
