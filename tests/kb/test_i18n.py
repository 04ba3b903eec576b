"""The interface's languages: each visitor gets the right language."""

from __future__ import annotations

import string
from datetime import date
from pathlib import Path

import pytest
from werkzeug.datastructures import LanguageAccept

from kb import i18n
from kb.translations import TEMPLATE, messages


@pytest.mark.parametrize(
    ("lang", "spoken"), [("es", "es"), ("es-mx", "es"), ("en-gb", "en"), ("pt-br", "pt"), ("sv", "en"), ("qq", "en")]
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
    ("lang", "text"),
    [("en", "March 1, 2026"), ("es", "1 de marzo de 2026"), ("ja", "2026年3月1日"), ("sv", "March 1, 2026")],
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
    loose = [message for message in messages(TEMPLATE) if not message.strip(string.punctuation + " ")]
    assert not loose


@pytest.mark.parametrize(
    ("lang", "forms"),
    [
        ("pl", {1: "1 artykuł", 3: "3 artykuły", 5: "5 artykułów", 12: "12 artykułów", 22: "22 artykuły"}),
        ("fr", {0: "0 article", 1: "1 article", 2: "2 articles"}),
        ("ja", {1: "1件の記事", 2: "2件の記事"}),
        ("ar", {1: "مقال واحد", 2: "مقالان", 3: "3 مقالات", 11: "11 مقالًا", 99: "99 مقالًا", 101: "101 مقال"}),
    ],
)
def test_a_number_has_the_plural_form_of_the_language(lang: str, forms: dict[int, str]) -> None:
    said = i18n.speech(lang).ngettext
    assert {n: said("%(num)d article", "%(num)d articles", n) % {"num": n} for n in forms} == forms


@pytest.mark.parametrize("damage", [b"\xff\xfe\0", None])
def test_a_catalogue_that_cannot_be_read_leaves_the_pages_in_english(
    tmp_path: Path, damage: bytes | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "es" / "LC_MESSAGES" / "messages.po"
    file.parent.mkdir(parents=True)
    file.write_bytes(damage) if damage else file.mkdir()
    monkeypatch.setattr(i18n, "FOLDER", tmp_path)
    monkeypatch.setattr(i18n, "catalogue", i18n.catalogue.__wrapped__)
    monkeypatch.setattr(i18n, "interface_languages", lambda: ("en", "es"))
    assert i18n.speech("es").gettext("Search") == "Search"
    assert "degraded: no-catalogue" in caplog.text
