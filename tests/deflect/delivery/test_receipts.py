"""Receipts: one per ticket, in the requester's language, with articles and without the requester's text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest

from deflect.delivery.delivery import Delivery, DeliveryFailed
from deflect.delivery.outbox import deliver
from deflect.delivery.sinks import sink
from deflect.offers.episode import Visit
from deflect.store import clock
from deflect.store.clock import DAY, HOUR, MINUTE, SECOND
from deflect.store.services import Services
from deflect.store.tokens import Claims
from deflect.tickets.contact import check, create_ticket
from kb.config import Settings
from kb.server.doctor import examine
from search.rank.hit import Suggestions
from tests.support.fakes import BrokenSearcher, FakeSearcher, close, make_services
from tests.support.history_log import Log, load
from tests.support.receivers import Mailbox, text_of

FORM = {"subject": "Buy cheap pills", "body": "Reset my password at evil.example", "email": "jo@example.com"}


class Asked(FakeSearcher):
    """Records the audience of each call."""

    audiences: ClassVar[list[frozenset[str]]] = []

    def suggest(self, subject: str, body: str, **more: Any) -> Suggestions:
        self.audiences.append(more["audience"])
        return super().suggest(subject, body, **more)


@pytest.fixture
def services(tmp_path: Path, box: Mailbox) -> Iterator[Services]:
    made = with_receipts(tmp_path, box)
    yield made
    close(made)


def with_receipts(folder: Path, box: Mailbox, **more: Any) -> Services:
    given = {"receipts": True, "smtp_url": box.url, "smtp_from": "Help <help@shop.example>", "title": "Shop help"}
    return make_services(folder, **(given | {"url": "https://help.example/"} | more))


def send(services: Services, visitor: str = "v1", *, key: str = "k", visit: Visit | None = None, **fields: Any) -> str:
    message = check(FORM | {"name": "Jo Evil"} | fields)
    return create_ticket(services, visit or Visit(visitor, lang="en"), message, key=key).ticket


def carry(services: Services, *, now: int | None = None) -> None:
    find = partial(sink, current=services.current)
    deliver(services.settings, services.store, services.writer, now=now or clock.now() + SECOND, find=find)


def receipts(services: Services) -> int:
    return len(services.store.rows("SELECT 1 FROM outbox WHERE sink = 'receipt'"))


def test_a_receipt_has_the_number_what_happens_next_and_articles(services: Services, box: Mailbox) -> None:
    ticket = send(services)
    carry(services)
    (mail,) = box.mails
    text = text_of(mail).replace("\r\n", "\n")
    assert box.envelopes == [("help@shop.example", ["jo@example.com"])]
    assert mail["Subject"] == f"We've received your message [{ticket}]"
    assert f"We've received your message to Shop help. Your ticket number is {ticket}." in text
    assert "We'll reply to this address." in text
    assert "- Reset your password\n  https://help.example/en/articles/account/reset\n" in text


def test_nothing_that_was_typed_is_in_it(services: Services, box: Mailbox) -> None:
    send(services, category="pills", fields={"plan": "evil plan"}, visit=Visit("v1", title="Evil page", page="/evil"))
    carry(services)
    whole = box.mails[0].as_string().lower()
    assert [word for word in ("evil", "pills", "cheap") if word in whole] == []


def test_a_machine_knows_that_it_is_automatic(services: Services, box: Mailbox) -> None:
    send(services)
    carry(services)
    assert box.mails[0]["Auto-Submitted"] == "auto-replied"


def test_it_is_written_in_the_language_of_the_visitor(services: Services, box: Mailbox) -> None:
    send(services, visit=Visit("v1", lang="es-mx"))
    carry(services)
    assert box.mails[0]["Subject"].startswith("Hemos recibido su mensaje")
    assert "Mientras tanto" in text_of(box.mails[0])


def test_a_ticket_sent_twice_has_one_receipt(services: Services, box: Mailbox) -> None:
    assert send(services, key="same") == send(services, key="same")
    carry(services)
    carry(services)
    assert len(box.mails) == 1


def test_a_repeated_delivery_has_the_same_message_id(services: Services, box: Mailbox) -> None:
    send(services)
    carry(services)
    services.store.connect().execute("UPDATE outbox SET state = 'pending'")
    carry(services)
    one, two = box.mails
    assert one["Message-ID"] == two["Message-ID"]


def test_a_mail_server_that_is_down_gets_it_later_and_holds_up_no_ticket(services: Services, box: Mailbox) -> None:
    box.refuse = "451 later"
    send(services)
    carry(services)
    states = dict(services.store.connect().execute("SELECT sink, state FROM outbox").fetchall())
    assert states == {"inbox": "sent", "receipt": "pending"}
    box.refuse = ""
    carry(services, now=clock.now() + MINUTE)
    assert len(box.mails) == 1


def test_a_topic_without_offers_gets_a_receipt_without_articles(services: Services, box: Mailbox) -> None:
    send(services, category="security")
    carry(services)
    assert "https://" not in text_of(box.mails[0])


def test_an_article_for_some_is_not_named_to_a_mailbox(tmp_path: Path, box: Mailbox) -> None:
    services = with_receipts(tmp_path, box, searcher=Asked())
    claims = Claims("u1", "jo@example.com", "client", frozenset({"client"}))
    send(services, visit=Visit("v1", lang="en", claims=claims))
    carry(services)
    assert Asked.audiences == [frozenset()]
    close(services)


@pytest.mark.parametrize("change", [{"url": ""}, {"searcher": BrokenSearcher()}], ids=["no address", "no search"])
def test_without_public_address_or_search_it_comes_without_articles(
    tmp_path: Path, box: Mailbox, change: dict[str, Any]
) -> None:
    services = with_receipts(tmp_path, box, **change)
    send(services)
    carry(services)
    assert "https://" not in text_of(box.mails[0])
    close(services)


def test_nobody_s_mailbox_is_filled_by_a_form(services: Services) -> None:
    for n in range(8):
        send(services, f"v{n}", key=f"k{n}", email="Jo@Example.com" if n % 2 else "jo@example.com")
    assert receipts(services) == 3
    send(services, "v9", key="k9", email="ann@example.com")
    assert receipts(services) == 4


def test_a_day_has_its_own_bound(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    start = clock.now()
    for n in range(14):
        monkeypatch.setattr(clock, "now", lambda n=n: start + n * HOUR)
        send(services, f"v{n}", key=f"k{n}")
    assert receipts(services) == 10
    monkeypatch.setattr(clock, "now", lambda: start + 3 * DAY)
    send(services, key="later")
    assert receipts(services) == 11


def test_what_is_imported_gets_no_receipt(services: Services, tmp_path: Path) -> None:
    log = Log()
    log.episode("t1", "treatment", "sent", text="Reset my password")
    load(
        services.settings,
        tmp_path,
        log,
        {"external_id": "Z1", "channel": "email", "at": "2026-09-12T10:00:00Z", "email": "jo@example.com"},
    )
    assert receipts(services) == 0


@pytest.mark.parametrize("change", [{"receipts": False}, {"smtp_url": ""}, {"smtp_from": ""}])
def test_none_is_sent_unless_it_is_asked_for_and_possible(tmp_path: Path, box: Mailbox, change: dict[str, Any]) -> None:
    services = with_receipts(tmp_path, box, **change)
    send(services)
    assert receipts(services) == 0
    close(services)


@pytest.mark.parametrize(
    ("more", "state", "sentence"),
    [
        ({}, "wrong", "smtp_url"),
        ({"smtp_url": "smtp://mail.example"}, "wrong", "KB_SMTP_FROM"),
        ({"smtp_url": "smtp://mail.example", "smtp_from": "a@b.example"}, "note", "KB_URL"),
        ({"smtp_url": "smtp://mail.example", "smtp_from": "a@b.example", "url": "https://x.example"}, "fine", "sent"),
    ],
)
def test_doctor_says_what_receipts_lack(settings: Settings, more: dict[str, Any], state: str, sentence: str) -> None:
    (finding,) = (one for one in examine(replace(settings, receipts=True, **more)) if one.what == "receipts")
    assert finding.state == state
    assert sentence in finding.sentence
    assert "receipts" not in {one.what for one in examine(settings)}


@pytest.mark.parametrize("site", ["Help\r\nBcc: x@evil.example", "Ayuda \u2028x"])
def test_the_title_of_the_site_writes_no_header(tmp_path: Path, box: Mailbox, site: str) -> None:
    given = {"subject": "S", "email": "jo@example.com", "name": "", "category": "", "channel": "web", "lang": "en"}
    delivery = Delivery("d1", "T1", **given, page="", fields={}, author="requester", body="B", created=1)
    settings = Settings(smtp_url=box.url, smtp_from="help@shop.example", title=site)
    sink("receipt", settings).deliver(delivery)
    mail: EmailMessage = box.mails[0]
    assert mail["Bcc"] is None


def test_a_receipt_that_is_refused_says_why(box: Mailbox) -> None:
    given = {"subject": "S", "email": "jo@example.com", "name": "", "category": "", "channel": "web", "lang": "en"}
    box.refuse = "550 no"
    with pytest.raises(DeliveryFailed, match="550"):
        sink("receipt", Settings(smtp_url=box.url, smtp_from="help@shop.example")).deliver(
            Delivery("d1", "T1", **given, page="", fields={}, author="requester", body="B", created=1)
        )
