"""Language codes and writing direction."""

from __future__ import annotations

import pytest

from kb.languages import direction, normalise


@pytest.mark.parametrize(
    ("code", "ours"), [("es", "es"), ("ES", "es"), ("pt_BR", "pt-br"), ("zh-Hant-TW", "zh-hant-tw"), ("fil", "fil")]
)
def test_a_code_has_one_spelling(code: str, ours: str) -> None:
    assert normalise(code) == ours


@pytest.mark.parametrize("word", ["js", "pdf", "faq", "notes", "", "e", "es-", "es/..", "english"])
def test_a_word_that_is_no_language_is_none(word: str) -> None:
    assert normalise(word) is None


def test_arabic_is_read_from_the_right_whatever_its_region() -> None:
    assert [direction(lang) for lang in ("ar", "ar-eg", "he", "es")] == ["rtl", "rtl", "rtl", "ltr"]
