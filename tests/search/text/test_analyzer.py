"""Text of every script is split into terms."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.text.analyzer import analyzer, codes, detect, fold, tokens


def test_plural_and_case_share_a_term() -> None:
    assert analyzer("en").query("Passwords") == analyzer("en").query("password")


def test_a_possessive_and_a_typographic_apostrophe_do_not_matter() -> None:
    assert analyzer("en").query("user’s") == analyzer("en").query("users") == analyzer("en").query("user's")


@pytest.mark.parametrize(("typed", "written"), [("contrasena", "Contraseña"), ("resume", "résumé"), ("naive", "naïve")])
def test_an_accent_left_out_still_meets_the_word(typed: str, written: str) -> None:
    assert set(analyzer("es").query(typed)) & set(analyzer("es").terms(written))


def test_an_accented_word_meets_its_forms_by_their_stem() -> None:
    assert set(analyzer("es").query("recuperar")) & set(analyzer("es").terms("recuperación"))


@pytest.mark.parametrize(
    ("lang", "query", "text"),
    [
        ("zh", "备用代码", "你可以使用备用代码登录"),
        ("ja", "パスワード", "新しいパスワードを設定する"),
        ("ko", "비밀번호", "비밀번호를 변경하려면"),
        ("th", "รหัสผ่าน", "ตั้งรหัสผ่านใหม่"),
        ("ar", "كلمة المرور", "كيفية تغيير كلمة المرور"),
        ("ru", "пароль", "Сбросить пароль"),
        ("hi", "पासवर्ड", "अपना पासवर्ड बदलें"),
        ("he", "סיסמה", "איפוס סיסמה"),
        ("el", "κωδικός", "Ο κωδικός σας"),
        ("xx", "hasło", "Zmień hasło"),
    ],
)
def test_a_word_of_any_script_is_found_in_a_sentence(lang: str, query: str, text: str) -> None:
    a = analyzer(lang)
    assert a.query(query)
    assert set(a.query(query)) <= set(a.terms(text))


def test_a_single_character_of_an_unspaced_script_is_found_in_a_run() -> None:
    assert set(analyzer("zh").query("码")) <= set(analyzer("zh").terms("备用代码"))


def test_an_emoji_is_a_term() -> None:
    assert analyzer("en").query("🎉") == ["🎉"]


@given(st.text(max_size=200))
def test_no_letter_of_any_text_is_lost(text: str) -> None:
    covered = {i for token in tokens(text) for i in range(token.start, token.end)}
    assert all(i in covered for i, char in enumerate(text) if char.isalnum())


@given(st.text(max_size=200) | st.text("abc'’é備代 .", max_size=200))
def test_counted_terms_are_the_terms(text: str) -> None:
    assert analyzer("fr").count(text)[0] == Counter(analyzer("fr").terms(text))


@given(st.text(max_size=200))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    "code",
    [
        "ERR_42",
        "0x80070005",
        "prefs.js",
        ".csv",
        "C++",
        "imap.example.com",
        "1.2.3",
        "MFA-17",
        "Ctrl+S",
        "user@example.com",
    ],
)
def test_a_code_is_kept_whole_in_a_sentence(code: str) -> None:
    assert fold(code) in codes(f"It says {code}, and then nothing.")


def test_a_step_of_a_menu_path_is_a_code() -> None:
    assert codes("Open Tools > Account Settings > Server") == ["tools>account", "settings>server"]


@pytest.mark.parametrize("text", ["Just a few words.", "well-known", "Hello, world!", "12"])
def test_plain_words_are_no_codes(text: str) -> None:
    assert codes(text) == []


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
