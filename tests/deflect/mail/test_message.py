"""Parsing e-mails: texts in any charset, HTML as lines, senders, threads, and e-mails from programs."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest

from deflect.mail.message import NO_SUBJECT, NO_TEXT, NoMail, parse
from kb.render.plain_text import of_html
from search.text.message import unquoted
from tests.support.mails import bounce, mail

HEAD = b"From: jo@example.com\r\nMessage-ID: <a@b>\r\n"


def test_an_e_mail_is_its_sender_subject_and_text() -> None:
    read = parse(mail("Hello,\n\nmy invoice is wrong.\n"))
    assert (read.sender, read.name, read.subject) == ("jo@example.com", "Jo Miller", "Invoice")
    assert (read.text, read.kind, read.quiet) == ("Hello,\n\nmy invoice is wrong.", "person", False)


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_line_ends_of_either_kind_are_read(end: bytes) -> None:
    assert parse(mail("One\ntwo").replace(b"\r\n", end)).text == "One\ntwo"


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        (b"utf-8", "Größe".encode(), "Größe"),
        (b"iso-8859-15", "10 €".encode("iso-8859-15"), "10 €"),
        (b"windows-1251", "Привет".encode("cp1251"), "Привет"),
        (b"shift_jis", "こんにちは".encode("shift_jis"), "こんにちは"),
        (b"gb18030", "你好".encode("gb18030"), "你好"),
        (b"x-no-such", "Größe".encode(), "Größe"),
        (b"x-no-such", "Größe".encode("latin-1"), "Größe"),
        (b"punycode", b"abc", "abc"),
        (b"rot13", b"abc", "abc"),
        (b"", b"caf\xe9", "café"),
        (b"us-ascii", b"caf\xe9", "café"),
    ],
)
def test_a_text_in_any_charset_is_read(charset: bytes, data: bytes, text: str) -> None:
    kind = b"Content-Type: text/plain" + (b"; charset=" + charset if charset else b"")
    assert parse(HEAD + kind + b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + data).text == text


@pytest.mark.parametrize("broken", ["=?utf-8?b?####?=", "=?no-such?q?abc?=", "=?utf-8?q?=zz?=", "\ud800", "a\x00b"])
def test_a_broken_subject_is_shown_as_far_as_it_goes(broken: str) -> None:
    raw = HEAD + b"Subject: " + broken.encode("utf-8", "surrogatepass") + b"\r\n\r\ntext"
    assert parse(raw).text == "text"
    assert "\x00" not in parse(raw).subject


def test_encoded_words_are_decoded_in_names_and_never_make_an_address() -> None:
    read = parse(b"From: =?utf-8?q?J=C3=B6_=3Cevil=40example=2Ecom=3E?= <jo@example.com>\r\n\r\nx")
    assert (read.sender, read.name) == ("jo@example.com", "Jö <evil@example.com>")


def test_of_two_forms_of_a_text_the_plain_one_is_kept() -> None:
    message = EmailMessage()
    message["From"] = "jo@example.com"
    message.set_content("My order\nis late")
    message.add_alternative("<p>My <b>order</b> is late</p>", subtype="html")
    assert parse(message.as_bytes()).text == "My order\nis late"


def test_an_e_mail_of_html_alone_is_plain_lines() -> None:
    message = EmailMessage()
    message["From"] = "jo@example.com"
    message.set_content(
        "<html><head><style>p {}</style><title>x</title></head><body><p>Hello &amp; <b>bye</b></p><script>alert(1)"
        '</script><ul><li>one</li><li>two</li></ul><a href="https://a.example/x">here</a>'
        '<a href="javascript:alert(1)">there</a><img src="https://track.example/p.gif" alt="">'
        "<blockquote>old text</blockquote></body></html>",
        subtype="html",
    )
    text = parse(message.as_bytes()).text
    assert text == "Hello & bye\n\n- one\n- two\n\nhere (https://a.example/x)there\n\n> old text"


@pytest.mark.parametrize(
    "html",
    ["<![foo[x", "<!x", "<" * 5000, "<div>" * 50_000 + "deep", "<!--" * 100, "&#0;&#xd800;x", "<p" + " a=b" * 10_000],
)
def test_broken_html_is_read_without_harm(html: str) -> None:
    assert isinstance(of_html(html), str)


def test_nothing_that_hides_or_turns_text_is_in_a_subject_or_a_name() -> None:
    read = parse("From: \u202eevil\u2066 <jo@example.com>\r\nSubject: a\u202eb\u0007c\r\n\r\nx\u0000y".encode())
    assert (read.name, read.subject, read.text) == ("evil", "a b c", "x y")


def test_an_e_mail_without_subject_and_text_is_one() -> None:
    read = parse(b"From: jo@example.com\r\n\r\n")
    assert (read.subject, read.text) == (NO_SUBJECT, NO_TEXT)
    assert parse(b"From: jo@example.com\r\n\r\nMy invoice\nis wrong").subject == "My invoice is wrong"


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"hello", b"\x00\x01", b"Subject: x\r\n\r\ny", b"From: nobody\r\n\r\ny"])
def test_what_comes_from_nobody_is_no_e_mail(raw: bytes) -> None:
    with pytest.raises(NoMail):
        parse(raw)


def test_the_line_that_mail_servers_write_before_is_left_out() -> None:
    assert parse(b"From jo@example.com Mon Nov 1\n" + mail()).subject == "Invoice"


def test_an_answer_goes_to_reply_to_but_never_to_a_list() -> None:
    assert parse(mail(Reply_To="ann@example.com")).reply_to == "ann@example.com"
    assert parse(mail(Reply_To="list@example.com", List_Id="<l.example.com>")).reply_to == "jo@example.com"
    assert parse(mail(Reply_To="a@example.com, b@example.com")).reply_to == "jo@example.com"


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, "person"),
        ({"Auto-Submitted": "no"}, "person"),
        ({"Auto-Submitted": "auto-replied"}, "auto"),
        ({"Auto-Submitted": "auto-replied (vacation); owner-email=x"}, "auto"),
        ({"X-Autoreply": "yes"}, "auto"),
        ({"Precedence": "auto_reply"}, "auto"),
        ({"Auto-Submitted": "auto-generated"}, "bulk"),
        ({"Precedence": "bulk"}, "bulk"),
        ({"Precedence": "List"}, "bulk"),
        ({"Precedence": "junk"}, "bulk"),
        ({"List-Id": "<news.example.com>"}, "bulk"),
        ({"Return-Path": "<>"}, "bulk"),
    ],
)
def test_a_machine_is_known_by_its_headers(headers: dict[str, str], kind: str) -> None:
    read = parse(mail(**headers))
    assert (read.kind, read.quiet) == (kind, kind != "person")


@pytest.mark.parametrize(
    "given",
    [
        {"X_Auto_Response_Suppress": "All"},
        {"X_Spam_Flag": "YES"},
        {"sender": "no-reply@example.com"},
        {"sender": "postmaster@example.com"},
    ],
)
def test_nobody_answers_automatically_where_that_is_not_wanted(given: dict[str, str]) -> None:
    read = parse(mail(**given))
    assert (read.kind, read.quiet) == ("person", True)


def test_a_bounce_names_what_it_returns() -> None:
    read = parse(bounce("<11111111-1111-4111-8111-111111111111@shop.example>"))
    assert (read.kind, read.refs) == ("bounce", ("11111111-1111-4111-8111-111111111111@shop.example",))
    assert read.text == "The user jo does not exist."


def test_an_answer_names_the_nearest_e_mail_first() -> None:
    assert parse(mail(In_Reply_To="<c@x>", References="<a@x> <b@x> <c@x>")).refs == ("c@x", "b@x", "a@x")


def test_the_same_e_mail_is_known_and_another_with_its_id_is_not() -> None:
    assert parse(mail()).key == parse(b"Received: from x\r\n" + mail()).key
    assert parse(mail()).key != parse(mail("another text")).key
    assert parse(mail(id="")).key == parse(mail(id="")).key


def test_files_are_listed_with_clean_names() -> None:
    read = parse(mail(files={"a\u202egpj.exe": b"x" * 2000, "b.pdf": b"y"}))
    assert [(file.name, len(file.data)) for file in read.files] == [("a gpj.exe", 2000), ("b.pdf", 1)]
    assert read.text == "My invoice is wrong."


def test_a_long_text_is_cut_and_said_to_be() -> None:
    read = parse(HEAD + b"\r\n" + b"word " * 20_000)
    assert (len(read.text), read.cut) == (50_000, True)


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 20_000,
        b"A: b\r\n" * 600_000 + b"\r\n",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(2000)),
        b"Content-Type: message/rfc822\r\n\r\n" * 3000 + b"\r\nx",
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 400_000,
        b"To: " + b"(" * 100_000 + b"\r\n\r\n",
        b"Subject: " + b"=?utf-8?q?a?= " * 50_000 + b"\r\n\r\n",
    ],
    ids=["parts", "headers", "nested", "messages", "html", "comments", "words"],
)
def test_what_would_cost_much_costs_little(raw: bytes) -> None:
    begun = time.process_time()
    assert parse(HEAD + raw).sender == "jo@example.com"
    assert time.process_time() - begun < 4.0


@pytest.mark.parametrize(
    ("body", "own"),
    [
        ("Thanks!\n\nOn Monday at 9, Jo wrote:\n> Try this.\n> Jo", "Thanks!"),
        ("Danke.\n\nAm 1.2.2026 um 10:00 schrieb Jo:\n> Bitte\n\n> so", "Danke."),
        ("It works\n-----Original Message-----\nFrom: x\nold", "It works"),
        ("> only a quote", "> only a quote"),
        ("> a question\nAn answer below it", "> a question\nAn answer below it"),
        ("No quote", "No quote"),
        ("Text\n> tail", "Text"),
    ],
)
def test_the_quoted_end_of_a_message_is_told_from_it(body: str, own: str) -> None:
    found, quoted = unquoted(body)
    assert found == own
    assert "".join((found + quoted).split()) == "".join(body.split())
