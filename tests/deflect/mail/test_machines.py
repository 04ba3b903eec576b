"""Thanks, absence notes and bounces in tickets: they open nothing, and cost no outcome."""

from __future__ import annotations

import pytest

from deflect.mail.take import Taken, take
from deflect.mail.threads import mark
from deflect.report.report import tickets
from deflect.store.services import Services
from deflect.tickets import queries
from tests.support.mail_desk import answer, carry, only, reply_to, shut
from tests.support.mails import mail
from tests.support.receivers import Mailbox


def outcomes(services: Services) -> list[str]:
    return [row["article"] for row in services.store.rows("SELECT article FROM outcomes WHERE withdrawn IS NULL")]


def test_thanks_opens_nothing_and_any_other_reply_does_and_closing_again_brings_the_outcome_back(
    services: Services, box: Mailbox
) -> None:
    ticket = take(services, mail()).ticket
    answer(services, ticket)
    shut(services, ticket)
    sent = box.mails[-1]
    assert take(services, reply_to(sent, "Thanks a lot!\n\nJo Miller")) == Taken("reply", ticket)
    row, thanked = only(services), queries.messages(services.store, ticket or "")[-1]
    assert (row["state"], thanked["mark"], thanked["author"]) == ("closed", "thanks", "requester")
    assert outcomes(services) == ["account/reset"]
    (counted,) = tickets(services.store, start=0, end=2**62)
    assert (counted["came_back"], counted["reopened"]) == (0, 0)
    take(services, mail("Thanks, but it still fails.", id="<r2@x>", In_Reply_To=sent["Message-ID"]))
    assert (only(services)["state"], outcomes(services)) == ("open", [])
    shut(services, ticket)
    assert outcomes(services) == ["account/reset"]
    with_file = mail("Thanks!", id="<r3@x>", In_Reply_To=sent["Message-ID"], files={"a": b"b"})
    assert take(services, with_file) == Taken("reply", ticket)
    assert only(services)["state"] == "open"


LOGO = b"Content-Type: image/png\nContent-ID: <logo@x>\nContent-Disposition: inline; filename=logo.png\n\n"


@pytest.mark.parametrize(
    ("kind", "file", "state"),
    [
        ("related", LOGO + b"x" * 9_000, "closed"),
        ("related", LOGO + b"x" * 90_000, "open"),
        ("related", LOGO.replace(b"image/png", b"application/pdf"), "open"),
        ("mixed", LOGO + b"x" * 9_000, "open"),
        ("signed", b"Content-Type: application/pkcs7-signature; name=smime.p7s\n\nMIAG", "closed"),
        ("signed", b"Content-Type: application/pgp-signature; name=signature.asc\n\n-----BEGIN", "closed"),
    ],
    ids=["logo", "screen", "document", "photo", "S/MIME", "PGP"],
)
def test_a_logo_or_a_signature_makes_no_question_of_thanks(
    services: Services, box: Mailbox, kind: str, file: bytes, state: str
) -> None:
    ticket = take(services, mail()).ticket
    answer(services, ticket)
    shut(services, ticket)
    answered = f"From: jo@example.com\nIn-Reply-To: {box.mails[-1]['Message-ID']}\n"
    head = f"{answered}Content-Type: multipart/{kind}; boundary=b\n"
    assert take(services, head.encode() + b"\n--b\n\nThanks!\n--b\n" + file + b"\n--b--\n").what == "reply"
    assert only(services)["state"] == state


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-generated"},
        {"X_Auto_Response_Suppress": "All"},
        {"X_Mail_Autoreply": "yes"},
        {"Return_Path": "<>"},
        {"Subject": "Abwesenheitsnotiz: Invoice"},
    ],
)
def test_an_absence_note_is_no_reply_of_the_customer(services: Services, box: Mailbox, headers: dict[str, str]) -> None:
    ticket = take(services, mail()).ticket
    answer(services, ticket)
    shut(services, ticket)
    given = {"subject": headers["Subject"]} if "Subject" in headers else headers
    raw = mail("I am away.", id="<r1@example.com>", In_Reply_To=box.mails[-1]["Message-ID"], **given)
    assert take(services, raw) == Taken("machine", ticket)
    last = queries.messages(services.store, ticket or "")[-1]
    assert (only(services)["state"], last["author"], last["mark"]) == ("closed", "machine", "automatic")
    (counted,) = tickets(services.store, start=0, end=2**62)
    assert (counted["came_back"], outcomes(services)) == (0, ["account/reset"])
    assert services.store.rows("SELECT 1 FROM outbox WHERE state = 'pending' AND sink != 'inbox'") == []


def test_a_person_who_answers_under_the_subject_of_the_ticket_is_no_absence_note(
    services: Services, box: Mailbox
) -> None:
    ticket = take(services, mail(subject="Out of office cannot be set")).ticket
    answer(services, ticket)
    headers = {"subject": "Out of office cannot be set", "In_Reply_To": box.mails[-1]["Message-ID"]}
    assert take(services, mail("It still fails.", id="<2@x>", **headers)) == Taken("reply", ticket)


@pytest.mark.parametrize(
    ("subject", "text", "headers"),
    [
        ("failure notice", "This is the qmail-send program.\n\nMessage-ID: {id}\n", {}),
        ("failure notice", "This is the qmail-send program.\n\nReferences: {thread}\n", {}),
        ("Undeliverable: x", "could not be delivered to {mark}", {}),
        ("Undeliverable: x", "could not be delivered", {"X_Failed_Recipients": "jo@example.com"}),
        ("Undeliverable: x", "<jo@example.com>: user unknown", {}),
        ("Undeliverable: Re: Invoice", "could not be delivered", {}),
        ("Undeliverable: x", "could not be delivered", {"To": "help+{mark}@shop.example"}),
        ("Undeliverable: x", "could not be delivered", {"References": "{thread}"}),
    ],
)
def test_a_bounce_without_a_report_is_in_its_ticket(
    services: Services, box: Mailbox, subject: str, text: str, headers: dict[str, str]
) -> None:
    ticket = take(services, mail()).ticket or ""
    answer(services, ticket)
    shut(services, ticket)
    sent = box.mails[-1]
    signs = {"id": sent["Message-ID"], "thread": str(sent["References"]).split()[0]}
    signs["mark"] = mark(services.store.secret("email"), ticket)
    given = {name: value.format(**signs) for name, value in headers.items()}
    raw = mail(text.format(**signs), sender="postmaster@mx.example", id="<b@mx>", subject=subject, **given)
    assert take(services, raw) == Taken("machine", ticket)
    last = queries.messages(services.store, ticket)[-1]
    assert (only(services)["state"], last["author"], last["mark"]) == ("closed", "machine", "bounce")


def test_a_bounce_that_could_be_of_two_tickets_is_in_none(services: Services) -> None:
    for name in ("jo", "ann"):
        take(services, mail(sender=f"{name}@example.com", id=f"<{name}@x>"))
    carry(services)
    raw = mail("It was not delivered.", sender="postmaster@mx.example", subject="Undeliverable: Invoice", id="<b@mx>")
    assert take(services, raw).what == "automatic"
