"""Find telephone numbers, international and as people write them in their own country."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from deflect.redaction.secret_words import GLUED_PHONE, PHONE, glued, words
from deflect.redaction.spans import Found, lowered

# Countries whose national numbers are tried, those with most people who write to a help center first.
REGIONS = (
    "US DE GB"
    " FR ES IT BR MX PL NL IN AU JP TR RU SE CH AT BE PT CN KR DK NO FI IE NZ ZA AR CL CO CZ GR HU RO UA IL SG HK"
    " ID TH VN PH MY EG NG KE MA AE SA PK TW HR BG SK LT"
).split()
MOST = 60  # numbers of a text that are looked up; further ones are taken for telephone numbers
WINDOW = 40  # characters after a word such as "call" in which a number is a telephone number
CANDIDATE = re.compile(
    r"(?<![A-Za-z0-9_.,/+-])(?<!\d:)(?:\+|00[ -]?)?\(?\+?\d(?:[ ()./-]{0,3}\d){5,16}(?![A-Za-z0-9_-]"
    r"|[.,:]\d)(?:\s?(?:ext|x|durchwahl|-)\.?\s?\d{1,5}\b)?"
)
ABROAD = re.compile(r"(?:\+|00)[ ]?\(?[1-9]|\(\+\d")
DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d([-./ ])(?:0?[1-9]|1[0-2])\1[0-3]?\d|[0-3]?\d([-./ ])[01]?\d\2(?:19"
    r"|20)?\d\d)(?! ?[\d-]|[./]\d)"
)
_AMOUNT = re.compile(
    r"[1-9]\d{0,2}(?: 000)+|[1-9]\d?(?:[ .]\d{3})+(?![ .-]?\d)|[1-9]\d{0,2}(?:[. ]\d{3})+(?= ?(?:€|\$|£|%|eur|usd"
    r"|rows|bytes|kb|mb|users|items|lines|records|files|people|zeilen|km|kg|visits|views|requests|kr|zł|kč|ft|chf"
    r"|руб|円|元))",
    re.I,
)
_RANGE = re.compile(
    r"\d+[.]\d+|(?:[1-9]\d*0 )+[1-9]\d*0|\d{1,4} ?- ?\d{1,4}|\d+(?: \d)+|[1-9]\d* ?/ ?\d+"
    r"|(?:[1-9]\d? )+\d{1,2}|(?:\d{1,3}[.]){3}\d{1,3}(?:/\d+)?"
)
_CALLS = re.compile(words(PHONE))
_CALLS_GLUED = re.compile(glued(GLUED_PHONE))


def phones(text: str) -> Iterator[Found]:
    """Yield telephone numbers: after words such as *call*, with a country code, or valid in one of the countries."""
    if not any(c.isdigit() for c in text):
        return
    announced = _announced(text)
    looked_up = 0
    for match in CANDIDATE.finditer(text):
        number = match[0]
        digits = sum(c.isdigit() for c in number)
        if not 6 <= digits <= 16 or number.count("/") > 1 or (DATE.match(number) and not ABROAD.match(number)):
            continue
        near = any(match.start() - WINDOW <= at <= match.start() for at in _nearest(announced, match.start()))
        if (near and not _RANGE.fullmatch(number)) or (ABROAD.match(number) and digits >= 8):
            yield *match.span(), "phone"
        elif _is_written_as_phone(number, digits) and not _AMOUNT.match(text, match.start()):
            looked_up += 1
            if looked_up > MOST or is_national(number):
                yield *match.span(), "phone"


def _announced(text: str) -> list[int]:
    ends = [match.end() for match in _CALLS.finditer(lowered(text))]
    return ends if text.isascii() else sorted([*ends, *(match.end() for match in _CALLS_GLUED.finditer(text))])


def _nearest(ends: list[int], at: int) -> list[int]:
    """Return the last end before a position."""
    from bisect import bisect_right

    place = bisect_right(ends, at)
    return ends[place - 1 : place] if place else []


def _is_written_as_phone(number: str, digits: int) -> bool:
    """Return True if a number has the groups, brackets or zero of a telephone number, not of a range or a fraction."""
    groups = re.findall(r"\d+", number)
    if digits < 7 or digits > 13 or _RANGE.fullmatch(number):
        return digits == 8 and re.fullmatch(r"\d\d(?: \d\d){3}", number) is not None
    if "." in number and any(len(group) == 1 for group in groups[1:]):  # a version
        return False
    if "." in number and not number.startswith("(") and re.search(r"[ (/-]", number):
        return False
    if number.startswith(("0", "(")):
        return len(groups) > 1 or digits >= 9
    return len(groups) >= 3 or (len(groups) == 2 and digits >= 8 and len(groups[0]) >= 3)


@lru_cache(maxsize=1024)
def is_national(number: str) -> bool:
    """Return True if a number without a country code is valid in one of the countries.

    >>> is_national("030 12345678"), is_national("9999 99999 99999")
    (True, False)
    """
    import phonenumbers  # 26 ms, needless in `kb --help`

    for region in REGIONS:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(number, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False
