"""The help center's contact page on a phone: the line above the keyboard, and what is left after an answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_widget_line import KEYBOARD, OVERLAY, edges
from tests.support.sample import help_center, served

pytestmark = pytest.mark.browser
MESSAGE = "My password was refused and the code never arrives"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the sample help center without a floor for offers."""
    app: Flask = help_center(tmp_path_factory.mktemp("phone"))
    with served(app) as address:
        yield address


def written(page: Page, site: str, *, lang: str = "en") -> Locator:
    """Write a message with the keyboard open, and return the line."""
    page.goto(f"{site}/{lang}/contact")
    page.locator("#kb-message").click()
    page.evaluate(OVERLAY, KEYBOARD)
    page.evaluate("scrollBy(0, document.getElementById('kb-message').getBoundingClientRect().top - 60)")
    page.keyboard.type(MESSAGE)
    return page.locator("[part=chip]")


@pytest.mark.parametrize(
    ("lang", "text"), [("en", "articles may solve this ›"), ("es", "artículos pueden resolverlo ›")]
)
def test_offers_are_told_above_the_keyboard_and_are_one_touch_away(
    phone: Page, site: str, lang: str, text: str
) -> None:
    line = written(phone, site, lang=lang)
    expect(line).to_contain_text(text)
    assert 400 < edges(line)[1] < 420
    field = phone.locator("#kb-message").bounding_box()
    assert field is not None
    assert field["y"] + 40 < edges(line)[0], "what is written stays in sight"
    line.tap()
    phone.evaluate(OVERLAY, 0)
    expect(line).to_be_hidden()
    expect(phone.locator("#kb-offers a").first).to_be_focused()


ONE_LINE = """(button) => {
  const { height, right } = button.getBoundingClientRect();
  return 0 < height && height < 56 && right <= 390;
}"""


def test_the_buttons_of_the_panel_are_one_line_each(phone: Page, site: str) -> None:
    written(phone, site).tap()
    phone.locator("#kb-offers a").first.tap()
    for name in ("This solved it", "Not this"):
        button = phone.get_by_role("button", name=name).element_handle()
        phone.wait_for_function(ONE_LINE, arg=button)  # once the panel has slid in


def test_after_this_solved_it_nobody_is_asked_to_tell_what_happened(phone: Page, site: str) -> None:
    written(phone, site).tap()
    lead = phone.locator(".contact > .lead")
    expect(lead).to_be_visible()
    phone.locator("#kb-offers a").first.tap()
    phone.get_by_role("button", name="This solved it").tap()
    expect(lead).to_be_hidden()
    expect(phone.locator("[part=chip]")).to_be_hidden()
    phone.get_by_role("button", name="Undo").tap()
    expect(lead).to_be_visible()
