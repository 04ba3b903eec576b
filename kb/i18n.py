"""The interface's languages: choose one for a visitor, translate messages, and format dates and language names.

Translations are in `locale/<lang>/LC_MESSAGES/messages.po`, which is read directly, without compiling.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g
from jinja2 import pass_context
from jinja2.runtime import Context
from werkzeug.datastructures import LanguageAccept

from kb.failures import degraded
from kb.languages import direction, nearest

SOURCE = "en"  # the language that the templates are written in
FOLDER = Path(__file__).parent / "locale"


@cache
def interface_languages() -> tuple[str, ...]:
    """Return the languages of the interface, the source language first."""
    return (SOURCE, *sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/messages.po")))


@cache
def catalogue(lang: str) -> NullTranslations:
    """Return the translations into a language; those of the source language, or of a damaged file, are empty."""
    path = FOLDER / lang / "LC_MESSAGES" / "messages.po"
    if lang not in interface_languages() or lang == SOURCE:
        return NullTranslations()
    compiled = BytesIO()
    try:
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=lang))
    except (OSError, ValueError) as error:  # not readable, or not UTF-8
        degraded("no-catalogue", error)
        return NullTranslations()
    compiled.seek(0)
    return Translations(compiled)


def interface_language(lang: str) -> str:
    """Return the interface language for a reader of `lang`: itself, its primary language, or English.

    >>> interface_language("es-MX"), interface_language("sv")
    ('es', 'en')
    """
    primary = lang.split("-")[0].lower()
    return next((known for known in (lang, primary) if known in interface_languages()), SOURCE)


def negotiate(accept: LanguageAccept, offered: Iterable[str], *, default: str) -> str:
    """Return the language of `offered` that a browser prefers, or `default`. A regional code matches its language.

    >>> negotiate(LanguageAccept([("es-MX", 1), ("en", 0.5)]), ["en", "es"], default="en")
    'es'
    """
    known = list(offered)
    for asked, quality in accept:
        found = nearest(asked, known)
        if found and quality > 0:
            return found
    return default


@cache
def _locale(lang: str) -> Locale:
    try:
        return Locale.parse(lang, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(SOURCE)


@cache
def own_name(lang: str) -> str:
    """Return a language's name in that language for the language switcher, or the code if Babel has no name.

    >>> own_name("es"), own_name("qq")
    ('Español', 'qq')
    """
    locale = _locale(lang)
    if locale.language != lang.split("-")[0].lower():
        return lang
    name = locale.get_display_name(locale) or lang
    return name[0].upper() + name[1:]


def name_in(lang: str, reader: str) -> str:
    """Return a language's name in the interface language of a reader.

    >>> name_in("en", "es")
    'inglés'
    """
    locale = _locale(lang)
    if locale.language != lang.split("-")[0].lower():
        return lang
    return locale.get_display_name(_locale(interface_language(reader))) or lang


def listed(names: Iterable[str], reader: str) -> str:
    """Return different names as a list in the interface language of a reader.

    >>> listed(["inglés", "inglés", "francés"], "es"), listed(["英語", "韓国語"], "ja")
    ('inglés y francés', '英語、韓国語')
    """
    return format_list(list(dict.fromkeys(names)), locale=_locale(interface_language(reader)))


def day(value: date | datetime, lang: str) -> str:
    """Return a date in long form in the interface language for `lang`.

    >>> from datetime import date
    >>> day(date(2026, 3, 1), "es")
    '1 de marzo de 2026'
    """
    return format_date(value, format="long", locale=_locale(interface_language(lang)))


def language() -> str:
    """Return the language of the current page."""
    lang: str = g.get("lang", SOURCE)
    return lang


def speech(lang: str) -> NullTranslations:
    """Return the translations for a reader of `lang`."""
    return catalogue(interface_language(lang))


def gettext(message: str) -> str:
    """Translate a message into the interface language of the current page."""
    return speech(language()).gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    """Return the singular or plural form of a message for a number, translated for the current page."""
    return speech(language()).ngettext(one, many, number)


@pass_context
def _gettext(context: Context, message: str) -> str:
    """Translate a message into the language of the template's variable `lang`."""
    return speech(context.get("lang", SOURCE)).gettext(message)


@pass_context
def _ngettext(context: Context, one: str, many: str, number: int) -> str:
    return speech(context.get("lang", SOURCE)).ngettext(one, many, number)


def install(app: Flask) -> None:
    """Add `_`, `ngettext`, `{% trans %}` and the functions for languages and dates to the templates."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(
        direction=direction, own_name=own_name, name_in=name_in, day=day, interface_language=interface_language
    )
