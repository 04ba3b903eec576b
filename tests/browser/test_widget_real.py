"""The widget on a page of another origin with a real help center, also while it goes down."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.foreign.handed import HANDED
from tests.browser.foreign.site import foreign_app
from tests.browser.foreign.trying import write
from tests.browser.shop import Help, serving, shop_app
from tests.support.served import Served, served, until

pytestmark = pytest.mark.browser
CARDS = "help-widget [part=card]"
PANEL = "help-widget [part=panel]"
QUESTION = "I forgot my password and the code never arrives on my phone"
ARTICLES = {
    "account/reset-password.md": (
        "---\ntitle: Reset your password\nqueries:\n  - I forgot my password\n---\n\nOpen the login page.\n\n"
        "## With a code {#code}\n\nWe send a code to your phone. It arrives within a minute.\n"
        "\n![The button](step.png)\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n"
    ),
    "_contexts.yml": "- page: '*/button.html'\n  articles: [billing/refund, billing/gone]\n",
    "billing/vat.md": "---\ntitle: VAT on invoices\n---\n\nThe invoice shows VAT for companies in the union.\n",
    "billing/refund.md": "---\ntitle: Refunds\n---\n\nMoney returns to your card within five days.\n",
}
GIF = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")


@dataclass
class Both:
    """A real help center, and a shop whose pages embed its widget."""

    center: Served
    shop: str
    seen: Help

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Return rows of the help center's database."""
        with sqlite3.connect(f"file:{self.center.data}/shortstop.db?mode=ro", uri=True) as database:
            return database.execute(sql).fetchall()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """One help center for the tests of this file."""
    folder = tmp_path_factory.mktemp("real")
    for name, text in ARTICLES.items():
        (folder / "articles" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "articles" / name).write_text(text, encoding="utf-8")
    (folder / "articles" / "account" / "step.png").write_bytes(GIF)
    seen = Help()
    with serving(shop_app(seen)) as origin:
        shop = origin.replace("127.0.0.1", "localhost")
        with served(folder / "articles", folder / "data", origins=shop, rate_offers="0", rate_events="0") as center:
            seen.origin, seen.shop = center.url, shop
            yield Both(center, shop, seen)


def test_from_typing_to_solved_under_a_strict_policy(page: Page, both: Both) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("warning", "error") else None)
    page.goto(f"{both.shop}/form.html?csp=types")
    page.locator("[name=message]").press_sequentially(QUESTION)
    page.locator(CARDS).first.click()
    expect(page.locator(PANEL)).to_contain_text("We send a code to your phone.")
    page.get_by_role("button", name="This solved it").click()
    until(lambda: both.rows("SELECT 1 FROM events WHERE type = 'solved' AND article = 'account/reset-password'"))
    types = {row[0] for row in both.rows("SELECT type FROM events")}
    assert {"intent", "offer", "follow", "solved"} <= types
    assert said == [], "no style of the article's table was refused"


@pytest.mark.parametrize("name", ["01-cf7", "04b-hubspot-frame", "16-zendesk", "19b-shadow-guess"])
def test_a_foreign_page_gets_the_article_that_answers(page: Page, both: Both, name: str) -> None:
    case = next(case for case in HANDED if case.name == name)
    with serving(foreign_app(both.seen, [])) as origin:
        page.goto(f"{origin.replace('127.0.0.1', 'localhost')}/{name}.html")
        write(page, case.message, QUESTION)
        expect(page.locator(CARDS).first).to_contain_text("Reset your password")


def test_from_the_button_to_a_ticket_on_disk(page: Page, both: Both) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("warning", "error") else None)
    page.goto(f"{both.shop}/button.html?csp=coep")
    page.locator("help-widget [part=button]").click()
    expect(page.locator(f"{PANEL} [part=card]")).to_have_text(["Refunds"])
    page.get_by_label("Search for an answer").press_sequentially("forgot passw")
    expect(page.locator(f"{PANEL} [part=card]").first).to_contain_text("Reset your password")
    page.locator(f"{PANEL} [part=card]").first.click()
    expect(page.locator(PANEL)).to_contain_text("We send a code to your phone.")
    picture = page.locator(f"{PANEL} img")
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 1
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="Write to us").click()
    page.get_by_label("Subject").fill("My parcel")
    page.get_by_label("Message").fill("It is late & <b>wet</b>.")
    page.get_by_label("E-mail").fill("jo@example.com")
    note = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"it failed"}
    page.get_by_label("Files (optional)").set_input_files([note])
    page.get_by_role("button", name="Send").click()
    expect(page.locator(PANEL)).to_contain_text("Your ticket number is T")
    rows = both.rows("SELECT subject, page FROM tickets")
    assert rows == [("My parcel", f"{both.shop}/button.html")]
    assert both.rows("SELECT name, media, size FROM attachments") == [("note.txt", "text/plain", 9)]
    assert said == []


def test_a_help_center_that_dies_in_mid_sentence_harms_nothing(page: Page, tmp_path: Path) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    (tmp_path / "articles").mkdir()
    for name, text in ARTICLES.items():
        (tmp_path / "articles" / Path(name).name).write_text(text, encoding="utf-8")
    seen = Help()
    with serving(shop_app(seen)) as origin:
        shop = origin.replace("127.0.0.1", "localhost")
        with served(tmp_path / "articles", tmp_path / "data", origins=shop) as center:
            seen.origin = center.url
            page.goto(f"{shop}/form.html?csp=types")
            page.locator("[name=message]").press_sequentially(QUESTION)
            expect(page.locator(CARDS).first).to_be_visible()
            page.evaluate("document.querySelector('help-widget').part('Panel').then(() => 0)")
        page.locator("[name=message]").press_sequentially(" and now nothing answers")
        page.locator(CARDS).first.click()
        expect(page.locator(PANEL)).to_contain_text("can't show this article here")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Send").click()
        expect(page.locator("body")).to_have_text("Thank you.")
    assert seen.posts[0]["message"] == f"{QUESTION} and now nothing answers"
    assert errors == []
