"""Redaction: every secret of the corpus is removed, and text that explains a question stays."""

import random
import subprocess
import sys
from collections.abc import Callable

import pytest

from deflect.redaction import phone_numbers
from deflect.redaction.redaction import LONGEST, MARK, redact, redact_address, unmarked
from tests.support.secrets_corpus import HARMLESS, KINDS, corpus


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("I am jo@example.com, help", "I am [email], help"),
        ("jo (at) example (dot) com", "[email]"),
        ("https://x.example/?mail=jo%40example.com&x=1", "https://x.example/?mail=[email]&x=1"),
        ("pay to DE89 3704 0044 0532 0130 00 please", "pay to [iban] please"),
        ("GB82WEST12345698765432", "[iban]"),
        ("card 4111 1111 1111 1111 was charged", "card [card] was charged"),
        ("4111-1111-1111-1111", "[card]"),
        ("+49 (0)170 1234567 or (555) 123-4567", "[phone] or [phone]"),
        ("from 192.168.1.20 and 2001:db8::1", "from [ip] and [ip]"),
        ("the card reader aa:bb:cc:dd:ee:ff", "the card reader [mac]"),
        ("Authorization: Bearer abcdef0123456789abcdef", "Authorization: Bearer [token]"),
        ("password: hunter2!x", "password: [token]"),
        ("postgres://kb:s3cret@db.example/x", "postgres://[token]@db.example/x"),
        ("https://x.example/reset?token=abcDEF123&lang=en", "https://x.example/reset?token=[token]&lang=en"),
        ("account 123456789012", "account [number]"),
        ("I live at 221B Baker Street, London", "I live at [address], London"),
        ("Liefern Sie an die Hauptstraße 12 b bitte", "Liefern Sie an die [address] bitte"),
        ("vivo en la calle Mayor 3, Madrid", "vivo en la [address], Madrid"),
        ("au 12 bis, rue de la Paix", "au [address]"),
        ("I sent Invoice_Maria_Garcia.pdf twice", "I sent [file].pdf twice"),
        ("in C:\\Users\\Maria Garcia\\Mail it says", "in C:\\Users\\[user]\\Mail it says"),
        ("cannot open /home/maria/.thunderbird", "cannot open /home/[user]/.thunderbird"),
        ("my password is hunter2!x, really", "my password is [token], really"),
        ("mein Passwort lautet Sommer24", "mein Passwort lautet [token]"),
        ("密码是abc12345", "密码是[token]"),
        ('{"apiKey": "abc123DEF456"}', '{"apiKey": "[token]"}'),
        ("DB_PASSWORD=swordfish", "DB_PASSWORD=[token]"),
        ("Cookie: sid=1a2b3c4d5e; theme=dark", "Cookie: [token]"),
        ("mysql -u root -pS3cret shop", "mysql -u root -p[token] shop"),
        ("https://x.example/reset/aB3xY9kQ2m", "https://x.example/reset/[token]"),
        ("name at example dot com", "[email]"),
        ("jo＠example．com", "[email]"),
        ("4111.1111.1111.1111", "[card]"),
        ("ring 0171 2345678", "ring [phone]"),
        ("612 34 56 78", "[phone]"),
        ("DNI 12345678Z", "DNI [id]"),
        ("my passport C01X00T47", "my passport [id]"),
        ("PIN 4821, CVV 123, TAN 482913", "PIN [pin], CVV [pin], TAN [pin]"),
        ("born on 4 March 1979", "born on [birthday]"),
        ("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY----- there", "[token] there"),
    ],
)
def test_each_kind_is_replaced_by_its_name(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("I log in with Pepper@1043 as ever", "I log in with [token] as ever"),
        ("the old one was Bruno#orange37!", "the old one was [token]"),
        ("WIFI:T:WPA;S:Office;P:upIdNjPs8W;;", "WIFI:T:WPA;S:Office;P:[token];;"),
        ("petr (zavináč) seznam.cz", "[email]"),
        ("whatsapp: 1123456042", "whatsapp: [phone]"),
        ("tél. 06.12.34.58.93", "tél. [phone]"),
        ('setPassword("wRTdROxbe3Hf")', 'setPassword("[token]")'),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq", "[token]"),
    ],
)
def test_a_secret_is_known_by_the_words_and_signs_around_it(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "the file begins with -----BEGIN RSA PRIVATE KEY----- and ssh refuses it",
        "User-Agent: Chrome/122.0.0.0",
        "table 4.2.1.3: limits",
        "see RFC 6749 section 4.1.2.1",
        "API_KEY=your-api-key-here",
        "password: process.env.DB_PASS,",
        "https://USERNAME:TOKEN@example.com/repo.git",
        "order no. 20240711-0093",
        "abcdefghijklmnopqrstuvwxyz",
        "redis-cli -p 6380 ping",
        "echo $PASS | docker login --password-stdin",
    ],
)
def test_versions_orders_placeholders_and_the_names_of_variables_stay(text: str) -> None:
    assert redact(text) == text


def test_a_number_that_fails_its_check_is_no_iban_and_no_card() -> None:
    assert "[iban]" not in redact("DE00 3704 0044 0532 0130 00")
    assert "[card]" not in redact("4111 1111 1111 1112")


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_where_a_secret_was_is_known_as_a_mark(kind: str) -> None:
    secret = KINDS[kind](random.Random(7))
    marked = redact(f"It says {secret} here.")
    assert MARK.search(marked)
    assert "[" not in unmarked(marked)


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_of_a_kind_stays(kind: str) -> None:
    draw = random.Random(7)
    secrets = [KINDS[kind](draw) for _ in range(200)]
    assert [s for s in secrets if s in redact(f"It says {s} here.")] == []


def test_none_of_500_secrets_stays() -> None:
    left = [(text, redact(text)) for text, secret in corpus(500, seed=1) if pieces(secret) & pieces(redact(text))]
    assert left == []


def pieces(text: str) -> set[str]:
    """Return all runs of eight characters. A secret counts as exposed if one of its runs stays."""
    return {text[i : i + 8] for i in range(max(1, len(text) - 7))}


def test_harmless_texts_stay_as_they_are() -> None:
    false_alarms = {text: redact(text) for text in HARMLESS if redact(text) != text}
    assert false_alarms == {}


def test_both_rates_are_counted(record_property: Callable[[str, object], None]) -> None:
    pairs = corpus(1400, seed=3)
    missed = sum(bool(pieces(secret) & pieces(redact(text))) for text, secret in pairs)
    alarms = sum(redact(text) != text for text in HARMLESS)
    record_property("missed", f"{missed} of {len(pairs)}")
    record_property("false alarms", f"{alarms} of {len(HARMLESS)}")
    assert (missed, alarms) == (0, 0)


def test_a_page_s_address_is_redacted_in_each_part() -> None:
    assert redact_address("/of/my%20PIN%20is%204821/030%20123456") == "/of/my PIN is [pin]/[phone]"
    assert redact_address("https://x.example/account/reset-password") == "https://x.example/account/reset-password"


def test_a_text_with_many_numbers_looks_up_only_some_and_removes_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[str]()
    monkeypatch.setattr(phone_numbers, "is_national", lambda number: bool(asked.append(number)))
    kept = redact(", ".join(f"19{n % 10} {n:03} 0000" for n in range(300)))
    assert len(asked) == phone_numbers.MOST
    assert kept.count("[") > 300 - 2 * phone_numbers.MOST


def test_libraries_for_numbers_are_loaded_only_for_a_number() -> None:
    code = (
        "import sys; from deflect.redaction.redaction import redact; redact('my password is a1!bcd, on 2026-10-01')\n"
        "assert not {'phonenumbers', 'stdnum'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_redacting_again_changes_nothing() -> None:
    once = [redact(text) for text, _ in corpus(200, seed=2)]
    assert [redact(text) for text in once] == once


@pytest.mark.parametrize(
    "text",
    ["a" * 100_000, "1 " * 50_000, "@." * 50_000, "::" * 50_000, "password=" * 10_000, "-----BEGIN A-----" * 5000],
)
def test_hostile_texts_end_and_are_cut(text: str) -> None:
    assert len(redact(text)) <= 2 * LONGEST
