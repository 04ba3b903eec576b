"""Who a ticket belongs to: only a signed id and a proven address join tickets."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from deflect.offers.episode import Visit
from deflect.store.database import Row
from deflect.store.services import Services
from deflect.store.tokens import NOBODY, Claims
from deflect.tickets import queries
from deflect.tickets.contact import check, create_ticket
from deflect.tickets.identity import identity
from tests.support.fakes import close, make_services

JO = "jo@example.com"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path)
    yield made
    close(made)


def write(services: Services, browser: str, *, id: str = "", address: str = "", answered: bool = False) -> Row:
    """Write a ticket with Jo's address; `address` is the token's, `answered` that Jo replied from the ticket."""
    visit = Visit(browser, claims=Claims(id, address, "", frozenset()) if id or address else NOBODY)
    made = create_ticket(services, visit, check({"subject": "S", "body": "B", "email": JO}), key=str(uuid.uuid4()))
    if answered:
        db = services.store.connect()
        db.execute("UPDATE tickets SET proven = coalesce(proven, 'reply') WHERE id = ?", [made.ticket])
        db.close()
    return queries.get(services.store, made.ticket) or {}


@pytest.mark.parametrize(
    ("one", "other", "joined"),
    [
        ({}, {}, False),  # the same browser and the same typed address
        ({"id": "u-1"}, {"id": "u-1"}, True),
        ({"id": "u-1"}, {"id": "u-2"}, False),
        ({"id": "u-1"}, {}, False),
        ({"answered": True}, {}, False),
        ({"answered": True}, {"answered": True}, True),
        ({"answered": True}, {"id": "u-1", "address": JO}, True),
        ({"address": JO}, {"answered": True}, True),
        ({"id": "u-1", "address": JO}, {"id": "u-2", "address": JO}, False),
        ({"id": "u-1", "answered": True}, {"answered": True}, False),  # u-1 typed Jo's address, and Jo replied
    ],
)
def test_two_tickets_are_one_person_s_only_by_what_was_proven(
    services: Services, one: dict[str, str], other: dict[str, str], joined: bool
) -> None:
    first, second = write(services, "v1", **one), write(services, "v1", **other)  # type: ignore[arg-type]
    for here, there in ((first, second), (second, first)):
        found = identity(services.store, here)
        assert (there["id"] in found.tickets) is joined
        assert (there["id"] in [id for near in found.near for id in near.tickets]) is not joined


def test_an_address_of_two_signed_ids_joins_neither(services: Services) -> None:
    tickets = [write(services, "v", id=id, address=JO) for id in ("u-1", "u-2")]
    tickets.append(write(services, "v", answered=True))
    assert [len(identity(services.store, ticket).tickets) for ticket in tickets] == [1, 1, 1]
