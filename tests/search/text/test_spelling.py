"""Words that are in no article are corrected."""

import numpy as np
import pytest

from search.text.spelling import Vocabulary, slips

WORDS = {"password": 9, "passport": 2, "invoice": 5, "receive": 3, "mail": 4, "male": 1, "kündigung": 2, "café": 1}


@pytest.fixture
def vocabulary() -> Vocabulary:
    words = sorted(WORDS)
    return Vocabulary(words, np.asarray([WORDS[word] for word in words], dtype=np.int32))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pasword", "password"),
        ("recieve", "receive"),
        ("invioce", "invoice"),
        ("passwrod", "password"),
        ("maol", "mail"),
    ],
)
def test_a_slip_is_mended(vocabulary: Vocabulary, typed: str, meant: str) -> None:
    assert vocabulary.correct(typed) == meant


@pytest.mark.parametrize("typed", ["mai", "42", "err4r", "xyzzy", "", "inv-ice", "pass"])
def test_what_is_short_a_code_or_far_from_all_is_left(vocabulary: Vocabulary, typed: str) -> None:
    assert vocabulary.correct(typed) is None


@pytest.mark.parametrize("typed", ["printer", "unicorn", "signing"])
def test_what_is_rather_another_word_is_left(typed: str) -> None:
    words = ["gunicorn", "print", "printed", "sign", "singing"]
    assert Vocabulary(words, np.asarray([9] * len(words), dtype=np.int32)).correct(typed) is None


def test_of_two_that_are_as_near_the_frequent_one_is_meant(vocabulary: Vocabulary) -> None:
    assert vocabulary.correct("passbord") == "password"


@pytest.mark.parametrize(
    ("a", "b", "count"),
    [("abcd", "abcd", 0), ("abcd", "abdc", 1), ("abcd", "abc", 1), ("abcd", "xbcd", 1), ("ab", "ba", 1)],
)
def test_slips_are_counted(a: str, b: str, count: int) -> None:
    assert slips(a, b, most=2) == count
    assert slips(b, a, most=2) == count


def test_more_slips_than_are_forgiven_are_not_counted_on() -> None:
    assert slips("abcdefgh", "hgfedcba", most=2) == 3
