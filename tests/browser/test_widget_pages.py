"""The widget on pages with strict policies, hostile styles, late forms, frames or animations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.shop import Help, shop_and_help, until_kept

pytestmark = pytest.mark.browser
MANUAL = Path(__file__).parents[2] / "articles" / "site-owners" / "content-security-policy.md"
CARDS = "help-widget [part=card]"
OFFERS = "help-widget [part=offers]"
PANEL = "help-widget [part=panel]"


@pytest.fixture
def help() -> Iterator[Help]:
    """A fake help center, and a shop with its widget."""
    with shop_and_help() as both:
        yield both


@pytest.fixture
def said(page: Page) -> list[str]:
    """The lines of the console: warnings, errors and uncaught exceptions."""
    lines: list[str] = []
    page.on("console", lambda message: lines.append(message.text) if message.type in ("warning", "error") else None)
    page.on("pageerror", lambda error: lines.append(str(error)))
    return lines


def from_button_to_ticket(page: Page) -> None:
    """Open the panel, read an article, write a message and send it."""
    page.locator("help-widget [part=button]").click()
    page.get_by_label("Search for an answer").fill("code")
    page.locator(f"{PANEL} [part=card]").first.click()
    expect(page.locator(PANEL)).to_contain_text("Choose Text me a code.")
    assert page.locator(f"{PANEL} img").evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 1
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="Write to us").click()
    page.get_by_label("Subject").fill("Code")
    page.get_by_label("Message").fill("the code never arrives")
    expect(page.locator(f"{OFFERS} [part=card]")).to_have_count(3)
    page.get_by_label("E-mail").fill("jo@example.com")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(PANEL)).to_contain_text("T-2345")


@pytest.mark.parametrize("csp", ["", "strict", "nonce", "types", "coep"])
def test_everything_works_under_each_policy_and_none_is_violated(
    page: Page, help: Help, said: list[str], csp: str
) -> None:
    page.goto(f"{help.shop}/button.html?csp={csp}")
    from_button_to_ticket(page)
    assert help.tickets[0]["body"] == "the code never arrives"
    assert said == []


def test_the_very_lines_of_the_manual_are_enough(page: Page, help: Help, said: list[str]) -> None:
    text = MANUAL.read_text(encoding="utf-8")
    lines = [block.strip() for block in re.findall(r"```text\n(.*?)```", text, re.DOTALL)]
    assert lines[0].startswith("script-src https://help.example.com;")
    assert lines[1] == "trusted-types help-widget"
    policy = "; ".join(["default-src 'none'; require-trusted-types-for 'script'", *lines])
    help.policy = policy.replace("https://help.example.com", help.origin)
    page.goto(f"{help.shop}/button.html?csp=manual")
    from_button_to_ticket(page)
    assert said == []


def test_a_script_that_a_policy_trusts_by_nonce_brings_the_rest(page: Page, help: Help, said: list[str]) -> None:
    assert f"'nonce-{'…'}' 'strict-dynamic'" in MANUAL.read_text(encoding="utf-8"), "the manual says so"
    page.goto(f"{help.shop}/button.html?csp=nonce")
    from_button_to_ticket(page)
    assert said == []


def test_a_policy_that_forbids_the_api_is_named_to_the_owner(page: Page, help: Help, said: list[str]) -> None:
    page.goto(f"{help.shop}/form.html?csp=deaf")
    with page.expect_console_message(lambda message: "help-widget: add" in message.text):
        page.locator("[name=message]").press_sequentially("the code never arrives")
    page.wait_for_timeout(50)  # for a second line, which would only mislead
    own = [line for line in said if line.startswith("help-widget:")]
    assert own == [f"help-widget: add {help.origin} to connect-src of this page's Content-Security-Policy"]


def test_a_refused_origin_is_named_to_the_owner_once(page: Page, help: Help, said: list[str]) -> None:
    shop, help.shop = help.shop, "https://other.example"
    page.goto(f"{shop}/form.html")
    with page.expect_console_message(lambda message: "KB_ORIGINS" in message.text):
        page.locator("[name=message]").press_sequentially("the code never arrives")
    expect(page.locator(CARDS)).to_have_count(3)
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/events")):
        page.get_by_role("button", name="Not this: Answer 1").click()
    assert len([line for line in said if line.startswith("help-widget:")]) == 1


def test_a_selector_that_matches_nothing_is_named_to_the_owner(page: Page, help: Help, said: list[str]) -> None:
    page.clock.install()
    page.goto(f"{help.shop}/form.html")
    page.evaluate("document.querySelector('help-widget').setAttribute('subject', '#topic')")
    with page.expect_console_message(lambda message: 'subject="#topic"' in message.text):
        page.locator("[name=message]").press_sequentially("the")
    page.evaluate("document.body.innerHTML = '<help-widget form=\"#gone\"></help-widget>'")
    with page.expect_console_message(lambda message: 'form="#gone"' in message.text):
        page.clock.run_for(4000)


def test_a_hostile_stylesheet_does_not_reach_us_and_ours_does_not_leak(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/hostile.html")
    page.locator("[name=message]").press_sequentially("the code never arrives")
    expect(page.locator(CARDS).first).to_be_visible()
    page.locator("#button [part=button]").click()
    expect(page.get_by_label("Search for an answer")).to_be_visible()
    style = page.locator(CARDS).first.evaluate(
        "(e) => { const s = getComputedStyle(e); return [s.fontSize, s.fontStyle, s.display]; }"
    )
    assert style[0] == "16px"
    assert style[1] == "normal"
    assert page.locator("[name=message]").evaluate("(e) => getComputedStyle(e).width") == "300px"
    top = page.locator(CARDS).first.bounding_box()
    assert top is not None
    hit = page.evaluate("([x, y]) => document.elementFromPoint(x, y).localName", [top["x"] + 20, top["y"] + 10])
    assert hit == "help-widget", "the top layer stands above every z-index"


def test_one_tag_is_enough_for_a_form(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/one-tag.html")
    page.locator("[name=your-message]").press_sequentially("the code never arrives")
    expect(page.locator(CARDS)).to_have_count(3)
    page.locator("[name=your-subject]").press_sequentially("Code")
    help.until(lambda: help.offers[-1]["subject"] == "Code", lambda: "the subject was not guessed by its name")


def test_a_form_that_mounts_late_and_owns_its_values(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/react.html")
    page.evaluate("mount()")
    page.locator("[name=message]").press_sequentially("the code ")
    page.evaluate("mount()")
    page.locator("[name=message]").press_sequentially("never arrives")
    until_kept(page, "the code never arrives")
    page.reload()
    page.evaluate("mount()")
    page.locator("[name=subject]").press_sequentially("C")
    expect(page.locator("[name=message]")).to_have_value("the code never arrives")
    assert page.evaluate("state.message") == "the code never arrives"


def test_another_view_of_the_application_takes_the_cards_away(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/react.html")
    page.evaluate("mount()")
    page.locator("[name=message]").press_sequentially("the code never arrives")
    expect(page.locator(CARDS)).to_have_count(3)
    page.evaluate("leave()")
    expect(page.locator(OFFERS)).to_be_hidden()
    help.wait("left")


def test_a_form_that_checks_first_is_sent_only_by_its_event(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/ajax.html")
    page.evaluate("window.sent = 0; addEventListener('help-sent', () => window.sent++)")
    page.locator("[name=message]").press_sequentially("the code never arrives")
    expect(page.locator(CARDS)).to_have_count(3)
    page.wait_for_function("sessionStorage.length > 0")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#said")).to_have_text("Your address is missing")
    assert page.evaluate("window.sent") == 0
    assert page.evaluate("sessionStorage.length") > 0, "the text is kept while nothing was accepted"
    page.locator("[name=email]").fill("jo@example.com")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(OFFERS)).to_be_hidden()
    assert page.evaluate("[window.sent, sessionStorage.length]") == [1, 0]
    assert help.wait("attempted")["accepted"] is True
    assert help.types().count("attempted") == 1, "the refused submit is none"


def test_two_forms_have_a_widget_each(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/two.html")
    page.locator("#support textarea").press_sequentially("the code never arrives")
    expect(page.locator("#two [part=card]")).to_have_count(3)
    expect(page.locator("#one [part=card]")).to_have_count(0)
    page.locator("#sales textarea").press_sequentially("how much is it")
    expect(page.locator("#one [part=card]")).to_have_count(3)


def test_a_form_in_a_frame_has_its_widget_there(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/frame.html")
    frame = page.frame_locator("iframe")
    frame.locator("[name=message]").press_sequentially("the code never arrives")
    expect(frame.locator(CARDS)).to_have_count(3)
    frame.locator(CARDS).first.click()
    expect(frame.locator(PANEL)).to_contain_text("Choose Text me a code.")


def test_a_page_in_arabic_reads_from_the_right_in_arabic(page: Page, help: Help) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.split("/")[-1]))
    page.goto(f"{help.shop}/rtl.html")
    page.locator("textarea").press_sequentially("الرمز لا يصل")
    expect(page.locator(CARDS)).to_have_count(3)
    assert page.locator(OFFERS).evaluate("(e) => getComputedStyle(e).direction") == "rtl"
    expect(page.locator(f"{OFFERS} h2")).not_to_have_text("This may solve it")
    assert [name for name in asked if name.endswith(".json")] == ["ar.json"]
    assert help.offers[-1]["lang"] == "ar"


def test_a_token_goes_along_and_one_that_ran_out_stops_nothing(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/form.html")
    page.evaluate("document.querySelector('help-widget').setAttribute('token', 'signed')")
    page.evaluate("addEventListener('help-token', () => { window.refused = true; })")
    page.locator("[name=message]").press_sequentially("the code never arrives")
    expect(page.locator(CARDS)).to_have_count(3)
    assert help.offers[-1]["token"] == "signed"
    page.locator(CARDS).nth(1).click()
    expect(page.locator(PANEL)).to_contain_text("Choose Text me a code.")
    page.locator(PANEL).get_by_role("button", name="Close").click()
    assert {asked["method"] for asked in help.asked} == {"POST"}, "a header for the token would need a preflight"
    page.get_by_role("button", name="Not this: Answer 1").click()
    assert help.wait("not_this")["token"] == "signed"
    help.token = ""
    page.locator("[name=message]").press_sequentially(" at all")
    with page.expect_console_message(lambda message: "the token was refused: as the test wants it" in message.text):
        page.wait_for_function("() => window.refused")
    help.until(lambda: help.offers[-1]["body"].endswith("at all"))
    assert page.evaluate("document.querySelector('help-widget').hasAttribute('token')") is False


@pytest.mark.parametrize("size", [(1280, 800), (390, 700)])
def test_a_form_in_a_modal_dialog_has_its_cards_and_its_panel_there(
    page: Page, help: Help, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{help.shop}/dialog.html")
    page.evaluate("document.getElementById('box').showModal()")
    page.locator("[name=message]").press_sequentially("the code never arrives")
    expect(page.locator(CARDS)).to_have_count(3)
    page.locator(CARDS).first.click()
    expect(page.locator(PANEL)).to_contain_text("Choose Text me a code.")
    page.keyboard.press("Escape")
    expect(page.locator(PANEL)).to_be_hidden()
    assert page.evaluate("document.getElementById('box').open"), "Escape closes the panel and not the owner's dialog"
    page.locator(CARDS).first.click()
    page.get_by_role("button", name="This solved it").click()
    help.wait("solved")


def test_a_form_that_only_a_program_fills_in_creates_nothing(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/form.html")
    page.evaluate("document.querySelector('[name=message]').value = 'buy our pills, they are very cheap'")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("body")).to_have_text("Thank you.")
    assert (help.asked, len(help.posts)) == ([], 1)


def test_a_browser_without_modules_shows_the_link(page: Page, help: Help, said: list[str]) -> None:
    def unknown(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('type="module"', 'type="unknown-to-this-browser"'))

    page.route("**/form.html", unknown)
    page.goto(f"{help.shop}/form.html")
    expect(page.get_by_role("link", name="Help")).to_be_visible()
    page.locator("[name=message]").press_sequentially("the code never arrives")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("body")).to_have_text("Thank you.")
    assert said == []


@pytest.mark.parametrize("broken", ["throw new Error('no');", "export const = ;", "<html>a captive portal</html>"])
def test_an_error_in_our_script_harms_nothing(page: Page, help: Help, said: list[str], broken: str) -> None:
    answer = {"content_type": "text/javascript", "headers": {"Access-Control-Allow-Origin": "*"}}
    page.route("**/form.js", lambda route: route.fulfill(body=broken, **answer))  # type: ignore[arg-type]
    page.goto(f"{help.shop}/form.html")
    page.locator("[name=message]").press_sequentially("the code never arrives")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("body")).to_have_text("Thank you.")
    assert help.posts[0]["message"] == "the code never arrives"
    assert len([line for line in said if line.startswith("help-widget:")]) == 1


def test_what_is_typed_in_a_view_is_kept_for_that_view(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/react.html")
    page.evaluate("mount()")
    page.locator("[name=message]").press_sequentially("the code never arrives")
    until_kept(page, "the code never arrives")
    page.locator("[name=message]").press_sequentially(" at all")
    page.evaluate("leave()")
    until_kept(page, "the code never arrives at all")
    keys = page.evaluate("Object.keys(sessionStorage).filter((key) => key.includes('draft'))")
    assert keys == ["help-widget:draft /react.html  form 0 "]
    assert "the code never arrives at all" in page.evaluate("(key) => sessionStorage[key]", keys[0])
