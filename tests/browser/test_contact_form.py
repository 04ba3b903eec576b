"""The contact form in Chromium: offers, the panel, solving and undoing, and drafts that are never lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, Request, Route, expect

from deflect.store.services import EXTENSION
from tests.browser.conftest import at_rest
from tests.support.sample import fresh, help_center, served

pytestmark = pytest.mark.browser
CARDS = "#kb-offers .offer"
MESSAGE = "My password was refused and the code never arrives"
TIMES = """addEventListener("DOMContentLoaded", () => {
    const ask = window.fetch;
    window.fetch = (url, ...rest) => {
        if (`${url}`.endsWith("/events")) window.counted ??= performance.now();
        return ask(url, ...rest);
    };
    new MutationObserver(() => { window.there ??= performance.now(); }).observe(
        document.getElementById("kb-offers"), { subtree: true, childList: true });
})"""  # the times of the first offer and of its first event


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center without a floor for offers."""
    return help_center(tmp_path_factory.mktemp("contact"))


@pytest.fixture
def app(built: Flask, tmp_path: Path) -> Flask:
    """The same help center with an empty store."""
    return fresh(built, tmp_path)


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The address of the served app."""
    with served(app) as address:
        yield address


def hit(article: str, **over: Any) -> dict[str, Any]:
    """Return a card."""
    plain = {
        "article": article,
        "lang": "en",
        "title": f"About {article}",
        "url": f"/en/articles/{article}",
        "anchor": "",
    }
    return plain | {"heading": "", "snippet": [{"text": "It helps.", "mark": False}], "score": 1} | over


def offer(*cards: dict[str, Any]) -> str:
    """Return an answer of `POST /api/v1/offers`."""
    return json.dumps({"episode": "e1", "abstained": not cards, "degraded": None, "ranker": "fake", "cards": cards})


def events(page: Page) -> list[dict[str, Any]]:
    """Return a list to which the page's events are added as they are sent."""
    found: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.url.endswith("/api/v1/events"):
            found.extend(json.loads(request.post_data or "{}")["events"])

    page.on("request", note)
    return found


def write(page: Page, site: str, *, path: str = "/en/contact") -> None:
    """Open the form and type a message."""
    page.goto(site + path)
    page.fill("[name=subject]", "Cannot sign in")
    page.locator("[name=message]").press_sequentially(MESSAGE)


def rows(app: Flask, sql: str) -> list[dict[str, Any]]:
    """Return the rows of a query."""
    found: list[dict[str, Any]] = app.extensions[EXTENSION].store.rows(sql)
    return found


def test_cards_appear_while_typing_and_are_announced(page: Page, site: str) -> None:
    write(page, site)
    expect(page.locator(CARDS).first).to_contain_text("Reset your password")
    expect(page.locator("#kb-said")).to_contain_text("may solve it")
    expect(page.locator("[name=message]")).to_be_focused()
    assert Axe().run(at_rest(page)).response["violations"] == []


def test_a_card_with_a_long_address_does_not_widen_the_form_of_a_phone(page: Page, site: str) -> None:
    long = hit("account/reset-password", snippet=[{"text": f"https://example.com/{'long' * 20}", "mark": False}])
    page.set_viewport_size({"width": 390, "height": 800})
    page.route("**/api/v1/offers", lambda route: route.fulfill(json=json.loads(offer(long))))
    write(page, site)
    expect(page.locator(CARDS)).to_have_count(1)
    right = "(found) => found.getBoundingClientRect().right"
    assert page.locator("textarea").evaluate(right) <= page.locator("main .wrap").evaluate(right) - 16


def test_a_first_view_of_the_form_asks_and_keeps_nothing(page: Page, site: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    page.goto(f"{site}/en/contact")
    page.wait_for_load_state("networkidle")
    assert asked == []
    assert page.context.cookies() == []
    assert page.evaluate("sessionStorage.length") == 0


def test_a_link_that_fills_in_the_form_and_is_left_again_asks_and_keeps_nothing(page: Page, site: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    page.clock.install()
    page.goto(f"{site}/en/contact?subject=Password&message=My+password+was+refused&episode=somebody")
    page.clock.run_for(60_000)
    page.goto(f"{site}/en/")
    assert asked == []
    assert page.context.cookies() == []
    assert page.evaluate("sessionStorage.length") == 0


def test_a_message_that_is_too_long_is_still_there_on_going_back(page: Page, site: str) -> None:
    page.goto(f"{site}/en/contact")
    page.fill("[name=subject]", "Much")
    page.fill("[name=message]", "x" * 500_000)
    page.click("#kb-send")
    expect(page.locator("h1")).to_have_text("That didn't work")
    page.go_back()
    assert len(page.input_value("[name=message]")) == 500_000
    expect(page.locator("#kb-send")).to_be_enabled()


def test_an_offer_opens_in_a_panel_and_the_text_stays(page: Page, site: str) -> None:
    page.emulate_media(reduced_motion="reduce")  # axe would measure fading colours
    write(page, site)
    link = page.locator(f"{CARDS} a").first
    link.click()
    panel = page.get_by_role("dialog", name="Reset your password")
    expect(panel).to_contain_text("Look into the spam folder")
    assert Axe().run(at_rest(page)).response["violations"] == []
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(link).to_be_focused()
    expect(page.locator("[name=message]")).to_have_value(MESSAGE)


def test_by_key_the_buttons_of_the_panel_are_few_steps_away(page: Page, site: str) -> None:
    parts = "".join(f'<h2><a class="anchor" href="#a{n}">Part</a></h2><pre tabindex="0">kb</pre>' for n in range(9))
    long = f'<pre tabindex="0">{"x" * 500}</pre>'
    answer = {
        "article": "a",
        "lang": "en",
        "title": "A",
        "html": parts + long,
        "revision": "1",
        "url": "/en/articles/a",
    }
    page.route("**/api/v1/articles/**", lambda route: route.fulfill(json=answer))
    write(page, site)
    page.locator(f"{CARDS} a").first.press("Enter")
    expect(page.locator("#kb-panel-body pre")).to_have_count(10)
    for _ in range(4):  # Close, the text, the code that scrolls, and the button
        page.keyboard.press("Tab")
    expect(page.locator("#kb-solved")).to_be_focused()


def test_solved_ends_happily_and_can_be_undone(app: Flask, page: Page, site: str) -> None:
    sent = events(page)
    write(page, site)
    page.locator(f"{CARDS} a").first.click()
    page.get_by_role("button", name="This solved it").click()
    done = page.locator("#kb-done")
    expect(done).to_be_focused()
    expect(done).to_contain_text("Glad that helped")
    expect(page.locator("#kb-contact")).to_be_hidden()
    with page.expect_request(lambda request: '"undo"' in (request.post_data or "")):
        page.get_by_role("button", name=re.compile("Undo")).click()
    expect(page.locator("[name=message]")).to_have_value(MESSAGE)
    expect(page.locator("[name=message]")).to_be_focused()
    assert [event["type"] for event in sent if event["type"] != "shown"] == ["follow", "solved", "undo"]
    assert len({event["id"] for event in sent}) == len(sent)
    assert not rows(app, "SELECT id FROM tickets")


def test_not_this_takes_the_card_away_and_it_does_not_come_back(page: Page, site: str) -> None:
    page.route(
        "**/api/v1/offers", lambda route: route.fulfill(content_type="application/json", body=offer(hit("a"), hit("b")))
    )
    page.route(
        "**/api/v1/articles/**",
        lambda route: route.fulfill(content_type="application/json", body='{"html": "<p>Text</p>"}'),
    )
    sent = events(page)
    write(page, site)
    page.get_by_role("link", name="About a").click()
    page.get_by_role("button", name="Not this").click()
    expect(page.locator(CARDS)).to_have_count(1)
    expect(page.get_by_role("link", name="About b")).to_be_focused()
    with page.expect_response("**/api/v1/offers"):
        page.locator("[name=message]").press_sequentially(" at all")
    expect(page.locator(CARDS)).to_have_count(1)
    assert {"type": "not_this", "article": "a", "rank": 1} in [
        {k: e.get(k) for k in ("type", "article", "rank")} for e in sent
    ]


def test_a_card_under_the_pointer_does_not_change(page: Page, site: str) -> None:
    def answer(route: Route) -> None:
        named = "b" if "still" in (route.request.post_data or "") else "a"
        route.fulfill(content_type="application/json", body=offer(hit(named)))

    page.route("**/api/v1/offers", answer)
    write(page, site)
    page.locator(CARDS).hover()
    with page.expect_response("**/api/v1/offers"):
        page.locator("[name=message]").press_sequentially(", still")
    page.evaluate("new Promise(requestAnimationFrame)")
    expect(page.locator(CARDS)).to_contain_text("About a")
    page.mouse.move(5, 5)
    expect(page.locator(CARDS)).to_contain_text("About b")


def test_cards_count_as_shown_after_a_while_on_screen(page: Page, site: str) -> None:
    page.add_init_script(TIMES)
    with page.expect_request("**/api/v1/events") as told:
        write(page, site)
    (event,) = json.loads(told.value.post_data or "")["events"]
    assert (event["type"], event["article"], event["rank"]) == ("shown", "account/reset-password", 1)
    assert page.evaluate("window.counted - window.there") >= 800


@pytest.mark.parametrize("failure", ["error", "abort", "garbage"])
def test_when_offers_fail_the_form_just_works(app: Flask, page: Page, site: str, failure: str) -> None:
    replies = {
        "error": lambda route: route.fulfill(status=500),
        "abort": lambda route: route.abort(),
        "garbage": lambda route: route.fulfill(body="<html>"),
    }
    page.route("**/api/v1/offers", replies[failure])
    write(page, site)
    page.fill("[name=email]", "jo@example.com")
    page.click("#kb-send")
    expect(page.locator("h1")).to_have_text("We've received your message")
    assert len(rows(app, "SELECT id FROM tickets")) == 1


def test_the_form_does_not_wait_for_a_late_answer_which_is_shown_when_it_comes(hasty: Page, site: str) -> None:
    held: list[Route] = []
    hasty.route("**/api/v1/offers", lambda route: held.append(route))
    hasty.goto(f"{site}/en/contact")
    with hasty.expect_request("**/api/v1/offers"):
        hasty.fill("[name=message]", MESSAGE)
    hasty.wait_for_timeout(1000)
    expect(hasty.locator("#kb-offers")).to_be_hidden()
    expect(hasty.locator("#kb-send")).to_be_enabled()
    held[0].continue_()
    expect(hasty.locator("#kb-offers")).to_be_visible()


def test_an_urgent_topic_asks_for_no_offers(page: Page, site: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/offers") else None)
    page.goto(f"{site}/en/contact")
    page.select_option("[name=category]", "security")
    page.fill("[name=subject]", "My account was stolen")
    page.fill("[name=message]", MESSAGE)
    page.evaluate("new Promise(done => setTimeout(done, 1000))")  # longer than the 800 ms pause of a patient page
    assert asked == []
    page.select_option("[name=category]", "account")
    expect(page.locator(CARDS).first).to_be_visible()
    page.select_option("[name=category]", "security")
    expect(page.locator("#kb-offers")).to_be_hidden()


def test_the_text_survives_leaving_and_errors_and_goes_when_it_was_sent(app: Flask, page: Page, site: str) -> None:
    write(page, site)
    page.goto(f"{site}/en/")
    page.goto(f"{site}/en/contact")
    expect(page.locator("[name=message]")).to_have_value(MESSAGE)
    page.click("#kb-send")
    expect(page.locator("#kb-errors")).to_be_focused()
    expect(page.locator("[name=message]")).to_have_value(MESSAGE)
    page.fill("[name=email]", "jo@example.com")
    page.click("#kb-send")
    expect(page.locator("h1")).to_have_text("We've received your message")
    page.goto(f"{site}/en/contact")
    expect(page.locator("[name=message]")).to_have_value("")
    (ticket,) = rows(app, "SELECT episode FROM tickets")
    assert ticket["episode"] in {row["id"] for row in rows(app, "SELECT id FROM episodes")}


def test_a_card_number_is_neither_kept_nor_asked_for(page: Page, site: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or "") if "offers" in request.url else None)
    page.goto(f"{site}/en/contact")
    with page.expect_response("**/offers"):
        page.locator("[name=message]").fill("4111 1111 1111 1111 was charged twice, CVC 737")
    everything = page.evaluate("JSON.stringify({ ...sessionStorage })") + "".join(asked)
    assert "was charged twice" in everything
    assert ("1111 1111" in everything, "737" in everything) == (False, False)


def test_a_draft_without_a_message_asks_for_no_offers(page: Page, site: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/offers") else None)
    page.goto(f"{site}/en/contact?subject=My+password+was+refused")
    page.locator("[name=name]").press_sequentially("Jo")
    page.evaluate("new Promise(done => setTimeout(done, 1000))")  # longer than the pause that a patient page makes
    asked.clear()
    page.goto(f"{site}/en/contact")
    expect(page.locator("[name=subject]")).to_have_value("My password was refused")
    page.evaluate("new Promise(done => setTimeout(done, 1000))")
    assert asked == []


def test_two_quick_clicks_make_one_ticket(app: Flask, page: Page, site: str) -> None:
    write(page, site)
    page.fill("[name=email]", "jo@example.com")
    page.locator("#kb-send").dblclick()
    expect(page.locator("h1")).to_have_text("We've received your message")
    assert len(rows(app, "SELECT id FROM tickets")) == 1


def test_leaving_with_neither_is_told(page: Page, site: str) -> None:
    page.add_init_script("navigator.sendBeacon = (url, body) => localStorage.setItem('last', body)")
    write(page, site)
    expect(page.locator(CARDS).first).to_be_visible()
    page.goto(f"{site}/en/")
    (event,) = json.loads(page.evaluate("localStorage.getItem('last')"))["events"]
    assert event["type"] == "left"
    assert event["episode"]


def test_hostile_text_of_an_article_runs_nowhere(page: Page, site: str) -> None:
    attack = "<img src=x onerror=\"document.title='ran'\"><script>document.title='ran'</script>"
    card = hit("a", title=attack, heading=attack, snippet=[{"text": attack, "mark": True}])
    page.route("**/api/v1/offers", lambda route: route.fulfill(content_type="application/json", body=offer(card)))
    body = json.dumps({"html": attack, "revision": "0"})
    page.route("**/api/v1/articles/**", lambda route: route.fulfill(content_type="application/json", body=body))
    write(page, site)
    page.locator(f"{CARDS} a").click()
    expect(page.locator("#kb-panel-body img")).to_have_count(1)
    expect(page.locator("#kb-panel-title")).to_have_text(attack)
    assert page.title() == "Contact us · Help center"


def test_html_that_is_not_from_the_one_policy_is_refused(page: Page, site: str) -> None:
    page.goto(f"{site}/en/contact")
    assert (
        page.evaluate(
            "(() => { try { document.body.innerHTML = '<p>'; return 'taken' } catch { return 'refused' } })()"
        )
        == "refused"
    )
