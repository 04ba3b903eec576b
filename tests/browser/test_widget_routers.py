"""One line on pages whose body or view is replaced by a router, and lines and elements that are there twice.

The routers are played by what they do to the page: Turbo puts a new body in the place of the old and restores clones,
htmx sets the body's HTML, pjax sets a view's HTML with scripts that don't run, and others add before they remove.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.shop import Help, shop_and_help

pytestmark = pytest.mark.browser
CARDS = "help-widget [part=card]"
FORM = '<form id="contact"><label>Message <textarea name="message"></textarea></label></form>'
TAG = '<script type="module" src="HELP/widget/1/help-widget.js" data-form="#contact"></script>'
QUERY = TAG.replace(".js", ".js?ver=2")
HASH = TAG.replace(".js", ".js#v1")
OTHER = TAG.replace("#contact", "form#contact")
LOADER = TAG.replace(' data-form="#contact"', "")
ELEMENT = '<help-widget form="#contact"></help-widget>'
BUTTON = TAG.replace('data-form="#contact"', 'data-label="Help"')

ROUTERS = {
    "a new body": "document.documentElement.replaceChild(made, document.body)",
    "the body's HTML": "document.body.innerHTML = made.innerHTML",
    "a clone": "document.documentElement.replaceChild(old, document.body)",
    "added first": "{ const before = [...document.body.childNodes];"
    " document.body.append(...made.childNodes); for (const node of before) node.remove(); }",
}


@pytest.fixture(scope="module")
def help() -> Iterator[Help]:
    """A fake help center, and a shop with its widget."""
    with shop_and_help() as both:
        yield both


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One page for all tests of this file."""
    made = browser.new_context(locale="en-US").new_page()
    made.set_default_timeout(10_000)
    made.add_init_script("try { sessionStorage.clear() } catch {}")  # the draft of another test would be asked about
    yield made
    made.context.close()


def show(page: Page, help: Help, body: str, *, head: str = "") -> None:
    """Show a page of the shop, with the help center's address for HELP."""
    text = f"<!doctype html><html lang='en'><head><title>Shop</title>{head}</head><body>{body}</body></html>"
    help.made = text
    page.goto(f"{help.shop}/made.html?csp=none")
    page.wait_for_function("!!customElements.get('help-widget')")


def route(page: Page, way: str, body: str, help: Help) -> None:
    """Put a body in the place of the present one, as a router does."""
    page.evaluate(
        f"""(text) => {{
            const old = document.body.cloneNode(true);
            const made = new DOMParser().parseFromString(text, "text/html").body;
            {ROUTERS[way]};
        }}""",
        body.replace("HELP", help.origin),
    )


def offers_once(page: Page, help: Help) -> None:
    """Type into the form, and see cards of one widget, for one question."""
    before = len(help.offers)
    page.locator("[name=message]").focus()
    page.keyboard.insert_text("the code never arrives")
    expect(page.locator(CARDS)).to_have_count(3)
    assert len(help.offers) == before + 1


@pytest.mark.parametrize("way", ROUTERS)
@pytest.mark.parametrize(
    ("head", "rest"), [(TAG, ""), (LOADER, ELEMENT), ("", TAG)], ids=["tag in the head", "element", "tag in the body"]
)
def test_a_router_leaves_one_widget_that_offers_once(page: Page, help: Help, way: str, head: str, rest: str) -> None:
    show(page, help, FORM + rest, head=head)
    for _ in range(2):
        route(page, way, f"<h1>Contact</h1>{FORM}{rest}", help)
        expect(page.locator("help-widget")).to_have_count(1)
        offers_once(page, help)


@pytest.mark.parametrize("way", ["a new body", "the body's HTML", "added first"])
def test_the_tag_in_the_head_waits_for_a_form_of_a_later_page(page: Page, help: Help, way: str) -> None:
    show(page, help, "<h1>Home</h1>", head=TAG)
    route(page, way, FORM, help)
    expect(page.locator("help-widget")).to_have_count(1)
    offers_once(page, help)
    route(page, way, "<h1>Thanks</h1>", help)
    expect(page.locator("help-widget")).to_have_count(1)
    expect(page.locator(CARDS)).to_have_count(0)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("", FORM + TAG + TAG),
        ("", FORM + TAG + QUERY),
        (TAG, FORM + QUERY),
        (HASH, FORM + TAG),
        (TAG, FORM + OTHER),
        (LOADER, FORM + ELEMENT + ELEMENT),
        (TAG, FORM + ELEMENT),
        ("<base href='/deep/'>" + TAG, FORM + TAG),
        (TAG, FORM + TAG.replace("#contact", "")),
    ],
    ids=[
        "twice",
        "with a query",
        "head and body",
        "a fragment",
        "other words",
        "elements",
        "both",
        "a base",
        "guessed and named",
    ],
)
def test_twice_is_once(page: Page, help: Help, head: str, body: str) -> None:
    show(page, help, body, head=head)
    offers_once(page, help)


def test_a_button_twice_is_one_button_and_two_in_the_page_stay_two(page: Page, help: Help) -> None:
    show(page, help, BUTTON + "<help-widget>Help</help-widget>")
    expect(page.get_by_role("button", name="Help")).to_have_count(1)
    show(
        page,
        help,
        LOADER + "<help-widget position='inline'>A</help-widget><help-widget position='inline'>B</help-widget>",
    )
    expect(page.locator("help-widget [part=button]")).to_have_count(2)


def test_a_tag_that_a_tag_manager_adds_later_works(page: Page, help: Help) -> None:
    show(page, help, FORM + LOADER)
    page.evaluate(
        """(src) => {
            const tag = Object.assign(document.createElement("script"), { type: "module", src });
            tag.dataset.form = "#contact";
            document.head.append(tag);
        }""",
        f"{help.origin}/widget/1/help-widget.js",
    )
    expect(page.locator("help-widget")).to_have_count(1)
    offers_once(page, help)
