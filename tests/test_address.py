"""What stands at an address."""

from __future__ import annotations

import pytest

from kb.address import words_of


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/en/articles/account/reset-password", "account reset password"),
        ("/support/How_do-I.Reset.html", "support How do I Reset"),
        ("/es/articles/contrase%C3%B1a", "contraseña"),
        ("/help/kb/12345", "12345"),
        ("/", ""),
        ("/en/", ""),
        ("/pay/pay/pay", "pay"),
        ("/zh/如何登录", "如何登录"),
    ],
)
def test_the_words_of_an_address_are_what_to_search_for(path: str, words: str) -> None:
    assert words_of(path) == words


def test_the_words_of_an_endless_address_are_cut() -> None:
    assert len(words_of("/" + "/".join(f"w{n}" for n in range(5000)))) <= 200
