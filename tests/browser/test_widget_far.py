"""What far-away visitors wait for, how seldom the widget asks, and events that could not be stored at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.bench import latency
from tests.browser.shop import Help, card, shop_and_help

pytestmark = pytest.mark.browser
CARDS = "help-widget [part=card]"
# Observers are told in the order in which they were made.
SEEN = """(card) => new Promise((seen) => {
  new IntersectionObserver(([entry]) => entry.isIntersecting && seen(), { threshold: 0.5 }).observe(card);
})"""
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


@pytest.fixture
def still(hasty: Page, help: Help) -> Page:
    """The shop's form, on a page whose time passes only by `wait`: keys that come slowly are no pause."""
    hasty.clock.install(time=0)
    hasty.goto(f"{help.shop}/form.html")
    hasty.locator(MESSAGE).focus()
    hasty.evaluate("document.querySelector('help-widget').part('Form').then(() => 0)")  # it takes keys only then
    hasty.clock.pause_at(60)
    return hasty


def wait(page: Page, help: Help, milliseconds: int, *, asked: int) -> None:
    """Let time pass, and expect the number of questions so far."""
    page.clock.run_for(milliseconds)
    help.until(lambda: len(help.offers) >= asked)
    page.wait_for_timeout(300)  # for one too many
    assert len(help.offers) == asked, [offer["body"] for offer in help.offers]


def write(page: Page, help: Help, text: str, *, asked: int) -> None:
    """Type a text, wait longer than a pause, and expect the number of questions so far."""
    page.locator(MESSAGE).press_sequentially(text)
    wait(page, help, 700, asked=asked)


def test_the_same_words_are_asked_once(still: Page, help: Help) -> None:
    write(still, help, "the code never arrives", asked=1)
    expect(still.locator(CARDS)).to_have_count(3)
    write(still, help, "  ...", asked=1)
    write(still, help, " the", asked=1)
    write(still, help, " on my", asked=1)
    help.cards = [card(7, score=0.99)]
    write(still, help, " phone", asked=2)
    expect(still.locator(CARDS).filter(has_text="Answer 7")).to_have_count(1)
    still.locator(MESSAGE).fill("The code never arrives!")
    wait(still, help, 700, asked=2)
    expect(still.locator(CARDS).filter(has_text="Answer 7")).to_have_count(0)
    expect(still.locator(CARDS)).to_have_count(3)
    assert len(help.offers) == 2, "words asked before show the answer that was had"


def test_the_pause_grows_with_the_text(still: Page, help: Help) -> None:
    still.locator(MESSAGE).fill("the code never arrives " * 40)
    wait(still, help, 400, asked=1)
    expect(still.locator(CARDS)).to_have_count(3)
    still.locator(MESSAGE).press_sequentially("today")
    wait(still, help, 1300, asked=1)
    wait(still, help, 100, asked=2)


def test_one_question_at_a_time_is_on_its_way(still: Page, help: Help) -> None:
    help.gate.clear()
    write(still, help, "the code", asked=1)
    write(still, help, " never arrives", asked=1)
    help.gate.set()
    expect(still.locator(CARDS)).to_have_count(3)
    wait(still, help, 100, asked=2)
    assert help.offers[-1]["body"] == "the code never arrives"


def test_events_that_the_server_could_not_take_are_sent_again_and_counted_once(still: Page, help: Help) -> None:
    help.refusing = 1
    help.gate.clear()
    write(still, help, "the code never arrives", asked=1)
    help.gate.set()  # once the clock stands still
    expect(still.locator(CARDS)).to_have_count(3)
    still.clock.run_for(1)  # the box finds its place
    still.locator(CARDS).last.evaluate(SEEN)  # so that all three count as shown at once, in one request
    with still.expect_response(lambda answer: answer.url.endswith("/events") and answer.status == 503):
        still.clock.run_for(1000)
    assert help.types() == []
    still.wait_for_timeout(100)
    still.clock.run_for(6000)
    help.wait("shown", times=3)
    assert len({event["id"] for event in help.events}) == len(help.events)
