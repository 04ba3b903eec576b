"""Attachments in Chromium: choose, paste, drop, refuse and send them, and open them as an agent."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_admin_pages import PASSWORD, log_in
from tests.deflect.store.test_attachments import PNG
from tests.kb.site.test_contact_files import kept, services_of
from tests.support.sample import fresh, help_center, served

pytestmark = pytest.mark.browser
SHOT = {"name": "shot.png", "mimeType": "image/png", "buffer": PNG}
PICTURE = base64.b64decode(  # a complete PNG of one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
LOG = {"name": "it.log", "mimeType": "text/plain", "buffer": b"it failed\n"}
PAGE = {"name": "trick.png", "mimeType": "image/png", "buffer": b"<html><script>document.title='ran'</script></html>"}
TEXT = "My password was refused and the code never arrives"
LISTED = "#kb-chosen li"
GIVE = """([how, name]) => {
  const data = new DataTransfer();
  data.items.add(new File(["\\x89PNG"], name, {type: "image/png"}));
  const about = {bubbles: true, cancelable: true};
  const event = how === "paste" ? new ClipboardEvent("paste", {...about, clipboardData: data})
    : new DragEvent("drop", {...about, dataTransfer: data});
  document.getElementById("kb-message").dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center without a floor for offers."""
    return help_center(tmp_path_factory.mktemp("attach"))


@pytest.fixture
def app(built: Flask, tmp_path: Path) -> Flask:
    """The same help center with an empty store."""
    return fresh(built, tmp_path, attachments_each=1, admin_password=PASSWORD)


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The address of the served app."""
    with served(app) as address:
        yield address


def fill(page: Page, site: str, *files: Any) -> None:
    """Fill in the form and choose files."""
    page.goto(f"{site}/en/contact")
    page.fill("#kb-subject", "No code")
    page.fill("#kb-message", TEXT)
    page.fill("#kb-email", "jo@example.com")
    for file in files:
        page.set_input_files("#kb-files", file)


def test_files_are_listed_with_their_size_one_is_removed_and_the_rest_is_sent(
    app: Flask, site: str, page: Page
) -> None:
    fill(page, site, SHOT, LOG)
    expect(page.locator(LISTED)).to_contain_text(["shot.png 1 kB", "it.log 1 kB"])
    expect(page.locator("#kb-said")).to_have_text("it.log was attached.")
    page.get_by_role("button", name="Remove shot.png").click()
    expect(page.locator("#kb-said")).to_have_text("shot.png was removed.")
    page.click("#kb-send")
    page.wait_for_url("**/contact/sent**")
    assert kept(app) == [("it.log", "text/plain")]


@pytest.mark.parametrize("how", ["paste", "drop"])
def test_a_screenshot_is_pasted_or_dropped_into_the_form(site: str, page: Page, how: str) -> None:
    fill(page, site, LOG)
    page.evaluate(GIVE, [how, "image.png"])
    expect(page.locator(LISTED)).to_contain_text(["it.log", "image.png"])
    assert page.evaluate("document.getElementById('kb-files').files.length") == 2


def test_a_file_that_is_too_large_is_said_at_once_and_not_taken(site: str, page: Page) -> None:
    fill(page, site, SHOT, {**SHOT, "name": "big.png", "buffer": PNG + bytes(1_000_001)})
    expect(page.locator("#kb-files-said")).to_have_text("big.png: This file is larger than 1 MB.")
    expect(page.locator(LISTED)).to_have_count(1)


def test_a_refusal_of_the_server_keeps_text_and_files_and_can_be_mended(app: Flask, site: str, page: Page) -> None:
    fill(page, site, SHOT, PAGE)
    page.click("#kb-send")
    expect(page.locator("#kb-errors")).to_contain_text("trick.png: This file type isn't accepted")
    expect(page.locator("#kb-message")).to_have_value(TEXT)
    expect(page.locator(LISTED)).to_contain_text(["shot.png"])
    page.set_input_files("#kb-files", LOG)
    page.click("#kb-send")
    page.wait_for_url("**/contact/sent**")
    assert kept(app) == [("shot.png", "image/png"), ("it.log", "text/plain")]


def test_without_a_script_files_survive_a_mistake_the_offers_and_a_removal(
    app: Flask, site: str, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    fill(page, site, [SHOT, LOG])
    page.fill("#kb-email", "")
    page.click("#kb-send")
    expect(page.locator(LISTED)).to_contain_text(["shot.png", "it.log"])
    page.get_by_role("button", name="Remove shot.png").click()
    expect(page.locator(LISTED)).to_contain_text(["it.log"])
    page.fill("#kb-email", "jo@example.com")
    page.press("#kb-subject", "Enter")  # sends the form without removing a file
    expect(page.get_by_role("heading", level=1)).to_contain_text("does one of these articles help?")
    page.get_by_role("button", name="No, send my message").click()
    page.wait_for_url("**/contact/sent**")
    assert kept(app) == [("it.log", "text/plain")]
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_wrong_with_files_chosen_and_refused(
    site: str, browser: Browser, width: int, scheme: Any
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    fill(page, site, SHOT, PAGE)
    page.click("#kb-send")
    page.set_input_files("#kb-files", LOG)
    expect(page.locator(LISTED)).to_have_count(2)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_an_agent_sees_a_picture_and_saves_files_that_run_nowhere(app: Flask, site: str, page: Page) -> None:
    polyglot = {**SHOT, "name": "<img src=x onerror=alert(1)>.html", "buffer": PICTURE + b"<script>alert(1)</script>"}
    fill(page, site, [polyglot, LOG])
    page.click("#kb-send")
    page.wait_for_url("**/contact/sent**")
    ticket = services_of(app).store.rows("SELECT id FROM tickets")[0]["id"]
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    log_in(page, site)
    page.goto(f"{site}/admin/tickets/{ticket}")
    shown = page.locator(".along img")
    expect(shown).to_have_count(1)
    shown.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.along img').naturalWidth === 1")
    with page.expect_download() as saved:
        page.locator(".along a").first.click()
    assert saved.value.suggested_filename.endswith(".html.png")
    address = page.locator(".along a").first.get_attribute("href")
    answer = page.request.get(f"{site}{address}")
    assert (answer.headers["content-type"], answer.headers["content-disposition"][:10]) == ("image/png", "attachment")
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert dialogs == []
