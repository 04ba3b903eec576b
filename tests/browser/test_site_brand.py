"""The look of `site.toml`, the topics beside a page and the keys of the search, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_site_pages import complaints
from tests.kb.site.test_brand import BRAND
from tests.support.sample import ARTICLES, help_center, served

pytestmark = pytest.mark.browser

RUNS = "document.documentElement.dataset.added = 1"
PAGES = ("/en/", "/ar/articles/account/reset-password", "/en/categories/account", "/en/contact")
ADDED = """
const added = document.createElement("script");
added.src = ["https://stats.example/b.js", "https://evil.example/c.js"][0];
document.head.append(added);
try { document.createElement("script").src = "https://evil.example/c.js"; } catch { self.refused = 1; }
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the sample help center with a look of its own."""
    head = {"brand/head.html": f"<script>self.counted = 1;{ADDED}</script>"}
    with served(
        help_center(tmp_path_factory.mktemp("brand"), files=ARTICLES | BRAND | head, site_scripts=True)
    ) as address:
        yield address


def stub(page: Page) -> list[str]:
    """Answer for the analytics, and return the addresses that were asked for."""
    asked: list[str] = []
    page.route("https://*.example/**", lambda route: (asked.append(route.request.url), route.fulfill(body=RUNS)))
    return asked


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_in_an_own_look(browser: Browser, site: str, path: str, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )  # type: ignore[arg-type]
    page = context.new_page()
    stub(page)
    page.goto(site + path)
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_own_analytics_run_and_load_from_the_named_origin_only(page: Page, site: str) -> None:
    asked = stub(page)
    page.goto(f"{site}/en/articles/account/passkey")
    expect(page.locator("html")).to_have_attribute("data-added", "1")
    assert page.evaluate("[self.counted, self.refused]") == [1, 1]
    assert asked == ["https://stats.example/b.js"]


def test_the_own_colour_and_stylesheet_apply(page: Page, site: str) -> None:
    stub(page)
    page.goto(f"{site}/en/")
    assert page.evaluate("getComputedStyle(document.querySelector('.hero h1')).color") == "rgb(255, 0, 0)"
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.hero .button')).backgroundColor") == "rgb(198, 55, 18)"
    )


@pytest.mark.parametrize("key", ["Control+k", "/"])
@pytest.mark.parametrize("path", PAGES)
def test_a_key_goes_to_the_search_from_every_page(page: Page, site: str, path: str, key: str) -> None:
    stub(page)
    page.goto(site + path)
    expect(page.locator("#kb-q")).to_have_attribute("role", "combobox")
    page.locator("h1").first.click()
    page.keyboard.press(key)
    expect(page.locator("#kb-q")).to_be_focused()
    page.keyboard.type("passw")
    expect(page.locator("[role=option]").first).to_be_visible()


@pytest.mark.parametrize("key", ["Control+k", "/"])
def test_the_key_is_left_alone_in_another_field(page: Page, site: str, key: str) -> None:
    stub(page)
    page.goto(f"{site}/en/contact")
    page.locator("[name=subject]").focus()
    page.keyboard.press(key)
    expect(page.locator("[name=subject]")).to_be_focused()


def test_the_key_is_shown_until_the_box_is_used(page: Page, site: str) -> None:
    stub(page)
    page.goto(f"{site}/en/articles/account/passkey")
    expect(page.locator(".shortcut")).to_have_text("Ctrl K")
    expect(page.locator(".shortcut")).to_be_visible()
    page.locator("#kb-q").focus()
    expect(page.locator(".shortcut")).to_be_hidden()


def test_the_hint_below_a_label_stays_in_its_place(page: Page, site: str) -> None:
    stub(page)
    page.goto(f"{site}/en/contact")
    assert page.evaluate("getComputedStyle(document.getElementById('kb-files-hint')).position") == "static"


def test_a_mac_has_its_own_key(page: Page, site: str) -> None:
    stub(page)
    page.add_init_script("Object.defineProperty(navigator, 'platform', { value: 'MacIntel' })")
    page.goto(f"{site}/en/articles/account/passkey")
    expect(page.locator(".shortcut")).to_have_text("⌘K")
    page.keyboard.press("Control+k")
    expect(page.locator("#kb-q")).not_to_be_focused()
    page.keyboard.press("Meta+k")
    expect(page.locator("#kb-q")).to_be_focused()


def test_topics_are_beside_a_page_on_a_wide_screen_and_fold_on_a_phone(page: Page, site: str) -> None:
    stub(page)
    page.goto(f"{site}/en/articles/account/passkey")
    here = page.locator(".tree [aria-current=page]")
    expect(here).to_be_visible()
    tree, main = page.locator(".tree").bounding_box(), page.locator("h1").bounding_box()
    assert tree is not None
    assert main is not None
    assert tree["x"] + tree["width"] <= main["x"]
    page.set_viewport_size({"width": 390, "height": 800})
    expect(here).to_be_hidden()
    page.locator(".tree summary").press("Enter")
    expect(here).to_be_visible()


def test_the_skip_link_passes_the_topics(page: Page, site: str) -> None:
    stub(page)
    page.goto(f"{site}/en/articles/account/passkey")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(".crumbs a").first).to_be_focused()


def test_the_page_does_not_move_while_it_loads(page: Page, site: str) -> None:
    stub(page)
    page.add_init_script(
        "self.moved = 0; new PerformanceObserver((list) => list.getEntries().forEach((one) => self.moved += one.value))"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    for path in PAGES:
        page.goto(site + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("self.moved") < 0.01, path


def test_after_sending_the_page_shows_what_was_sent(page: Page, site: str) -> None:
    stub(page)
    page.goto(f"{site}/en/contact")
    page.fill("[name=subject]", "Broken scanner")
    page.fill("[name=message]", "It hums\n\nand nothing else.")
    page.fill("[name=email]", "jo@example.com")
    page.click("#kb-send")
    page.wait_for_url("**/contact/sent**")
    expect(page.locator(".facts")).to_contain_text("It hums")
    expect(page.locator("main")).to_contain_text("The reply goes to jo@example.com.")
    assert complaints(page) == []
    with page.expect_download() as download:
        page.click("text=Download a copy")
    assert download.value.suggested_filename.endswith(".txt")
