"""E-mails become tickets and messages of tickets: each once, and never in another person's ticket."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deflect.delivery.delivery import Delivery
from deflect.delivery.webhook import document
from deflect.mail.take import Taken, take
from deflect.mail.threads import mark
from deflect.offers.episode import Visit
from deflect.offers.offer import make_offer
from deflect.privacy.email_keys import email_key
from deflect.report.outcomes import ended
from deflect.store import attachments, clock
from deflect.store.clock import DAY, HOUR, SECOND
from deflect.store.services import Services
from deflect.store.tokens import Claims
from deflect.tickets import queries, ticket_writes
from deflect.tickets.contact import check, create_ticket
from deflect.tickets.identity import identity
from deflect.tickets.timeline import timeline
from kb.config import Settings
from kb.content.channels import Rule, Table
from kb.errors import BadSetting, Unavailable
from tests.support.fakes import FakeSearcher, FakeSnapshot, NoWriter, close, make_services
from tests.support.logging_in import services_of
from tests.support.mail_desk import answer, carry, only, reply_to, said, shut, with_mail
from tests.support.mails import bounce, mail
from tests.support.receivers import Mailbox, text_of


def test_an_e_mail_is_a_ticket_of_its_channel(services: Services) -> None:
    taken = take(services, mail("Hallo, meine Rechnung ist nicht richtig und ich kann sie nicht bezahlen."))
    row = only(services)
    assert taken == Taken("new", row["id"])
    assert (row["channel"], row["email"], row["name"], row["subject"], row["state"], row["lang"]) == (
        *("email", "jo@example.com", "Jo Miller", "Invoice", "open", "de"),
    )
    assert [row["sink"] for row in services.store.rows("SELECT sink FROM outbox ORDER BY sink")] == ["inbox", "receipt"]


def test_the_same_e_mail_again_changes_nothing(services: Services) -> None:
    first = take(services, mail())
    assert take(services, b"Received: from elsewhere\r\n" + mail()) == Taken("known", first.ticket)
    assert len(said(services, first.ticket)) == 1


def test_an_e_mail_that_cannot_be_kept_says_so(services: Services) -> None:
    with pytest.raises(Unavailable):
        take(replace(services, writer=NoWriter()), mail())
    assert services.store.rows("SELECT 1 FROM tickets") == []


def test_an_e_mail_is_a_contact_of_the_visitor_who_left_the_same_address(services: Services) -> None:
    message = check({"subject": "S", "body": "B", "email": "JO@example.com"})
    first = create_ticket(services, Visit("v1"), message, key="k").ticket
    taken = take(services, mail())
    people = {row["person"] for row in services.store.rows("SELECT person FROM tickets")}
    (sent,) = services.store.rows("SELECT key FROM events WHERE type = 'sent' AND key LIKE 'email:%'")
    assert len(people) == 1
    assert sent["key"] == email_key(services.store, "jo@example.com")
    found = queries.get(services.store, taken.ticket or "") or {}
    assert [e.ticket for e in timeline(services.store, found) if e.what == "ticket"] == [taken.ticket]
    (near,) = identity(services.store, found).near
    assert (near.tickets, near.why) == ((first,), ("same address typed",))


def test_a_reply_that_carries_our_mark_proves_the_address_and_joins_what_it_answered(
    services: Services, box: Mailbox
) -> None:
    first, second = (take(services, mail("x", id=f"<{n}@x>")).ticket for n in "ab")
    for n, ticket in enumerate((first, second)):
        services.writer.run(ticket_writes.close_ticket, id=f"c{n}", ticket=ticket, article=None, who="ann", now=1)
        to = f"help+{mark(services.store.secret('email'), ticket or '')}@shop.example"
        take(services, mail("It still fails.", id=f"<r{n}@x>", To=to))
    found = queries.get(services.store, second or "") or {}
    assert found["proven"] == "reply"
    assert identity(services.store, found).tickets == (second, first)


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ({"In_Reply_To": "<a1@example.com>"}, "jo@example.com"),  # the id of their own e-mail, which others may know
        ({"To": "MARK"}, "eve@evil.example"),
        ({"To": "MARK", "Auto_Submitted": "auto-replied"}, "jo@example.com"),
        ({"To": "MARK", "Reply_To": "jo@example.com"}, "eve@evil.example"),
    ],
)
def test_a_sender_alone_an_automatic_answer_and_another_address_prove_nothing(
    services: Services, headers: dict[str, str], sender: str
) -> None:
    ticket = take(services, mail()).ticket or ""
    to = f"help+{mark(services.store.secret('email'), ticket)}@shop.example"
    given = {name: to if value == "MARK" else value for name, value in headers.items()}
    assert take(services, mail("x", id="<2@x>", sender=sender, **given)).ticket == ticket
    assert only(services)["proven"] is None


def test_an_id_that_only_the_help_desk_was_sent_proves_nothing(services: Services) -> None:
    ticket = take(services, mail()).ticket or ""
    rows = services.store.rows("SELECT id, sink FROM outbox ORDER BY sink")
    ids = {row["sink"]: f"<{row['id']}@shop.example>" for row in rows}
    assert take(services, mail("x", id="<2@x>", References=ids["inbox"])).ticket == ticket
    assert only(services)["proven"] is None
    assert take(services, mail("x", id="<3@x>", References=ids["receipt"])).ticket == ticket
    assert only(services)["proven"] == "reply"


def test_a_receipt_answers_a_new_e_mail_once_with_articles_and_nothing_that_was_written(
    services: Services, box: Mailbox
) -> None:
    take(services, mail("Reset my password at evil.example", subject="Cheap pills"))
    carry(services)
    (sent,) = box.mails
    whole = sent.as_string().lower()
    assert "account/reset" in whole
    assert [word for word in ("evil", "cheap", "pills") if word in whole] == []
    assert (sent["In-Reply-To"], sent["Auto-Submitted"]) == ("<a1@example.com>", "auto-replied")
    take(services, reply_to(sent))
    carry(services)
    assert len(box.mails) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-generated"},
        {"Precedence": "bulk"},
        {"List_Id": "<l.example.com>"},
        {"Return_Path": "<>"},
        {"X_Auto_Response_Suppress": "All"},
        {"X_Spam_Flag": "YES"},
    ],
)
def test_a_machine_s_e_mail_is_kept_and_gets_no_receipt(services: Services, headers: dict[str, str]) -> None:
    assert take(services, mail(**headers)).what == "new"
    assert services.store.rows("SELECT 1 FROM outbox WHERE sink = 'receipt'") == []


@pytest.mark.parametrize("raw", [mail(Auto_Submitted="auto-replied"), bounce("<x@elsewhere>")], ids=["away", "bounce"])
def test_an_automatic_answer_to_nothing_of_ours_is_passed_over(services: Services, raw: bytes) -> None:
    assert take(services, raw).what == "automatic"
    assert take(services, raw).what == "known"
    assert services.store.rows("SELECT 1 FROM tickets") == []


class Sensitive(FakeSearcher):
    """A searcher whose articles all belong to a topic without offers."""

    class snapshot(FakeSnapshot):  # noqa: N801
        def best(self, id: str, lang: str) -> Any:
            return replace(super().best(id, lang), offers=False)

    snapshot = snapshot()  # type: ignore[assignment, misc]


def test_a_receipt_names_no_article_where_the_topic_has_no_offers(tmp_path: Path, box: Mailbox) -> None:
    services = with_mail(tmp_path, box, searcher=Sensitive())
    take(services, mail("Reset my password"))
    carry(services)
    assert "https://" not in text_of(box.mails[0])
    close(services)


def test_an_answer_threads_and_its_reply_is_added_to_the_ticket(services: Services, box: Mailbox) -> None:
    ticket = take(services, mail()).ticket
    answer(services, ticket)
    sent = box.mails[-1]
    signed = mark(services.store.secret("email"), ticket or "")
    assert (sent["Subject"], sent["In-Reply-To"]) == ("Re: Invoice", "<a1@example.com>")
    assert sent["References"] == f"<{signed}@shop.example> <a1@example.com>"
    assert sent["Reply-To"] == f"help+{signed}@shop.example"
    shut(services, ticket)
    assert take(services, reply_to(sent)) == Taken("reply", ticket)
    assert said(services, ticket)[-1] == ("requester", "It still fails.")
    assert only(services)["state"] == "open"
    assert queries.solved_by(services.store, ticket or "") is None
    answer(services, ticket, "Once more.")
    assert queries.matching(services.store, "still fails") == json.dumps([ticket])
    assert "reply" in [entry.what for entry in timeline(services.store, only(services) | {"fields": {}})]


def test_a_reply_is_known_by_any_sign_of_ours(services: Services, box: Mailbox) -> None:
    ticket = take(services, mail()).ticket
    answer(services, ticket)
    sent = box.mails[-1]
    mark_address, thread = sent["Reply-To"], str(sent["References"]).split()[0]
    assert take(services, mail("a", id="<1@x>", To=mark_address.upper())).ticket == ticket
    assert take(services, mail("b", id="<2@x>", References=thread)).ticket == ticket
    assert take(services, mail("c", id="<3@x>", In_Reply_To="<a1@example.com>")).ticket == ticket


def test_a_stranger_cannot_write_into_a_ticket_by_its_number_or_by_what_is_not_signed(services: Services) -> None:
    ticket = take(services, mail()).ticket or ""
    forged = f"{ticket}-{'0' * 20}"
    tries = [
        mail("x", id="<1@x>", sender="eve@evil.example", subject=f"Re: Invoice [{ticket}]"),
        mail("x", id="<2@x>", sender="eve@evil.example", References=f"<{ticket}@shop.example> <{forged}@shop.example>"),
        mail("x", id="<3@x>", sender="eve@evil.example", To=f"help+{forged}@shop.example"),
        mail("x", id="<4@x>", sender="eve@evil.example", In_Reply_To="<a1@example.com>"),
    ]
    assert [take(services, one).what for one in tries] == ["new"] * 4
    assert len(said(services, ticket)) == 1


def test_a_reply_from_another_address_is_marked_as_such(services: Services, box: Mailbox) -> None:
    ticket = take(services, mail()).ticket
    answer(services, ticket)
    take(services, reply_to(box.mails[-1], "I am a colleague.", sender="Eve <eve@evil.example>"))
    last = queries.messages(services.store, ticket or "")[-1]
    assert (last["author"], last["by"], last["body"]) == ("other", "eve@evil.example", "I am a colleague.")
    assert only(services)["email"] == "jo@example.com"


@pytest.mark.parametrize("kind", ["bounce", "away"])
def test_a_bounce_or_an_absence_is_noted_and_opens_nothing(services: Services, box: Mailbox, kind: str) -> None:
    ticket = take(services, mail()).ticket
    answer(services, ticket)
    shut(services, ticket)
    sent, count = box.mails[-1], len(box.mails)
    raw = bounce(sent["Message-ID"]) if kind == "bounce" else reply_to(sent, "I am away", Auto_Submitted="auto-replied")
    assert take(services, raw) == Taken("machine", ticket)
    assert said(services, ticket)[-1][0] == "machine"
    assert only(services)["state"] == "closed"
    carry(services)
    assert len(box.mails) == count


def test_our_own_e_mails_are_passed_over(tmp_path: Path, box: Mailbox) -> None:
    services = with_mail(tmp_path, box, sinks=("inbox", "smtp"), smtp_to="help@shop.example")
    take(services, mail())
    carry(services)
    assert [take(services, sent.as_bytes()).what for sent in box.mails] == ["ours"] * 2
    (copy,) = (sent for sent in box.mails if sent["Auto-Submitted"])
    copy.replace_header("Message-ID", "<0100018c@relay.example>")  # some relays give every e-mail a new id
    assert take(services, copy.as_bytes()).what == "ours"
    assert take(services, mail(sender="help+x@shop.example", id="<p@x>")).what == "new"
    close(services)


def test_a_sender_s_many_e_mails_wait_and_are_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = make_services(tmp_path, rate_mails=3)
    mails = [mail(str(n), id=f"<{n}@x>") for n in range(5)]
    assert [take(services, one).what for one in mails] == ["new"] * 3 + ["later"] * 2
    assert take(services, mail("x", sender="ann@example.com")).what == "new"
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + HOUR + SECOND)
    assert [take(services, one).what for one in mails] == ["known"] * 3 + ["new"] * 2
    close(services)


def test_a_reply_goes_to_the_help_desk_too(tmp_path: Path, box: Mailbox) -> None:
    services = with_mail(tmp_path, box, sinks=("smtp",), smtp_to="desk@desk.example", receipts=False)
    taken = take(services, mail(files={"a.bin": b"\x00\x01" * 1500}))
    carry(services)
    take(services, mail("More.", id="<2@x>", In_Reply_To="<a1@example.com>"))
    carry(services)
    first, second = box.mails
    assert "More." in second.get_content()
    assert "a.bin 3 KB" in first.get_content()
    assert first["References"].split()[0] == second["References"].split()[0]
    assert first["Subject"] == f"[{taken.ticket}] Invoice"
    close(services)


def test_files_are_kept_as_those_of_the_form_and_others_are_named(tmp_path: Path) -> None:
    services = make_services(tmp_path, attachments=2)
    given = {"a.txt": b"one", "evil.exe": b"MZ\x00\x01", "b.txt": b"two", "c.txt": b"three"}
    ticket = take(services, mail(files=given)).ticket or ""
    (message,) = queries.messages(services.store, ticket)
    files = attachments.of_ticket(services.store, ticket)
    assert [(file["name"], file["message"]) for file in files] == [("a.txt", message["id"]), ("b.txt", message["id"])]
    assert message["note"] == "2 attachments were not kept: evil.exe 1 KB, c.txt 1 KB."
    close(services)


def test_whoever_may_not_write_e_mails_has_a_ticket_that_says_so(tmp_path: Path) -> None:
    class Snapshot(FakeSnapshot):
        channels = Table((Rule(("web", "phone")),))

    searcher = FakeSearcher()
    searcher.snapshot = Snapshot()  # type: ignore[misc]
    services = make_services(tmp_path, searcher=searcher)
    take(services, mail())
    assert "available: web, phone" in json.loads(only(services)["fields"])["e-mail"]
    close(services)


def test_a_sender_that_is_not_answered_is_named(services: Services) -> None:
    take(services, mail(sender="form@shop2.example", Reply_To="jo@example.com"))
    row = only(services)
    assert (row["email"], json.loads(row["fields"])) == ("jo@example.com", {"sent from": "form@shop2.example"})


def test_an_episode_of_who_then_wrote_an_e_mail_ended_as_contacted(services: Services) -> None:
    claims = Claims("u1", "jo@example.com", "", frozenset())
    make_offer(services, Visit("v1", lang="en", claims=claims), subject="", body="my password")
    make_offer(services, Visit("v2", lang="en"), subject="", body="my password")
    take(services, mail())
    now = clock.now()
    found = ended(services.store, start=0, end=now + DAY, now=now + 30 * DAY)
    assert sorted(episode.outcome for episode in found) == ["contacted", "left without reading"]


@pytest.mark.parametrize("address", ["help", "Help <help@x.example>", "a@b@c", "help*@x.example"])
def test_an_address_for_answers_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(BadSetting, match="mail_to"):
        Settings(mail_to=address)


def test_a_webhook_tells_a_reply_from_a_new_ticket() -> None:
    given = {"subject": "S", "email": "jo@example.com", "name": "", "category": "", "channel": "email", "lang": "en"}
    first = Delivery("d1", "T1", **given, page="", fields={}, author="requester", body="B", created=1)
    assert [document(one)["type"] for one in (first, replace(first, again=True))] == [
        "ticket.created",
        "ticket.replied",
    ]


def test_a_page_folds_what_is_quoted_and_marks_who_else_wrote(app: Flask, agent: FlaskClient) -> None:
    services = services_of(app)
    ticket = (
        take(services, mail("<b>Hi</b>\n\nOn Monday, Ann wrote:\n> Old text", files={"e.exe": b"MZ\0"})).ticket or ""
    )
    to = f"help+{mark(services.store.secret('email'), ticket)}@shop.example"
    take(services, mail("Me too.", id="<2@x>", sender="eve@evil.example", To=to))
    take(services, mail("I am away.", id="<3@x>", To=to, Auto_Submitted="auto-replied"))
    page = agent.get(f"/admin/tickets/{ticket}").text
    assert "&lt;b&gt;Hi&lt;/b&gt;</div>" in page
    assert re.search(r"<details class=\"quoted\">.*?On Monday, Ann wrote:\n&gt; Old text", page, re.S)
    assert "1 attachment was not kept: e.exe 1 KB." in page
    assert re.search(r"eve@evil\.example</bdi></strong>\s*<span class=\"tag bad\">from another address", page)
    assert re.search(r"jo@example\.com</bdi></strong>\s*<span class=\"tag\">automatic", page)
    assert page.count("Replied by e-mail") == 2
    assert ticket in agent.get("/admin/tickets?q=too").text
