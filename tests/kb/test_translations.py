"""The translations of the interface: every language says everything, and what it lacks is found and named."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kb import i18n, translations
from kb.cli import translations as tool
from kb.config import static_folder
from kb.translations import TEMPLATE, coverage, english, messages, translated
from tests.support.translations import faults

TWELVE = set("ar de en es fr it ja ko nl pl pt zh".split())
SAME = {  # messages and words that are the same in English; every other text is translated
    "de": {"Ticket", "(optional)", "Chat", "Name (optional)"},
    "es": {"No", "Chat"},
    "fr": {"Site", "Suggestions", "Message", "%(num)d article", "Chat"},
    "it": {"No", "in %(language)s", "Chat"},
    "nl": {"Ticket", "Chat"},
    "pt": {"Site", "Chat"},
}
PO = """msgid ""
msgstr ""
"Language: pl\\n"
"Plural-Forms: {plural}\\n"
"X-Reviewed: {reviewed}\\n"

{entries}
"""
PLURAL = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"
COUNT = 'msgid "%(num)d cat"\nmsgid_plural "%(num)d cats"\n'
GOOD = f'{COUNT}msgstr[0] "kot"\nmsgstr[1] "%(num)d koty"\nmsgstr[2] "%(num)d kotów"\n\n'
BOLD = 'msgid "Go to <b>%(place)s</b>"\n'
Make = Callable[..., None]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Make Polish of two messages and two words, whose English is given, too."""
    (tmp_path / "pl" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "widget" / "words").mkdir(parents=True)
    source = f'#: deflect/delivery/x.py\n{BOLD}msgstr ""\n\n{COUNT}msgstr[0] ""\nmsgstr[1] ""\n'
    (tmp_path / "messages.pot").write_text(source, encoding="utf-8")
    script = '  cats: { one: "{n} cat", other: "{n} cats" },\n  close: "Close",\n'
    (tmp_path / "widget" / "words.js").write_text(script, encoding="utf-8")
    (tmp_path / "widget" / "panel-words.js").write_text("", encoding="utf-8")
    monkeypatch.setattr(translations, "FOLDER", tmp_path)
    monkeypatch.setattr(translations, "TEMPLATE", tmp_path / "messages.pot")
    monkeypatch.setattr(translations, "static_folder", lambda: tmp_path)
    monkeypatch.setattr(translations, "english", english.__wrapped__)

    def write(entries: str, words: object = None, *, plural: str = PLURAL, reviewed: str = "no") -> None:
        text = PO.format(entries=entries, plural=plural, reviewed=reviewed)
        (tmp_path / "pl" / "LC_MESSAGES" / "messages.po").write_text(text, encoding="utf-8")
        cats = {"one": "kot", "few": "{n} koty", "many": "{n} kotów", "other": "{n} kota"}
        own = {"cats": cats, "close": "Zamknij"} if words is None else words
        (tmp_path / "widget" / "words" / "pl.json").write_text(json.dumps(own), encoding="utf-8")

    return write


def test_the_interface_and_the_widget_have_the_same_languages_among_them_twelve() -> None:
    assert set(i18n.interface_languages()) >= TWELVE
    assert {path.stem for path in (static_folder() / "widget" / "words").iterdir()} == set(
        i18n.interface_languages()[1:]
    )


@pytest.mark.parametrize("lang", translated())
def test_nothing_is_missing_or_wrong_in_a_language(lang: str) -> None:
    assert faults(lang) == []
    assert coverage(lang).is_complete


@pytest.mark.parametrize("lang", translated())
def test_every_text_is_translated(lang: str) -> None:
    found = messages(translations.catalogue_file(lang)).items()
    same = {key for key, message in found if message.string == message.id}
    same |= {str(word) for name, word in english().items() if translations.words(lang)[name] == word}
    assert same == SAME.get(lang, set())


def test_the_list_of_messages_and_the_catalogues_are_up_to_date() -> None:
    assert tool.main(["--check"]) == 0


def test_a_new_language_gets_its_plural_forms_and_every_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"sv": (tmp_path / "sv" / "messages.po", tmp_path / "sv.json")}
    po, words = translations.catalogue_file, translations.words_file
    monkeypatch.setattr(translations, "catalogue_file", lambda lang: files[lang][0] if lang in files else po(lang))
    monkeypatch.setattr(translations, "words_file", lambda lang: files[lang][1] if lang in files else words(lang))
    tool.main(["sv"])
    assert "Plural-Forms: nplurals=2; plural=(n != 1);" in files["sv"][0].read_text(encoding="utf-8")
    lacks = [len(part.missing) for part in coverage("sv").parts]
    assert lacks == [coverage("sv").parts[0].total, coverage("sv").parts[1].total, 0]
    assert translations.words("sv") == english()


def test_every_message_of_an_email_is_listed_with_its_file() -> None:
    files = {file for message in messages(TEMPLATE).values() for file, _ in message.locations}
    assert {f"{module.__name__.replace('.', '/')}.py" for module in tool.TOLD} < files


def test_the_button_speaks_every_language_of_the_widget() -> None:
    script = (static_folder() / "widget" / "help-widget.js").read_text(encoding="utf-8")
    labels = re.search(r'LABELS = "(.*?)"', script)
    assert labels
    known = dict(zip(labels[1].split()[::2], labels[1].split()[1::2], strict=True))
    assert known == {"en": english()["help"]} | {lang: translations.words(lang)["help"] for lang in translated()}


def test_a_complete_language_has_no_faults(make: Make) -> None:
    make(f'{GOOD}{BOLD}msgstr "Idź do <b>%(place)s</b>"')
    assert (faults("pl"), str(coverage("pl"))) == ([], "complete, not reviewed by a native speaker")


def test_a_review_is_named(make: Make) -> None:
    make(f'{GOOD}{BOLD}msgstr "Idź do <b>%(place)s</b>"', reviewed="2027-01-05 by Ola")
    assert str(coverage("pl")) == "complete, reviewed 2027-01-05 by Ola"


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        (GOOD, "missing: Go to <b>%(place)s</b>"),
        (f'{GOOD}{BOLD}msgstr ""', "missing: Go to <b>%(place)s</b>"),
        (f'{GOOD}#, fuzzy\n{BOLD}msgstr "Idź do <b>%(place)s</b>"', "missing: Go to <b>%(place)s</b>"),
        (f'{GOOD}{BOLD}msgstr "Idź"', "fills in nothing, not %(place)s: Go to <b>%(place)s</b>"),
        (f'{GOOD}{BOLD}msgstr "Idź do <b>%(plaza)s</b>"', "fills in %(plaza)s, not %(place)s: Go to <b>%(place)s</b>"),
        (f'{GOOD}{BOLD}msgstr "Idź do <i>%(place)s</i>"', "other tags: Go to <b>%(place)s</b>"),
        (f'{GOOD}{BOLD}msgstr "Idź do <b>%(place)s</b> "', "other space at the ends: Go to <b>%(place)s</b>"),
        (f'{COUNT}msgstr[0] "kot"\nmsgstr[1] "%(num)d koty"\n\n', "missing: %(num)d cat"),
        (GOOD.replace("%(num)d koty", "koty"), "fills in nothing, not %(num)d: %(num)d cat"),
        (f'{GOOD}msgid "Gone"\nmsgstr "Nie ma"', "left over: Gone"),
    ],
)
def test_a_fault_of_a_catalogue_is_named(make: Make, entries: str, fault: str) -> None:
    make(entries)
    assert fault in faults("pl")


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({"close": "Zamknij"}, "missing in the widget: cats"),
        ({"close": ""}, "missing in the widget: close"),
        ({"open": "Otwórz"}, "left over in the widget: open"),
        ({"close": "Zamknij {n}"}, "fills in {n}, not nothing in the widget: close"),
        ({"cats": "koty"}, "in one of the languages only, a word of the widget has plural forms: cats"),
        (
            {"cats": {"one": "kot", "other": "{n} kota"}},
            "plural forms one, other, not many, one, few, other in the widget: cats",
        ),
    ],
)
def test_a_fault_of_the_widgets_words_is_named(make: Make, words: object, fault: str) -> None:
    make(GOOD, words)
    assert fault in faults("pl")


def test_wrong_plural_forms_of_a_header_are_named(make: Make) -> None:
    make(GOOD, plural="nplurals=2; plural=(n != 1);")
    assert any(fault.startswith("Plural-Forms is nplurals=2") for fault in faults("pl"))


def test_what_is_missing_is_counted_by_part(make: Make) -> None:
    make(GOOD, {})
    said = "1 of 1 messages of e-mails, 2 of 2 words of the widget missing, shown in English"
    assert str(coverage("pl")) == f"{said}, not reviewed by a native speaker"


def test_a_language_without_files_lacks_everything(make: Make) -> None:
    make(GOOD)
    assert [len(part.missing) for part in coverage("sv").parts] == [1, 1, 2]
