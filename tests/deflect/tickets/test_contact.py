"""Tickets: checked field by field, and stored with message, deliveries and event in one transaction."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deflect.offers.episode import Visit
from deflect.privacy.email_keys import email_key
from deflect.store import clock
from deflect.store.services import Services
from deflect.tickets import contact
from deflect.tickets.contact import BadMessage, check, create_ticket
from deflect.tickets.meanwhile import CameMeanwhile
from deflect.tickets.ticket_writes import add_message
from kb.errors import BadRequest, Conflict, Unavailable
from tests.support.fakes import NoWriter, close, make_services, sizes

FORM = {"subject": "No code", "body": "The code\r\nnever arrives", "email": "jo@example.com"}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path, sinks=("inbox", "smtp", "webhook"))
    yield made
    close(made)


def send(services: Services, *, key: str = "k1", visit: Visit | None = None, **fields: Any) -> str:
    return create_ticket(services, visit or Visit("v1"), check(FORM | fields), key=key).ticket


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"subject": " "}, {"subject": contact.NO_SUBJECT}),
        ({"subject": None}, {"subject": contact.NO_SUBJECT}),
        ({"body": "\x00\x07"}, {"body": contact.NO_BODY}),
        ({"email": ""}, {"email": contact.NO_EMAIL}),
        ({"email": "jo"}, {"email": contact.BAD_EMAIL}),
        ({"email": "jo@localhost"}, {"email": contact.BAD_EMAIL}),
        ({"email": "a@b.example, c@d.example"}, {"email": contact.BAD_EMAIL}),
        ({"email": "jo@example.com\nBcc: x@example.com"}, {"email": contact.BAD_EMAIL}),
        ({"email": "<jo@example.com>"}, {"email": contact.BAD_EMAIL}),
        ({"subject": "x" * 301}, {"subject": contact.TOO_LONG}),
        ({"subject": 5}, {"subject": "This must be text."}),
        ({"fields": ["x"]}, {"fields": contact.BAD_FIELDS}),
        ({"fields": {"a": {"b": 1}}}, {"fields": contact.BAD_FIELDS}),
        ({"subject": "", "email": "x"}, {"subject": contact.NO_SUBJECT, "email": contact.BAD_EMAIL}),
    ],
)
def test_each_wrong_field_has_its_sentence(fields: dict[str, Any], wrong: dict[str, str]) -> None:
    with pytest.raises(BadMessage) as caught:
        check(FORM | fields)
    assert caught.value.fields == wrong


@pytest.mark.parametrize(
    "email", ["jo@example.com", "jo+x@mail.example.co.uk", "jörg@bücher.example", "o'neil@example.museum"]
)
def test_real_addresses_pass(email: str) -> None:
    assert check(FORM | {"email": email}).email == email


def test_line_ends_and_control_characters_are_put_in_order() -> None:
    message = check(FORM | {"subject": "a\r\nb\x1b[1m", "body": "a\r\nb\rc\x00d\ud800"})
    assert (message.subject, message.body) == ("a b [1m", "a\nb\nc d")


def test_a_ticket_is_kept_with_message_deliveries_and_event(services: Services) -> None:
    ticket = send(services)
    assert services.store.one("SELECT id, subject, email, channel, state FROM tickets") == {
        "id": ticket, "subject": "No code", "email": "jo@example.com", "channel": "web", "state": "open"
    }  # fmt: skip
    assert services.store.rows("SELECT author, body FROM messages") == [
        {"author": "requester", "body": "The code\nnever arrives"}
    ]
    assert [r["sink"] for r in services.store.rows("SELECT sink FROM outbox ORDER BY sink")] == [
        "inbox",
        "smtp",
        "webhook",
    ]
    assert [r["type"] for r in services.store.rows("SELECT type FROM events ORDER BY type")] == ["intent", "sent"]


def test_the_same_key_gives_the_same_ticket_and_keeps_nothing_twice(services: Services) -> None:
    first = send(services)
    before = sizes(services)
    assert send(services) == first
    assert sizes(services) == before


def test_the_same_key_with_another_body_is_a_conflict(services: Services) -> None:
    send(services)
    with pytest.raises(Conflict, match="new key"):
        send(services, body="Something else")


def test_another_key_is_another_ticket(services: Services) -> None:
    assert send(services, key="k1") != send(services, key="k2")


@pytest.mark.parametrize("key", [None, "", "  ", "ü", "x" * 256, "a b"])
def test_a_missing_or_odd_key_is_refused(key: str | None) -> None:
    with pytest.raises(BadRequest, match="Idempotency-Key"):
        contact.check_key(key)


def test_the_requester_s_browser_and_address_become_one_person(services: Services) -> None:
    send(services)
    people = services.store.rows(
        "SELECT DISTINCT person FROM keys WHERE id IN (?, ?)", ["visitor:v1", email_key(services.store, FORM["email"])]
    )
    assert len(people) == 1


def test_a_ticket_without_a_visitor_belongs_to_its_address(services: Services) -> None:
    send(services, visit=Visit())
    assert services.store.rows("SELECT id FROM keys") == [{"id": email_key(services.store, "jo@example.com")}]


def test_what_cannot_be_kept_is_said(tmp_path: Path) -> None:
    services = make_services(tmp_path, writer=NoWriter())
    with pytest.raises(Unavailable):
        send(services)
    assert sizes(services)["tickets"] == 0
    close(services)


def test_a_ticket_id_can_be_read_out(services: Services) -> None:
    assert all(c in "T23456789ABCDEFGHJKMNPQRSTVWXYZ" for c in send(services))


def test_of_two_agents_who_answer_at_once_the_second_is_told(services: Services) -> None:
    """The check and the write are one transaction, so that no answer comes between them."""
    ticket = create_ticket(services, Visit("v1"), check(FORM), key="k").ticket
    told = []
    for who in ("ann", "bob"):
        message = {"id": f"m-{who}", "ticket": ticket, "author": "agent", "channel": "email", "body": f"From {who}"}
        try:
            services.writer.run(add_message, message=message, outbox=[], who=who, now=clock.now(), seen=1)
        except CameMeanwhile as error:
            told.append(str(error))
    assert told == ["ann answered while you were writing."]
    assert services.store.rows("SELECT body FROM messages WHERE author = 'agent'") == [{"body": "From ann"}]
