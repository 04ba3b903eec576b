"""Join words that are written apart, and split words that are written as one: Wi-Fi, wifi and wi fi.

The index keeps, beside its words, the joined form of what signs connect ("Wi-Fi" as wifi), of neighbours in a title or
a heading ("Log in" as login), and of digits in groups, and the parts of names such as getUserName. A question brings
the joined forms of its neighbouring words; those that no article has find nothing. So each form finds each other form,
and the index grows by the forms that are written, not by all pairs of words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from search.text.analyzer import Analyzer, Token, fold, tokens

LONGEST = 40  # letters of a joined form
MOST = 4  # more words of a question that are joined
GROUPS = 2  # more of digits: +33 1 99 00 12 34
NEIGHBOURS = 14  # letters of two words of a title that are joined: longer ones are rarely written as one
LONG = 40  # words of a question from which only pairs of connected words are joined
NATIONAL = 9  # digits of a phone number without the code of its country
NUMBER = 7  # digits from which groups are one number, such as that of a phone
IN_NAME = 6  # weight of a form in a title or heading; one in the text counts 1

_COMPOUND = re.compile(r"(?<![@/\\\w.])[^\W_]+(?:[-‐‑–_·./&+:][^\W_]+){1,4}(?![@\\\w])")
_GROUPS = re.compile(r"(?<![\w.])\+?\(?\d{1,6}(?:[ \u00a0\u202f().,'’/-]{1,3}\d{2,12}){1,5}(?!\w)")
_PART = re.compile(r"(?<![\w.])[A-Za-z]{1,5}[- ]?\d{1,6}(?:[- ]\d{1,6})+(?!\w)")  # of a machine: AB-12 34
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_MIXED = re.compile(r"(?=\w*[A-Za-z])(?=\w*\d)[A-Za-z0-9]{2,12}")
_WORD = re.compile(r"[^\W\d_]+")
_HEX = re.compile(r"0?x([0-9a-f]{4,16})")
_ZERO_X = re.compile(r"(?<!\w)0[xX]([0-9A-Fa-f]{4,16})(?!\w)")
_SIGNED = re.compile(r"(?<!\w)([A-Za-z])(\+\+|#)")
SAID = {"++": "pp", "#": "sharp"}  # C++ as cpp, F# as fsharp
PERCENT = {"de": "prozent", "nl": "procent", "sv": "procent", "da": "procent", "no": "prosent", "nb": "prosent",
           "pl": "procent", "es": "porcentaje", "it": "percentuale", "fr": "pourcentage"}  # fmt: skip


def forms(analyzer: Analyzer, *, names: Sequence[str], body: str) -> Counter[str]:
    """Return the joined and split forms in the names of an article and in its text, with their weights."""
    found = Counter(_with_stems(_written(body, analyzer), analyzer))
    for name in names:
        for form in _with_stems((*_written(name, analyzer), *_neighbours(name, analyzer)), analyzer):
            found[form] += IN_NAME
    return found


def _with_stems(forms: Iterable[str], analyzer: Analyzer) -> Iterator[str]:
    for form in forms:
        yield form
        yield from (stem for stem in analyzer.stems(form)[:1] if stem != form)


def _written(text: str, analyzer: Analyzer) -> Iterator[str]:
    """Yield the forms of what signs connect, of groups of digits, and of names with capitals inside."""
    for match in _COMPOUND.finditer(text):
        parts = re.split(r"[\W_]", match.group())
        if _is_one(match.group(), parts):
            yield fold("".join(parts))[:LONGEST]
    for match in _GROUPS.finditer(text):
        yield from _numbers(match.group())
    for match in _PART.finditer(text):
        yield fold(re.sub(r"[- ]", "", match.group()))
    for match in _HUMPED.finditer(text):
        yield from _parts(match.group())
    for match in _ZERO_X.finditer(text):
        yield match.group(1).lower()
    for match in _SIGNED.finditer(text):
        yield f"{match.group(1).lower()}{SAID[match.group(2)]}"
    if "%" in text:
        yield PERCENT.get(analyzer.lang.split("-")[0], "percent")
    if ".NET" in text:
        yield "dotnet"


_HUMPED = re.compile(
    r"(?<![^\W_])(?:[A-Za-z]+[a-z][A-Z][A-Za-z0-9]*|[A-Za-z]{1,6}\d{1,6}|\d{1,6}[A-Za-z]{1,6})(?![^\W_])"
)


def _is_one(text: str, parts: Sequence[str]) -> bool:
    """Return True if signs connect `parts` to one word: Wi-Fi, error_log, TCP/IP, but not a path, host or version."""
    if all(part.isdigit() for part in parts):
        return len(parts) == 2 and "/" in text  # 24/7
    signs = set(re.findall(r"[\W_]", text))
    return len(parts) == 2 or signs <= set("-‐‑–_·")


def _numbers(text: str) -> Iterator[str]:
    """Yield the digits of a number in groups, whole and without its first groups, such as the code of a country."""
    groups = re.findall(r"\d+", text)
    if _THOUSANDS.fullmatch(text):
        yield "".join(groups)
        return
    for first in range(len(groups)):
        digits = "".join(groups[first:])
        if len(digits) >= NUMBER:
            yield digits
        if digits.startswith("0") and len(digits.lstrip("0")) >= NATIONAL:
            yield digits.lstrip("0")


def _parts(word: str) -> Iterator[str]:
    """Yield the parts of getUserName, or of letters and digits, such as those of 2FA.

    A name of two words, such as PayPal, isn't split, or everything about it would be found by "pay".
    """
    humps = _HUMP.findall(word)
    if len(humps) > 2 or (len(humps) == 2 and ((word[0].islower() and len(humps[0]) > 2) or _MIXED.fullmatch(word))):
        yield from map(fold, humps)


def _neighbours(name: str, analyzer: Analyzer) -> Iterator[str]:
    """Yield the joined forms of neighbouring words of a title, unless both are little ones."""
    for one, two in pairwise(tokens(name)):
        if two.start - one.end == 1 and name[one.end] == " " and _join(one, two, analyzer):
            yield fold(one.text + two.text)


def _join(one: Token, two: Token, analyzer: Analyzer) -> bool:
    if not (_WORD.fullmatch(one.text) and _WORD.fullmatch(two.text)) or len(one.text) + len(two.text) > NEIGHBOURS:
        return False
    return one.kind == two.kind == "word" and not (analyzer.is_stopword(one.text) and analyzer.is_stopword(two.text))


def asked(line: str, found: Sequence[Token]) -> dict[int, tuple[str, ...]]:
    """Return the joined forms of the words of a question, by the number of each word that takes part.

    >>> line = "wi fi router"
    >>> asked(line, tuple(tokens(line)))[0]
    ('wifi', 'wifirouter')
    """
    forms: dict[int, list[str]] = {}
    long = len(found) > LONG
    for first, token in enumerate(found):
        if token.kind != "word":
            continue
        if not (long and _apart(line, found, first)):
            for last, joined in _with_next(line, found, first, most=2 if long else MOST):
                for number in range(first, last + 1):
                    forms.setdefault(number, []).extend((joined, *_shorter(joined)))
        if not token.text.isalpha():
            for other in _alone(token):
                forms.setdefault(first, []).append(other)
    return {number: tuple(dict.fromkeys(some)) for number, some in forms.items()}


def _apart(line: str, found: Sequence[Token], first: int) -> bool:
    """Return True if nothing but a space is between a word and the next one, or there is none."""
    return first + 1 == len(found) or line[found[first].end : found[first + 1].start] == " "


def _with_next(line: str, found: Sequence[Token], first: int, *, most: int) -> Iterator[tuple[int, str]]:
    """Yield the number of the last word of each joined form that starts with a word, and the form."""
    joined = fold(found[first].text)
    more = most + GROUPS if joined.isdecimal() else most
    for last in range(first + 1, min(first + more, len(found) - 1) + 1):
        between, text = line[found[last - 1].end : found[last].start], found[last].text
        if found[last].kind != "word" or not _connects(between) or (most < MOST and between == " "):
            return
        joined += fold(text)
        if len(joined) > LONGEST or (last > first + most and not joined.isdecimal()):
            return
        if not (between == "." and joined.isdecimal() and len(joined) < NUMBER and len(text) != 3):  # a version
            yield last, joined


def _connects(between: str) -> bool:
    return len(between) <= 3 and not set(between) & set(",;:!?|<>")


def _alone(token: Token) -> Iterator[str]:
    """Yield other forms of a single word: a version without its v, a number without the code of its country, a hex
    number without its 0x.
    """
    folded = fold(token.text)
    if re.fullmatch(r"v\d+", folded):
        yield folded[1:]
    if found := _HEX.fullmatch(folded):
        yield found.group(1)
    yield from _shorter(folded)


def _shorter(digits: str) -> tuple[str, ...]:
    """Return a phone number without a zero at its beginning, or a country's code of up to three digits."""
    if not digits.isdecimal() or len(digits) <= NUMBER:
        return ()
    bare = digits.lstrip("0")
    return tuple(bare[cut:] for cut in range(4) if len(bare) - cut >= NATIONAL or (cut == 0 and bare != digits))
