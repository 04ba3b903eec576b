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

from playwright.sync_api import Browser

from tests.browser.shop import Help, serving, shop_app
from tests.support.far import far
from tests.support.served import served

TRIPS = (0, 100, 300, 600)  # ms of a round trip; a new connection takes two more, for TCP and TLS
SENTENCE = "The code to reset my password never arrives"
KEY, WORD = 110, 190  # ms before a letter and before a word: about 40 words a minute
LANGS = ("en", "de")
ARTICLES = {
    "account/reset-password.md": "---\ntitle: Reset your password\nqueries:\n  - I forgot my password\n---\n\n"
    "Open the login page. We send a code to your phone, which arrives within a minute.\n",
    "billing/vat.md": "---\ntitle: VAT on invoices\n---\n\nThe invoice shows VAT for companies in the union.\n",
    "_contexts.yml": "- page: '*/button.html'\n  articles: [account/reset-password]\n",
}
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
class Waits:
    """Milliseconds until the cards, from the last key and from the first, and until the panel's articles; connections."""

    last_key: float
    first_key: float
    panel: float
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


def waits(browser: Browser, help: Help, *, trip: int, lang: str = "en") -> Waits:
    """Return what a visitor waits for at a distance of `trip` milliseconds."""
    with far(help.origin, trip=trip / 1000) as proxy:
        there = Help(origin=f"http://127.0.0.1:{proxy.port}", shop=help.shop)
        with serving(shop_app(there)) as shop:
            typed = visit(browser, f"{shop}/form.html?lang={lang}", write=True)
            connections = proxy.connections
            pressed = visit(browser, f"{shop}/button.html", write=False)
    return Waits(
        last_key=max(0.0, typed["cards"] - typed["last"]),
        first_key=typed["cards"] - typed["first"],
        panel=pressed["panel"] - pressed["press"],
        connections=connections,
    )


def visit(browser: Browser, address: str, *, write: bool) -> dict[str, float]:
    """Write a message, or press the button, in a browser that was never there; return when things happened."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(WATCH)
    page.goto(address, wait_until="networkidle")
    if write:
        page.locator("[name=message]").click()
        for letter in SENTENCE:
            page.wait_for_timeout(WORD if letter == " " else KEY)
            page.keyboard.press(letter if letter != " " else "Space")
    else:
        page.locator("help-widget [part=button]").evaluate(
            "(button) => { button.dispatchEvent(new Event('pointerdown', { bubbles: true, composed: true }));"
            " button.click(); }"
        )
    page.wait_for_function("(name) => window.at[name]", arg="cards" if write else "panel")
    found: dict[str, float] = page.evaluate("window.at")
    page.context.close()
    return found


def rows(browser: Browser) -> list[tuple[str, ...]]:
    """Return the table of the manual."""
    with center() as help:
        found = [(trip, waits(browser, help, trip=trip)) for trip in TRIPS]
    return [
        (f"{trip} ms", *(f"{wait / 1000:.1f} s" for wait in (one.last_key, one.first_key, one.panel)))
        for trip, one in found
    ]
