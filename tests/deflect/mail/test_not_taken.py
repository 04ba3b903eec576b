"""E-mails through our own address are tickets of their person, and those that are not taken are listed."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest

from deflect.mail import not_taken
from deflect.mail.message import NO_SENDER, NoMail
from deflect.mail.take import Taken, take
from deflect.privacy.erasure import erase, forget
from deflect.store import attachments, clock
from deflect.store.clock import DAY, HOUR, SECOND
from deflect.store.services import Services
from deflect.tickets import queries
from tests.support.fakes import close, make_services
from tests.support.mail_desk import answer, carry, only, reply_to, said, with_mail
from tests.support.mails import mail
from tests.support.receivers import Mailbox

WORLD = {
    "01-google-group": (
        b"From: \"'Cy Customer' via Help\" <help@shop.example>\nMessage-ID: <g1@buyer.example>\nSubject: Question\n"
        b"Reply-To: Cy Customer <cy@buyer.example>\nX-Original-From: Cy Customer <cy@buyer.example>\nPrecedence: list\n"
        b"Mailing-list: list help@shop.example; contact help+owners@shop.example\nList-ID: <help.shop.example>\n"
        b"List-Unsubscribe: <mailto:x@shop.example>\n\nHello\n"
    ),
    "03-exchange-oof": (
        b"From: Ana Example <ana@customer.example>\nTo: help@shop.example\nMessage-ID: <m70@customer.example>\n"
        b"Subject: Automatic reply: Question\nAuto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n"
        b"X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\nIn-Reply-To: <abc@shop.example>\n\nHello\n"
    ),
    "10-postmaster-no-report": (
        b"From: postmaster@mx.example\nReturn-Path: <>\nMessage-ID: <qq2@mx.example>\nSubject: Undeliverable: lamp\n\n"
        b"could not be delivered\n"
    ),
}


@pytest.mark.parametrize(
    ("file", "what"),
    [("01-google-group", "new"), ("03-exchange-oof", "automatic"), ("10-postmaster-no-report", "automatic")],
)
def test_e_mails_of_the_world(services: Services, file: str, what: str) -> None:
    assert take(services, WORLD[file]).what == what
    emails = [row["email"] for row in services.store.rows("SELECT email FROM tickets")]
    assert emails == (["cy@buyer.example"] if what == "new" else [])
    assert services.store.rows("SELECT 1 FROM outbox WHERE sink = 'receipt'") == [] or what == "new"


def test_what_passes_through_our_own_address_is_a_ticket_of_the_person_and_so_is_the_reply(
    services: Services, box: Mailbox
) -> None:
    through = {"sender": "Cy via Help <help@shop.example>", "Reply_To": "cy@buyer.example"}
    ticket = take(services, mail("Hello", **through)).ticket
    row = only(services)
    assert (row["email"], row["name"]) == ("cy@buyer.example", "Cy")
    assert json.loads(row["fields"]) == {"passed on by": "help@shop.example"}
    carry(services)
    assert box.envelopes[-1][1] == ["cy@buyer.example"]
    assert take(services, reply_to(box.mails[-1], **through)) == Taken("reply", ticket)
    assert said(services, ticket)[-1] == ("requester", "It still fails.")


def test_a_form_that_names_nobody_is_a_ticket_that_says_so(services: Services) -> None:
    taken = take(services, mail("Name: Cy", sender="Shop <help@shop.example>"))
    (message,) = queries.messages(services.store, taken.ticket or "")
    assert "our own address" in message["note"]
    assert services.store.rows("SELECT 1 FROM outbox WHERE sink = 'receipt'") == []


def test_reply_to_and_what_others_can_write_prove_nothing(services: Services, box: Mailbox) -> None:
    ticket = take(services, mail()).ticket or ""
    for number, headers in enumerate(
        (
            {"sender": "eve@evil.example", "Reply_To": "jo@example.com"},
            {"sender": "eve@evil.example", "Reply_To": "jo@example.com", "X_Original_From": "jo@example.com"},
            {
                "sender": "Jo via L <l@evil.example>",
                "Reply_To": "jo@example.com",
                "List_Post": "<mailto:l@evil.example>",
            },
            {"sender": "jo=40example.com@dmarc.evil.example"},
        )
    ):
        raw = mail("x", id=f"<{number}@x>", In_Reply_To="<a1@example.com>", **headers)
        assert take(services, raw).what == "new"
    answer(services, ticket)
    take(services, reply_to(box.mails[-1], sender="eve@evil.example", Reply_To="jo@example.com"))
    last = queries.messages(services.store, ticket)[-1]
    assert (last["author"], last["by"]) == ("other", "eve@evil.example")


def test_two_help_desks_that_answer_each_other_stop(services: Services, box: Mailbox) -> None:
    take(services, mail(sender="desk@other.example"))
    for number in range(20):
        carry(services)
        raw = mail(f"We have your e-mail {number}", sender="desk@other.example", id=f"<d{number}@other.example>")
        take(services, raw)
    assert len(box.mails) == 3


def test_what_is_not_taken_is_listed_with_its_reason_and_can_be_taken(tmp_path: Path, box: Mailbox) -> None:
    services = with_mail(tmp_path, box, rate_mails=1)
    take(services, mail())
    carry(services)
    given = {
        "ours": box.mails[0].as_bytes(),
        "automatic": mail("I am away.", sender="a@x.example", id="<2@x>", Auto_Submitted="auto-replied"),
        "loop": mail("b", sender="b@x.example", id="<3@x>", X_Loop="help@shop.example"),
        "later": mail("c", id="<4@x>"),
        "no sender": b"Subject: lost\r\n\r\nWho am I?",
        "not an e-mail": b"hello",
    }
    for raw in given.values():
        for _ in range(2):
            with suppress(NoMail):
                take(services, raw)
    found = {row["what"]: row for row in not_taken.find(services.store)}
    assert not_taken.counts(services.store) == dict.fromkeys(sorted(given), 1)
    assert found["loop"]["address"] == "b@x.example"
    assert [row["what"] for row in not_taken.find(services.store, reason="ours")] == ["ours"]
    for what, row in found.items():
        taken = not_taken.take_listed(services, row["id"], by="ann")
        assert (taken.what, not_taken.take_listed(services, row["id"], by="ann")) == (
            "reply" if what == "ours" else "new",
            Taken("known", taken.ticket),
        )
        with suppress(NoMail):
            assert take(services, given[what]) == Taken("known", taken.ticket)
    assert not_taken.find(services.store) == []
    assert len(services.store.rows("SELECT 1 FROM audit WHERE who = 'ann' AND did = 'take e-mail'")) == len(given)
    told = services.store.rows(
        "SELECT outbox.id FROM outbox JOIN tickets ON tickets.id = ticket WHERE email = ? AND sink = 'receipt'",
        [NO_SENDER],
    )
    assert told == []  # no receipt
    assert ("requester", "hello") in [
        (row["author"], row["body"]) for row in services.store.rows("SELECT * FROM messages")
    ]
    close(services)


def test_an_e_mail_that_waited_is_no_longer_listed_once_it_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = make_services(tmp_path, rate_mails=1)
    take(services, mail())
    assert take(services, mail("b", id="<2@x>")).what == "later"
    assert [row["what"] for row in not_taken.find(services.store)] == ["later"]
    files = [path for path in attachments.folder(services.settings).rglob("*") if path.is_file()]
    assert take(services, mail("b", id="<2@x>")).what == "later"  # a mailbox offers it every minute
    assert [path for path in attachments.folder(services.settings).rglob("*") if path.is_file()] == files
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + HOUR + SECOND)
    assert take(services, mail("b", id="<2@x>")).what == "new"
    assert not_taken.find(services.store) == []
    close(services)


def test_what_is_not_taken_is_erased_with_its_sender_and_forgotten_after_a_month(services: Services) -> None:
    for name in ("jo", "ann"):
        take(services, mail(sender=f"{name}@example.com", id=f"<{name}@x>", Auto_Submitted="auto-replied"))
    folder = attachments.folder(services.settings)
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 2
    assert erase(services.settings, "jo@example.com")["left"] == 0
    assert [row["address"] for row in not_taken.find(services.store)] == ["ann@example.com"]
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1
    forget(services.settings, now=clock.now() + 31 * DAY, sure=True)
    assert not_taken.find(services.store) == []
