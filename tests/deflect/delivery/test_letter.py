"""E-mails to requesters: text and HTML alike, in the look of the site, with the thread quoted once."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from deflect.delivery.delivery import Delivery, Earlier
from deflect.delivery.letter import Letter, Style, signature, style, write
from deflect.delivery.mail_server import Server
from deflect.delivery.smtp import ReplySink
from deflect.mail.take import take
from deflect.store import clock
from deflect.store.services import Services
from deflect.tickets import ticket_writes
from kb.config import Settings
from kb.content.look import File, Look
from kb.content.site_file import SiteFile
from kb.render.plain_text import of_html
from search.text.message import own_text, unquoted
from tests.support.fakes import close
from tests.support.mail_desk import carry, with_mail
from tests.support.mails import mail
from tests.support.receivers import Mailbox, html_of, text_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
SHOP = Style("Shop help", "#b4322d", "#ee695e")
ASKED = Earlier("Jo", 1_790_000_000_000_000, "The code never arrives.\n\nWhat now?")
DELIVERY = Delivery(
    id="5f0c", ticket="T1", subject="No code", email="jo@example.com", name="Jo", category="", channel="web",
    lang="en", page="", fields={}, author="agent", created=1_790_000_100_000_000, by="Ann", earlier=(ASKED,),
    body="Look into https://help.example/spam, please.\n\nIt is <there>.",
)  # fmt: skip


def answer(box: Mailbox, delivery: Delivery = DELIVERY, *, look: Style = SHOP) -> EmailMessage:
    """Send an answer and return it as it arrived."""
    ReplySink(Server.parse(box.url), "help@shop.example", "", lambda _lang: look).deliver(delivery)
    return box.mails[-1]


def written(letter: Letter, look: Style = SHOP, *, lang: str = "en") -> EmailMessage:
    """Return an e-mail with a letter."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Hi"
    write(message, letter, style=look, lang=lang)
    return message


def test_an_answer_has_its_text_the_agent_s_name_and_the_question_once(box: Mailbox) -> None:
    text = text_of(answer(box))
    assert text == (
        "Look into https://help.example/spam, please.\n\nIt is <there>.\n\nAnn\nShop help\n\n"
        "On September 21, 2026, Jo wrote:\n> The code never arrives.\n>\n> What now?\n"
    )


def test_the_html_says_the_same_in_the_same_order(box: Mailbox) -> None:
    mail = answer(box)
    assert mail.get_content_type() == "multipart/alternative"
    assert own_text(of_html(html_of(mail))).split() == ["Shop", "help", *own_text(text_of(mail)).split()]


def test_what_people_wrote_is_escaped_and_addresses_are_links(box: Mailbox) -> None:
    html = html_of(answer(box, replace(DELIVERY, body="<b>x</b> https://a.example/?a=1&b=2.", by='"><i>')))
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert '<a href="https://a.example/?a=1&amp;b=2" style="color:#b4322d">' in html
    assert "<i>" not in html


def test_nothing_is_loaded_from_anywhere(box: Mailbox) -> None:
    html = html_of(answer(box, look=replace(SHOP, logo=File("a.png", "image/png", PNG))))
    assert [word for word in ('src="http', "url(", "<script", "<link", "@import") if word in html] == []


def test_the_logo_travels_in_the_e_mail(box: Mailbox) -> None:
    mail = answer(box, look=replace(SHOP, logo=File("a.png", "image/png", PNG)))
    assert '<img src="cid:logo" alt="Shop help"' in html_of(mail)
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert (picture["Content-ID"], picture.get_content()) == ("<logo>", PNG)
    assert list(mail.iter_attachments()) == []


@pytest.mark.parametrize(
    ("file", "travels"),
    [(File("a.png", "image/png", PNG), True), (File("a.svg", "image/svg+xml", b"<svg/>"), False),
     (File("a.png", "image/png", b"x" * 100_001), False)],
)  # fmt: skip
def test_a_logo_that_mail_programs_do_not_show_stays_away(file: File, travels: bool) -> None:
    look = Look(SiteFile(name=(("", "Shop"), ("es", "Tienda"))), {"logo": file})
    found = style(look, Settings(title="T"), lang="es")
    assert (found.site, found.logo is not None) == ("Tienda", travels)


def test_the_title_of_the_settings_is_the_name_without_one_of_the_site() -> None:
    assert style(Look(), Settings(title="From settings"), lang="en").site == "From settings"


def test_a_quote_does_not_grow_with_the_thread(box: Mailbox) -> None:
    first = text_of(answer(box))
    reply = "It works, thanks!\n\nOn Monday Ann <help@shop.example> wrote:\n" + "\n".join(
        f"> {line}" for line in first.splitlines()
    )
    second = text_of(answer(box, replace(DELIVERY, earlier=(replace(ASKED, body=reply),))))
    assert second.count("It works, thanks!") == 1
    assert "never arrives" not in second
    assert ">>" not in second.replace("> >", ">>")


def test_a_very_long_question_is_quoted_in_part(box: Mailbox) -> None:
    text = text_of(answer(box, replace(DELIVERY, earlier=(replace(ASKED, body="word " * 5000),))))
    assert len(text) < 4_500
    assert text.endswith("…\n")


@pytest.mark.parametrize(
    "quoting",
    [
        '<div class="gmail_quote"><div class="gmail_attr">On Mon, 5 Oct 2026 at 10:00, Shop help '
        '&lt;help@shop.example&gt; wrote:<br></div><blockquote class="gmail_quote">%s</blockquote></div>',
        "<div><br></div><div>On 5. Oct 2026, at 10:00, Shop help &lt;help@shop.example&gt; wrote:</div>"
        '<blockquote type="cite">%s</blockquote>',
        '<div class="moz-cite-prefix">On 05/10/2026 10:00, Shop help wrote:</div>'
        '<blockquote type="cite">%s</blockquote>',
        "<hr><p><b>From:</b> Shop help &lt;help@shop.example&gt;<br><b>Sent:</b> Monday<br>"
        "<b>To:</b> jo@example.com<br>"
        "<b>Subject:</b> Re: No code</p>%s",
        "<div>-----Original Message-----</div>%s",
    ],
    ids=["gmail", "apple", "thunderbird", "outlook", "outlook-old"],
)
def test_a_reply_to_our_html_keeps_only_its_own_words(box: Mailbox, quoting: str) -> None:
    ours = html_of(answer(box))
    inner = ours[ours.index("<table") : ours.index("</body>")]
    own, quoted = unquoted(of_html("<div>Still no code.</div>" + quoting % inner))
    assert own.strip() == "Still no code."
    assert "Look into" in quoted


def test_a_reply_to_our_text_keeps_only_its_own_words(box: Mailbox) -> None:
    lines = "\n".join(f"> {line}" for line in text_of(answer(box)).splitlines())
    assert own_text(f"Still no code.\n\nOn Mon, 5 Oct 2026, Shop help wrote:\n{lines}\n") == "Still no code."


@pytest.mark.parametrize(
    ("agent", "body", "lines"),
    [
        ("Ann", "Try this.", ("Ann", "Shop")),
        ("Ann", "Try this.\n\nBest regards\nAnn", ("Shop",)),
        ("", "Try this.", ("Shop",)),
    ],
)
def test_an_agent_is_named_once(agent: str, body: str, lines: tuple[str, ...]) -> None:
    assert signature(agent, body, site="Shop") == lines


@pytest.mark.parametrize(
    ("sender", "expected"),
    [("help@shop.example", "Shop help <help@shop.example>"), ("Us <help@shop.example>", "Us <help@shop.example>")],
)
def test_the_sender_has_a_name(box: Mailbox, sender: str, expected: str) -> None:
    ReplySink(Server.parse(box.url), sender, "", lambda _lang: SHOP).deliver(DELIVERY)
    assert box.mails[0]["From"] == expected


def test_a_letter_in_arabic_runs_from_the_right() -> None:
    assert '<html lang="ar" dir="rtl">' in html_of(written(Letter("مرحبا"), lang="ar"))


def test_a_letter_has_no_picture_without_a_logo(tmp_path: Path) -> None:
    assert "<img" not in html_of(written(Letter("Hello")))


def test_an_answer_quotes_what_came_since_the_last_one(tmp_path: Path, box: Mailbox) -> None:
    services = with_mail(tmp_path, box, receipts=False)
    ticket = take(services, mail("My invoice is wrong.")).ticket
    answer_by_mail(services, ticket, "Which one?", number=1)
    take(services, mail("Number 7.\n\n> Which one?\n", id="<2@x>", In_Reply_To="<a1@example.com>"))
    take(services, mail("And 8.", id="<3@x>", In_Reply_To="<a1@example.com>"))
    answer_by_mail(services, ticket, "Fixed.", number=2)
    first, second = map(text_of, box.mails)
    assert first.startswith("Which one?\n\nann\nShop\n\nOn ")
    assert first.endswith("Jo Miller wrote:\n> My invoice is wrong.\n")
    assert [line for line in second.splitlines() if line.startswith(">")] == ["> And 8.", "> Number 7."]
    close(services)


def answer_by_mail(services: Services, ticket: str | None, text: str, *, number: int) -> None:
    """Answer a ticket as ann."""
    message = {"id": f"m{number}", "ticket": ticket, "author": "agent", "channel": "email", "body": text}
    outbox = [{"id": f"1111111{number}-1111-4111-8111-111111111111", "sink": "reply"}]
    services.writer.run(ticket_writes.add_message, message=message, outbox=outbox, who="ann", now=clock.now())
    carry(services)
