"""Take the screenshots of the manual and the README: `python -m tests.pictures articles/pictures`."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, QUIET
from tests.support.served import Served, served

PASSWORD = "only for pictures"
MAIL = {"smtp_url": "smtp://127.0.0.1:9", "smtp_from": "help@example.com"}  # a closed port, so that nothing is sent
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 800}
SUBJECT = "Old links do not work"
MESSAGE = (
    "We have moved our help pages, and now the old bookmarks of our customers end in page not found. "
    "How can I redirect an old address to the new article?"
)


def home(page: Page, center: Served) -> None:
    """The home page."""
    page.goto(f"{center.url}/en/")


def typing(page: Page, center: Served) -> None:
    """The search box during typing."""
    page.goto(f"{center.url}/en/")
    page.fill("input[name=q]", "broken link in an art")
    page.wait_for_selector("[role=option]")


def search(page: Page, center: Served) -> None:
    """A page of results."""
    page.goto(f"{center.url}/en/search?q=how+do+I+translate+an+article")


def article(page: Page, center: Served) -> None:
    """An article."""
    page.goto(f"{center.url}/en/articles/authors/markdown")


def contact(page: Page, center: Served) -> None:
    """The contact form with offers next to it."""
    page.goto(f"{center.url}/en/contact")
    page.fill("[name=subject]", SUBJECT)
    page.fill("[name=message]", MESSAGE)
    page.wait_for_selector("[data-offers] a, aside a", timeout=10_000)


def shop(page: Page, center: Served) -> None:
    """The widget next to a shop's form."""
    page.goto(f"{center.url}/demo")
    page.goto(f"{page.url}contact")
    page.fill("[name=subject]", SUBJECT)
    page.locator("[name=message]").press_sequentially(MESSAGE)
    page.wait_for_selector("help-widget [part=card]", timeout=10_000)


def shop_panel(page: Page, center: Served) -> None:
    """An article in the widget's panel next to the shop's form."""
    shop(page, center)
    page.locator("help-widget [part=card]").first.click()
    page.wait_for_selector("help-widget [part=panel] .article p")


def shop_form(page: Page, center: Served) -> None:
    """The widget's own contact form, with an offer."""
    page.goto(f"{center.url}/demo")
    page.goto(f"{page.url}product")
    page.locator("help-widget [part=button]").click()
    page.get_by_role("button", name="Write to us").click()
    page.get_by_label("Subject").fill(SUBJECT)
    page.locator("help-widget").get_by_label("Message").press_sequentially(MESSAGE)
    page.wait_for_selector("help-widget [part=card]", timeout=10_000)


def shop_right_to_left(page: Page, center: Served) -> None:
    """The widget in Arabic."""
    page.goto(f"{center.url}/demo")
    page.goto(f"{page.url}contact?lang=ar")
    page.fill("[name=subject]", SUBJECT)
    page.locator("[name=message]").press_sequentially(MESSAGE)
    page.locator("help-widget [part=card]").first.click()
    page.wait_for_selector("help-widget [part=panel] .article p")


def playground(page: Page, center: Served) -> None:
    """The widget's playground in the admin pages."""
    page.goto(f"{center.url}/admin/login?next=/admin/widget/")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/widget/")
    frame = page.frame_locator("#frame")
    frame.locator("[name=message]").press_sequentially(MESSAGE)
    frame.locator("help-widget [part=card]").first.wait_for()


def panel(page: Page, center: Served) -> None:
    """An offered article in the panel next to the form."""
    contact(page, center)
    page.locator("[data-offers] a, aside a").first.click()
    page.wait_for_selector("dialog[open] h2, dialog[open] h3")


def send(page: Page) -> None:
    """Send the contact form, always as the same requester."""
    page.fill("[name=email]", "kim@example.com")
    page.fill("[name=name]", "Kim")
    page.get_by_role("button", name="Send message").click()
    page.wait_for_url("**/sent**")


def ticket(page: Page, center: Served) -> None:
    """A ticket with its requester's history in the admin pages."""
    page.goto(f"{center.url}/en/contact")
    page.fill("[name=subject]", "Two articles say the same")
    page.fill("[name=message]", "Is there a way to find articles that are alike?")
    send(page)
    search(page, center)
    panel(page, center)
    page.keyboard.press("Escape")
    send(page)
    page.goto(f"{center.url}/admin/login")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    page.goto(f"{center.url}/admin/tickets")
    page.locator("main a[href*='/admin/tickets/T']").first.click()
    page.get_by_role("button", name="Assign to me").click()
    page.get_by_text("The ticket is now assigned to you.").wait_for()
    page.reload()
    page.locator("[data-link]").first.click()


SHOTS: dict[str, tuple[Callable[[Page, Served], None], dict[str, int], str]] = {
    "site": (home, DESK, "light"),
    "typing": (typing, DESK, "light"),
    "results": (search, DESK, "light"),
    "article-dark": (article, DESK, "dark"),
    "contact-form": (contact, DESK, "light"),
    "panel": (panel, DESK, "light"),
    "ticket": (ticket, {"width": 1280, "height": 1120}, "light"),
    "widget": (shop, DESK, "light"),
    "widget-panel": (shop_panel, DESK, "light"),
    "widget-dark": (shop_panel, DESK, "dark"),
    "widget-form": (shop_form, DESK, "light"),
    "widget-phone": (shop_panel, PHONE, "light"),
    "widget-right-to-left": (shop_right_to_left, DESK, "light"),
    "playground": (playground, {"width": 1280, "height": 1000}, "light"),
    "phone": (home, PHONE, "light"),
}


def main(target: Path, *names: str) -> None:
    """Take all pictures, or those named, of a new help center with our manual, once its vectors are built."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        with served(Path("articles"), Path(data), embedder="minilm", admin_password=PASSWORD, **MAIL) as center:
            wait_for_vectors(center)
            for name in names or tuple(SHOTS):
                walk, size, scheme = SHOTS[name]
                take(browser, center, target / f"{name}.png", walk, size, scheme)
        browser.close()


def wait_for_vectors(center: Served) -> None:
    """Wait at most five minutes until searches use vectors too."""
    end = time.monotonic() + 300
    while b'"degraded":null' not in center.get("/api/v1/search?q=help")[1].replace(b" ", b""):
        assert time.monotonic() < end, "the vectors were not built in five minutes"
        time.sleep(0.5)


def take(
    browser: Browser,
    center: Served,
    file: Path,
    walk: Callable[[Page, Served], None],
    size: dict[str, int],
    scheme: str,
) -> None:
    """Take one picture."""
    context = browser.new_context(viewport=size, color_scheme=scheme, locale="en-US", reduced_motion="reduce")  # type: ignore[arg-type]
    page = context.new_page()
    walk(page, center)
    page.screenshot(path=file, animations="disabled")
    context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
