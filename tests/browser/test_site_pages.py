"""Every page in Chromium: the policy refuses nothing, axe finds no violations, and pages are small."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from tests.support.sample import help_center, served

pytestmark = pytest.mark.browser

PAGES = {
    "home": "/en/",
    "home-ar": "/ar/",
    "category": "/es/categories/account",
    "article": "/en/articles/account/reset-password",
    "article-ar": "/ar/articles/account/reset-password",
    "fallback": "/es/articles/account/passkey",
    "results": "/en/search?q=reset+pasword",
    "no-results": "/en/search?q=xylophone",
    "search": "/en/search",
    "contact": "/en/contact",
    "sent": "/en/contact/sent?ticket=T234567890",
    "missing": "/en/nowhere/password",
    "gone": "/en/articles/account/old-sign-in",
}
HOME_BYTES = 50_000  # without compression
HOME_PACKED = 20_000  # with gzip, as scripts and styles are served, and pages behind a proxy


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the sample help center."""
    with served(help_center(tmp_path_factory.mktemp("pages"))) as address:
        yield address


def complaints(page: Page) -> list[str]:
    """Return axe's violations on a page, of WCAG 2.2 AA and of its own best practices."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {node['html']} {node.get('failureSummary', '')}" for v in found for node in v["nodes"]]


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_axe_finds_nothing(browser: Browser, site: str, path: str, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(site + path)
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width  # no sideways scrolling
    context.close()


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_the_policy_has_nothing_to_refuse(page: Page, site: str, path: str) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(site + path)
    page.wait_for_load_state("networkidle")
    assert [
        line for line in said if "Failed to load resource: the server responded with a status of 4" not in line
    ] == []


def test_a_page_that_comes_from_the_cache_still_runs_its_scripts(page: Page, site: str) -> None:
    page.goto(f"{site}/en/contact")
    with page.expect_response(f"{site}/en/articles/account/passkey") as first:
        page.goto(f"{site}/en/articles/account/passkey")
    page.goto(f"{site}/en/contact")
    with page.expect_response(f"{site}/en/articles/account/passkey") as second:
        page.goto(f"{site}/en/articles/account/passkey")
    assert first.value.status == 200
    assert second.value.status in (200, 304)
    expect(page.locator("#kb-q")).to_have_attribute("role", "combobox")


def test_the_home_page_is_light(page: Page, site: str) -> None:
    sizes: dict[str, int] = {}
    packed: dict[str, int] = {}

    def count(answer: Response) -> None:
        sizes[answer.url] = len(answer.body())
        packed[answer.url] = len(gzip.compress(answer.body()))

    page.on("response", count)
    page.goto(f"{site}/en/")
    page.wait_for_load_state("networkidle")
    assert len(sizes) >= 4
    assert sum(sizes.values()) < HOME_BYTES, sizes
    assert sum(packed.values()) < HOME_PACKED, packed


def test_every_page_is_complete_without_a_script(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/en/")
    page.fill("input[name=q]", "recovery code")
    page.press("input[name=q]", "Enter")
    page.click("text=Reset your password")
    assert page.url.endswith("/en/articles/account/reset-password#without-the-phone")
    page.click(".answers summary")
    page.click("text=It's out of date")
    expect(page.locator("#kb-vote")).to_contain_text("Thank you")
    page.click("main >> text=Contact us")
    page.fill("[name=subject]", "The code never arrives")
    page.fill("[name=message]", "I wait for the code to reset my password")
    page.fill("[name=email]", "jo@example.com")
    page.click("text=Send message")
    expect(page.locator("h1")).to_contain_text("does one of these articles help?")
    assert complaints_without_script(page)
    page.click("text=No, send my message")
    expect(page.locator("h1")).to_have_text("We've received your message")
    context.close()


def complaints_without_script(page: Page) -> bool:
    """Return True if each card has a heading, a link and a button; axe needs JavaScript."""
    cards = page.locator("li.offer")
    return cards.count() >= 1 and cards.locator("h2 a").count() == cards.count() == cards.locator("button").count()


def test_the_keyboard_reaches_the_content_first(page: Page, site: str) -> None:
    page.goto(f"{site}/en/articles/account/passkey")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#kb-main")).to_be_focused()


def test_the_language_menu_leads_to_the_same_page(context: BrowserContext, page: Page, site: str) -> None:
    page.goto(f"{site}/en/articles/account/reset-password")
    page.click("details.menu summary")
    page.click("text=Español")
    assert page.url == f"{site}/es/articles/account/reset-password"
    assert context.cookies() == []
