"""The widget without a form: button, search, articles, contact form, keyboard, screen readers and languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.shop import Help, shop_and_help, way

pytestmark = pytest.mark.browser
CARDS = "help-widget [part=card]"
PANEL = "help-widget [part=panel]"
BUTTON = "help-widget [part=button]"
FOCUS = """() => {
    let element = document.activeElement;
    while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element.getAttribute("aria-label") || element.name || element.textContent || element.localName;
}"""


@pytest.fixture
def help() -> Iterator[Help]:
    """A fake help center, and a shop with its widget."""
    with shop_and_help() as both:
        yield both


def opened(page: Page, help: Help) -> None:
    """Open the panel with its button."""
    page.goto(f"{help.shop}/button.html")
    page.locator(BUTTON).click()
    expect(page.get_by_label("Search for an answer")).to_be_focused()


def complaints(page: Page) -> list[str]:
    """Return axe's violations in the widget."""
    found = Axe().run(page, context="help-widget")
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found.response["violations"]]


def test_before_somebody_reaches_for_the_button_there_is_one_file(page: Page, help: Help) -> None:
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.goto(f"{help.shop}/button.html", wait_until="networkidle")
    assert [url for url in seen if help.origin in url] == [f"{help.origin}/widget/1/help-widget.js"]
    with page.expect_response("**/panel.js"):
        page.locator(BUTTON).hover()
    assert help.asked == []
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_search_while_typing_opens_an_article_and_the_way_back_is_kept(page: Page, help: Help) -> None:
    opened(page, help)
    page.get_by_label("Search for an answer").press_sequentially("code")
    expect(page.locator(f"{PANEL} [role=status]")).to_have_text("3 articles found")
    page.locator(f"{PANEL} [part=card]").nth(1).click()
    expect(page.locator(PANEL)).to_contain_text("Choose Text me a code.")
    follow = help.wait("follow")
    assert (follow["article"], follow["rank"], follow["source"]) == ("account/answer-2", 2, "search")
    page.get_by_role("button", name="This solved it").click()
    assert help.wait("helpful")["revision"] == "r7"
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("Search for an answer")).to_have_value("code")


def test_links_within_an_article_scroll_in_the_panel_and_others_open_elsewhere(page: Page, help: Help) -> None:
    opened(page, help)
    page.locator(f"{PANEL} [part=card]").first.click()
    page.get_by_role("link", name="the top").click()
    page.wait_for_function(
        "() => document.querySelector('help-widget').shadowRoot.querySelector('[part=body]').scrollTop < 40"
    )
    assert page.url.endswith("/button.html")
    other = page.get_by_role("link", name="another")
    assert other.get_attribute("href") == f"{help.origin}/en/articles/other"
    assert (other.get_attribute("target"), other.get_attribute("rel")) == ("_blank", "noopener")


def test_nothing_found_and_nothing_answering_have_a_sentence(page: Page, help: Help) -> None:
    opened(page, help)
    page.get_by_label("Search for an answer").fill("nothing")
    expect(page.locator(f"{PANEL} [role=status]")).to_contain_text("No articles found.")
    help.status = 503
    page.get_by_label("Search for an answer").fill("code")
    expect(page.locator(f"{PANEL} [role=status]")).to_contain_text("doesn't work right now")


def test_a_ticket_that_failed_is_sent_again_under_the_same_key(page: Page, help: Help) -> None:
    opened(page, help)
    page.get_by_role("button", name="Write to us").click()
    page.get_by_label("Subject").fill("Code")
    page.get_by_label("Message").fill("the code never arrives")
    page.get_by_label("E-mail").fill("jo@example.com")
    keys: list[str] = []
    page.on("request", lambda request: keys.append(request.headers.get("idempotency-key", "")))
    help.status = 503
    page.get_by_role("button", name="Send").click()
    expect(page.locator(f"{PANEL} form > [role=alert]")).to_contain_text("Your text is still here")
    help.status = 429
    page.get_by_role("button", name="Send").click()
    expect(page.locator(f"{PANEL} form > [role=alert]")).to_contain_text("Too many requests")
    help.status = 200
    page.get_by_role("button", name="Send").click()
    expect(page.locator(PANEL)).to_contain_text("T-2345")
    assert len({key for key in keys if key}) == 1
    ticket = help.tickets[0]
    assert (ticket["subject"], ticket["body"], ticket["email"]) == ("Code", "the code never arrives", "jo@example.com")
    assert ticket["page"] == f"{help.shop}/button.html"
    assert ticket["title"] == "Your order"
    assert page.evaluate("sessionStorage.getItem('help-widget:draft /button.html ')") is None


def test_a_message_in_our_form_survives_a_reload(page: Page, help: Help) -> None:
    opened(page, help)
    page.get_by_role("button", name="Write to us").click()
    page.get_by_label("Message").press_sequentially("the code never arrives")
    page.reload()
    page.evaluate("document.querySelector('help-widget').open('contact')")
    expect(page.get_by_label("Message")).to_have_value("the code never arrives")


def test_what_the_page_opens_by_itself_is_noted_of_nobody(page: Page, help: Help) -> None:
    page.clock.install()
    page.add_init_script(  # as for an idle visitor; the test's own input sets it
        "Object.defineProperty(navigator, 'userActivation', { value: { hasBeenActive: false } });"
        "addEventListener('load', () => document.querySelector('help-widget').article('account/reset'))"
    )
    page.goto(f"{help.shop}/button.html")
    expect(page.locator(PANEL)).to_contain_text("Choose Text me a code.")
    page.mouse.move(300, 300)
    page.clock.run_for(60_000)
    page.goto("about:blank")
    assert help.events == []
    page.goto(f"{help.shop}/form.html")
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_the_page_may_open_search_suggest_prefill_and_show_an_article(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/button.html")
    widget = page.locator("help-widget")
    widget.evaluate("(widget) => widget.search('code')")
    expect(page.get_by_label("Search for an answer")).to_have_value("code")
    widget.evaluate("(widget) => widget.article('account/reset#by-phone')")
    expect(page.locator(PANEL)).to_contain_text("Choose Text me a code.")
    widget.evaluate("(widget) => widget.suggest('parcels')")
    expect(page.locator(f"{PANEL} h3")).to_have_text("About this page")
    widget.evaluate("(widget) => widget.prefill({ subject: 'Order 7', email: 'jo@example.com' })")
    widget.evaluate("(widget) => widget.open('contact')")
    expect(page.get_by_label("Subject")).to_have_value("Order 7")
    widget.evaluate("(widget) => widget.close()")
    expect(page.locator(PANEL)).to_be_hidden()


def test_what_happens_bubbles_out_as_events(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/button.html")
    page.evaluate("""() => {
        window.heard = [];
        for (const type of ["help-open", "help-search", "help-follow", "help-close"]) {
            document.addEventListener(type, ({ type, detail }) => {
                window.heard.push([type, detail?.article ?? detail?.hits ?? null]);
            });
        }
    }""")
    page.locator(BUTTON).click()
    page.get_by_label("Search for an answer").fill("code")
    expect(page.locator(f"{PANEL} [role=status]")).to_have_text("3 articles found")
    page.locator(f"{PANEL} [part=card]").first.click()
    page.keyboard.press("Escape")
    assert page.evaluate("window.heard") == [
        ["help-search", 3],
        ["help-follow", "account/answer-1"],
        ["help-open", "account/answer-1"],
        ["help-close", None],
    ]


def test_from_form_to_solved_by_keyboard_alone(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/form.html")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("the code never arrives")
    expect(page.locator(CARDS)).to_have_count(3)
    expect(page.locator("help-widget [role=status]").first).to_have_text("3 articles may solve this")
    assert page.evaluate(FOCUS) == "message", "the focus is not taken away"
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate(FOCUS) == "Close"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(PANEL)).to_contain_text("Choose Text me a code.")
    assert page.evaluate(FOCUS) == "Reset your password"
    page.keyboard.press("Escape")
    expect(page.locator(PANEL)).to_be_hidden()
    assert "Answer 1" in page.evaluate(FOCUS), "the focus comes back to the card"
    page.keyboard.press("Enter")
    page.get_by_role("button", name="This solved it").press("Enter")
    help.wait("solved")
    assert page.evaluate(FOCUS) == "Undo"
    page.keyboard.press("Escape")
    assert page.evaluate(FOCUS) == "message"


def test_from_button_to_sent_by_keyboard_alone(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/button.html")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Search for an answer")).to_be_focused()
    page.get_by_role("button", name="Write to us").press("Enter")
    expect(page.get_by_label("Files (optional)")).to_be_visible()
    for text in ("Code", "the code never arrives", "", "jo@example.com", "Jo"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    assert page.evaluate(FOCUS) == "Send"
    page.keyboard.press("Enter")
    expect(page.locator(PANEL)).to_contain_text("T-2345")
    assert page.evaluate(FOCUS) == "We've received your message"
    page.keyboard.press("Escape")
    assert page.evaluate(FOCUS) == "Help"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_anywhere(page: Page, help: Help, theme: str) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto(f"{help.shop}/form.html")
    page.locator("[name=message]").press_sequentially("the code never arrives")
    expect(page.locator(CARDS)).to_have_count(3)
    assert complaints(page) == []
    page.locator(CARDS).first.click()
    expect(page.locator(PANEL)).to_contain_text("Choose Text me a code.")
    assert complaints(page) == []
    page.get_by_role("button", name="This solved it").click()
    assert complaints(page) == []
    opened(page, help)
    expect(page.locator(f"{PANEL} [part=card]")).to_have_count(3)
    assert complaints(page) == []
    page.get_by_role("button", name="Write to us").click()
    page.get_by_label("Message").press_sequentially("the code never arrives")
    expect(page.locator(f"{PANEL} [part=offers] [part=card]")).to_have_count(3)
    assert complaints(page) == []


def test_the_panel_fits_at_200_percent_and_on_a_phone(browser: Browser, help: Help) -> None:
    for width, height in ((640, 400), (320, 640)):
        context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=2)
        page = context.new_page()
        opened(page, help)
        page.get_by_role("button", name="Write to us").click()
        page.get_by_role("button", name="Send").scroll_into_view_if_needed()
        box = page.locator(PANEL).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
        assert page.locator("help-widget [part=body]").evaluate("(e) => e.scrollWidth <= e.clientWidth")
        context.close()


def test_the_head_of_the_panel_stays_while_its_form_scrolls(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/button.html")
    page.evaluate("document.querySelector('help-widget').open('contact')")
    page.get_by_label("Message").press_sequentially("the code never arrives")
    expect(page.locator(CARDS)).to_have_count(3)
    page.locator(CARDS).last.scroll_into_view_if_needed()
    assert page.locator(PANEL).evaluate("(panel) => panel.scrollHeight - panel.clientHeight") == 0


def test_on_a_phone_the_panel_is_modal_and_a_line_leads_to_cards_below_the_screen(browser: Browser, help: Help) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 330}, has_touch=True)
    page = context.new_page()
    page.goto(f"{help.shop}/form.html")
    page.locator("[name=message]").press_sequentially("the code never arrives")
    chip = page.locator("help-widget [part=chip]")
    expect(chip).to_have_text("3 articles may solve this ›")
    chip.click()
    expect(chip).to_be_hidden()
    page.locator(CARDS).first.click()
    assert page.locator(PANEL).evaluate("(panel) => panel.matches(':modal')")
    context.close()


def test_nothing_is_animated(page: Page, help: Help) -> None:
    opened(page, help)
    moving = page.evaluate("document.querySelector('help-widget').shadowRoot.getAnimations().length")
    assert moving == 0, "who wants less motion gets none, as everybody does"


def test_forced_colours_keep_edges_and_marks(page: Page, help: Help) -> None:
    page.emulate_media(forced_colors="active")
    opened(page, help)
    expect(page.locator(f"{PANEL} mark").first).to_be_visible()
    button = page.get_by_role("button", name="Search")
    assert button.evaluate("(e) => getComputedStyle(e).borderTopStyle") == "solid"
    assert button.evaluate("(e) => getComputedStyle(e).borderTopColor") != "rgba(0, 0, 0, 0)"


@pytest.mark.parametrize(
    ("lang", "word"),
    [
        ("es", "Buscar"),
        ("de", "Suchen"),
        ("ar", "بحث"),
        ("pt-BR", "Pesquisar"),
        ("zh-Hans", "搜索"),
        ("en", "Search"),
        ("xx", "Search"),
        ("da", "Search"),
        ("EN-gb", "Search"),
    ],
)
def test_it_speaks_the_language_of_the_page(page: Page, help: Help, lang: str, word: str) -> None:
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(f"{help.shop}/button.html")
    page.evaluate(
        """(lang) => {
            const widget = document.querySelector("help-widget");
            widget.lang = lang;
            document.body.append(widget);
        }""",
        lang,
    )
    page.locator(BUTTON).click()
    expect(page.get_by_role("button", name=word, exact=True)).to_be_visible()
    assert errors == []  # no words are asked for in a language that has none


def test_a_missing_word_is_english_and_no_error(page: Page, help: Help) -> None:
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.route("**/words/fr.json", lambda route: route.fulfill(json={"search": "Chercher"}))
    page.goto(f"{help.shop}/button.html")
    page.evaluate("document.querySelector('help-widget').lang = 'fr'")
    page.evaluate("document.body.append(document.querySelector('help-widget'))")
    page.locator(BUTTON).click()
    expect(page.get_by_role("button", name="Chercher")).to_be_visible()
    expect(page.get_by_role("button", name="Close")).to_be_visible()
    assert errors == []


def test_colours_fonts_and_parts_are_the_owners(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/button.html?csp=none")
    page.add_style_tag(
        content="help-widget { --help-accent: rgb(1, 2, 3); --help-font: serif; }"
        "help-widget::part(button) { border-radius: 3px; }"
    )
    style = page.locator(BUTTON).evaluate(
        "(e) => { const s = getComputedStyle(e); return [s.backgroundColor, s.fontFamily, s.borderTopLeftRadius]; }"
    )
    assert style == ["rgb(1, 2, 3)", "serif", "3px"]


@pytest.mark.parametrize(
    ("mode", "first", "writing"), [("", "Help", 1), ("self-service", "Help", 0), ("ask-first", "Write to us", 0)]
)
def test_the_owner_says_what_comes_first(page: Page, help: Help, mode: str, first: str, writing: int) -> None:
    page.goto(f"{help.shop}/button.html")
    page.locator("help-widget").evaluate("(widget, mode) => widget.setAttribute('mode', mode)", mode)
    page.locator(BUTTON).click()
    expect(page.locator(f"{PANEL} h2")).to_have_text(first)
    expect(page.locator(PANEL).get_by_role("button", name="Write to us")).to_have_count(writing)
    if first == "Write to us":
        page.get_by_role("button", name="Back").click()
    page.get_by_label("Search for an answer").fill("code")
    expect(page.locator(PANEL).get_by_role("button", name="Write to us")).to_be_visible()


@pytest.mark.parametrize(("mode", "first", "writing"), [("self-service", "Help", 0), ("ask-first", "Write to us", 0)])
def test_the_contexts_of_the_help_center_say_it_for_a_page(
    page: Page, help: Help, mode: str, first: str, writing: int
) -> None:
    help.mode = mode
    page.goto(f"{help.shop}/button.html?order=7#top")
    page.locator(BUTTON).click()
    expect(page.locator(f"{PANEL} h2")).to_have_text(first)
    expect(page.locator(PANEL).get_by_role("button", name="Write to us")).to_have_count(writing)
    assert help.contexts == [{"page": f"{help.shop}/button.html", "title": "Your order", "lang": "en"}]


def test_our_form_is_not_shown_to_whom_the_server_does_not_open_it(page: Page, help: Help) -> None:
    help.channels = []
    page.goto(f"{help.shop}/button.html")
    page.locator(BUTTON).click()
    expect(page.locator(PANEL).get_by_role("button", name="Write to us")).to_have_count(0)
    expect(page.locator(f"{PANEL} footer")).to_be_hidden()
    page.get_by_label("Search for an answer").fill("code")
    page.get_by_label("Search for an answer").press("Enter")
    expect(page.locator(f"{PANEL} h3")).to_contain_text("articles found")
    expect(page.locator(PANEL).get_by_role("button", name="Write to us")).to_have_count(0)


def test_the_channels_that_are_open_to_the_visitor_are_linked_in_their_order(page: Page, help: Help) -> None:
    why = "Clients may call."
    help.channels = [
        way("phone", "tel:+49301234567", why), way("web", why=why), way("chat", "https://shop.example/chat", why),
        way("email", "mailto:help@example.com", why),
    ]  # fmt: skip
    page.goto(f"{help.shop}/button.html")
    page.locator(BUTTON).click()
    foot = page.locator(f"{PANEL} footer")
    expect(foot).to_have_text(f"{why}+49301234567Write to usChathelp@example.com")
    links = foot.get_by_role("link").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
    assert links == ["tel:+49301234567", "https://shop.example/chat", "mailto:help@example.com"]
    assert complaints(page) == []


@pytest.mark.parametrize("mode", ["", "ask-first"])
def test_a_visitor_who_may_only_call_is_not_led_to_the_form(page: Page, help: Help, mode: str) -> None:
    help.mode, help.channels = "ask-first", [way("phone", "tel:+49301234567")]
    page.goto(f"{help.shop}/button.html")
    page.locator("help-widget").evaluate("(widget, mode) => mode && widget.setAttribute('mode', mode)", mode)
    page.locator(BUTTON).click()
    expect(page.locator(PANEL).get_by_role("link", name="+49301234567")).to_be_visible()
    expect(page.locator(f"{PANEL} h2")).to_have_text("Help")
    expect(page.locator(PANEL).get_by_role("textbox", name="Message")).to_have_count(0)


def test_theme_and_position_are_the_owners(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/button.html")
    widget, button = page.locator("help-widget"), page.locator(BUTTON)
    colours = set()
    for theme in ("light", "dark"):
        widget.evaluate("(widget, theme) => widget.setAttribute('theme', theme)", theme)
        colours.add(button.evaluate("(e) => getComputedStyle(e).backgroundColor"))
    assert len(colours) == 2
    sides = {}
    for position in ("end", "start", "inline"):
        widget.evaluate("(widget, position) => widget.setAttribute('position', position)", position)
        box = button.bounding_box()
        assert box is not None
        sides[position] = box["x"]
        assert button.evaluate("(e) => getComputedStyle(e).position") == ("static" if position == "inline" else "fixed")
    assert sides["start"] < 100 < 1000 < sides["end"]


def test_the_methods_open_what_they_name(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/button.html")
    call = "async ([name, value]) => { await document.querySelector('help-widget')[name](value); }"
    title = page.locator(f"{PANEL} h2")
    page.evaluate(call, ["search", "code"])
    expect(page.locator(f"{PANEL} [part=card]")).to_have_count(3)
    page.evaluate(call, ["suggest", "moving house"])
    expect(page.get_by_label("Search for an answer")).to_have_value("")
    help.until(lambda: help.contexts[-1] == {"page": "", "title": "moving house", "lang": "en"}, lambda: help.contexts)
    page.evaluate(call, ["article", "account/answer-1#by-phone"])
    expect(title.first).to_have_text("Reset your password")
    page.evaluate(call, ["prefill", {"subject": "Parcel", "email": "jo@example.com"}])
    page.evaluate(call, ["open", "contact"])
    expect(page.locator(PANEL).get_by_label("Subject")).to_have_value("Parcel")
    page.evaluate(call, ["close", None])
    expect(page.locator(PANEL)).to_be_hidden()
