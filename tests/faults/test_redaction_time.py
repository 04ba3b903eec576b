"""Texts that are made to keep patterns busy are redacted in a bounded time."""

import time

import pytest

from deflect.redaction.redaction import redact

pytestmark = pytest.mark.faults
SIZE = 50_000  # characters
MOST = 0.5  # seconds of one core
UNITS = (
    "a", "1 ", "1,", "1.", "1-", "@.", "a@", "a@b ", "a at b dot ", "a(at)b", "(a)", "::", "1:", "ab:", "a.", "a-",
    "a_b", "A", "AB-", "A1B2C3D4 ", "Aa1", "aB3/", "a1!B", "_", "%40", "\"", "/a", "http://", "http://a:b",
    "http://a.b/?a=b&", "a=", "<a", "<password ", "--a ", " -p aaaaa", "name: a ", "ENV a ", "a:1:b:c:", "mysql ",
    "curl ", "bearer ", "password=", "password is ", "password. ", "password a1!Bcc ", "abcdef is my ", "user jo ",
    "login a/", "api key ", "key: ", "пароль ", "密码", "验证码1 ", "pin ", "passport ", "passport A1 ", "born 1 ",
    "dob 1/1/", "call ", "030 1234567 ", "199 123 4567 ", "4111 1111 1111 1112 ", "1234567890", "DE", "DE89 3704 ",
    "DE00 1A 1A ", "0123456789abcdef", "12345678-1234-", "eyJ", "eyJaaaaa.", "$2b$", "ABC12-", "order 1-", "commit ",
    "-----BEGIN A-----", "PuTTY-User-Key-File-2:", "ssh-rsa AAAA", "seed phrase ", "abcd ", "1 Aa ", "calle Aa ",
    "1 Aaaa Baaa Caaa ", "-----BEGIN A-----\nMIIE", "WIFI:T:a;", "passphrase: abcd abcd ", "log in with ",
    "the old one was ", "log in aB3!cd ", "auth=('a','", "setPassword(\"a", "variable \"secret\" { ", "order 12345 ",
    "version 1.", "whatsapp: ", "password from aaaaa ", "jo (at) a (dot) ", "://USER_", "card 4", "redis-cli -p 1",
    "echo a | ", "<<< ", "\n", "\t", "\x00", "İ", "\u200b", "x\xad",
)  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_a_hostile_text_takes_a_bounded_time(unit: str) -> None:
    redact("+49 30 1234567, 030 1234567, 12345678Z, 4111 1111 1111 1111")  # loads the libraries
    text = unit * (SIZE // len(unit))
    began = time.process_time()
    redact(text)
    took = time.process_time() - began
    print(f"{unit!r}: {took:.2f} s")
    assert took < MOST
