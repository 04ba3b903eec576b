"""What far-away visitors wait for, how seldom the widget asks, and events that could not be stored at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.bench import latency
from tests.browser.shop import Help, card, shop_and_help

pytestmark = pytest.mark.browser
CARDS = "help-widget [part=card]"
MESSAGE = "[name=message]"


@pytest.fixture(scope="module")
def far_away() -> Iterator[Help]:
    """A real help center behind a proxy that adds a round trip."""
    with latency.center() as help:
        yield help


@pytest.fixture
def help() -> Iterator[Help]:
    """A fake help center, and a shop with its widget."""
    with shop_and_help() as both:
        yield both


@pytest.mark.parametrize(("trip", "most"), [(300, 1200), (600, 2500)])
def test_offers_come_soon_after_the_last_key_at_a_distance(
    browser: Browser, far_away: Help, trip: int, most: int
) -> None:
    typed = latency.typed(browser, far_away, trip=trip)
    print(f"{trip} ms: {typed}")
    assert typed.last_key <= most
    assert typed.preflights == 0


def write(page: Page, help: Help, text: str, *, asked: int) -> None:
    """Type a text, wait longer than a pause, and expect the number of questions so far."""
    page.locator(MESSAGE).press_sequentially(text)
    page.wait_for_timeout(700)
    assert len(help.offers) == asked, [offer["body"] for offer in help.offers]


def test_the_same_words_are_asked_once(hasty: Page, help: Help) -> None:
    hasty.goto(f"{help.shop}/form.html")
    write(hasty, help, "the code never arrives", asked=1)
    expect(hasty.locator(CARDS)).to_have_count(3)
    write(hasty, help, "  ...", asked=1)
    write(hasty, help, " the", asked=1)
    write(hasty, help, " on my", asked=1)
    help.cards = [card(7, score=0.99)]
    write(hasty, help, " phone", asked=2)
    expect(hasty.locator(CARDS).filter(has_text="Answer 7")).to_have_count(1)
    hasty.locator(MESSAGE).fill("The code never arrives!")
    expect(hasty.locator(CARDS).filter(has_text="Answer 7")).to_have_count(0)
    expect(hasty.locator(CARDS)).to_have_count(3)
    assert len(help.offers) == 2, "words asked before show the answer that was had"


def test_the_pause_grows_with_the_text(hasty: Page, help: Help) -> None:
    hasty.goto(f"{help.shop}/form.html")
    hasty.locator(MESSAGE).fill("the code never arrives " * 40)
    help.until(lambda: len(help.offers) == 1)
    hasty.locator(MESSAGE).press_sequentially("today")
    hasty.wait_for_timeout(800)
    assert len(help.offers) == 1
    help.until(lambda: len(help.offers) == 2)


def test_one_question_at_a_time_is_on_its_way(hasty: Page, help: Help) -> None:
    help.gate.clear()
    hasty.goto(f"{help.shop}/form.html")
    write(hasty, help, "the code", asked=1)
    write(hasty, help, " never arrives", asked=1)
    help.gate.set()
    help.until(lambda: len(help.offers) == 2)
    assert help.offers[-1]["body"] == "the code never arrives"


def test_events_that_the_server_could_not_take_are_sent_again_and_counted_once(hasty: Page, help: Help) -> None:
    help.refusing = 1
    hasty.clock.install()
    hasty.goto(f"{help.shop}/form.html")
    hasty.locator(MESSAGE).press_sequentially("the code never arrives")
    hasty.clock.run_for(400)
    expect(hasty.locator(CARDS)).to_have_count(3)
    with hasty.expect_response(lambda answer: answer.url.endswith("/events") and answer.status == 503):
        hasty.clock.run_for(1000)
    assert help.types() == []
    hasty.wait_for_timeout(100)
    hasty.clock.run_for(6000)
    help.wait("shown", times=3)
    assert len({event["id"] for event in help.events}) == len(help.events)
