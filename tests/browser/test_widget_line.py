"""The line above a phone's keyboard, which leads to cards that are out of sight."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE
from tests.browser.shop import Help, card, shop_and_help
from tests.browser.test_widget_panel import complaints

pytestmark = pytest.mark.browser
KEYBOARD = 844 - 420  # px of the window that the keyboard hides
CHIP = "help-widget [part=chip]"
TEXT = "the code never arrives"
# A keyboard as on iOS, and on Android with interactive-widget=resizes-visual: the window keeps its size.
OVERLAY = """(hidden) => {
  const own = window.real ??= window.visualViewport;
  const fake = window.fake ??= Object.assign(new EventTarget(), { offsetLeft: 0, offsetTop: 0, scale: 1 });
  Object.assign(fake, { width: own.width, height: innerHeight - hidden });
  Object.defineProperty(window, "visualViewport", { configurable: true, get: () => fake });
  fake.dispatchEvent(new Event("resize"));
}"""
PREPARE = """([rows, lang]) => {
  document.querySelector("textarea").rows = rows;
  document.body.style.paddingBottom = "900px";
  const widget = document.querySelector("help-widget");
  widget.lang = lang;
  document.querySelector("form").after(widget);
}"""
PAN = """(top) => {
  window.fake.offsetTop = top;
  window.fake.dispatchEvent(new Event("scroll"));
}"""
FOCUSED = """() => {
  let element = document.activeElement;
  while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element.part?.value || element.localName;
}"""


@pytest.fixture(scope="module")
def shop() -> Iterator[Help]:
    """A fake help center, and a shop with its widget."""
    with shop_and_help() as both:
        yield both


@pytest.fixture
def help(shop: Help) -> Help:
    """The same with two cards."""
    shop.cards = [card(1), card(2)]
    return shop


def written(page: Page, help: Help, *, rows: int = 14, lang: str = "en") -> Locator:
    """Write into the shop's form with the keyboard open, and return the line."""
    page.goto(f"{help.shop}/form.html?csp=none")
    page.evaluate(PREPARE, [rows, lang])
    page.locator("[name=message]").click()
    page.evaluate(OVERLAY, KEYBOARD)
    page.keyboard.type(TEXT)
    return page.locator(CHIP)


def edges(locator: Locator) -> tuple[float, float]:
    """Return the upper and the lower edge of an element in the window, once it has stopped moving."""
    script = """(element) => new Promise((done) => {
      const next = (before, same) => requestAnimationFrame(() => {
        const { top, bottom } = element.getBoundingClientRect();
        if (same > 2) done([top, bottom]);
        else next(top, top === before ? same + 1 : 0);
      });
      next(null, 0);
    })"""
    top, bottom = locator.evaluate(script)
    return top, bottom


def test_an_offer_is_seen_while_writing_as_one_line_just_above_the_keyboard(phone: Page, help: Help) -> None:
    chip = written(phone, help)
    expect(chip).to_have_text("2 articles may solve this ›")
    top, bottom = edges(chip)
    assert 400 < bottom < 420
    assert 36 <= bottom - top <= 48, "one line, and high enough for a finger"
    assert phone.evaluate(FOCUSED) == "textarea", "the keyboard stays open"
    assert complaints(phone) == []


@pytest.mark.parametrize("hidden", [424, 380, 500])
def test_it_follows_the_keyboard_and_the_viewport(phone: Page, help: Help, hidden: int) -> None:
    chip = written(phone, help)
    expect(chip).to_be_visible()
    phone.evaluate(OVERLAY, hidden)
    assert edges(chip)[1] == pytest.approx(844 - hidden - 8, abs=2)
    phone.evaluate(PAN, 20)  # iOS moves what is seen within the window
    assert edges(chip)[1] == pytest.approx(844 - hidden + 20 - 8, abs=2)


def test_zoomed_in_it_keeps_its_size_on_the_screen(phone: Page, help: Help) -> None:
    chip = written(phone, help)
    expect(chip).to_be_visible()
    phone.evaluate(
        "Object.assign(window.fake, { scale: 2, width: 195, height: 210, offsetLeft: 100, offsetTop: 50 })"
        ".dispatchEvent(new Event('scroll'))"
    )
    top, bottom = edges(chip)
    box = chip.bounding_box()
    assert box is not None
    assert bottom == pytest.approx(50 + 210 - 4, abs=2)
    assert bottom - top == pytest.approx(22, abs=2)
    assert 100 <= box["x"] < box["x"] + box["width"] <= 295


def test_a_window_that_becomes_smaller_is_followed_too(phone: Page, help: Help) -> None:
    phone.goto(f"{help.shop}/form.html?csp=none")
    phone.evaluate(PREPARE, [14, "en"])
    phone.locator("[name=message]").click()
    phone.keyboard.type(TEXT)
    phone.set_viewport_size({"width": 390, "height": 420})  # Android with interactive-widget=resizes-content
    chip = phone.locator(CHIP)
    expect(chip).to_be_visible()
    assert edges(chip)[1] == pytest.approx(412, abs=2)
    phone.set_viewport_size(PHONE)  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", [6, 14])
@pytest.mark.parametrize("lines", [1, 5, 12])
def test_it_never_covers_the_line_that_is_written(phone: Page, help: Help, rows: int, lines: int) -> None:
    chip = written(phone, help, rows=rows)
    for number in range(lines):
        phone.keyboard.press("Enter")
        phone.keyboard.type(f"line {number}")
    expect(chip).to_be_visible()
    top, bottom = edges(chip)
    line = phone.evaluate("""() => {
      const field = document.querySelector("textarea"), style = getComputedStyle(field);
      const row = parseFloat(style.lineHeight) || parseFloat(style.fontSize) * 1.2;
      const inner = parseFloat(style.paddingTop) + parseFloat(style.borderTopWidth);
      return field.getBoundingClientRect().top + inner + row * field.value.split("\\n").length - field.scrollTop;
    }""")
    assert line <= top + 2 or line - 24 >= bottom, (line, top, bottom)


def test_touching_it_leads_to_the_cards(phone: Page, help: Help) -> None:
    chip = written(phone, help)
    chip.tap()
    expect(phone.locator("help-widget [part=card]").first).to_be_focused()
    phone.evaluate(OVERLAY, 0)  # the keyboard closes
    expect(chip).to_be_hidden()
    box = phone.locator("help-widget [part=card]").first.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 844 - 40


def test_without_cards_out_of_sight_there_is_no_line(phone: Page, help: Help) -> None:
    chip = written(phone, help)
    expect(chip).to_be_visible()
    phone.evaluate("scrollBy(0, 300)")
    phone.evaluate(OVERLAY, 0)
    expect(chip).to_be_hidden()


def test_it_speaks_the_language_of_the_page(phone: Page, help: Help) -> None:
    expect(written(phone, help, lang="ar")).to_have_text("مقالان قد يفيدانك ›")


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", ["1 article may solve this", "2 articles may solve this", "3 articles may solve this"]),
        ("es-MX", ["1 artículo puede resolverlo", "2 artículos pueden resolverlo", "3 artículos pueden resolverlo"]),
        ("de", ["1 Artikel hilft vielleicht", "2 Artikel helfen vielleicht", "3 Artikel helfen vielleicht"]),
        ("ar", ["مقال واحد قد يفيدك", "مقالان قد يفيدانك", "3 مقالات قد تفيدك"]),
        ("x_Q", ["1 article may solve this", "2 articles may solve this", "3 articles may solve this"]),
    ],
)
def test_it_has_the_plural_forms_of_each_language(phone: Page, help: Help, lang: str, expected: list[str]) -> None:
    phone.goto(f"{help.shop}/form.html?csp=none")
    texts = phone.evaluate(
        """async ([base, lang]) => {
          const { english, plural } = await import(`${base}/widget/1/words.js`);
          const found = await fetch(`${base}/widget/1/words/${lang.slice(0, 2)}.json`).catch(() => ({}));
          const words = found.ok ? await found.json() : english;
          return [1, 2, 3].map((n) => plural(words.offered, n, lang));
        }""",
        [help.origin, lang],
    )
    assert [text.replace("٣", "3") for text in texts] == expected


def test_words_of_the_owner_s_own_without_plural_forms_are_shown_as_they_are(phone: Page, help: Help) -> None:
    phone.goto(f"{help.shop}/form.html?csp=none")
    script = "async (base) => (await import(`${base}/widget/1/words.js`)).plural('Answers: {n}', 2, 'en')"
    assert phone.evaluate(script, help.origin) == "Answers: 2"


def test_our_own_form_in_the_panel_has_it_too(phone: Page, help: Help) -> None:
    phone.goto(f"{help.shop}/button.html?csp=none")
    phone.locator("help-widget [part=button]").click()
    phone.get_by_role("button", name="Write to us").click()
    phone.get_by_label("Message").click()
    phone.evaluate(OVERLAY, KEYBOARD)
    phone.keyboard.type(TEXT)
    chip = phone.locator(CHIP)
    expect(chip).to_have_text("2 articles may solve this ›")
    assert edges(chip)[1] == pytest.approx(412, abs=2)
    chip.tap()
    expect(phone.locator("help-widget [part=offers] [part=card]").first).to_be_focused()


def test_in_a_panel_beside_the_page_it_stays_within_the_panel(phone: Page, help: Help) -> None:
    phone.set_viewport_size({"width": 1000, "height": 560})
    phone.goto(f"{help.shop}/button.html?csp=none")
    phone.locator("help-widget [part=button]").click()
    phone.get_by_role("button", name="Write to us").click()
    phone.get_by_label("Message").click()
    phone.keyboard.type(TEXT)
    chip, panel = phone.locator(CHIP), phone.locator("help-widget [part=panel]")
    expect(chip).to_be_visible()
    top, bottom = edges(chip)
    inner, outer = chip.bounding_box(), panel.bounding_box()
    phone.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert inner is not None
    assert outer is not None
    assert outer["x"] <= inner["x"] < inner["x"] + inner["width"] <= outer["x"] + outer["width"]
    assert top < bottom <= outer["y"] + outer["height"]


BAR = """() => {
  const bar = document.createElement("div");
  const button = document.querySelector("form button");
  bar.style = "position: fixed; inset: auto 0 0; padding: 10px; background: #eee";
  button.style = "width: 100%; height: 44px";
  button.before(bar);
  bar.append(button);
}"""
HIT = """(button) => {
  const { left, right, top, bottom } = button.getBoundingClientRect();
  return document.elementFromPoint((left + right) / 2, (top + bottom) / 2) === button;
}"""


def test_a_bar_with_the_form_s_button_is_never_covered(phone: Page, help: Help) -> None:
    phone.goto(f"{help.shop}/form.html?csp=none")
    phone.evaluate(PREPARE, [8, "en"])
    phone.evaluate(BAR)
    button = phone.locator("form button").first
    phone.locator("[name=message]").click()
    phone.keyboard.type(TEXT)
    expect(phone.locator("help-widget [part=card]")).to_have_count(2)
    bar = edges(button)[0] - 10
    for _ in range(4):
        if phone.locator(CHIP).is_visible():
            assert edges(phone.locator(CHIP))[1] <= bar
        assert button.evaluate(HIT)
        phone.evaluate("scrollBy(0, 150)")
        edges(button)
    phone.evaluate("document.querySelector('help-widget').shadowRoot.querySelector('[part=card]').scrollIntoView()")
    expect(phone.locator("help-widget [part=card]").first).to_be_in_viewport(ratio=0.9)
