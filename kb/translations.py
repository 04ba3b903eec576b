"""What the translations of the interface lack: messages of the catalogues, and words of the widget.

`locale/messages.pot` lists every message with the files that say it, and the widget's English words are in its scripts.
What is missing appears in English. `kb doctor` counts it, and a test names it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from kb.config import static_folder
from kb.i18n import FOLDER, interface_languages

TEMPLATE = FOLDER / "messages.pot"
LETTERS = "deflect/delivery/"  # the files whose messages are sent by e-mail
SOURCES = ("words.js", "panel-words.js")
Word: TypeAlias = str | dict[str, str]
_REVIEWED = re.compile(r'^"X-Reviewed: (.*?)\\n"$', re.MULTILINE)
_WORD = re.compile(r'^  (\w+): (".*"|\{.*\}),$', re.MULTILINE)


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
    known = {key for key, message in found.items() if is_filled(message)}
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
    return {first(message): message for message in read(path) if message.id}


def read(path: Path, lang: str | None = None) -> Catalog:
    """Return a catalogue, which is empty if there is no such file."""
    if not path.is_file():
        return Catalog(locale=lang)
    with path.open("rb") as file:
        return read_po(file, locale=lang)


def first(message: Message) -> str:
    """Return the English text of a message, the singular if there are two."""
    return message.id if isinstance(message.id, str) else message.id[0]


def texts(text: str | Sequence[str] | None) -> list[str]:
    """Return the texts of a message or a translation: one, or one for each plural form."""
    return [text or ""] if isinstance(text, str) or text is None else list(text)


def is_filled(message: Message) -> bool:
    """Return True if a message has a translation that is not only guessed."""
    return all(texts(message.string)) and not message.fuzzy


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
