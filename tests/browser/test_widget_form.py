"""The widget next to the owner's own form, on a page of another origin."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.shop import Help, card, shop_and_help, until_kept

pytestmark = pytest.mark.browser
CARDS = "help-widget [part=card]"
OFFERS = "help-widget [part=offers]"
PANEL = "help-widget [part=panel]"
SHIFTS = """
window.shift = 0;
const add = (list) => list.getEntries().forEach((entry) => { window.shift += entry.value; });
new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture
def help() -> Iterator[Help]:
    """A fake help center, and a shop with its widget."""
    with shop_and_help() as both:
        yield both


def write(page: Page, text: str = "the code never arrives", *, field: str = "[name=message]") -> None:
    """Type into a field, key by key."""
    page.locator(field).press_sequentially(text)


def at_once(page: Page, text: str = "the code never arrives") -> None:
    """Write the message as a paste does: on a busy machine, keys come so slowly that they are two questions."""
    page.locator("[name=message]").fill(text)


def offered(page: Page, help: Help, *, name: str = "form.html?csp=strict") -> None:
    """Go to a page, type, and wait for three cards."""
    page.goto(f"{help.shop}/{name}")
    write(page)
    expect(page.locator(CARDS)).to_have_count(3)


def test_cards_appear_while_a_message_is_typed(page: Page, help: Help) -> None:
    offered(page, help)
    expect(page.locator(CARDS).first).to_contain_text("Answer 1")
    expect(page.locator(f"{CARDS} mark").first).to_have_text("a code")
    offer = help.offers[-1]
    assert (offer["body"], offer["lang"]) == ("the code never arrives", "en")
    assert offer["page"] == f"{help.shop}/form.html", "the query stays with the visitor"
    assert offer["title"] == "Contact · Shop"


def test_typing_asks_once_the_pause_is_there_and_not_at_each_key(page: Page, help: Help) -> None:
    offered(page, help)
    assert len(help.offers) == 1


def test_the_panels_files_come_with_the_first_cards_and_not_before(page: Page, help: Help) -> None:
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url.rpartition("/")[2]))
    with page.expect_response("**/panel.js"):
        offered(page, help)
    assert seen.index("offers") < seen.index("panel.js")


def test_before_somebody_types_there_is_one_file_and_no_trace(page: Page, help: Help) -> None:
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.goto(f"{help.shop}/form.html", wait_until="networkidle")
    assert seen == [f"{help.shop}/form.html", f"{help.origin}/widget/1/help-widget.js"]
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    write(page)
    expect(page.locator(CARDS)).to_have_count(3)
    assert page.evaluate("document.cookie") == ""
    assert page.context.cookies() == []
    assert {key for asked in help.asked for key in asked["cookies"]} == set()


def test_nothing_of_the_page_moves(page: Page, help: Help) -> None:
    page.add_init_script(SHIFTS)
    page.goto(f"{help.shop}/form.html")
    before = page.evaluate("JSON.stringify([contact, after].map((e) => e.getBoundingClientRect()))")
    write(page)
    expect(page.locator(CARDS)).to_have_count(3)
    help.wait("shown", times=3)
    assert page.evaluate("JSON.stringify([contact, after].map((e) => e.getBoundingClientRect()))") == before
    assert page.evaluate("window.shift") == 0


def test_cards_stand_beside_the_fields_or_under_the_form(page: Page, help: Help) -> None:
    offered(page, help)
    box, form = page.locator(OFFERS).bounding_box(), page.locator("[name=message]").bounding_box()
    assert box is not None
    assert form is not None
    assert box["x"] > form["x"] + form["width"]
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator(OFFERS)).to_be_visible()
    page.wait_for_function("""() => {
        const { shadowRoot } = document.querySelector("help-widget");
        const box = shadowRoot.querySelector("[part=offers]").getBoundingClientRect();
        return box.top >= contact.getBoundingClientRect().bottom && box.right <= 390;
    }""")


def test_an_article_opens_in_a_panel_at_the_section_and_the_text_stays(page: Page, help: Help) -> None:
    offered(page, help)
    page.locator(CARDS).nth(1).click()
    expect(page.locator(PANEL)).to_contain_text("Choose Text me a code.")
    heading, body = (
        page.locator(f"{PANEL} #by-phone").bounding_box(),
        page.locator("help-widget [part=body]").bounding_box(),
    )
    assert heading is not None
    assert body is not None
    assert abs(heading["y"] - body["y"]) < 24
    expect(page.locator("[name=message]")).to_have_value("the code never arrives")
    follow = help.wait("follow")
    assert (follow["article"], follow["rank"], follow["source"], follow["episode"]) == (
        "account/answer-2",
        2,
        "offer",
        "e-1",
    )
    assert follow["content_type"].startswith("text/plain"), "so that it needs no preflight"


def test_this_solved_it_is_logged_and_can_be_undone(page: Page, help: Help) -> None:
    offered(page, help)
    page.locator(CARDS).first.click()
    page.get_by_role("button", name="This solved it").click()
    assert help.wait("solved")["article"] == "account/answer-1"
    assert help.wait("solved")["revision"] == "r7"
    expect(page.locator(OFFERS)).to_contain_text("Nothing was sent")
    expect(page.locator("[name=message]")).to_have_value("the code never arrives")
    page.get_by_role("button", name="Undo").click()
    help.wait("undo")
    expect(page.locator(CARDS)).to_have_count(3)


def test_not_this_takes_the_card_away_for_good_unless_undone(page: Page, help: Help) -> None:
    offered(page, help)
    page.get_by_role("button", name="Not this: Answer 2").click()
    assert help.wait("not_this")["article"] == "account/answer-2"
    expect(page.locator(CARDS)).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(CARDS)).to_have_count(3)
    page.get_by_role("button", name="Not this: Answer 2").click()
    expect(page.locator(CARDS)).to_have_count(2)
    page.reload()
    write(page, " still")
    expect(page.locator(CARDS)).to_have_count(2)
    expect(page.locator(OFFERS)).not_to_contain_text("Answer 2")


def test_what_was_typed_is_there_after_a_reload(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/form.html")
    write(page, "Late parcel", field="[name=subject]")
    write(page)
    write(page, "jo@example.com", field="[name=email]")
    until_kept(page, "the code never arrives")
    until_kept(page, "jo@example.com")
    page.goto("about:blank")
    page.goto(f"{help.shop}/form.html")
    expect(page.locator("[name=subject]")).to_have_value("Late parcel")
    expect(page.locator("[name=message]")).to_have_value("the code never arrives")
    expect(page.locator("[name=email]")).to_have_value("jo@example.com")


def test_a_submit_goes_its_way_and_is_attempted(page: Page, help: Help) -> None:
    offered(page, help)
    until_kept(page, "the code never arrives")  # by the file that also sees the submit
    write(page, "jo@example.com", field="[name=email]")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("body")).to_have_text("Thank you.")
    assert help.posts == [{"subject": "", "message": "the code never arrives", "email": "jo@example.com"}]
    attempted = help.wait("attempted")
    assert (attempted["episode"], attempted["email"]) == ("e-1", "jo@example.com"), "so that later contacts are known"
    page.goto(f"{help.shop}/form.html")
    expect(page.locator("[name=message]")).to_have_value("")


def test_leaving_without_sending_is_left(page: Page, help: Help) -> None:
    offered(page, help)
    page.goto("about:blank")
    help.wait("left")
    assert "attempted" not in help.types()


def test_cards_count_as_shown_after_800_ms_on_screen(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/form.html")
    page.evaluate("addEventListener('help-offer', () => { window.there = performance.now(); })")
    page.evaluate("addEventListener('help-shown', () => { window.counted ??= performance.now(); })")
    write(page)
    help.wait("shown", times=3)
    assert page.evaluate("window.counted - window.there") >= 800
    assert [(e["article"], e["rank"]) for e in help.events if e["type"] == "shown"] == [
        (f"account/answer-{n}", n) for n in (1, 2, 3)
    ]


def test_a_card_under_the_pointer_neither_moves_nor_changes(page: Page, help: Help) -> None:
    offered(page, help)
    page.locator(CARDS).first.hover()
    help.cards = [card(7, score=0.99), card(8, score=0.99), card(9, score=0.99)]
    with page.expect_response("**/offers"):
        write(page, " by text message")
    expect(page.locator(CARDS).first).to_contain_text("Answer 1")
    page.mouse.move(600, 700)
    expect(page.locator(CARDS).first).to_contain_text("Answer 7")


def test_a_card_with_the_focus_neither_moves_nor_changes(page: Page, help: Help) -> None:
    offered(page, help)
    help.cards = [card(7, score=0.99), card(8, score=0.99), card(9, score=0.99)]
    page.locator(CARDS).first.focus()
    with page.expect_response("**/offers"):
        page.locator("[name=message]").evaluate(
            "(area) => { area.value += ' at all'; area.dispatchEvent(new Event('input', { bubbles: true })); }"
        )
    expect(page.locator(CARDS).first).to_contain_text("Answer 1")
    page.locator("[name=message]").focus()
    expect(page.locator(CARDS).first).to_contain_text("Answer 7")


def test_a_newcomer_must_be_clearly_better(page: Page, help: Help) -> None:
    offered(page, help)
    settle = """async ([shown, fresh]) => {
        const { settle } = await import(`${document.querySelector('script').src.replace('help-widget', 'offers')}`);
        return settle(shown, fresh).map(({ article }) => article.slice(-1));
    }"""
    shown = [card(1, score=0.6), card(2, score=0.55), card(3, score=0.5)]
    slightly = [card(4, score=0.65), card(1, score=0.6), card(2, score=0.55), card(3, score=0.5)]
    assert page.evaluate(settle, [shown, slightly[:3]]) == ["1", "2", "4"], "what is no longer offered gives way"
    assert page.evaluate(settle, [shown, [card(4, score=0.58), *shown]]) == ["1", "2", "3"]
    assert page.evaluate(settle, [shown, [card(4, score=0.9), *shown]]) == ["1", "2", "4"]
    assert page.evaluate(settle, [shown, []]) == ["1", "2", "3"], "one abstention is not yet the end"
    assert page.evaluate(settle, [[one | {"missed": 1} for one in shown], []]) == []


def test_a_late_answer_is_shown_when_it_comes_and_is_not_asked_for_again(hasty: Page, help: Help) -> None:
    help.gate.clear()
    hasty.goto(f"{help.shop}/form.html")
    at_once(hasty)
    help.until(lambda: len(help.offers) == 1)
    hasty.wait_for_timeout(2500)  # more than patience
    expect(hasty.locator(CARDS)).to_have_count(0)
    help.gate.set()
    expect(hasty.locator(CARDS)).to_have_count(3)
    assert len(help.offers) == 1


@pytest.mark.parametrize("act", ["sent", "emptied"])
def test_a_late_answer_is_not_shown_once_the_question_is_over(hasty: Page, help: Help, act: str) -> None:
    help.gate.clear()
    hasty.goto(f"{help.shop}/form.html")
    at_once(hasty)
    help.until(lambda: len(help.offers) == 1)
    if act == "sent":
        hasty.evaluate("document.querySelector('help-widget').sent()")
    else:
        hasty.locator("[name=message]").fill("")
        hasty.wait_for_timeout(600)  # more than a pause
    with hasty.expect_response("**/offers"):
        help.gate.set()
    hasty.wait_for_timeout(100)
    expect(hasty.locator(CARDS)).to_have_count(0)


def test_an_older_answer_never_overwrites_a_newer_one(hasty: Page, help: Help) -> None:
    help.gate.clear()
    hasty.goto(f"{help.shop}/form.html")
    at_once(hasty, "the code")
    help.until(lambda: len(help.offers) == 1)
    older, help.gate = help.gate, threading.Event()
    help.gate.set()
    help.cards = [card(5)]
    write(hasty, " never arrives")
    expect(hasty.locator(CARDS)).to_have_count(1)
    with hasty.expect_response("**/offers"):
        older.set()
    hasty.wait_for_timeout(100)
    expect(hasty.locator(CARDS)).to_contain_text("Answer 5")
    expect(hasty.locator(CARDS)).to_have_count(1)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_help_center_that_fails_leaves_the_form_as_it_was(page: Page, help: Help, status: int) -> None:
    help.status = status
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{help.shop}/form.html")
    with page.expect_response(lambda response: response.url.endswith("/offers") and response.status == status):
        write(page)
    expect(page.locator(OFFERS)).to_have_count(0)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("body")).to_have_text("Thank you.")
    assert help.posts[0]["message"] == "the code never arrives"
    assert errors == []


@pytest.mark.parametrize("stopped", ["**/api/v1/**", "**/help-widget.js", "**/form.js", "**/panel.js"])
def test_a_blocker_leaves_the_form_as_it_was(page: Page, help: Help, stopped: str) -> None:
    errors: list[str] = []
    lines: list[str] = []
    page.on("console", lambda message: lines.append(message.text) if "help-widget:" in message.text else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route(stopped, lambda route: route.abort())
    page.goto(f"{help.shop}/form.html")
    write(page)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("body")).to_have_text("Thank you.")
    assert help.posts[0]["message"] == "the code never arrives"
    assert errors == []
    assert len(lines) <= 1, "the owner is told once"


def test_the_link_of_a_card_leads_to_the_help_center(page: Page, help: Help) -> None:
    offered(page, help)
    link = f"{help.origin}/en/articles/account/answer-1#by-phone"
    expect(page.locator(CARDS).first).to_have_attribute("href", link)  # as a click with Control follows it


def test_a_card_opens_in_a_new_tab_when_the_panel_cannot_be_fetched(page: Page, help: Help) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route("**/panel.js", lambda route: route.abort())
    offered(page, help)
    with page.context.expect_page() as opened:
        page.locator(CARDS).first.click()
    expect(opened.value).to_have_url(f"{help.origin}/en/articles/account/answer-1#by-phone")
    assert errors == []


def test_files_that_could_not_be_fetched_once_are_fetched_again(page: Page, help: Help) -> None:
    refused: list[str] = []

    def once(route: Route) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.abort()

    page.route("**/form.js", once)
    page.goto(f"{help.shop}/form.html")
    with page.expect_event("requestfailed"):
        page.locator("[name=message]").click()
    write(page)
    expect(page.locator(CARDS)).to_have_count(3)


def test_the_note_after_an_answer_can_be_closed(page: Page, help: Help) -> None:
    offered(page, help)
    page.locator(CARDS).first.click()
    page.get_by_role("button", name="This solved it").click()
    expect(page.locator(OFFERS)).to_contain_text("Nothing was sent")
    page.locator(OFFERS).get_by_role("button", name="Close").click()
    expect(page.locator(OFFERS)).to_be_hidden()


def test_a_form_put_in_again_while_its_files_come_is_attempted_once(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/form.html")
    page.evaluate("""() => {
        const widget = document.querySelector("help-widget");
        widget.part("Form").catch(() => {});
        widget.parentNode.insertBefore(widget, widget.nextSibling);
    }""")
    write(page)
    expect(page.locator(CARDS)).to_have_count(3)
    until_kept(page, "the code never arrives")
    page.get_by_role("button", name="Send").click()
    help.wait("attempted")
    assert help.types().count("attempted") == 1


def test_without_javascript_the_link_is_there(page: Page, help: Help) -> None:
    context = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    plain = context.new_page()
    plain.goto(f"{help.shop}/form.html")
    expect(plain.get_by_role("link", name="Help")).to_be_visible()
    context.close()


def test_an_input_method_is_left_alone_until_it_is_done(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/form.html")
    page.locator("[name=message]").focus()
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "パスワード", "selectionStart": 5, "selectionEnd": 5})
    page.wait_for_function("document.activeElement.value === 'パスワード'")
    page.evaluate("new Promise((done) => setTimeout(done, 1000))")  # longer than the 800 ms pause of a patient page
    assert help.offers == []
    session.send("Input.insertText", {"text": "パスワードを忘れた"})
    expect(page.locator(CARDS)).to_have_count(3)
    assert help.offers[-1]["body"] == "パスワードを忘れた"


def test_text_of_a_card_is_never_html(page: Page, help: Help) -> None:
    help.cards = [card(1) | {"title": "<img src=x onerror=alert(1)>", "heading": "<b>"}]
    page.goto(f"{help.shop}/form.html")
    write(page)
    expect(page.locator(CARDS)).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator(f"{CARDS} img").count() == 0
