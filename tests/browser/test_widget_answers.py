"""The panel's answers before and while somebody types, whole articles, and files in its form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import patient
from tests.browser.shop import Help, card, shop_and_help
from tests.browser.test_widget_panel import complaints

pytestmark = pytest.mark.browser
PANEL = "help-widget [part=panel]"
CARDS = f"{PANEL} [part=card]"
BUTTON = "help-widget [part=button]"
QUERY = "Search for an answer"
SHOT = {"name": "shot.png", "mimeType": "image/png", "buffer": b"x" * 300_000}
NOTE = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"it failed\n"}
BIG = {"name": "big.png", "mimeType": "image/png", "buffer": b"x" * 1_000_001}
GIVE = """(form, how) => {
  const data = new DataTransfer();
  data.items.add(new File(["x"], "pasted.png", { type: "image/png" }));
  const about = { bubbles: true, cancelable: true, composed: true };
  const event = how === "paste" ? new ClipboardEvent("paste", { ...about, clipboardData: data })
    : new DragEvent("drop", { ...about, dataTransfer: data });
  form.querySelector("textarea").dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def shop() -> Iterator[Help]:
    """A fake help center, and a shop with its widget."""
    with shop_and_help() as both:
        yield both


@pytest.fixture
def help(shop: Help) -> Help:
    """The same as at the start of a test."""
    fresh = Help()
    for name in ("cards", "promoted", "popular", "files", "tickets", "names", "why", "status"):
        setattr(shop, name, getattr(fresh, name))
    return shop


@pytest.fixture(scope="module")
def one(browser: Browser) -> Iterator[Page]:
    """A page that the tests share; each finds nothing of the others in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.set_default_timeout(10_000)
    page = patient(context.new_page())
    page.add_init_script("try { sessionStorage.clear() } catch {}")
    yield page
    context.close()


def opened(page: Page, help: Help) -> None:
    """Open the panel with its button."""
    page.unroute_all()
    page.goto(f"{help.shop}/button.html?csp=none")
    page.locator(BUTTON).click()
    expect(page.get_by_label(QUERY)).to_be_focused()


def writing(page: Page, help: Help) -> None:
    """Open the panel's form and fill it in."""
    opened(page, help)
    page.get_by_role("button", name="Write to us").click()
    page.get_by_label("Subject").fill("Code")
    page.get_by_label("Message").fill("the code never arrives")
    page.get_by_label("E-mail").fill("jo@example.com")


@pytest.mark.parametrize(
    ("hits", "promoted", "popular", "headings", "titles"),
    [
        ([1], [2], [3], ["About this page", "Good places to start", "Popular articles"], [1, 2, 3]),
        ([], [1, 2], [3], ["Good places to start", "Popular articles"], [1, 2, 3]),
        ([], [1], [], ["Good places to start"], [1]),
        ([], [], [], [], []),
    ],
)
def test_it_opens_with_answers(
    one: Page, help: Help, hits: list[int], promoted: list[int], popular: list[int], headings: Any, titles: Any
) -> None:
    help.cards, help.promoted, help.popular = (list(map(card, numbers)) for numbers in (hits, promoted, popular))
    opened(one, help)
    expect(one.locator(f"{PANEL} h3")).to_have_text(headings)
    expect(one.locator(f"{CARDS} b")).to_have_text([f"Answer {number}" for number in titles])


def test_completion_is_a_combobox_that_the_arrow_keys_walk(one: Page, help: Help) -> None:
    opened(one, help)
    field = one.get_by_role("combobox", name=QUERY)
    field.fill("code")  # at once: a later answer would take the choice away
    options = one.get_by_role("option")
    expect(options).to_have_count(3)
    expect(field).to_have_attribute("aria-expanded", "true")
    assert complaints(one) == []
    for key, active in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", -1), ("ArrowUp", 2)):
        field.press(key)
        chosen = options.evaluate_all("(all) => all.findIndex((one) => one.ariaSelected === 'true')")
        assert chosen == active, key
        expect(field).to_be_focused()
    field.press("Enter")
    expect(one.locator(f"{PANEL} h2").first).to_have_text("Reset your password")
    one.get_by_role("button", name="Back").click()
    field.press("Escape")
    expect(field).to_have_value("")
    expect(one.locator(f"{PANEL} h3")).to_have_text("About this page")
    expect(field).to_have_attribute("aria-expanded", "false")
    field.press("Escape")
    expect(one.locator(PANEL)).to_be_hidden()
    expect(one.locator(BUTTON)).to_be_focused()


def test_a_search_that_an_opened_article_overtook_leaves_its_question_alone(one: Page, help: Help) -> None:
    opened(one, help)
    one.get_by_label(QUERY).fill("code")
    expect(one.get_by_role("option")).to_have_count(3)
    with one.expect_request("**/api/v1/complete?q=codes&**"):
        one.locator("help-widget").evaluate("""({ shadowRoot }) => {
          const field = shadowRoot.querySelector("[role=combobox]");
          field.value = "codes";
          field.dispatchEvent(new InputEvent("input", { bubbles: true }));
          shadowRoot.querySelector("[role=option]").click();
        }""")
        expect(one.get_by_role("button", name="This solved it")).to_be_visible()
    expect(one.get_by_role("button", name="This solved it")).to_be_visible()
    one.get_by_role("button", name="Back").click()
    expect(one.locator(f"{PANEL} footer")).to_have_text("Write to us")


def test_enter_without_a_choice_searches_in_full(one: Page, help: Help) -> None:
    opened(one, help)
    one.get_by_label(QUERY).fill("code")
    with one.expect_request("**/api/v1/search?**"):
        one.get_by_label(QUERY).press("Enter")
    expect(one.locator(f"{PANEL} li [part=card]")).to_have_count(3)
    expect(one.get_by_role("option")).to_have_count(0)


def test_an_older_answer_never_overwrites_a_newer_one(one: Page, help: Help) -> None:
    opened(one, help)
    held: list[Route] = []

    def answer(route: Route) -> None:
        if "q=co&" in route.request.url:
            held.append(route)
        else:
            route.fulfill(json={"hits": [card(2)]}, headers={"Access-Control-Allow-Origin": "*"})

    one.route("**/api/v1/complete?**", answer)
    with one.expect_request("**/api/v1/complete?q=co&**"):
        one.get_by_label(QUERY).fill("co")
    one.get_by_label(QUERY).fill("code")
    expect(one.get_by_role("option")).to_have_text(["Answer 2By phoneChoose a code & wait."])
    for route in held:
        route.fulfill(json={"hits": [card(1)]}, headers={"Access-Control-Allow-Origin": "*"})
    one.evaluate("new Promise((done) => setTimeout(done, 50))")
    expect(one.get_by_role("option")).to_have_text(["Answer 2By phoneChoose a code & wait."])


def test_the_whole_article_is_a_link_to_the_help_center(one: Page, help: Help) -> None:
    opened(one, help)
    expect(one.get_by_role("link", name="Open in a new tab")).to_have_count(0)
    one.locator(CARDS).first.click()
    links = one.get_by_role("link", name="Open in a new tab")
    expect(links).to_have_count(2)  # in the header, and after the text
    for link in links.all():
        assert link.get_attribute("href") == f"{help.origin}/en/articles/account/answer-1#by-phone"
        assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener")


def test_an_article_that_does_not_load_is_linked(one: Page, help: Help) -> None:
    opened(one, help)
    expect(one.locator(CARDS)).to_have_count(3)
    help.status = 503
    one.locator(CARDS).first.click()
    expect(one.locator(f"{PANEL} .article")).to_contain_text("We can't show this article here")
    assert one.locator(f"{PANEL} .article a").get_attribute("href") == (
        f"{help.origin}/en/articles/account/answer-1#by-phone"
    )


def test_files_are_listed_sent_with_the_message_and_named_in_the_receipt(one: Page, help: Help) -> None:
    writing(one, help)
    one.get_by_label("Files (optional)").set_input_files([SHOT, NOTE])
    rows = one.locator(f"{PANEL} .files li")
    expect(rows).to_contain_text(["shot.png 300 kB", "note.txt 1 kB"])
    assert complaints(one) == []
    one.get_by_role("button", name="Remove note.txt").click()
    expect(rows).to_have_count(1)
    expect(one.locator(f"{PANEL} > [role=status]")).to_have_text("Remove: note.txt")
    one.get_by_role("button", name="Send").click()
    expect(one.locator(f"{PANEL} h2").first).to_have_text("We've received your message")
    body = one.locator(f"{PANEL} [part=body]")
    for text in ("Your ticket number is T-2345.", "reply to jo@example.com", "Subject: Code", "Files: shot.png"):
        expect(body).to_contain_text(text)
    assert help.names == [["shot.png"]]
    assert (help.tickets[0]["subject"], help.tickets[0]["body"]) == ("Code", "the code never arrives")
    assert complaints(one) == []
    one.locator(f"{PANEL} footer").get_by_role("button", name="Close").click()
    expect(one.locator(PANEL)).to_be_hidden()


@pytest.mark.parametrize(
    ("files", "refused", "kept"),
    [
        ([BIG, NOTE], "big.png: This file is larger than 1 MB.", 1),
        ([NOTE | {"name": f"{n}.txt"} for n in range(4)], "You can attach at most 3 files.", 3),
        (
            [SHOT | {"name": f"{n}.png", "buffer": b"x" * 900_000} for n in range(3)],
            "Together, the files are larger than 2 MB.",
            2,
        ),
    ],
)
def test_what_is_too_much_is_told_at_once_and_the_rest_is_kept(
    one: Page, help: Help, files: Any, refused: str, kept: int
) -> None:
    writing(one, help)
    one.get_by_label("Files (optional)").set_input_files(files)
    expect(one.locator(f"{PANEL} .files + [role=alert]")).to_have_text(refused)
    expect(one.locator(f"{PANEL} .files li")).to_have_count(kept)


@pytest.mark.parametrize("how", ["paste", "drop"])
def test_a_screenshot_is_pasted_or_dropped(one: Page, help: Help, how: str) -> None:
    writing(one, help)
    expect(one.get_by_label("Files (optional)")).to_be_visible()
    one.locator(f"{PANEL} form:has(textarea)").evaluate(GIVE, how)
    expect(one.locator(f"{PANEL} .files li")).to_contain_text(["pasted.png"])


def test_a_refused_file_is_explained_and_nothing_is_lost(one: Page, help: Help) -> None:
    writing(one, help)
    one.get_by_label("Files (optional)").set_input_files([SHOT])
    help.why = "shot.png: This file type isn't accepted."
    one.get_by_role("button", name="Send").click()
    expect(one.locator(f"{PANEL} form > [role=alert]")).to_contain_text("shot.png: This file type isn't accepted.")
    expect(one.get_by_label("Message")).to_have_value("the code never arrives")
    expect(one.locator(f"{PANEL} .files li")).to_have_count(1)
    help.why = ""
    one.get_by_role("button", name="Send").click()
    expect(one.locator(f"{PANEL} h2").first).to_have_text("We've received your message")


def test_a_help_center_that_takes_no_files_asks_for_none(one: Page, help: Help) -> None:
    help.files = help.files | {"most": 0}
    writing(one, help)
    expect(one.locator(f"{PANEL} input[type=file]")).to_have_count(0)


def test_text_and_files_are_still_there_after_the_panel_was_closed(one: Page, help: Help) -> None:
    writing(one, help)
    one.get_by_label("Files (optional)").set_input_files([NOTE])
    one.keyboard.press("Escape")
    expect(one.locator(PANEL)).to_be_hidden()
    one.locator(BUTTON).click()
    expect(one.get_by_label("Message")).to_have_value("the code never arrives")
    expect(one.locator(f"{PANEL} .files li")).to_have_count(1)


def test_progress_is_shown_while_files_are_sent(one: Page, help: Help) -> None:
    writing(one, help)
    one.get_by_label("Files (optional)").set_input_files([SHOT])
    held: list[Route] = []
    one.route("**/api/v1/tickets", lambda route: held.append(route))
    one.evaluate("""() => {
      const send = XMLHttpRequest.prototype.send;
      XMLHttpRequest.prototype.send = function (body) {
        this.upload.onprogress({ loaded: 1, total: 4 });
        send.call(this, body);
      };
    }""")
    with one.expect_request("**/api/v1/tickets"):
        one.get_by_role("button", name="Send").click()
    expect(one.get_by_role("progressbar", name="Sending")).to_have_attribute("value", "0.25")
    assert one.get_by_role("progressbar").evaluate("(bar) => bar.position") == 0.25
    answer = json.dumps({"ticket": "T-1", "channel": "web"})
    for route in held:
        route.fulfill(status=201, body=answer, headers={"Access-Control-Allow-Origin": "*"})
    expect(one.locator(f"{PANEL} h2").first).to_have_text("We've received your message")
