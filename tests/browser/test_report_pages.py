"""The report in Chromium: axe, phones and dark mode, charts, and an empty console."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from deflect.store.services import EXTENSION
from tests.support.history_log import ARTICLE, Log, call, load
from tests.support.sample import fresh, help_center, served

pytestmark = pytest.mark.browser

PASSWORD = "only for tests"
PERIOD = "from=2026-09-01&to=2026-09-30"
PAGES = ("", "episodes", "episodes/e-t2", f"articles/{ARTICLE}", "gaps")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a help center with a month of visits."""
    folder = tmp_path_factory.mktemp("report")
    app: Flask = fresh(help_center(folder / "center"), folder, admin_password=PASSWORD, holdout=0.5)
    log = Log()
    for n in range(12):
        day = f"2026-09-{1 + 2 * n:02}"
        log.episode(f"t{n}", "treatment", "shown", "follow", "read", ("solved", "left", "sent")[n % 3], at=day)
        log.episode(f"c{n}", "control", ("sent", "sent", "left")[n % 3], at=day, text="Printing parcel labels fails")
        log.episode(f"a{n}", "treatment", "abstained", "sent", at=day, text="Printing parcel labels fails")
        log.add(f"t{n}", day, "search", hits=n % 2, stage="all", ranker="x", lang="en", text="parcel label")
        log.add(f"t{n}", f"{day}T12:00:00Z", "unhelpful", article=ARTICLE, revision="abc123", reason="outdated")
    load(app.extensions[EXTENSION].settings, folder, log, call("t2", "2026-09-06T10:00:00Z"))
    with served(app) as address:
        yield address


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_nothing_sticks_out_and_nothing_is_refused(
    browser: Browser, site: str, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    log_in(page, site)
    for path in PAGES:
        page.goto(f"{site}/admin/report/{path}?{PERIOD}")
        found = Axe().run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert said == []
    context.close()


def test_charts_are_drawn_and_a_number_leads_to_its_episodes(page: Page, site: str) -> None:
    log_in(page, site)
    page.goto(f"{site}/admin/report/?{PERIOD}")
    page.get_by_text("Statistics", exact=True).click()
    for picture in page.locator(".chart img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") == 960
    page.locator(".figure", has_text="confirmed deflection").get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("Episodes: confirmed deflection")
    page.locator("tbody a").first.click()
    expect(page.locator("h1")).to_have_text("Episode: solved")


def log_in(page: Page, site: str) -> None:
    page.goto(f"{site}/admin/")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Overview").wait_for()
