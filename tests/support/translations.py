"""Name what is wrong with the translations of the interface: texts to fill in, tags, plural forms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from gettext import c2py

from babel import Locale
from babel.messages.catalog import Catalog

from kb import translations
from kb.translations import Word

NUMBERS = range(201)  # enough to meet every plural form of whole numbers
_PLACE = re.compile(r"%\(\w+\)[sd]|%s")
_BRACE = re.compile(r"\{\w+\}")
_TAG = re.compile(r"<[^>]*>")


def faults(lang: str) -> list[str]:
    """Return what is wrong with the translations into a language, each with the text that it is about."""
    return [*_catalogue_faults(lang), *_words_faults(lang)]


def _catalogue_faults(lang: str) -> Iterator[str]:
    path = translations.catalogue_file(lang)
    own, rule = translations.read(path, lang), Catalog(locale=lang)
    if own.plural_forms != rule.plural_forms:
        yield f"Plural-Forms is {own.plural_forms}, not {rule.plural_forms}"
    source, found = translations.messages(translations.TEMPLATE), translations.messages(path)
    yield from (f"left over: {key}" for key in found if key not in source)
    for key, message in source.items():
        if key not in found or not translations.is_filled(found[key]):
            yield f"missing: {key}"
            continue
        forms, ids = translations.texts(found[key].string), translations.texts(message.id)
        if len(forms) != (1 if len(ids) == 1 else rule.num_plurals):
            yield f"{len(forms)} plural forms: {key}"
            continue
        free = _alone(lang) if len(ids) > 1 else set()
        for number, form in enumerate(forms):
            yield from (f"{why}: {key}" for why in _differences(ids[-1], form, _PLACE, may_lack=number in free))


def _alone(lang: str) -> set[int]:
    """Return the plural forms that stand for one number only, and so may leave it out."""
    form = c2py(Catalog(locale=lang).plural_expr)
    forms = [form(number) for number in NUMBERS]
    return {one for one in forms if forms.count(one) == 1}


def _words_faults(lang: str) -> Iterator[str]:
    own, source = translations.words(lang), translations.english()
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
        yield from _differences(str(source), str(own), _BRACE)
        return
    numbers = _categories(lang)
    if set(own) != set(numbers):
        yield f"plural forms {', '.join(own)}, not {', '.join(numbers)}"
    for name, form in own.items():
        yield from _differences(source["other"], form, _BRACE, may_lack=numbers.get(name) == 1)


def _categories(lang: str) -> Mapping[str, int]:
    """Return the names of a language's plural forms, as `Intl.PluralRules` has them, and how many numbers each is for.

    Polish has many, one, few and other, Japanese only other. `other` is always there: it serves fractions, and
    languages that the widget knows and the browser doesn't.
    """
    rule = Locale.parse(lang).plural_form
    names = [rule(number) for number in NUMBERS]
    return {name: names.count(name) for name in [*dict.fromkeys(names), *([] if "other" in names else ["other"])]}


def _differences(source: str, form: str, place: re.Pattern[str], *, may_lack: bool = False) -> Iterator[str]:
    """Yield how a translation differs from its source where it must not: places to fill in, tags, outer space."""
    there, wanted = sorted(place.findall(form)), sorted(place.findall(source))
    if there != wanted and not (may_lack and set(there) < set(wanted)):
        yield f"fills in {', '.join(there) or 'nothing'}, not {', '.join(wanted) or 'nothing'}"
    if sorted(_TAG.findall(form)) != sorted(_TAG.findall(source)):
        yield "other tags"
    if (form[:1].isspace(), form[-1:].isspace()) != (source[:1].isspace(), source[-1:].isspace()):
        yield "other space at the ends"
