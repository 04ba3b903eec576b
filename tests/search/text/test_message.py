"""Greetings, closings, signatures and quoted mail are removed from messages."""

import pytest

from search.text.message import read


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("Hello,\n\nI cannot log in.\n\nThanks\nBob", "I cannot log in."),
        ("Hi team, my card was refused.", "my card was refused."),
        ("Hello I cannot log in", "I cannot log in"),
        ("Guten Tag,\nich kann mich nicht anmelden.\nMit freundlichen Grüßen\nEva", "ich kann mich nicht anmelden."),
        ("Bonjour,\nje ne reçois pas le code.\nCordialement,\nLuc", "je ne reçois pas le code."),
        ("Hola: no puedo entrar.\nUn saludo\nAna", "no puedo entrar."),
        ("Buongiorno,\nnon riesco ad accedere.\nCordiali saluti\nLia", "non riesco ad accedere."),
        ("Beste,\nik kan niet inloggen.\nMet vriendelijke groet,\nJan", "ik kan niet inloggen."),
        ("Olá,\nnão consigo entrar.\nObrigado\nRui", "não consigo entrar."),
        ("Dzień dobry,\nnie mogę się zalogować.\nPozdrawiam\nEwa", "nie mogę się zalogować."),
        ("Hej,\njag kan inte logga in.\nMvh\nAnna", "jag kan inte logga in."),
        ("您好，\n我无法登录。\n谢谢", "我无法登录。"),
        ("Non funziona.\n\nIl 2 nov 2026 aiuto ha scritto:\n> Riprova", "Non funziona."),
        ("Het werkt niet.\n\nOp ma 2 nov 2026 schreef hulp:\n> Probeer opnieuw", "Het werkt niet."),
        ("Cannot log in.\n-- \nBob Smith\nACME", "Cannot log in."),
        ("Cannot log in.\nSent from my phone", "Cannot log in."),
        ("It fails.\n> did you try again?\nYes.", "It fails.\nYes."),
        ("Still fails.\n\nOn Mon, 2 Nov 2026, help wrote:\n> Try again", "Still fails."),
        ("Still fails.\n-----Original Message-----\nFrom: help@example.com", "Still fails."),
    ],
)
def test_greeting_closing_signature_and_quoted_mail_are_cut(body: str, kept: str) -> None:
    assert read("", body).body == kept


@pytest.mark.parametrize(
    "body",
    [
        "Thanks to the last update nothing works any more, and I would like to know how to go back.",
        "Highlight does not work.",
        "The form says: thanks\nbut then nothing happens, the page stays as it is and I have to start over again.",
    ],
)
def test_what_only_looks_like_a_greeting_or_closing_stays(body: str) -> None:
    assert read("", body).body == body


def test_a_message_that_is_all_quote_is_kept() -> None:
    assert read("", "> it does not work").body == "> it does not work"


def test_a_subject_that_the_text_repeats_is_said_once() -> None:
    assert read("No code", "No code arrives").whole == "No code arrives"
    assert read("No code", "It never arrives").whole == "No code\nIt never arrives"
