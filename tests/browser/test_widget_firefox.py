"""Smoke tests in Firefox, if installed: from typing to solved, and from the button to a ticket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.firefox import FIREFOX, Firefox, firefox
from tests.browser.shop import Help, shop_and_help

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(FIREFOX is None, reason="Firefox is not installed; 'apt-get install firefox-esr' brings it"),
]
ROOT = "document.querySelector('help-widget').shadowRoot"
PANEL = f"{ROOT}.querySelector('[part=panel]')"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """One Firefox for the tests of this file."""
    with firefox(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def help() -> Iterator[Help]:
    """A fake help center, and a shop with its widget."""
    with shop_and_help() as both:
        yield both


@pytest.mark.parametrize("csp", ["strict", "types"])
def test_from_typing_to_solved(browser: Firefox, help: Help, csp: str) -> None:
    browser.goto(f"{help.shop}/form.html?csp={csp}")
    browser.evaluate("document.querySelector('[name=message]').focus()")
    browser.type("the code never arrives")
    browser.wait(f"{ROOT}.querySelectorAll('[part=offers] [part=card]').length === 3")
    assert browser.evaluate(f"{ROOT}.querySelector('[part=offers]').matches(':popover-open')")
    browser.evaluate(f"{ROOT}.querySelector('[part=card]').click()")
    browser.wait(f"{PANEL}.textContent.includes('Choose Text me a code.')")
    browser.evaluate(f"{PANEL}.querySelector('.main').click()")
    assert help.wait("solved")["article"] == "account/answer-1"
    assert browser.evaluate("document.querySelector('[name=message]').value") == "the code never arrives"


def test_what_was_typed_is_there_after_a_reload(browser: Firefox, help: Help) -> None:
    browser.goto(f"{help.shop}/form.html")
    browser.evaluate("document.querySelector('[name=message]').focus()")
    browser.type("the code never arrives")
    browser.wait("JSON.stringify({ ...sessionStorage }).includes('the code never arrives')")
    browser.goto("about:blank")
    browser.goto(f"{help.shop}/form.html")
    browser.wait("document.querySelector('[name=message]').value === 'the code never arrives'")


def test_from_the_button_to_a_ticket(browser: Firefox, help: Help) -> None:
    browser.goto(f"{help.shop}/button.html?csp=types")
    browser.said.clear()
    browser.evaluate(f"{ROOT}.querySelector('[part=button]').click()")
    browser.wait(f"{ROOT}.activeElement?.type === 'search'")
    browser.evaluate(f"{PANEL}.querySelector('footer button').click()")
    browser.wait(f"{ROOT}.activeElement?.name === 'subject'")
    for text in ("Code\ue004", "the code never arrives\ue004", "jo@example.com"):
        browser.type(text)
    browser.evaluate(f"{PANEL}.querySelector('form .main').click()")
    browser.wait(f"{PANEL}.textContent.includes('T-2345')")
    assert (help.tickets[0]["body"], help.tickets[0]["email"]) == ("the code never arrives", "jo@example.com")
    assert [line for line in browser.said if "help-widget" in line] == []
