"""Every part of an e-mail is shown or named: texts, forms of a text, files, invitations, and what is broken."""

from __future__ import annotations

import base64
import time

import pytest

from deflect.mail.message import NO_TEXT, Mail, parse
from deflect.mail.take import note_of

HEAD = b"From: jo@example.com\r\nMessage-ID: <a@b>\r\nSubject: Question\r\n"
ICS = (
    b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Call about\r\n  order 4711\r\n"
    b"DTSTART;TZID=Europe/Berlin:20261109T090000\r\nDTEND:20261109T093000Z\r\nLOCATION:Room 2\\, floor 1\r\n"
    b"ORGANIZER;CN=Ana:mailto:ana@example.com\r\nBEGIN:VALARM\r\nDESCRIPTION:Alarm\r\nEND:VALARM\r\n"
    b"END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def part(kind: str, data: bytes, *headers: str) -> bytes:
    return "\r\n".join([f"Content-Type: {kind}", *headers, "", ""]).encode() + data


def multipart(subtype: str, *parts: bytes, boundary: str = "b") -> Mail:
    head = HEAD + f"Content-Type: multipart/{subtype}; boundary={boundary}\r\n\r\n".encode()
    return parse(head + b"".join(b"--b\r\n" + one + b"\r\n" for one in parts) + b"--b--\r\n")


def names(mail: Mail) -> list[str]:
    return [file.name for file in mail.files]


def test_an_invitation_alone_is_a_file_and_its_words() -> None:
    read = parse(HEAD + part("text/calendar; method=REQUEST", ICS))
    assert names(read) == ["invitation.ics"]
    assert read.text == (
        "Invitation: Call about order 4711\nStart: Monday, 09 November 2026, 09:00 Europe/Berlin\n"
        "End: Monday, 09 November 2026, 09:30 UTC\nPlace: Room 2, floor 1\nOrganizer: Ana <ana@example.com>"
    )


def test_an_invitation_beside_a_text_is_a_file() -> None:
    read = multipart("alternative", part("text/plain", b"Join us on Monday"), part("text/calendar; name=i.ics", ICS))
    assert (read.text, names(read)) == ("Join us on Monday", ["i.ics"])


@pytest.mark.parametrize(
    "broken", [b"BEGIN:VEVENT", b"BEGIN:VEVENT\nDTSTART:soon\nSUMMARY", b"x" * 9999, b"END:VEVENT\n:"]
)
def test_a_broken_invitation_is_still_a_file(broken: bytes) -> None:
    assert names(parse(HEAD + part("text/calendar", broken))) == ["invitation.ics"]


@pytest.mark.parametrize(
    "stub",
    [
        "", " \n", "This message is in HTML.", "Please view this message in an HTML mail reader.", "???? ?????????",
        "Ihr E-Mail-Programm unterstützt leider kein HTML.", "お使いのメールソフトはHTMLに対応していません。",
    ],
)  # fmt: skip
def test_a_plain_text_that_stands_in_for_the_html_gives_way(stub: str) -> None:
    html = b"<p>Die Bestellung 4711 ist kaputt, bitte helft mir</p>"
    read = multipart("alternative", part("text/plain; charset=utf-8", stub.encode()), part("text/html", html))
    assert read.text == "Die Bestellung 4711 ist kaputt, bitte helft mir"


def test_a_plain_text_much_shorter_than_the_html_gives_way() -> None:
    html = b"<p>My order</p>" + b"<p>has many faults, and here is one of them</p>" * 10
    read = multipart("alternative", part("text/plain", b"My order"), part("text/html", html))
    assert read.text.count("many faults") == 10


def test_a_plain_text_with_the_words_of_the_html_is_kept() -> None:
    html = b'<p>See <a href="https://a.example/x">our page</a></p><p>Jo</p>'
    plain = b"See our page <https://a.example/x>\r\n\r\nJo"
    read = multipart("alternative", part("text/plain", plain), part("text/html", html))
    assert read.text == "See our page <https://a.example/x>\n\nJo"


@pytest.mark.parametrize(
    "headers",
    [
        ('text/plain; name="crash.log"', "Content-Disposition: inline"),
        ("text/plain", "Content-Disposition: inline; filename=crash.log"),
        ('text/plain; name="crash.log"', "X-A: b"),
        ("text/x-log; name=crash.log", "Content-Disposition: inline"),
        ("application/octet-stream; name=crash.log", "X-A: b"),
        ("text/html; name=crash.log", "Content-Disposition: inline"),
    ],
)
def test_a_text_with_a_name_is_a_file(headers: tuple[str, str]) -> None:
    read = multipart("mixed", part("text/plain", b"See the log"), part(headers[0], b"line1", headers[1]))
    assert (read.text, names(read)) == ("See the log", ["crash.log"])


def test_a_text_alone_is_shown_even_with_a_name() -> None:
    read = parse(HEAD + part("text/plain; name=body.txt", b"My order"))
    assert (read.text, names(read)) == ("My order", [])


def test_two_texts_without_names_are_one() -> None:
    read = multipart(
        "mixed", part("text/plain", b"One"), part("image/png; name=a.png", b"x"), part("text/plain", b"Two")
    )
    assert (read.text, names(read)) == ("One\n\nTwo", ["a.png"])


@pytest.mark.parametrize("boundary", ["", "; boundary=other", '; boundary=""'])
@pytest.mark.parametrize("subtype", ["mixed", "alternative"])
def test_a_multipart_without_a_working_boundary_is_read(boundary: str, subtype: str) -> None:
    head = HEAD + f"Content-Type: multipart/{subtype}{boundary}\r\n\r\n".encode()
    text = part("text/plain; charset=utf-8", "Größe".encode())
    inside = b"--x\r\n" + text + b"\r\n--x\r\n" + part("image/png; name=a.png", b"x")
    read = parse(head + inside + b"\r\n--x--\r\n")
    assert (read.text, names(read)) == ("Größe", ["a.png"])


@pytest.mark.parametrize(
    "how", ["Quoted-Printable ", "quoted-printable; x=y", "'quoted-printable'", "quoted-printable (x)"]
)
def test_a_transfer_encoding_with_something_added_is_read(how: str) -> None:
    head = f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {how}\r\n\r\n"
    assert parse(HEAD + head.encode() + b"Gr=C3=B6=C3=9Fe").text == "Größe"


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("ks_c_5601-1987", "cp949"), ("iso-2022-kr", "cp949"), ("utf-8", "utf-8"), ("euc-kr", "euc_kr")],
)
def test_the_raw_name_of_a_file_is_in_the_charset_of_the_text(charset: str, encoding: str) -> None:
    name = b"Content-Disposition: attachment; filename=" + "영수증.pdf".encode(encoding)
    bound = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    text = part(f"text/plain; charset={charset}", b"x")
    file = b"Content-Type: application/pdf\r\n" + name + b"\r\n\r\n%PDF"
    assert names(parse(HEAD + bound + text + b"\r\n--b\r\n" + file + b"\r\n--b--\r\n")) == ["영수증.pdf"]


@pytest.mark.parametrize("kind", ["application/ics", "application/octet-stream; name=a.ics", "text/x-vcalendar"])
def test_an_invitation_of_any_type_is_told(kind: str) -> None:
    assert multipart("mixed", part(kind, b"BEGIN:VEVENT\nSUMMARY:Call\nEND:VEVENT")).text == "Invitation: Call"


def test_a_multipart_without_any_boundary_is_a_text() -> None:
    assert parse(HEAD + b"Content-Type: multipart/mixed\r\n\r\nMy order is late").text == "My order is late"
    assert parse(HEAD + b"Content-Type: multipart/mixed\r\n\r\n<html><p>My order</p>").text == "My order"


def test_html_longer_than_a_million_characters_is_said_to_be_cut() -> None:
    read = parse(HEAD + part("text/html", b"<p>a</p><!--" + b"x" * 1_000_000 + b"--><p>end</p>"))
    assert (read.text, read.cut) == ("a", True)
    assert "cut off" in note_of(read)


def test_pictures_in_html_take_no_room_of_the_text() -> None:
    picture = b'<img src="data:image/png;base64,' + b"QUJD" * 400_000 + b'" alt="Photo">'
    read = parse(HEAD + part("text/html", b"<p>One</p>" + picture + b"<p>Two</p>"))
    assert (read.text, read.cut) == ("One\n\n[Photo]\n\nTwo", False)


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_base64_that_ends_too_early_is_read_as_far_as_it_goes(cut: int) -> None:
    data = base64.b64encode("Größe ändern, bitte schnell.".encode())[:-cut].rstrip(b"=")
    read = parse(HEAD + part("text/plain; charset=utf-8", data, "Content-Transfer-Encoding: base64"))
    assert read.text.startswith("Größe ändern, bitte schnel")
    assert note_of(read) == "The end of the text is missing or damaged."


def test_a_file_that_ends_too_early_is_named() -> None:
    data = base64.b64encode(b"%PDF-1.4 abc")[:-3]
    read = multipart("mixed", part("application/pdf; name=a.pdf", data, "Content-Transfer-Encoding: base64"))
    assert read.files[0].data == b"%PDF-1.4 "
    assert note_of(read) == "The end of a.pdf is missing or damaged."


def test_whole_base64_is_not_said_to_be_broken() -> None:
    for text in (b"a", b"ab", b"abc", b"abcd" * 100):
        data = base64.encodebytes(text)
        read = parse(HEAD + part("text/plain", data, "Content-Transfer-Encoding: base64"))
        assert (read.text, read.remarks) == (text.decode(), ())


def test_a_footer_that_a_list_appends_to_base64_is_text() -> None:
    data = base64.encodebytes("Größe".encode()) + b"_______\r\nThe list: https://l.example\r\n"
    read = parse(HEAD + part("text/plain; charset=utf-8", data, "Content-Transfer-Encoding: base64"))
    assert read.text == "Größe\n_______\nThe list: https://l.example"


@pytest.mark.parametrize("end", [b"=C3=", b"=C3=B"])
def test_quoted_printable_that_ends_too_early_is_named(end: bytes) -> None:
    read = parse(
        HEAD + part("text/plain; charset=utf-8", b"My order" + end, "Content-Transfer-Encoding: quoted-printable")
    )
    assert read.text.startswith("My order")
    assert "missing" in note_of(read)


def test_a_forwarded_e_mail_is_a_file_and_is_shown_if_nothing_else_is() -> None:
    inner = b"From: Cy <cy@example.com>\r\nSubject: Gr\xc3\xb6\xc3\x9fe\r\n\r\nMy order"
    alone = multipart("mixed", part("message/rfc822", inner, "Content-Disposition: inline"))
    assert names(alone) == ["Größe.eml"]
    assert alone.text == "From: Cy <cy@example.com>\nSubject: Größe\n\nMy order"
    beside = multipart("mixed", part("text/plain", b"See below"), part("message/rfc822", inner))
    assert (beside.text, names(beside)) == ("See below", ["Größe.eml"])


def test_what_cannot_be_opened_is_named() -> None:
    outlook = multipart(
        "mixed", part("text/plain", b"Hi"), part("application/ms-tnef; name=winmail.dat", b"\x78\x9f\x3e\x22")
    )
    assert names(outlook) == ["winmail.dat"]
    pgp = multipart("encrypted", part("application/pgp-encrypted", b"Version: 1"),
                    part("application/octet-stream; name=encrypted.asc", b"-----BEGIN PGP MESSAGE-----"))  # fmt: skip
    assert (pgp.text, names(pgp)[-1]) == (NO_TEXT, "encrypted.asc")
    assert "PGP" in note_of(pgp)
    smime = parse(HEAD + part("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", b"0\x82"))
    assert (names(smime), "S/MIME" in note_of(smime)) == (["smime.p7m"], True)
    assert names(parse(HEAD + part("text/vcard", b"BEGIN:VCARD"))) == ["unnamed.vcf"]


@pytest.mark.parametrize(
    "data", [b" " * 2_000_000 + b"!", b"=" * 2_000_000, b"A=" * 1_000_000], ids=["space", "pad", "pieces"]
)
def test_base64_that_would_cost_much_costs_little(data: bytes) -> None:
    begun = time.process_time()
    parse(HEAD + part("text/plain", data, "Content-Transfer-Encoding: base64"))
    assert time.process_time() - begun < 3.0
