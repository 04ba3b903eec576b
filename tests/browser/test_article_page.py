"""An article in Chromium: the event `read`, the vote, copying code, and the table of contents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.support.sample import ARTICLES, help_center, served

pytestmark = pytest.mark.browser
LONG = "\n\n".join(f"## Part {n}\n\n" + "Some words that make it long. " * 60 for n in range(8))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the sample help center with a long article."""
    files = {**ARTICLES, "long.md": f"---\ntitle: A long article\n---\n\n{LONG}\n\n```console\n$ make serve\n```\n"}
    with served(help_center(tmp_path_factory.mktemp("article"), files=files)) as address:
        yield address


@pytest.fixture
def told(page: Page) -> list[dict[str, Any]]:
    """The page's events, in the order in which they are sent."""
    found: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.url.endswith("/api/v1/events"):
            found.extend(json.loads(request.post_data or "{}")["events"])

    page.on("request", note)
    return found


def telling(page: Page) -> Any:
    """Wait at the end of the block until the page sends events, as beacons arrive late."""
    return page.expect_request("**/api/v1/events")


def types(told: list[dict[str, Any]]) -> list[str]:
    """Return the types of events."""
    return [event["type"] for event in told]


def searched(page: Page, site: str) -> None:
    """Search once, so that the browser gets its cookie."""
    page.goto(f"{site}/en/search?q=password")
    assert [cookie["name"] for cookie in page.context.cookies()] == ["visitor"]


def stored(page: Page) -> list[Any]:
    """Return the cookies and the sizes of the browser's storage for the site."""
    return [page.context.cookies(), page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")]


def test_reading_alone_sets_no_cookie_and_tells_nothing(page: Page, site: str, told: list[dict[str, Any]]) -> None:
    page.clock.install()
    page.goto(f"{site}/en/articles/long")
    page.clock.run_for(60_000)
    page.mouse.wheel(0, 400)
    page.keyboard.press("End")
    page.evaluate("new Promise(requestAnimationFrame)")
    page.clock.run_for(60_000)
    page.goto(f"{site}/en/")
    assert told == []
    assert stored(page) == [[], [0, 0, ""]]


def test_half_of_it_scrolled_is_read_once(page: Page, site: str, told: list[dict[str, Any]]) -> None:
    searched(page, site)
    page.goto(f"{site}/en/articles/long")
    with telling(page):
        for _ in range(40):
            page.mouse.wheel(0, 400)
    page.mouse.wheel(0, 4000)
    page.evaluate("new Promise(requestAnimationFrame)")
    assert types(told) == ["read"]
    assert told[0]["article"] == "long"
    assert len(told[0]["revision"]) == 12


def test_being_led_to_a_section_is_not_reading(page: Page, site: str, told: list[dict[str, Any]]) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{site}/en/articles/long#part-7")
    expect(page.locator("#part-7")).to_be_in_viewport()
    page.evaluate("new Promise(requestAnimationFrame)")
    assert told == []
    assert page.context.cookies() == []


def test_twenty_seconds_are_reading_of_somebody_who_searched(page: Page, site: str, told: list[dict[str, Any]]) -> None:
    searched(page, site)
    page.clock.install()
    page.goto(f"{site}/en/articles/account/passkey")
    page.clock.run_for(19_500)
    assert told == []
    with telling(page):
        page.clock.run_for(1_000)
    assert types(told) == ["read"]


def test_opening_a_listed_result_is_an_act_and_sets_the_cookie(
    page: Page, site: str, told: list[dict[str, Any]]
) -> None:
    page.goto(f"{site}/en/")
    assert page.context.cookies() == []
    with telling(page):
        page.locator("a[data-article]").first.click()
    assert [cookie["name"] for cookie in page.context.cookies()] == ["visitor"]
    assert types(told) == ["follow"]


def test_a_vote_is_told_and_thanked_for(page: Page, site: str, told: list[dict[str, Any]]) -> None:
    page.goto(f"{site}/en/articles/account/passkey")
    with telling(page):
        page.click("text=Yes")
    expect(page.locator("#kb-vote h2")).to_have_text("Thank you for telling us.")
    expect(page.locator("#kb-vote h2")).to_be_focused()
    assert types(told) == ["helpful"]
    assert page.url == f"{site}/en/articles/account/passkey"


def test_a_vote_against_has_a_reason(page: Page, site: str, told: list[dict[str, Any]]) -> None:
    page.goto(f"{site}/en/articles/account/passkey")
    page.click(".answers summary")
    with telling(page):
        page.click("text=I can't follow a step")
    expect(page.locator("#kb-vote h2")).to_contain_text("Thank you")
    assert [(event["type"], event["reason"]) for event in told] == [("unhelpful", "cannot_follow_the_step")]


def test_a_vote_against_may_say_more(page: Page, site: str, told: list[dict[str, Any]]) -> None:
    page.goto(f"{site}/en/articles/account/passkey")
    page.click(".answers summary")
    page.fill("#kb-comment", " The button of step 2 is gone ")
    with telling(page):
        page.click("text=It's out of date")
    expect(page.locator("#kb-vote h2")).to_contain_text("Thank you")
    assert [event["comment"] for event in told] == ["The button of step 2 is gone"]


def test_a_vote_that_is_not_stored_keeps_its_comment_and_can_be_sent_again(page: Page, site: str) -> None:
    page.goto(f"{site}/en/articles/account/passkey")
    page.route("**/api/v1/events", lambda route: route.fulfill(status=503, json={"detail": "no database"}))
    page.click(".answers summary")
    page.fill("#kb-comment", "The button is gone")
    page.click("text=It's out of date")
    expect(page.locator("#kb-vote [role=alert]")).to_contain_text("Your text is still here")
    expect(page.locator("#kb-comment")).to_have_value("The button is gone")
    page.unroute("**/api/v1/events")
    page.click("text=It's out of date")
    expect(page.locator("#kb-vote h2")).to_contain_text("Thank you")


def test_what_is_followed_is_told_with_its_rank_and_where(page: Page, site: str, told: list[dict[str, Any]]) -> None:
    page.goto(f"{site}/en/search?q=password")
    with telling(page):
        page.locator(".hits a").nth(1).click()
    assert [(event["type"], event["rank"], event["source"]) for event in told] == [("follow", 2, "search")]


def test_copied_code_has_no_prompt(page: Page, site: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site}/en/articles/long")
    page.locator("pre").hover()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").strip() == "make serve"


def test_the_table_of_contents_follows(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{site}/en/articles/long")
    page.locator(".toc >> text=Part 5").click()
    expect(page.locator(".toc [aria-current]")).to_have_text("Part 5")
    expect(page.locator("#part-5")).to_be_in_viewport()


def test_paper_gets_the_text_and_the_addresses_of_its_links(page: Page, site: str) -> None:
    page.goto(f"{site}/en/articles/account/reset-password")
    page.emulate_media(media="print")
    expect(page.locator("header.top")).to_be_hidden()
    expect(page.locator("#kb-vote")).to_be_hidden()
    expect(page.locator(".toc")).to_be_hidden()
    expect(page.locator(".prose")).to_be_visible()
