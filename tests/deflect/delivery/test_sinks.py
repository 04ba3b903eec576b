"""Sinks: one contract for all, then the details of mail and webhook, each against a real receiver."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deflect.delivery.delivery import Delivery, DeliveryFailed, TicketSink
from deflect.delivery.letter import Style
from deflect.delivery.receipt import ReceiptSink
from deflect.delivery.sinks import InboxSink, configured, sink
from deflect.delivery.smtp import ReplySink, Server, SmtpSink
from deflect.delivery.webhook import WebhookSink, document, verify
from kb.config import Settings
from kb.errors import BadSetting
from kb.outbound import BadAddress
from tests.support.receivers import Desk, Mailbox, mail_server, webhook_desk

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
LOOPBACK = ("127.0.0.0/8",)
DELIVERY = Delivery(
    id="5f0c",
    ticket="T1",
    subject="No code",
    email="jo@example.com",
    name="Jo Müller",
    category="account",
    channel="web",
    lang="en",
    page="https://shop.example/contact",
    fields={"plan": "Pro"},
    author="requester",
    body="The code never arrives.\n.\nBye",
    created=1_790_856_000_000_000,
    trail=("search code 3 hits", "read account/reset"),
)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with webhook_desk() as running:
        yield running


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as running:
        yield running


def smtp(box: Mailbox) -> SmtpSink:
    return SmtpSink(Server.parse(box.url), "Help <help@shop.example>", "desk@shop.example")


def webhook(desk: Desk, *, allow: tuple[str, ...] = LOOPBACK) -> WebhookSink:
    return WebhookSink(desk.url, SECRET, allow, clock=lambda: 1000.0)


@pytest.fixture(params=["inbox", "smtp", "reply", "receipt", "webhook"])
def any_sink(request: pytest.FixtureRequest, box: Mailbox, desk: Desk) -> TicketSink:
    made: dict[str, TicketSink] = {
        "inbox": InboxSink(),
        "smtp": smtp(box),
        "webhook": webhook(desk),
        "reply": ReplySink(Server.parse(box.url), "a@b.example"),
        "receipt": ReceiptSink(Server.parse(box.url), "a@b.example", lambda _: (), lambda _: Style("Help")),
    }
    return made[request.param]


def test_a_sink_has_a_name_that_settings_know(any_sink: TicketSink) -> None:
    assert any_sink.name in ("inbox", "smtp", "reply", "receipt", "webhook")


def test_a_delivery_again_has_the_same_id(any_sink: TicketSink, box: Mailbox, desk: Desk) -> None:
    assert any_sink.deliver(DELIVERY) == any_sink.deliver(DELIVERY)
    assert len({mail["Message-ID"] for mail in box.mails}) <= 1
    assert len(set(desk.ids())) <= 1


def test_a_mail_goes_to_the_desk_and_is_answered_to_the_requester(box: Mailbox) -> None:
    smtp(box).deliver(DELIVERY)
    mail = box.mails[0]
    assert box.envelopes == [("help@shop.example", ["desk@shop.example"])]
    assert mail["Message-ID"] == "<5f0c@shop.example>"
    assert mail["Subject"] == "[T1] No code"
    assert mail["Reply-To"].addresses[0].addr_spec == "jo@example.com"
    assert mail["Reply-To"].addresses[0].display_name == "Jo Müller"
    text = mail.get_content()
    assert text.startswith("The code never arrives.")
    assert "plan: Pro" in text
    assert "- read account/reset" in text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\u2028"])
def test_nobody_writes_headers_through_a_subject_or_a_name(box: Mailbox, end: str) -> None:
    smtp(box).deliver(replace(DELIVERY, subject=f"Hi{end}Bcc: x@evil.example", name=f"Jo{end}X-Evil: 1"))
    mail = box.mails[0]
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None
    assert box.envelopes == [("help@shop.example", ["desk@shop.example"])]


def test_an_answer_goes_to_the_requester_in_the_thread_of_the_ticket(box: Mailbox) -> None:
    ReplySink(Server.parse(box.url), "help@shop.example").deliver(DELIVERY)
    assert box.envelopes == [("help@shop.example", ["jo@example.com"])]
    assert box.mails[0]["References"] == "<T1@shop.example>"
    assert "search code" not in box.mails[0].as_string()


def test_a_mail_server_that_refuses_is_named_with_what_it_said(box: Mailbox) -> None:
    box.refuse = "451 try later"
    with pytest.raises(DeliveryFailed, match=r"451.*try later"):
        smtp(box).deliver(DELIVERY)


def test_a_mail_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(DeliveryFailed, match=r"127\.0\.0\.1:9") as caught:
        SmtpSink(Server.parse("smtp://jo:s3cret@127.0.0.1:9"), "a@b.example", "c@d.example").deliver(DELIVERY)
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(Server.parse("smtp://jo:s3cret@127.0.0.1:9"))


@pytest.mark.parametrize("url", ["", "mail.example:25", "http://mail.example", "smtp://", "smtp://x:port"])
def test_a_mail_server_s_address_is_checked_without_repeating_it(url: str) -> None:
    with pytest.raises(BadSetting, match=r"smtp_url (is not an address|must be)"):
        Server.parse(url)


def test_a_webhook_is_signed_stamped_and_complete(desk: Desk) -> None:
    assert webhook(desk).deliver(DELIVERY) == "4711"
    headers, body = desk.got[0]
    assert headers["webhook-id"] == "msg_5f0c"
    assert headers["webhook-timestamp"] == "1000"
    assert verify(SECRET, headers=headers, body=body, now=1000)
    document = json.loads(body)
    assert document["type"] == "ticket.created"
    assert document["data"]["id"] == "T1"
    assert document["data"]["requester"] == {"email": "jo@example.com", "name": "Jo Müller"}
    assert document["data"]["message"]["body"] == DELIVERY.body


def test_the_manual_s_sample_of_a_webhook_has_the_keys_that_are_posted() -> None:
    article = Path("articles/operators/webhooks.md").read_text("utf-8")
    sample = json.loads(article.split("```json\n")[1].split("```")[0])
    assert names(sample) == names(document(DELIVERY) | {"data": document(DELIVERY)["data"] | {"fields": {"order": 1}}})


def names(value: Any) -> Any:
    """Return the keys of a document and its nested objects, in order."""
    return [(name, names(part)) for name, part in value.items()] if isinstance(value, dict) else None


@pytest.mark.parametrize("status", [301, 302, 400, 404, 429, 500, 503])
def test_a_webhook_that_is_not_taken_failed(status: int) -> None:
    with webhook_desk(Desk(answers=lambda _: status, headers={"Location": "http://127.0.0.1:1/"})) as desk:
        with pytest.raises(DeliveryFailed, match=f"answered {status}"):
            webhook(desk).deliver(DELIVERY)
        assert len(desk.got) == 1  # a redirect is not followed


def test_a_private_address_is_refused_unless_it_is_allowed(desk: Desk) -> None:
    with pytest.raises(BadAddress, match="KB_ALLOW_NETWORKS"):
        webhook(desk, allow=()).deliver(DELIVERY)
    assert desk.got == []


def test_settings_choose_sinks_and_a_missing_one_is_named() -> None:
    loaded = configured(Settings(sinks=("inbox", "smtp"), smtp_url="smtp://x.example", smtp_to="a@b.example"))
    assert [one.name for one in loaded] == ["inbox", "smtp"]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (Settings(sinks=("pigeon",)), "there is no sink pigeon; KB_SINKS takes inbox, smtp, webhook"),
        (Settings(sinks=("smtp",)), "KB_SMTP_TO"),
        (Settings(sinks=("webhook",)), "KB_WEBHOOK_URL and KB_WEBHOOK_SECRET"),
        (
            Settings(sinks=("webhook",), webhook_url="https://x.example", webhook_secret="nonsense!"),
            "webhook_secret must be whsec_",
        ),
        (Settings(sinks=("reply",)), "the sink reply cannot be in KB_SINKS"),
        (Settings(sinks=("inbox", "receipt")), "the sink receipt cannot be in KB_SINKS"),
        (Settings(sinks=("no.such:module",)), "cannot be loaded"),
    ],
)
def test_a_sink_that_cannot_work_says_what_is_missing(settings: Settings, why: str) -> None:
    with pytest.raises(BadSetting, match=why):
        configured(settings)


def test_a_sink_may_come_from_another_package(tmp_path: Path) -> None:
    assert sink("deflect.delivery.sinks:InboxSink", Settings(data=tmp_path)).deliver(DELIVERY) == "T1"


def test_answers_need_a_server_and_a_sender() -> None:
    assert Settings(smtp_url="smtp://x.example", smtp_from="a@b.example").can_reply
    assert not Settings(smtp_url="smtp://x.example").can_reply
    assert not Settings(smtp_to="a@b.example").can_reply
