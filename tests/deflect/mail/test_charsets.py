"""Texts in the charsets of many languages are read, whatever their label is."""

from __future__ import annotations

import base64
import time
import unicodedata
from collections.abc import Iterator

import pytest

from deflect.mail.charsets import MORE, decoded
from deflect.mail.message import parse
from tests.support.charset_corpus import SENTENCES

HEAD = b"From: jo@example.com\r\nMessage-ID: <a@b>\r\nSubject: Question\r\n"
SIBLINGS = {"cp1250": "iso-8859-2", "cp1251": "iso-8859-5", "cp1254": "iso-8859-9", "cp1255": "iso-8859-8-i",
            "cp1256": "iso-8859-6", "cp1257": "iso-8859-13", "cp874": "tis-620", "cp932": "shift_jis",
            "cp949": "ks_c_5601-1987", "gb18030": "gb2312", "cp1252": "iso-8859-1",
            "iso8859-2": "windows-1250"}  # fmt: skip
# Only the alphabet of a language tells these from other charsets, and a short line may have one letter of it.
TOO_SHORT = {("Greek", "cp1253"), ("Greek", "iso8859-7"), ("Portuguese", "cp850"), ("Portuguese", "mac-roman"),
             ("Danish", "mac-roman"), ("Swedish", "mac-roman"), ("Latvian", "cp1257"), ("Latvian", "iso8859-13"),
             ("Lithuanian", "cp1257"), ("Lithuanian", "iso8859-13")}  # fmt: skip


def shapes() -> Iterator[tuple[str, str, str, str]]:
    """Yield language, charset, short text and long text of the corpus."""
    for language, (short, long, charsets) in SENTENCES.items():
        for charset in charsets.split():
            yield language, charset, short, long


def encoded(text: str, charset: str) -> bytes:
    """Encode a text. Windows-1258 has the letters of Vietnamese without their tone marks."""
    if charset != "cp1258":
        return text.encode(charset)
    marks = "\u0300\u0301\u0303\u0309\u0323"
    plain = []
    for char in unicodedata.normalize("NFC", text):
        whole = unicodedata.normalize("NFD", char)
        base = unicodedata.normalize("NFC", "".join(c for c in whole if c not in marks))
        try:
            plain.append(char.encode(charset))
        except UnicodeEncodeError:
            plain.append((base + "".join(c for c in whole if c in marks)).encode(charset))
    return b"".join(plain)


def same(one: str, other: str) -> bool:
    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)


@pytest.mark.parametrize(("language", "charset", "short", "long"), list(shapes()))
def test_a_text_under_its_own_label_is_read(language: str, charset: str, short: str, long: str) -> None:
    assert [text for text in (short, long) if not same(decoded(encoded(text, charset), charset), text)] == []


@pytest.mark.parametrize(("language", "charset", "short", "long"), list(shapes()))
@pytest.mark.parametrize("label", ["", "us-ascii", "iso-8859-1", "no-such-charset"])
def test_a_text_without_a_true_label_is_read(language: str, charset: str, short: str, long: str, label: str) -> None:
    texts = (long,) if (language, charset) in TOO_SHORT else (short, long)
    assert [text for text in texts if not same(decoded(encoded(text, charset), label), text)] == []


@pytest.mark.parametrize(("language", "charset", "short", "long"), [s for s in shapes() if s[1] in SIBLINGS])
def test_a_text_under_the_label_of_a_related_charset_is_read(
    language: str, charset: str, short: str, long: str
) -> None:
    assert same(decoded(encoded(short, charset), SIBLINGS[charset]), short)


@pytest.mark.parametrize("label", ["us-ascii", "gb2312", "shift_jis", "koi8-r"])
def test_utf_8_is_read_under_any_label(label: str) -> None:
    texts = [text for short, long, _ in SENTENCES.values() for text in (short, long)]
    assert [text for text in texts if decoded(text.encode(), label) != text] == []


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        ("請問朱镕基的訂單".encode("gb18030"), "gb2312", "請問朱镕基的訂單"),
        ("谢谢".encode("gbk"), "gb2312", "谢谢"),
        ("①髙橋様".encode("cp932"), "shift_jis", "①髙橋様"),
        ("①髙橋です".encode("cp932"), "iso-2022-jp", "①髙橋です"),
        (b"\x1b$B-!\x1b(B \x1b(I6E\x1b(B", "", "① ｶﾅ"),
        (b"\x1b$)C\x0e>H3g\x0f", "us-ascii", "안녕"),
        ("펲시 똠방각하".encode("cp949"), "ks_c_5601-1987", "펲시 똠방각하"),
        ("碁銹裏".encode("cp950"), "big5", "碁銹裏"),
        (b"~{VPND~}", "hz-gb-2312", "中文"),
        ("Grüße €".encode("utf-16-le"), "utf-16", "Grüße €"),
        ("Grüße €".encode("utf-16-be"), "utf-16", "Grüße €"),
        ("Größe".encode("utf-16"), "us-ascii", "Größe"),
        ("Hello you".encode("utf-16-le"), "", "Hello you"),
        ("Größe".encode("utf-8-sig"), "iso-8859-1", "Größe"),
        ("Größe ändern".encode("cp850"), "cp-850", "Größe ändern"),
        ("Größe".encode("cp437"), "ibm437", "Größe"),
        ("Дякую, але ґанок".encode("koi8-u"), "koi8-r", "Дякую, але ґанок"),
        ("测试邮件".encode("gbk"), "x-gbk", "测试邮件"),
        ("テスト".encode("cp932"), "x-sjis", "テスト"),
        ("שלום".encode("iso8859-8"), "iso-8859-8-i", "שלום"),
        ("“It’s” 5 €".encode("cp1252"), "iso-8859-1", "“It’s” 5 €"),
        (b"+ADw-b+AD4-", "utf-7", "<b>"),
        (b"+ADw-b+AD4-", "", "+ADw-b+AD4-"),
        ("Größe\n".encode() * 20 + b"\xff", "utf-8", "Größe\n" * 20 + "\ufffd"),
        (b"a\x00b", "", "a\x00b"),
        (b"", "utf-16", ""),
    ],
)  # fmt: skip
def test_the_letters_that_were_written_are_read(data: bytes, label: str, text: str) -> None:
    assert decoded(data, label) == text


@pytest.mark.parametrize("label", [*MORE, "replacement", "csiso2022kr", "iso2022_kr", "utf-16", "utf-32", "johab"])
@pytest.mark.parametrize("data", [b"abc", b"\xe4bc", "안녕".encode("cp949"), b"\x0eab\x0f \xe4"])
def test_no_label_is_an_error(data: bytes, label: str) -> None:
    assert isinstance(decoded(data, label), str)


@pytest.mark.parametrize("data", [
    "您好，我的订单".encode("gb18030") * 200_000, b"\xe4" + b"\n" * 3_000_000, b"a" * 3_000_000 + b"\xe4",
    b"\x1b$B" * 500_000, bytes(range(128, 256)) * 20_000, b"\0\xe4" * 500_000, b"\x0e" * 500_000 + b"\x1b$)C",
])  # fmt: skip
def test_detection_takes_the_same_time_for_any_size(data: bytes) -> None:
    begun = time.process_time()
    decoded(data)
    assert time.process_time() - begun < 3.0


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Größe ändern".encode(), "Größe ändern"),
        ("Größe ändern".encode("latin-1"), "Größe ändern"),
        ("Не могу войти в аккаунт".encode("koi8-r"), "Не могу войти в аккаунт"),
        ("我的订单有问题".encode("gbk"), "我的订单有问题"),
        (b"=?utf-8?q?Gr=C3?= =?utf-8?q?=B6=C3=9Fe?=", "Größe"),
        (b"=?iso-8859-1?Q?It=92s_=80?=", "It’s €"),
        (b"=?us-ascii?Q?Gr=C3=B6=C3=9Fe?=", "Größe"),
        (b"=?gb2312?B?" + base64.b64encode("朱镕基的订单".encode("gbk")) + b"?=", "朱镕基的订单"),
        (b"=?shift_jis?B?" + base64.b64encode("①髙橋".encode("cp932")) + b"?=", "①髙橋"),
        (b"=?utf-8?B?R3LDtsOfZQ?=", "Größe"),
        (b"=?utf-8*de?Q?Gr=C3=B6=C3=9Fe?=", "Größe"),
        (b"=?utf-8?Q?Gr=C3=B6=C3=9Fe ist?= da", "Größe ist da"),
        (b"=?x?b?####?= =?utf-8?q?=C3=B6?=", "=?x?b?####?= ö"),
    ],
)
def test_a_subject_is_read(subject: bytes, text: str) -> None:
    assert parse(b"From: jo@example.com\r\nSubject: " + subject + b"\r\n\r\nx").subject == text


@pytest.mark.parametrize("name", ["Größe".encode(), "Größe".encode("latin-1"), b"=?us-ascii?q?Gr=C3=B6=C3=9Fe?="])
def test_the_name_of_a_sender_is_read(name: bytes) -> None:
    assert parse(b"From: " + name + b" <jo@example.com>\r\n\r\nx").name == "Größe"


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        (b'filename="' + "Größe.pdf".encode() + b'"', "Größe.pdf"),
        (b'filename="' + "Größe.pdf".encode("latin-1") + b'"', "Größe.pdf"),
        (b'filename="' + "订单明细表.pdf".encode("gbk") + b'"', "订单明细表.pdf"),
        (b'filename="' + "請求書の件.pdf".encode("cp932") + b'"', "請求書の件.pdf"),
        (b"filename=" + "Größe Plan.pdf".encode(), "Größe Plan.pdf"),
        (b"filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf", "Größe.pdf"),
        (b"filename*=iso-8859-1''Gr%C3%B6%C3%9Fe.pdf", "Größe.pdf"),
        (b"filename*=''Gr%C3%B6%C3%9Fe.pdf", "Größe.pdf"),
        (b"filename*=no-such''Gr%F6%DFe.pdf", "Größe.pdf"),
        (b"filename*0*=utf-8''Gr%C3; filename*1*=%B6%C3%9Fe; filename*2=\".pdf\"", "Größe.pdf"),
        (b'filename="=?utf-8?Q?Gr=C3=B6=C3=9Fe=2Epdf?="', "Größe.pdf"),
        (b'filename="=?utf-8?Q?Gr=C3?=\r\n =?utf-8?Q?=B6=C3=9Fe=2Epdf?="', "Größe.pdf"),
        (b'filename*0="=?utf-8?B?R3LDtsOf"; filename*1="ZS5wZGY=?="', "Größe.pdf"),
    ],
)
def test_the_name_of_a_file_is_read(parameter: bytes, name: str) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/pdf\r\n"
    raw += b"Content-Disposition: attachment; " + parameter + b"\r\n\r\n%PDF-1.4\r\n--b--\r\n"
    assert [file.name for file in parse(HEAD + raw).files] == [name]


def test_the_charset_that_html_declares_in_itself_counts() -> None:
    html = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1257"></head><p>kodėl</p>'
    raw = HEAD + b"Content-Type: text/html\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + html.encode("cp1257")
    assert parse(raw).text == "kodėl"
