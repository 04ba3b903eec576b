"""The timeline of a ticket's person: all channels, latest first, related steps merged."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deflect.history import import_writes
from deflect.offers.episode import Visit
from deflect.offers.log import record
from deflect.offers.offer import make_offer
from deflect.privacy.email_keys import email_hash
from deflect.store import clock
from deflect.store.clock import DAY, HOUR, MINUTE
from deflect.store.database import Row
from deflect.store.services import Services
from deflect.store.tokens import Claims
from deflect.tickets import queries, ticket_writes
from deflect.tickets.contact import check, create_ticket
from deflect.tickets.timeline import Entry, Step, by_day, folded, nearby, timeline
from tests.support.fakes import close, make_services

JO = "jo@example.com"
RESET, VAT = "account/reset", "billing/vat"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path)
    yield made
    close(made)


def write(
    services: Services, visitor: str, email: str = JO, *, subject: str = "S", claims: Claims | None = None
) -> Row:
    visit = Visit(visitor, lang="en", claims=claims) if claims else Visit(visitor, lang="en")
    made = create_ticket(
        services, visit, check({"subject": subject, "body": "B", "email": email}), key=str(uuid.uuid4())
    )
    found = queries.get(services.store, made.ticket)
    assert found
    return found


def step(what: str, at: int, *articles: str, text: str = "", detail: str = "", source: str = "") -> Step:
    return Step(at * MINUTE, what, text, articles, detail, "", source)


def called(services: Services, *keys: str, ticket: str = "Z1", channel: str = "phone") -> None:
    contact = {"id": f"{channel}:{ticket}", "channel": channel, "ticket": ticket, "at": 5}
    services.writer.run(import_writes.import_contacts, rows=[{"keys": list(keys), "contact": contact}], now=8)


CLAIMS = Claims("u-1", JO, "client", frozenset({"client"}))


def test_other_tickets_stand_there_with_state_and_solution_on_whatever_browser(services: Services) -> None:
    first = write(services, "phone", subject="First", claims=CLAIMS)
    services.writer.run(ticket_writes.close_ticket, id="c", ticket=first["id"], article=VAT, who="Ana", now=clock.now())
    second = write(services, "laptop", "JO@example.com ", subject="Second", claims=CLAIMS)
    entries = [e for e in timeline(services.store, second) if e.what == "ticket"]
    assert [(e.text, e.state, e.articles) for e in entries] == [("Second", "open", ()), ("First", "closed", (VAT,))]
    assert not [e for e in timeline(services.store, second) if e.what == "sent"], "a ticket stands there once"


@pytest.mark.parametrize(("browser", "email"), [("v2", "ann@example.com"), ("v1", "ann@example.com"), ("v2", JO)])
def test_a_ticket_from_elsewhere_the_same_browser_or_address_is_not_among_them(
    services: Services, browser: str, email: str
) -> None:
    write(services, browser, email, subject="Not Jo's")
    assert [e.text for e in timeline(services.store, write(services, "v1"))] == ["S"]


def test_a_call_and_a_past_ticket_are_known_by_the_hash_of_the_address(services: Services) -> None:
    key = email_hash(services.store.secret("email"), JO)
    called(services, key)
    question = {"id": "q", "subject": "Old one", "body": "B", "lang": "en", "category": "", "article": VAT, "at": 3}
    services.writer.run(
        import_writes.import_questions, rows=[{"keys": [key], "question": question | {"source": "zendesk"}}], now=9
    )
    entries = timeline(services.store, write(services, "v1", claims=CLAIMS))
    assert [(e.what, e.text, e.detail) for e in entries[-2:]] == [
        ("contact", "phone", "Z1"),
        ("past", "Old one", "zendesk"),
    ]


def test_a_call_is_known_by_the_signed_id(services: Services) -> None:
    called(services, "verified:u-1")
    ticket = write(services, "v1", claims=CLAIMS)
    assert "contact" in [e.what for e in timeline(services.store, ticket)]


def test_what_was_offered_while_the_message_was_written_is_history_and_what_was_before_is_not(
    services: Services,
) -> None:
    record(services, "v1", "search", text="another matter", hits=1, stage="all", ranker="r")
    make_offer(services, Visit("v1", lang="en"), subject="", body="my password")
    ticket = write(services, "v1")
    assert [entry.what for entry in timeline(services.store, ticket)] == ["ticket", "offer"]
    (near,) = nearby(services.store, ticket)
    assert ([entry.what for entry in near.entries], near.near.why) == (["search"], ("same browser",))


def test_what_somebody_else_was_offered_in_the_browser_is_not_history(services: Services) -> None:
    make_offer(services, Visit("v1", lang="en"), subject="", body="my password")
    write(services, "v1", "ann@example.com")
    assert [entry.what for entry in timeline(services.store, write(services, "v1"))] == ["ticket"]


def test_a_contact_reported_by_the_owner_s_server_stands_there_once(services: Services) -> None:
    make_offer(services, Visit("v1", lang="en"), subject="", body="my password")
    key = email_hash(services.store.secret("email"), JO)
    ticket = write(services, "v1")
    contact = {"id": "chat:Z2", "channel": "chat", "ticket": "Z2", "at": clock.now()}
    token = {"id": "j1", "call": "c1", "expires": 2**60}
    episode = ticket["episode"]
    services.writer.run(
        import_writes.take_contact, keys=[key], contact=contact, token=token, episode=episode, now=clock.now()
    )
    (typed,) = nearby(services.store, ticket)
    assert (typed.near.why, [(e.what, e.text) for e in typed.entries]) == (
        ("same address typed",),
        [("contact", "chat")],
    )


def test_the_latest_comes_first_under_its_day() -> None:
    entries = [Entry(3 * DAY + HOUR, "read"), Entry(3 * DAY, "search"), Entry(DAY, "search")]
    assert [(day.at // DAY, len(day.entries)) for day in by_day(entries)] == [(3, 2), (1, 1)]


def test_offers_while_somebody_types_are_one_with_what_became_of_each_article() -> None:
    (entry,) = folded([
        step("offer", 0, RESET),
        step("offer", 1, RESET, VAT),
        step("shown", 2),
        step("follow", 3, RESET, source="offer"),
        step("not_this", 4, RESET, detail="outdated"),
        step("solved", 5, VAT),
    ])  # fmt: skip
    assert (entry.articles, entry.times, entry.state) == ((RESET, VAT), 2, "shown")
    assert entry.marks_of(RESET) == ["opened", "answered “Not this” (outdated)"]
    assert entry.marks_of(VAT) == ["answered “This solved it”"]


@pytest.mark.parametrize(
    "second",
    [step("offer", 90, RESET), step("follow", 1, RESET, source="search"), step("follow", 1, VAT, source="offer")],
)
def test_what_does_not_belong_to_an_offer_stands_by_itself(second: Step) -> None:
    assert len(list(folded([step("offer", 0, RESET), second]))) == 2


@pytest.mark.parametrize(
    ("steps", "kept"),
    [
        ([step("search", 0, text="vat"), step("search", 1, text="vat")], [("search", 2)]),
        ([step("search", 0, text="vat"), step("search", 1, text="tax")], [("search", 1), ("search", 1)]),
        ([step("follow", 0, VAT), step("read", 1, VAT)], [("read", 1)]),
        ([step("follow", 0, VAT), step("read", 1, RESET)], [("follow", 1), ("read", 1)]),
        ([step("read", 0, VAT), step("read", 90, VAT)], [("read", 1), ("read", 1)]),
        ([step("offer", 0), step("offer", 1)], [("offer", 2)]),
    ],
)
def test_what_comes_again_is_counted_and_reading_takes_the_place_of_opening(steps: list[Step], kept: Any) -> None:
    assert [(entry.what, entry.times) for entry in folded(steps)] == kept


@pytest.mark.parametrize(
    ("answers", "reset", "vat"),
    [
        ([step("solved", 2, RESET), step("undo", 3, RESET)], [], []),
        ([step("not_this", 2, RESET), step("solved", 3, VAT), step("undo", 4, VAT)], ["answered “Not this”"], []),
        ([step("not_this", 2, RESET), step("solved", 3, VAT), step("undo", 4)], ["answered “Not this”"], []),
        ([step("follow", 1, VAT), step("solved", 2, VAT), step("undo", 3, VAT)], [], ["opened"]),
        (
            [step("solved", 2, RESET), step("undo", 3, RESET), step("not_this", 4, RESET)],
            ["answered “Not this”"],
            [],
        ),
    ],
)
def test_an_answer_that_was_undone_is_not_shown(answers: list[Step], reset: list[str], vat: list[str]) -> None:
    (entry,) = folded([step("offer", 0, RESET, VAT), *answers])
    assert (entry.marks_of(RESET), entry.marks_of(VAT)) == (reset, vat)
