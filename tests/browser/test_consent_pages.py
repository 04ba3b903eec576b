"""With `KB_CONSENT=ask`, nothing is recorded before visitors agree, on our pages and in the widget."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from deflect.store.services import EXTENSION
from tests.browser.shop import Help, shop_and_help
from tests.support.sample import fresh, help_center, served

pytestmark = pytest.mark.browser

MESSAGE = "My password was refused"
TABLES = ("people", "keys", "episodes", "events", "event_texts")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center without a floor for offers."""
    return help_center(tmp_path_factory.mktemp("consent"))


@pytest.fixture
def app(built: Flask, tmp_path: Path) -> Flask:
    """The same help center with an empty store, which asks visitors for consent."""
    return fresh(built, tmp_path, consent="ask")


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The address of the served app."""
    with served(app) as address:
        yield address


@pytest.fixture
def help() -> Iterator[Help]:
    """A fake help center, and a shop with its widget."""
    with shop_and_help() as made:
        yield made


def kept(app: Flask) -> dict[str, int]:
    """Return the number of rows of each table about visitors."""
    store = app.extensions[EXTENSION].store
    return {table: len(store.rows(f"SELECT 1 FROM {table}")) for table in TABLES}


def use(page: Page, site: str) -> None:
    """Search, open a result, and type a message until an article is offered."""
    page.goto(f"{site}/en/search?q=password")
    page.get_by_role("link", name="Reset your password").first.click()
    for _ in range(10):
        page.mouse.wheel(0, 400)
    page.goto(f"{site}/en/contact")
    page.locator("[name=message]").press_sequentially(MESSAGE)
    expect(page.get_by_role("link", name="Reset your password").first).to_be_visible()


def test_who_has_not_agreed_leaves_nothing_in_the_browser_and_nothing_with_us(
    app: Flask, page: Page, site: str
) -> None:
    use(page, site)
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length") == 0
    assert kept(app) == dict.fromkeys(TABLES, 0)


def test_who_agrees_is_noted_from_then_on_and_who_takes_it_back_no_more(app: Flask, page: Page, site: str) -> None:
    page.goto(f"{site}/en/")
    page.get_by_role("button", name="Allow", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    assert [cookie["name"] for cookie in page.context.cookies()] == ["visitor"]
    use(page, site)
    noted = kept(app)
    assert noted["episodes"] == 1
    page.get_by_role("button", name="Don't allow").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recording is off")
    assert page.context.cookies() == []
    page.goto(f"{site}/en/search?q=password")
    assert kept(app)["people"] == noted["people"]


def test_the_widget_makes_no_id_until_its_page_says_that_the_visitor_agreed(page: Page, help: Help) -> None:
    page.goto(f"{help.shop}/form.html")
    page.evaluate("document.querySelector('help-widget').setAttribute('consent', 'ask')")
    page.locator("[name=message]").press_sequentially(MESSAGE)
    help.until(lambda: len(help.offers) >= 1)
    assert not [one for one in help.offers if "visitor" in one or one["consent"] != "ask"]
    assert page.evaluate("localStorage.length") == 0
    page.evaluate("document.querySelector('help-widget').setAttribute('consent', 'given')")
    page.locator("[name=message]").press_sequentially(" again and again")
    help.until(lambda: help.offers[-1]["consent"] == "given")
    assert help.offers[-1]["visitor"]
    assert page.evaluate("localStorage.length") == 1
