"""Search while typing, in Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import at_rest
from tests.support.sample import help_center, served

pytestmark = pytest.mark.browser
OPTIONS = "[role=listbox] [role=option]"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the sample help center."""
    with served(help_center(tmp_path_factory.mktemp("searchbox"))) as address:
        yield address


def answer(title: str) -> str:
    """Return a completion with one hit."""
    hit = {
        "article": "a",
        "lang": "en",
        "title": title,
        "url": "/en/",
        "anchor": "",
        "heading": "",
        "snippet": [],
        "score": 1,
    }
    return json.dumps({"hits": [hit]})


def test_typing_shows_articles_and_says_how_many(page: Page, site: str) -> None:
    page.goto(f"{site}/en/")
    page.locator("#kb-q").press_sequentially("pass")
    expect(page.locator(OPTIONS).first).to_contain_text("Sign in with a passkey")
    expect(page.locator("#kb-q")).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".searchbox [role=status]")).to_contain_text("found")
    assert Axe().run(at_rest(page)).response["violations"] == []


def test_the_keyboard_chooses_opens_and_closes(page: Page, site: str) -> None:
    page.goto(f"{site}/en/")
    box = page.locator("#kb-q")
    box.fill("passkey")  # at once: a later answer would take the choice away
    expect(page.locator(OPTIONS).first).to_be_visible()
    box.press("ArrowDown")
    expect(page.locator(f"{OPTIONS}[aria-selected=true]")).to_have_count(1)
    assert box.get_attribute("aria-activedescendant") == page.locator(OPTIONS).first.get_attribute("id")
    box.press("Escape")
    expect(page.locator("[role=listbox]")).to_be_hidden()
    expect(box).to_have_value("passkey")
    box.press("ArrowDown")
    box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_url("**/en/articles/account/passkey*")


def test_up_from_the_box_goes_to_the_search_for_all(page: Page, site: str) -> None:
    page.goto(f"{site}/en/")
    page.locator("#kb-q").press_sequentially("reset & co")
    expect(page.locator(OPTIONS).last).to_have_text("Search for “reset & co”")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/search?q=reset%20%26%20co")


def test_enter_without_a_choice_searches(page: Page, site: str) -> None:
    page.goto(f"{site}/en/")
    page.locator("#kb-q").press_sequentially("invoice")
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/search?q=invoice")


def test_an_older_answer_never_overwrites_a_newer_one(page: Page, site: str) -> None:
    held: list[Route] = []

    def reply(route: Route) -> None:
        if "q=old&" in route.request.url:
            held.append(route)  # answered last
        else:
            route.fulfill(content_type="application/json", body=answer("The newer answer"))

    page.route("**/api/v1/complete*", reply)
    page.add_init_script("AbortController.prototype.abort = () => {}")  # so that only the order of answers counts
    page.goto(f"{site}/en/")
    with page.expect_request("**/complete?q=old&*"):
        page.locator("#kb-q").fill("old")
    page.locator("#kb-q").fill("older")
    expect(page.locator(OPTIONS).first).to_have_text("The newer answer")
    with page.expect_response("**/complete?q=old&*"):
        held[0].fulfill(content_type="application/json", body=answer("The older answer"))
    page.evaluate("new Promise(requestAnimationFrame)")
    expect(page.locator(OPTIONS).first).to_have_text("The newer answer")


def test_nothing_is_asked_while_a_word_is_composed(page: Page, site: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/complete" in request.url else None)
    page.goto(f"{site}/en/")
    page.locator("#kb-q").evaluate(
        """box => { box.focus(); box.value = 'に';
            box.dispatchEvent(new InputEvent('input', {isComposing: true, bubbles: true}));
            box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true})); }"""
    )
    page.evaluate("new Promise(done => setTimeout(done, 300))")  # longer than the pause before a search
    assert asked == []
    with page.expect_request("**/complete*"):
        page.locator("#kb-q").dispatch_event("compositionend")


def test_when_completion_fails_searching_still_works(page: Page, site: str) -> None:
    page.route("**/api/v1/complete*", lambda route: route.fulfill(status=500))
    page.goto(f"{site}/en/")
    page.locator("#kb-q").press_sequentially("passkey")
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/search?q=passkey")


def test_hits_of_hostile_words_are_text(page: Page, site: str) -> None:
    page.route(
        "**/api/v1/complete*",
        lambda route: route.fulfill(
            content_type="application/json", body=answer("<img src=x onerror=document.title='ran'>")
        ),
    )
    page.goto(f"{site}/en/")
    page.locator("#kb-q").press_sequentially("x")
    expect(page.locator(OPTIONS).first).to_have_text("<img src=x onerror=document.title='ran'>")
    assert page.title() == "Help center"
