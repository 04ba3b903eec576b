"""Measure how long a visitor far away waits for offers and for the panel, over HTTP/1.1 and a proxy that adds distance.

The help center is the real one, the connection is new, and nothing is cached. A person focuses the message, types a
sentence at human pace and stops. The panel is opened by a click without a move of the pointer before it, as by touch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page

from tests.browser.shop import Help, serving, shop_app
from tests.support.far import Far, far
from tests.support.served import served

TRIPS = (0, 100, 300, 600)  # ms of a round trip; a new connection takes two more, for TCP and TLS
SENTENCE = "The code to reset my password never arrives"
KEY, WORD = 110, 190  # ms before a letter and before a word: about 40 words a minute
ARTICLES = {
    "account/reset-password.md": "---\ntitle: Reset your password\nqueries:\n  - I forgot my password\n---\n\n"
    "Open the login page. We send a code to your phone, which arrives within a minute.\n",
    "billing/vat.md": "---\ntitle: VAT on invoices\n---\n\nThe invoice shows VAT for companies in the union.\n",
    "_contexts.yml": "- page: '*/button.html'\n  articles: [account/reset-password]\n",
}
PRESS = """(button) => {
  button.dispatchEvent(new Event("pointerdown", { bubbles: true, composed: true }));
  button.click();
}"""
WATCH = """
window.at = {};
addEventListener("keydown", () => { at.first ??= performance.now(); at.last = performance.now(); }, true);
addEventListener("pointerdown", () => { at.press ??= performance.now(); }, true);
const painted = (name) => requestAnimationFrame(() => setTimeout(() => { at[name] ??= performance.now(); }));
addEventListener("help-offer", () => painted("cards"));
const seen = () => {
  const root = document.querySelector("help-widget")?.shadowRoot;
  if (root?.querySelector("[part=panel] [part=card]")?.getClientRects().length) painted("panel");
  else requestAnimationFrame(seen);
};
addEventListener("pointerdown", seen, true);
"""


@dataclass(frozen=True, slots=True)
class Typed:
    """Milliseconds until the cards, from the last key and from the first; preflights and connections of the visit."""

    last_key: float
    first_key: float
    preflights: int
    connections: int


@contextmanager
def center() -> Iterator[Help]:
    """Serve a real help center and a shop; yield the shop, with the help center's origin."""
    with TemporaryDirectory() as name, serving(shop_app(seen := Help())) as origin:
        for path, text in ARTICLES.items():
            file = Path(name, "articles", path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        seen.shop = origin.replace("127.0.0.1", "localhost")
        with served(Path(name, "articles"), Path(name, "data"), origins=seen.shop) as running:
            seen.origin = running.url
            yield seen


def typed(browser: Browser, help: Help, *, trip: int) -> Typed:
    """Return what a visitor `trip` milliseconds away waits for after writing."""
    with far_away(help, trip=trip) as (shop, proxy):
        page, preflights = fresh(browser), list[str]()
        page.on("request", lambda request: preflights.append(request.url) if request.method == "OPTIONS" else None)
        page.goto(f"{shop}/form.html", wait_until="networkidle")
        page.locator("[name=message]").click()
        for letter in SENTENCE:
            page.wait_for_timeout(WORD if letter == " " else KEY)
            page.keyboard.press(letter if letter != " " else "Space")
        at = times(page, until="cards")
        page.context.close()
        first, last = at["cards"] - at["first"], at["cards"] - at["last"]
        return Typed(max(0.0, last), first, preflights=len(preflights), connections=proxy.connections)


def panel(browser: Browser, help: Help, *, trip: int, hover: bool) -> float:
    """Return the milliseconds from the press of the button to articles; `hover` reaches for it a second before."""
    with far_away(help, trip=trip) as (shop, _):
        page = fresh(browser)
        page.goto(f"{shop}/button.html", wait_until="networkidle")
        button = page.locator("help-widget [part=button]")
        if hover:
            button.hover()
            page.wait_for_timeout(1000)
        button.evaluate(PRESS)
        at = times(page, until="panel")
        page.context.close()
        return at["panel"] - at["press"]


@contextmanager
def far_away(help: Help, *, trip: int) -> Iterator[tuple[str, Far]]:
    """Serve a shop with the widget of a help center that is `trip` milliseconds away."""
    with far(help.origin, trip=trip / 1000) as proxy:
        there = Help(origin=f"http://127.0.0.1:{proxy.port}", shop=help.shop)
        with serving(shop_app(there)) as shop:
            yield shop.replace("127.0.0.1", "localhost"), proxy


def fresh(browser: Browser) -> Page:
    """Return a page of a browser that was never there."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(WATCH)
    return page


def times(page: Page, *, until: str) -> dict[str, float]:
    """Return when things happened, once the last of them has."""
    page.wait_for_function("(name) => window.at[name]", arg=until)
    found: dict[str, float] = page.evaluate("window.at")
    return found


def rows(browser: Browser) -> list[tuple[str, ...]]:
    """Return the table of the manual."""
    lines = []
    with center() as help:
        for trip in TRIPS:
            written = typed(browser, help, trip=trip)
            pressed = [panel(browser, help, trip=trip, hover=hover) for hover in (False, True)]
            waits = [written.last_key, written.first_key, *pressed]
            lines.append((f"{trip} ms", *(f"{wait / 1000:.1f} s" for wait in waits)))
    return lines
