"""The widget's playground in Chromium: choices show at once, a page is checked, and axe finds no violations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from kb.site.demo import create_shop
from tests.browser.shop import serving
from tests.support.sample import fresh, help_center, served

pytestmark = pytest.mark.browser
PASSWORD = "only for tests"
CARDS = "help-widget [part=card]"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center."""
    return help_center(tmp_path_factory.mktemp("playground"))


@pytest.fixture
def center(base: Flask, tmp_path: Path) -> Iterator[tuple[str, Flask]]:
    """Address and application of a help center with a password."""
    app = fresh(base, tmp_path, admin_password=PASSWORD)
    with served(app) as address:
        yield address, app


def opened(page: Page, address: str) -> Page:
    """Log in and go to the playground."""
    page.goto(f"{address}/admin/login?next=/admin/widget/")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Widget", exact=True).wait_for()
    page.wait_for_load_state()  # the preview's scripts too, as they miss earlier typing
    return page


def test_what_is_chosen_shows_at_once_and_the_preview_works(page: Page, center: tuple[str, Flask]) -> None:
    address, _app = center
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("warning", "error") else None)
    opened(page, address)
    frame = page.frame_locator("#frame")
    frame.locator("[name=message]").press_sequentially("I forgot my password")
    frame.locator(CARDS).first.click()
    expect(frame.locator("help-widget [part=panel]")).to_contain_text("You can choose a new password")
    frame.get_by_role("button", name="This solved it").press("Enter")
    page.get_by_label("Where").select_option("button")
    page.get_by_label("Text").fill("Ask us")
    expect(frame.locator("help-widget [part=button]")).to_have_text("Ask us")
    expect(page.locator("#snippet")).to_contain_text('label="Ask us"')
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status")).not_to_have_text("")
    assert said == []


def test_a_page_is_checked_by_keyboard_and_what_it_lacks_is_said(page: Page, center: tuple[str, Flask]) -> None:
    address, app = center
    with serving(create_shop(help_port=int(address.rsplit(":", 1)[1]))) as shop:
        app.config["DEMO_PORT"] = int(shop.rsplit(":", 1)[1])
        opened(page, address)
        page.get_by_label("Address of your page").fill(f"{shop}/")
        page.keyboard.press("Enter")
        expect(page.get_by_text("No problems found on")).to_be_visible()
        page.get_by_label("Address of your page").fill(f"{shop}/sent")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("returned 405")


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_axe_finds_nothing_and_nothing_sticks_out(
    browser: Browser, center: tuple[str, Flask], width: int, scheme: Any
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = opened(context.new_page(), center[0])
    page.get_by_label("Address of your page").fill("http://127.0.0.1:9/")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("KB_ALLOW_NETWORKS")
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
