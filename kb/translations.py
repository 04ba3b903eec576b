"""What the translations of the interface lack: messages of the catalogues, and words of the widget.

`locale/messages.pot` lists every message with the files that say it, and the widget's English words are in its scripts.
What is missing appears in English. `kb doctor` counts it, and a test names it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from gettext import c2py
from pathlib import Path
from typing import TypeAlias

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from kb.config import static_folder
from kb.i18n import FOLDER, interface_languages

TEMPLATE = FOLDER / "messages.pot"
LETTERS = "deflect/delivery/"  # the files whose messages are sent by e-mail
SOURCES = ("words.js", "panel-words.js")
NUMBERS = range(201)  # enough to meet every plural form of whole numbers
Word: TypeAlias = str | dict[str, str]
_REVIEWED = re.compile(r'^"X-Reviewed: (.*?)\\n"$', re.MULTILINE)
_WORD = re.compile(r'^  (\w+): (".*"|\{.*\}),$', re.MULTILINE)
_PLACE = re.compile(r"%\(\w+\)[sd]|%s")
_BRACE = re.compile(r"\{\w+\}")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Part:
    """The number of texts in a part of the interface, and those that a language lacks."""

    name: str
    total: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the interface a language has; `reviewed` is empty until a native speaker has read it."""

    lang: str
    reviewed: str
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        """Return a sentence without a full stop."""
        lacks = [f"{len(p.missing)} of {p.total} {p.name}" for p in self.parts if p.missing]
        state = f"{', '.join(lacks)} missing, shown in English" if lacks else "complete"
        return f"{state}, {'reviewed ' + self.reviewed if self.reviewed else 'not reviewed by a native speaker'}"

    @property
    def is_complete(self) -> bool:
        """Return True if nothing is missing."""
        return not any(part.missing for part in self.parts)


def catalogue_file(lang: str) -> Path:
    """Return the file of a language's catalogue."""
    return FOLDER / lang / "LC_MESSAGES" / "messages.po"


def words_file(lang: str) -> Path:
    """Return the file of a language's words of the widget."""
    return static_folder() / "widget" / "words" / f"{lang}.json"


def translated() -> tuple[str, ...]:
    """Return the languages that have a catalogue or words of the widget, without English."""
    words = {path.stem for path in words_file("en").parent.glob("*.json")}
    return tuple(sorted(words.union(interface_languages()[1:])))


def coverage(lang: str) -> Coverage:
    """Return how much of the interface a language has."""
    found = messages(catalogue_file(lang))
    known = {key for key, message in found.items() if _is_filled(message)}
    letters: list[str] = []
    pages: list[str] = []
    for key, message in messages(TEMPLATE).items():
        (letters if any(file.startswith(LETTERS) for file, _ in message.locations) else pages).append(key)
    source, own = english(), words(lang)
    parts = [
        Part(name, len(keys), tuple(key for key in keys if key not in there))
        for name, keys, there in (
            ("messages of pages", pages, known),
            ("messages of e-mails", letters, known),
            ("words of the widget", list(source), {key for key in source if own.get(key)}),
        )
    ]
    return Coverage(lang, reviewed(lang), tuple(parts))


def reviewed(lang: str) -> str:
    """Return who reviewed a catalogue and when, from its header `X-Reviewed`, or ""."""
    path = catalogue_file(lang)
    found = _REVIEWED.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    return "" if found is None or found[1] == "no" else found[1]


def messages(path: Path) -> dict[str, Message]:
    """Return the messages of a catalogue by their English text, the singular if there are two."""
    return {first(message): message for message in _read(path) if message.id}


def _read(path: Path, lang: str | None = None) -> Catalog:
    if not path.is_file():
        return Catalog(locale=lang)
    with path.open("rb") as file:
        return read_po(file, locale=lang)


def first(message: Message) -> str:
    """Return the English text of a message, the singular if there are two."""
    return message.id if isinstance(message.id, str) else message.id[0]


def _texts(text: str | Sequence[str] | None) -> list[str]:
    return [text or ""] if isinstance(text, str) or text is None else list(text)


def _is_filled(message: Message) -> bool:
    return all(_texts(message.string)) and not message.fuzzy


@cache
def english() -> dict[str, Word]:
    """Return the widget's words in English, from its scripts."""
    folder = static_folder() / "widget"
    found = [pair for name in SOURCES for pair in _WORD.findall((folder / name).read_text(encoding="utf-8"))]
    return {name: json.loads(re.sub(r'(\w+): "', r'"\1": "', text) if text[0] == "{" else text) for name, text in found}


def words(lang: str) -> dict[str, Word]:
    """Return the widget's words in a language, which may be none."""
    path = words_file(lang)
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def faults(lang: str) -> list[str]:
    """Return what is wrong with the translations into a language, each with the text that it is about."""
    return [*_catalogue_faults(lang), *_words_faults(lang)]


def _catalogue_faults(lang: str) -> Iterator[str]:
    own, rule = _read(catalogue_file(lang), lang), Catalog(locale=lang)
    if own.plural_forms != rule.plural_forms:
        yield f"Plural-Forms is {own.plural_forms}, not {rule.plural_forms}"
    source, found = messages(TEMPLATE), messages(catalogue_file(lang))
    yield from (f"left over: {key}" for key in found if key not in source)
    for key, message in source.items():
        if key not in found or not _is_filled(found[key]):
            yield f"missing: {key}"
            continue
        forms, ids = _texts(found[key].string), _texts(message.id)
        if len(forms) != (1 if len(ids) == 1 else rule.num_plurals):
            yield f"{len(forms)} plural forms: {key}"
            continue
        free = _alone(lang) if len(ids) > 1 else set()
        for number, form in enumerate(forms):
            yield from (f"{why}: {key}" for why in differences(ids[-1], form, _PLACE, may_lack=number in free))


def _alone(lang: str) -> set[int]:
    """Return the plural forms that stand for one number only, and so may leave it out."""
    form = c2py(Catalog(locale=lang).plural_expr)
    forms = [form(number) for number in NUMBERS]
    return {one for one in forms if forms.count(one) == 1}


def _words_faults(lang: str) -> Iterator[str]:
    own, source = words(lang), english()
    yield from (f"left over in the widget: {key}" for key in own if key not in source)
    for key, text in source.items():
        if not own.get(key):
            yield f"missing in the widget: {key}"
        elif isinstance(own[key], str) != isinstance(text, str):
            yield f"in one of the languages only, a word of the widget has plural forms: {key}"
        else:
            yield from (f"{why} in the widget: {key}" for why in _word_faults(lang, own[key], text))


def _word_faults(lang: str, own: Word, source: Word) -> Iterator[str]:
    if isinstance(own, str) or isinstance(source, str):
        yield from differences(str(source), str(own), _BRACE)
        return
    numbers = _categories(lang)
    if set(own) != set(numbers):
        yield f"plural forms {', '.join(own)}, not {', '.join(numbers)}"
    for name, form in own.items():
        yield from differences(source["other"], form, _BRACE, may_lack=numbers.get(name) == 1)


def _categories(lang: str) -> Mapping[str, int]:
    """Return the names of a language's plural forms, as `Intl.PluralRules` has them, and how many numbers each is for.

    `other` is always there: it serves fractions, and languages that the widget knows and the browser doesn't.

    >>> list(_categories("pl")), list(_categories("ja"))
    (['many', 'one', 'few', 'other'], ['other'])
    """
    rule = Locale.parse(lang).plural_form
    names = [rule(number) for number in NUMBERS]
    return {name: names.count(name) for name in [*dict.fromkeys(names), *([] if "other" in names else ["other"])]}


def differences(source: str, form: str, place: re.Pattern[str], *, may_lack: bool = False) -> Iterator[str]:
    """Yield how a translation differs from its source where it must not: places to fill in, tags, outer space."""
    there, wanted = sorted(place.findall(form)), sorted(place.findall(source))
    if there != wanted and not (may_lack and set(there) < set(wanted)):
        yield f"fills in {', '.join(there) or 'nothing'}, not {', '.join(wanted) or 'nothing'}"
    if sorted(_TAG.findall(form)) != sorted(_TAG.findall(source)):
        yield "other tags"
    if (form[:1].isspace(), form[-1:].isspace()) != (source[:1].isspace(), source[-1:].isspace()):
        yield "other space at the ends"
