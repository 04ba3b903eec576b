"""The trail: the steps before a ticket, in order, of this person only."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deflect.offers import log
from deflect.offers.episode import Visit
from deflect.offers.log import record_search
from deflect.offers.offer import make_offer
from deflect.store import clock
from deflect.store.services import Services
from deflect.store.tokens import Claims
from deflect.tickets import queries
from deflect.tickets.contact import check, create_ticket
from deflect.tickets.timeline import lines, trail
from tests.support.fakes import FakeSearcher, close, make_services


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path)
    yield made
    close(made)


def walk(services: Services, visitor: str) -> Any:
    """Search, read, be offered, refuse and write; return the ticket."""
    visit = Visit(visitor, lang="en")
    record_search(services, visitor, "reset password", FakeSearcher().search("reset password", lang="en"))
    offer = make_offer(services, visit, subject="", body="my password")
    rows = [
        {"type": "follow", "article": "account/reset", "source": "offer", "rank": 1},
        {"type": "not_this", "article": "account/reset", "episode": offer.episode},
    ]
    for at, row in enumerate(rows):
        services.writer.run(
            log.log_events,
            keys=[f"visitor:{visitor}"],
            events=[{"id": str(uuid.uuid4()), "at": at} | row],
            now=clock.now(),
        )
    message = check({"subject": "S", "body": "B", "email": f"{visitor}@example.com"})
    return queries.get(services.store, create_ticket(services, visit, message, key=visitor).ticket)


def test_steps_come_in_order_with_what_was_asked_and_answered(services: Services) -> None:
    steps = trail(services.store, walk(services, "v1"))
    assert [step.what for step in steps] == ["search", "intent", "offer", "follow", "not_this", "sent"]
    assert (steps[0].text, steps[0].detail) == ("reset password", "1 result")
    assert steps[2].articles == ("account/reset",)
    assert steps[3].detail == "from offer, rank 1"


def test_another_person_s_steps_are_not_among_them(services: Services) -> None:
    ticket = walk(services, "v1")
    walk(services, "v2")
    assert len(trail(services.store, ticket)) == 6


def test_a_sink_gets_lines_up_to_the_ticket(services: Services) -> None:
    ticket = walk(services, "v1")
    assert lines(services.store, ticket) == (
        "search reset password 1 result",
        "offer my password account/reset",
        "follow account/reset from offer, rank 1",
        "not_this account/reset",
    )


def test_a_trail_does_not_follow_a_typed_address_to_another_browser(services: Services) -> None:
    walk(services, "v1")
    message = check({"subject": "S2", "body": "B", "email": "v1@example.com"})
    second = queries.get(services.store, create_ticket(services, Visit("other"), message, key="k2").ticket)
    assert second
    assert [step.what for step in trail(services.store, second)] == ["sent"]


def test_a_trail_follows_a_signed_in_person_to_another_browser(services: Services) -> None:
    claims = Claims("u-1", "jo@example.com", "", frozenset())
    make_offer(services, Visit("v1", lang="en", claims=claims), subject="", body="my password")
    message = check({"subject": "S2", "body": "B", "email": "jo@example.com"})
    made = create_ticket(services, Visit("other", claims=claims), message, key="k2")
    ticket = queries.get(services.store, made.ticket)
    assert ticket
    assert "offer" in [step.what for step in trail(services.store, ticket)]


def test_the_title_of_the_page_goes_along_redacted_with_the_trail_and_the_ticket(services: Services) -> None:
    visit = Visit("v1", lang="en", title="Your order, jo@example.com")
    make_offer(services, visit, subject="", body="my password")
    message = check({"subject": "S", "body": "B", "email": "jo@example.com", "fields": {"plan": "pro"}})
    first = create_ticket(services, visit, message, key="k")
    again = create_ticket(services, Visit("v1", lang="en", title="(1) Your order"), message, key="k")
    assert again == first, "a title that changed makes no other message of it"
    ticket = queries.get(services.store, first.ticket)
    assert ticket is not None
    assert trail(services.store, ticket)[0].text.startswith("Your order, [")
    assert ticket["fields"] == {"plan": "pro", "title": "Your order, jo@example.com"}
