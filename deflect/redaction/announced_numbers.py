"""Find numbers that the words before them make private: PINs, one-time codes, births, documents."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deflect.redaction.secret_words import (
    BARE_CODE,
    BIRTH,
    CODE,
    DOCUMENT,
    GLUED_BIRTH,
    GLUED_DOCUMENT,
    GLUED_PIN,
    LINK,
    NO_CODE,
    PIN,
    glued,
    words,
)
from deflect.redaction.spans import COVER, Found, Span, lowered

WINDOW = 60  # characters between a word and its number
_STOP = re.compile(r"(?<![nN][rRoO])[.!?](?=\s\D|\s?$)|\n\n|[。！？]")
_UNITS = (
    r"(?![ \u00a0-]{0,2}(?:digits?|stellen|stellig\w*|ziffern|cifras|d[ií]gitos|chiffres|cifre|algarismos|cyfr\w*"
    r"|cijfers|siffror|sifre\w*"
    r"|cifre|цифр\w*|numbers|characters?|chars|zeichen|caracteres|caractères|caratteri|symbols|attempts?"
    r"|versuche\w*|intentos|essais|tentativ\w+"
    r"|tries|times|mal\b|veces|fois|volte|vezes|minutes?|minuten|minutos|minuti|mins?\b|seconds?|sekunden|segundos"
    r"|secondes|secondi|secs?\b|hours?"
    r"|stunden|horas|heures|ore\b|days?|tage\w*|d[ií]as|jours|giorni|dias|weeks?|years?|jahre\w*|users?|people"
    r"|customers|kunden|euros?|eur\b|usd\b|dollars"
    r"|%|€|\$|kg|km|mb\b|gb\b|px\b|ms\b))"
)
_SHORT = re.compile(
    rf"(?<![A-Za-z0-9_.,/-])(?<!\d:)(?:[A-Z]{{1,3}}-)?(\d(?:[ -]?\d){{2,7}})(?![A-Za-z0-9_-]|[.,:/]\d){_UNITS}", re.I
)
_MIXED = re.compile(
    rf"(?<![A-Za-z0-9_.,/-])(?<!\d:)((?=[A-Za-z-]{{0,10}}\d)[A-Za-z0-9]{{3,10}}(?:-[A-Za-z0-9]{{3,10}}){{0,4}}"
    rf"|[A-Z]{{5,10}}(?=[\s.,!]|$))(?![A-Za-z0-9_-]|[.,:/]\d){_UNITS}"
)
_YEAR = re.compile(
    r"(?:since|in|from|until|after|before|of|by|seit|im jahr|desde|depuis|dal|od|sedan|c|с|mai|may) $", re.I
)
_NUMBER = re.compile(
    rf"(?<![A-Za-z0-9_.,-])(?<!\d:)((?=(?:[A-Z]?[ ./-]?){{0,16}}\d)[A-Z0-9](?:[ ./-]?[A-Z0-9(]){{4,32}}\)?)"
    rf"(?![A-Za-z0-9_-]|[.,:]\d){_UNITS}",
    re.I,
)
_MONTHS = (
    r"jan\w*|feb\w*|fév\w*|fev\w*|mar\w*|mär\w*|apr\w*|avr\w*|abr\w*|ma[iyjg]\w*|ju[nl]\w*|jui\w*|giu\w*|lug\w*"
    r"|aug\w*|ao[uû]\w*|ago\w*|sep\w*|set\w*"
    r"|o[ck]t\w*|out\w*|ott\w*|nov\w*|de[czs]\w*|déc\w*|dic\w*|gen\w*|ene\w*|enero|styczn\w*|lut\w*|kwie\w*"
    r"|czerw\w*|lip\w*|sierp\w*|wrze\w*|paźdz\w*"
    r"|list\w*|grud\w*|янв\w*|фев\w*|мар\w*|апр\w*|ма[йя]\w*|июн\w*|июл\w*|авг\w*|сен\w*|окт\w*|ноя\w*|дек\w*"
    r"|kvě\w*|čer\w*|srp\w*|led\w*|maaliskuu\w*|\w+kuuta"
)
_DATE = re.compile(
    rf"(?<![A-Za-z0-9_.,])(?:\d{{1,2}}[./ -]{{1,2}}\d{{1,2}}[./ -]{{1,2}}(?:\d{{4}}|\d{{2}})"
    rf"|\d{{4}}[./ -]{{1,2}}\d{{1,2}}[./ -]{{1,2}}\d{{1,2}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|\.|º)?,?\s(?:(?:of|de|di|do)\s)?(?:{_MONTHS})\.?,?\s(?:(?:of|de|del)\s)?\d{{4}}"
    rf"|(?:{_MONTHS})\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}"
    rf"|\d{{4}}\s?[年년]\s?\d{{1,2}}\s?[月월]\s?\d{{1,2}}\s?[日일]?|(?:19|20)\d{{6}}|[0-3]\d[01]\d(?:19"
    rf"|20)\d\d)(?![A-Za-z0-9_/])",
    re.I,
)
_PINS, _CODES = re.compile(words(PIN)), re.compile(words(CODE))
_PINS_GLUED = re.compile(glued(GLUED_PIN))
_BARE = re.compile(
    rf"(?<![\w\x00-])(?:{BARE_CODE})(?!\w)(?:\s[^\W\d_]{{1,12}}){{0,5}}?(?:\s?[:=#]\s?|\s(?:{LINK})\s?[:=]?\s?"
    rf"|\s)[\"'“„«]?(?:[A-Z]-)?(\d{{3}}[ -]\d{{3}}|\d{{4,8}})(?![A-Za-z0-9_-]|[.,:/]\d){_UNITS}"
)
_BIRTHS, _BIRTHS_GLUED = re.compile(words(BIRTH)), re.compile(glued(GLUED_BIRTH))
_DOCUMENTS, _DOCUMENTS_GLUED = (
    re.compile(words(DOCUMENT, ending=r"(?:[- ]?(?:nr|no|num|number|nummer|id))?\.?")),
    re.compile(glued(GLUED_DOCUMENT)),
)
_STANDARD = re.compile(r"rfc[ -]?\d{1,5}(?!\w)")  # of the internet; a taxpayer's in Mexico begins with letters
_SERIAL = re.compile(r"(?=.*\d.*\d)[A-Z0-9]{8,10}")  # the number of a passport, which may have few digits
_OTHER_CODE = re.compile(
    r"postal|barras|barre|error|erreur|errore|erro\b|line|promo|descuento|réduction|sconto|page|fiscal|país|pays"
    r"|country|area"
)
_HARMLESS_CODE = re.compile(NO_CODE)
_BEFORE = re.compile(
    rf"(?<![A-Za-z0-9_.,/-])(?<!\d:)(?:g-)?(\d{{3}}[ -]?\d{{3,5}}|\d{{3,8}})[\"']?\s(?:is|was|ist|war|es|est|è|é"
    rf"|jest|is|as|als|como|comme|come|jako|som)\s(?:my|your|the|our|mein|meine|ihr|dein|der|die|mi|tu|su|el|mon"
    rf"|votre|ton|le|il mio|il tuo|o meu|o seu|mój|mijn|uw|je"
    rf"|de)\s(?:[^\W\d_]{{1,12}}\s){{0,2}}{words(PIN, CODE, BARE_CODE)}"
)


def short_codes(text: str) -> Iterator[Found]:
    """Yield PINs, transaction numbers, card codes and one-time codes after their names."""
    low = lowered(text)
    for match in _PINS.finditer(low):
        yield from _after(text, match.end(), _SHORT, "pin")
    for match in _CODES.finditer(low):
        yield from _after(text, match.end(), _SHORT, "pin") or _after(text, match.end(), _MIXED, "pin", near=30)
    for match in _BARE.finditer(low):
        if not _OTHER_CODE.search(match[0]) and not _HARMLESS_CODE.search(
            low, max(0, match.start() - 20), match.start()
        ):
            yield *match.span(1), "pin"
    for match in _BEFORE.finditer(low):
        yield *match.span(1), "pin"
    if not text.isascii():
        for match in _PINS_GLUED.finditer(text):
            yield from _after(text, match.end(), _SHORT, "pin")


def documents(text: str) -> Iterator[Found]:
    """Yield numbers of passports, identity cards, insurances and bank accounts after their names."""
    low = lowered(text)
    for match in _DOCUMENTS.finditer(low):
        if not _STANDARD.match(low, match.start()):
            yield from _document(text, match.end())
    if not text.isascii():
        for match in _DOCUMENTS_GLUED.finditer(text):
            yield from _document(text, match.end())


def births(text: str) -> Iterator[Found]:
    """Yield dates of birth after words such as *born on*."""
    low = lowered(text)
    found = [*_BIRTHS.finditer(low), *(_BIRTHS_GLUED.finditer(text) if not text.isascii() else ())]
    for match in found:
        date = _DATE.search(text, match.end(), match.end() + WINDOW)
        if date and not _STOP.search(text, match.end(), date.start()):
            yield *date.span(), "birthday"


def _after(text: str, at: int, pattern: re.Pattern[str], kind: str, *, near: int = WINDOW) -> list[Found]:
    """Return the first number after a word, if it is in the same sentence and no year."""
    match = pattern.search(text, at, min(len(text), at + near + 20))
    if (
        not match
        or match.start() > at + near
        or _STOP.search(text, at, match.start())
        or COVER in text[at : match.start()]
    ):
        return []
    span = match.span(1)
    year = re.fullmatch(r"(?:19|20)\d\d", match[1])
    if (year and _YEAR.search(text, max(0, span[0] - 12), span[0])) or text[at : span[0]].count(" ") > 8:
        return []
    return [(*match.span(), kind), *_more(text, match.end(), pattern, kind)]


def _more(text: str, at: int, pattern: re.Pattern[str], kind: str) -> list[Found]:
    """Return the further codes of a list, such as backup codes."""
    found = list[Found]()
    while len(found) < 20:
        comma = re.compile(r"\s?(?:,|;|/|\n|and|und|y|et|or|-)\s?[\"'-]?\s?").match(text, at)
        match = pattern.match(text, comma.end()) if comma else None
        if match is None:
            break
        found.append((*match.span(), kind))
        at = match.end()
    return found


def _document(text: str, at: int) -> Iterator[Found]:
    for match in _NUMBER.finditer(text, at, min(len(text), at + WINDOW + 30)):
        if match.start() > at + WINDOW or _STOP.search(text, at, match.start()):
            return
        span = _digits_of(match)
        if span:
            yield *span, "id"
            return


def _digits_of(match: re.Match[str]) -> Span | None:
    """Return the part of a match from its first to its last word with digits, if it has five digits or more."""
    parts = list(re.finditer(r"[^ ]+", match[1]))
    kept = [part for part in parts if any(c.isdigit() for c in part[0])]
    if (
        not kept
        or (sum(c.isdigit() for c in match[1]) < 5 and not _SERIAL.fullmatch(kept[0][0]))
        or re.fullmatch(r"\d{4}[-./]\d\d[-./]\d\d|\d\d[-./]\d\d[-./]\d{4}", match[1])
    ):
        return None
    first = kept[0].start()
    for part in parts:
        if (
            part.end() <= kept[0].start()
            and len(part[0]) <= 2
            and part[0].isupper()
            and kept[0].start() - part.end() <= 1
        ):
            first = part.start()
    tail = next((p for p in parts if p.start() > kept[-1].end() and len(p[0]) <= 2 and p[0].isupper()), None)
    end = tail.end() if tail and tail.start() - kept[-1].end() == 1 else kept[-1].end()
    return match.start(1) + first, match.start(1) + end
