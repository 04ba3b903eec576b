"""The interface's languages: translations are complete, and each visitor gets the right language."""

from __future__ import annotations

import string
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from werkzeug.datastructures import LanguageAccept

from deflect.delivery import letter, receipt
from deflect.store import attachments
from deflect.tickets import contact
from kb import i18n

METHODS = [("**.py", "python"), ("site/templates/*.html", "jinja2")]
TRANSLATED = [lang for lang in i18n.interface_languages() if lang != i18n.SOURCE]


def said() -> set[str]:
    """Return every message of the pages; of plural messages, the singular."""
    found = extract_from_dir(str(Path(i18n.__file__).parent), METHODS, {}, DEFAULT_KEYWORDS)
    return {first(row[2]) for row in found} | {
        *contact.SENTENCES,
        *receipt.SENTENCES,
        *letter.SENTENCES,
        *attachments.SENTENCES,
    }


def first(id: str | tuple[str, ...] | list[str]) -> str:
    """Return the id of a message, the singular if it has a plural."""
    return id if isinstance(id, str) else id[0]


def messages(lang: str) -> list[Message]:
    """Return the messages of a language's catalogue."""
    with (i18n.FOLDER / lang / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return [message for message in read_po(file, locale=lang) if message.id]


def test_spanish_is_among_the_languages() -> None:
    assert "es" in TRANSLATED


@pytest.mark.parametrize("lang", TRANSLATED)
def test_every_message_is_translated_and_none_is_left_over(lang: str) -> None:
    assert {first(message.id) for message in messages(lang)} == said()


@pytest.mark.parametrize("lang", TRANSLATED)
def test_no_translation_is_empty_or_unsure(lang: str) -> None:
    for message in messages(lang):
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(forms), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("lang", TRANSLATED)
def test_a_translation_fills_in_what_the_original_fills_in(lang: str) -> None:
    for message in messages(lang):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        for form in forms:
            assert sorted(places(form)) == sorted(places(ids[-1])), message.id


def places(text: str) -> list[str]:
    """Return the places that are filled in: %(name)s, %(name)d and %s."""
    return [
        part[: part.index(")") + 2] if part[0] == "(" else part[0] for part in text.split("%")[1:] if part[0] in "(s"
    ]


@pytest.mark.parametrize(
    ("lang", "spoken"), [("es", "es"), ("es-mx", "es"), ("en-gb", "en"), ("ar", "en"), ("qq", "en")]
)
def test_the_interface_speaks_a_near_language_or_english(lang: str, spoken: str) -> None:
    assert i18n.interface_language(lang) == spoken


@pytest.mark.parametrize(
    ("asked", "given"),
    [([("es-MX", 1), ("en", 0.5)], "es"), ([("de", 1), ("pt-BR", 0.8)], "pt-br"), ([("de", 1)], "en"), ([], "en")],
)
def test_a_browser_gets_what_it_asks_for_most(asked: list[tuple[str, float]], given: str) -> None:
    assert i18n.negotiate(LanguageAccept(asked), ["en", "es", "pt-br"], default="en") == given


@pytest.mark.parametrize(
    ("lang", "text"), [("en", "March 1, 2026"), ("es", "1 de marzo de 2026"), ("ar", "March 1, 2026")]
)
def test_a_date_is_written_as_the_interface_speaks(lang: str, text: str) -> None:
    assert i18n.day(date(2026, 3, 1), lang) == text


@pytest.mark.parametrize(
    ("lang", "name"), [("es", "Español"), ("ar", "العربية"), ("pt-br", "Português (Brasil)"), ("qq", "qq")]
)
def test_a_language_is_named_in_itself(lang: str, name: str) -> None:
    assert i18n.own_name(lang) == name


def test_a_language_is_named_for_a_reader_of_another() -> None:
    assert i18n.name_in("en", "es") == "inglés"
    assert i18n.name_in("qq", "es") == "qq"


def test_no_message_is_put_together_from_pieces_in_python() -> None:
    loose = [message for message in said() if not message.strip(string.punctuation + " ")]
    assert not loose
