"""Languages of the interface: which one a visitor gets, and its words, dates and direction.

Words stand in `locale/<lang>/LC_MESSAGES/messages.po`, which is read as it is: there is nothing to compile.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g
from jinja2 import pass_context
from jinja2.runtime import Context
from werkzeug.datastructures import LanguageAccept

from kb.languages import direction, nearest

SOURCE = "en"  # the language that the templates are written in
FOLDER = Path(__file__).parent / "locale"


@cache
def interface_languages() -> tuple[str, ...]:
    """Return the languages that the interface speaks, the source first."""
    return (SOURCE, *sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/messages.po")))


@cache
def catalogue(lang: str) -> NullTranslations:
    """Return the words of a language; the source language needs none."""
    path = FOLDER / lang / "LC_MESSAGES" / "messages.po"
    if lang not in interface_languages() or lang == SOURCE:
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=lang))
    compiled.seek(0)
    return Translations(compiled)


def interface_language(lang: str) -> str:
    """Return the language in which the interface speaks to a reader of `lang`.

    >>> interface_language("es-MX"), interface_language("ar")
    ('es', 'en')
    """
    primary = lang.split("-")[0].lower()
    return next((known for known in (lang, primary) if known in interface_languages()), SOURCE)


def negotiate(accept: LanguageAccept, offered: Iterable[str], *, default: str) -> str:
    """Return the language of `offered` that a browser asks for most; who asks for es-MX first is given es before en.

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
    """Return a language's name in itself, as it stands in the language switcher; the code where Babel knows none.

    >>> own_name("es"), own_name("qq")
    ('Español', 'qq')
    """
    locale = _locale(lang)
    if locale.language != lang.split("-")[0].lower():
        return lang
    name = locale.get_display_name(locale) or lang
    return name[0].upper() + name[1:]


def name_in(lang: str, reader: str) -> str:
    """Return a language's name for a reader of another.

    >>> name_in("en", "es")
    'inglés'
    """
    locale = _locale(lang)
    if locale.language != lang.split("-")[0].lower():
        return lang
    return locale.get_display_name(_locale(interface_language(reader))) or lang


def day(value: date | datetime, lang: str) -> str:
    """Return a date as people write it in the interface's language for `lang`.

    >>> from datetime import date
    >>> day(date(2026, 3, 1), "es")
    '1 de marzo de 2026'
    """
    return format_date(value, format="long", locale=_locale(interface_language(lang)))


def language() -> str:
    """Return the language of the page being made."""
    lang: str = g.get("lang", SOURCE)
    return lang


def speech(lang: str) -> NullTranslations:
    """Return the words in which the interface speaks to a reader of `lang`."""
    return catalogue(interface_language(lang))


def gettext(message: str) -> str:
    """Return a message in the interface's language of this page."""
    return speech(language()).gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    """Return the form of a message that goes with a number, in the interface's language of this page."""
    return speech(language()).ngettext(one, many, number)


@pass_context
def _gettext(context: Context, message: str) -> str:
    """Return a message in the language of the template, its variable `lang`."""
    return speech(context.get("lang", SOURCE)).gettext(message)


@pass_context
def _ngettext(context: Context, one: str, many: str, number: int) -> str:
    return speech(context.get("lang", SOURCE)).ngettext(one, many, number)


def install(app: Flask) -> None:
    """Give the templates `_`, `ngettext`, `{% trans %}` and what they need to name languages and dates."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(
        direction=direction, own_name=own_name, name_in=name_in, day=day, interface_language=interface_language
    )
