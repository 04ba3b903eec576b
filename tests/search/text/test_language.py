"""Telling the language of a text."""

import pytest

from search.text.language import detect


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("How do I change the password of my account?", "en"),
        ("¿Cómo puedo cambiar mi contraseña?", "es"),
        ("Wie kann ich mein Passwort ändern?", "de"),
        ("Hoe kan ik mijn wachtwoord wijzigen?", "nl"),
        ("Come posso cambiare la mia password?", "it"),
        ("Jak mogę zmienić hasło na moje konto i czy to jest możliwe?", "pl"),
        ("如何更改密码", "zh"),
        ("パスワードを変更したい", "ja"),
        ("كيف أغير كلمة المرور", "ar"),
    ],
)
def test_a_sentence_gives_its_language_away(text: str, lang: str) -> None:
    assert detect(text) == lang


@pytest.mark.parametrize("text", ["", "error 42", "password", "😀", "IMAP SMTP POP3"])
def test_what_has_no_little_words_is_left_open(text: str) -> None:
    assert detect(text) is None
