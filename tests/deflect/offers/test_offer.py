"""Offers: cards for the treatment arm, a log for both arms, and failures that never stop the form."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deflect.offers.episode import Visit
from deflect.offers.offer import Offer, make_offer
from deflect.store.services import Services
from tests.support.fakes import BrokenSearcher, NoWriter, close, make_services, sizes

BEST = ("account/erased", "account/reset")  # for a text with "your", "password" and "account"
VISIT = Visit("v1", page="https://shop.example/contact?a=b", lang="en")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path)
    yield made
    close(made)


def ask(services: Services, visit: Visit = VISIT, *, body: str = "How do I reset my password?") -> Offer:
    return make_offer(services, visit, subject="", body=body)


def logged(services: Services) -> dict[str, Any]:
    """Return the fields and the text of the logged offer."""
    row = services.store.one(
        "SELECT data, text FROM events LEFT JOIN event_texts ON event = events.id WHERE type = 'offer'"
    )
    assert row
    return {"text": row["text"]} | json.loads(row["data"])


def in_control(folder: Path) -> tuple[Services, Visit]:
    """Return services with a holdout, and a visitor in the control arm."""
    services = make_services(folder, holdout=0.5)
    for n in range(100):
        visit = Visit(f"v{n}", lang="en")
        if not ask(services, visit).cards:
            return services, visit
    raise AssertionError("one in two is in control")


def test_an_offer_shows_what_was_found(services: Services) -> None:
    offer = ask(services)
    assert [card.article for card in offer.cards] == ["account/reset"]
    assert (offer.abstained, offer.degraded, offer.ranker) == (False, None, "fake-1")


def test_it_is_logged_with_what_learning_needs(services: Services) -> None:
    ask(services)
    log = logged(services)
    assert log["articles"] == ["account/reset"]
    assert log["scores"] == [pytest.approx(2 / 3, abs=1e-6)]
    assert (log["arm"], log["abstained"], log["ranker"]) == ("treatment", False, "fake-1")
    assert log["cards"] == ["account/reset"]
    assert log["propensities"] == [1.0]


def test_a_few_see_two_neighbours_swapped_and_the_log_says_how_probable_that_was(tmp_path: Path) -> None:
    services = make_services(tmp_path, swaps=0.2)
    orders = {ask(services, Visit(f"v{n}", lang="en"), body="your password or account").cards for n in range(60)}
    assert {tuple(card.article for card in cards) for cards in orders} == {BEST, BEST[::-1]}
    rows = services.store.rows("SELECT data FROM events WHERE type = 'offer'")
    for log in (json.loads(row["data"]) for row in rows):
        assert log["articles"] == list(BEST)  # in the original order of the ranking
        assert log["propensities"] == ([0.8, 0.8] if log["cards"] == list(BEST) else [0.2, 0.2])
    close(services)


def test_while_typing_goes_on_a_person_sees_one_order_in_either_arm(tmp_path: Path) -> None:
    services = make_services(tmp_path, swaps=0.2, holdout=0.5)
    for n in range(30):
        for text in ("your password, account", "your password, account again", "your password or account"):
            ask(services, Visit(f"v{n}", lang="en"), body=text)
    rows = services.store.rows("SELECT key, data FROM events WHERE type = 'offer'")
    logged = {(row["key"], json.loads(row["data"])["arm"], tuple(json.loads(row["data"])["cards"])) for row in rows}
    assert len(logged) == 30
    assert {(arm, cards) for _, arm, cards in logged} >= {("control", BEST), ("treatment", BEST)}
    assert any(cards == BEST[::-1] for _, _, cards in logged)
    close(services)


def test_its_text_is_redacted_before_it_is_kept(services: Services) -> None:
    ask(services, body="reset for jo@example.com, card 4111 1111 1111 1111")
    assert logged(services)["text"] == "reset for [email], card [card]"


def test_nothing_found_abstains_and_is_logged(services: Services) -> None:
    offer = ask(services, body="zebra")
    assert (offer.abstained, offer.cards) == (True, ())
    assert logged(services)["abstained"] is True


def test_a_silent_category_gets_no_offer_and_has_its_episode(services: Services) -> None:
    offer = ask(services, Visit("v1", lang="en", category="security"))
    assert (offer.abstained, offer.cards) == (True, ())
    assert sizes(services)["episodes"] == 1


def test_the_control_arm_is_shown_nothing_and_logged_as_it_would_have_been(tmp_path: Path) -> None:
    services, visit = in_control(tmp_path)
    offer = ask(services, visit)
    assert (offer.abstained, offer.cards) == (False, ())
    row = services.store.rows("SELECT data FROM events WHERE key = ? AND type = 'offer'", [f"visitor:{visit.visitor}"])[
        0
    ]
    would_have = json.loads(row["data"])
    assert (would_have["arm"], would_have["cards"]) == ("control", ["account/reset"])
    close(services)


def test_a_broken_search_abstains_with_the_reason(tmp_path: Path) -> None:
    services = make_services(tmp_path, searcher=BrokenSearcher())
    offer = ask(services)
    assert (offer.abstained, offer.degraded, offer.cards) == (True, "search-failed", ())
    assert logged(services)["degraded"] == "search-failed"
    close(services)


def test_what_cannot_be_logged_is_not_shown(tmp_path: Path) -> None:
    services = make_services(tmp_path, writer=NoWriter())
    offer = ask(services)
    assert (offer.abstained, offer.degraded, offer.cards) == (True, "not-logged", ())
    assert offer.episode
    close(services)


def test_the_document_is_the_contract_s(services: Services) -> None:
    assert set(ask(services).document()) == {"episode", "abstained", "degraded", "ranker", "cards"}
