"""Two visits in Chromium give exactly the expected numbers in the report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from deflect.report.outcomes import ended
from deflect.report.report import report
from deflect.store import clock
from deflect.store.clock import DAY
from deflect.store.services import EXTENSION, Services
from tests.browser.conftest import patient
from tests.support.sample import fresh, help_center, served

pytestmark = pytest.mark.browser
MESSAGE = "My password was refused and the code never arrives"
ARTICLE = "account/reset-password"
PASSWORD = "only for tests"

# Two visitors with an episode each, both with a shown offer. One opened it and pressed solved; the other sent, came
# back after two days, searched, read, and sent again. Both searched once and opened a result.
WORKED_OUT: dict[tuple[str, str | None], tuple[float, int]] = {
    ("confirmed deflection", None): (0.5, 2),
    ("attributed deflection", None): (0.5, 2),
    ("returned", None): (0.0, 1),
    ("coverage", None): (1.0, 2),
    ("abstention", None): (0.0, 2),
    ("not this", None): (0.0, 2),
    ("left without reading", "arm=treatment"): (0.0, 2),
    ("ended solved", None): (0.5, 2),
    ("ended contacted", None): (0.5, 2),
    ("ended left after reading", None): (0.0, 2),
    ("ended left without reading", None): (0.0, 2),
    ("unserved", None): (0.0, 2),
    ("pending", None): (0, 2),
    ("search success", None): (1.0, 2),
    ("zero-result", None): (0.0, 2),
    ("no-follow", None): (0.0, 2),
    ("reformulated", None): (0.0, 2),
    ("self-service score", None): (2.0, 2),  # both used help, one wrote
    ("self-service adoption", None): (1.0, 2),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center without a floor for offers."""
    return help_center(tmp_path_factory.mktemp("walk"))


@pytest.fixture
def app(built: Flask, tmp_path: Path) -> Flask:
    """The same help center with an empty store."""
    return fresh(built, tmp_path, admin_password=PASSWORD)


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The address of the served app."""
    with served(app) as address:
        yield address


def visitor(browser: Browser, *, height: int = 300) -> Page:
    """Return the page of a new visitor, in a window so low that articles need scrolling."""
    page = patient(browser.new_context(viewport={"width": 1000, "height": height}, locale="en-US").new_page())
    page.set_default_timeout(10_000)
    return page


def search_and_read(page: Page, site: str) -> None:
    """Search, open the result, and scroll it until it counts as read."""
    page.goto(f"{site}/en/search?q=reset+password")
    page.get_by_role("link", name="Reset your password").first.click()
    expect(page.locator("h1")).to_have_text("Reset your password")
    with page.expect_request(lambda request: '"read"' in (request.post_data or "")):
        page.mouse.wheel(0, 5000)


def write(page: Page, site: str) -> None:
    """Open the form, type a message, and wait until the card counts as shown."""
    page.goto(f"{site}/en/contact")
    page.set_viewport_size({"width": 1000, "height": 1200})
    page.fill("[name=subject]", "Cannot sign in")
    page.locator("[name=message]").press_sequentially(MESSAGE)
    with page.expect_request(lambda request: '"shown"' in (request.post_data or "")):
        expect(page.locator("#kb-offers .offer").first).to_be_visible()


def send(page: Page) -> None:
    """Enter an e-mail address and send."""
    page.fill("[name=email]", "jo@example.com")
    page.click("#kb-send")
    expect(page.locator("h1")).to_have_text("We've received your message")


def test_solved_and_sent_and_back_after_two_days_are_told_apart(
    browser: Browser, site: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    services: Services = app.extensions[EXTENSION]
    today = clock.now()

    helped = visitor(browser)
    search_and_read(helped, site)
    write(helped, site)
    helped.locator("#kb-offers .offer a").first.click()
    with helped.expect_response("**/api/v1/events"):
        helped.get_by_role("button", name="This solved it").click()

    sent = visitor(browser)
    write(sent, site)
    send(sent)
    later = today + 2 * DAY
    monkeypatch.setattr(clock, "now", lambda: later)
    search_and_read(sent, site)
    write(sent, site)
    send(sent)
    monkeypatch.undo()

    after = today + 10 * DAY
    episodes = ended(services.store, start=today - DAY, end=after, now=after)
    assert [e.outcome for e in episodes] == ["solved", "contacted"]
    assert [(e.shown, e.followed) for e in episodes] == [(True, True), (True, False)]
    found = report(services.store, services.settings, now=after)
    counted = {(n.name, n.segment): (n.value, n.n) for n in found.numbers if n.measured and n.n}
    assert counted.pop(("time to send", "arm=treatment"))[1] == 1  # the seconds between offer and sending
    assert counted == WORKED_OUT
    monkeypatch.setattr(clock, "now", lambda: after)
    agent = visitor(browser, height=900)
    agent.goto(f"{site}/admin/")
    agent.fill("[name=password]", PASSWORD)
    agent.click("main button")
    agent.goto(f"{site}/admin/report/")
    agent.get_by_text("Statistics", exact=True).click()
    for name in ("confirmed deflection", "attributed deflection"):
        expect(agent.locator(".figure", has_text=name).first).to_contain_text("50.0 %")
    agent.locator(".figure", has_text="confirmed deflection").get_by_role("link").click()
    expect(agent.locator("tbody tr")).to_have_count(1)
    agent.locator("tbody a").click()
    expect(agent.locator("h1")).to_have_text("Episode: solved")
    agent.context.close()
    for page in (helped, sent):
        page.context.close()
