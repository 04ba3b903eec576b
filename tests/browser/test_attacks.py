"""Attack strings as article, title, summary, query, ticket and card don't run on any page of the site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask import Flask
from playwright.sync_api import Page

from tests.support.attack_strings import attacks
from tests.support.attacks import texts
from tests.support.sample import help_center, served

pytestmark = [pytest.mark.browser, pytest.mark.faults]
STRINGS = texts() + attacks()
SHARE = 25  # strings per article
RAN = (
    "[...document.querySelectorAll('main :is(script, iframe, object, embed, base, style, form[action*=evil])')].length"
)
HANDLERS = """[...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => /^on/i.test(a.name)
    || /^\\s*(javascript|vbscript|data:text)/i.test(a.value)
        && !['value', 'content', 'data-language'].includes(a.name)))
    .map(e => e.outerHTML)"""


def line(text: str) -> str:
    """Return a text as one quoted line for front matter, at most 200 characters of it."""
    return json.dumps(" ".join(text.split())[:200])


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """A help center with attack strings as text, titles, summaries and queries of its articles."""
    files = {"plain.md": "# A plain article\n\nNothing special about it.\n"}
    for at in range(0, len(STRINGS), SHARE):
        some = STRINGS[at : at + SHARE]
        head = f"---\ntitle: {line('attack ' + some[0])}\nsummary: {line(some[1])}\n---\n\n"
        files[f"attack-{at}.md"] = head + "\n\n".join(some) + "\n"
    for at, text in enumerate(STRINGS[::9]):
        files[f"title-{at}.md"] = f"---\ntitle: {line(text)}\nqueries: [{line(text)}]\n---\n\nattack {text}\n"
    return help_center(tmp_path_factory.mktemp("attacks"), files=files)


@pytest.fixture(scope="module")
def site(app: Flask) -> Iterator[str]:
    """The address of the served app."""
    with served(app) as address:
        yield address


@pytest.fixture
def ran(page: Page) -> list[str]:
    """Scripts of the page that ran, or that only the policy stopped."""
    found: list[str] = []
    page.on("dialog", lambda dialog: (found.append(f"ran: {dialog.message}"), dialog.dismiss()))
    page.on(
        "console", lambda message: found.append(message.text) if "Content Security Policy" in message.text else None
    )
    return found


def paths(app: Flask) -> list[str]:
    """Return the address of every article."""
    lines = app.test_client().get("/llms.txt").get_data(as_text=True).split("(")
    return sorted(
        {"/en/articles/" + part.split("/en/articles/")[1].split(".md)")[0] for part in lines if "/en/articles/" in part}
    )


def test_there_are_several_hundred_attacks() -> None:
    assert len(STRINGS) >= 300


def test_what_runs_would_be_seen(page: Page, ran: list[str]) -> None:
    page.set_content("<main><img src=x onerror=alert(1)><a href='javascript:alert(2)'>x</a><iframe></iframe></main>")
    page.wait_for_function("document.querySelector('img').complete")
    assert ran == ["ran: 1"]
    assert page.evaluate(RAN) == 1
    assert len(page.evaluate(HANDLERS)) == 2


def test_none_runs_in_an_article_or_in_its_title(app: Flask, page: Page, site: str, ran: list[str]) -> None:
    found = paths(app)
    assert len(found) > len(STRINGS) / SHARE
    for path in [*found, "/en/", "/en/categories/general"]:
        page.goto(site + path, wait_until="domcontentloaded")
        assert page.evaluate(RAN) == 0, path
        assert page.evaluate(HANDLERS) == [], path
    assert [text for text in ran if "img-src" not in text] == []  # the policy refuses foreign images, which run nothing


def test_none_runs_as_a_query_or_as_an_address(page: Page, site: str, ran: list[str]) -> None:
    for text in STRINGS[::4]:
        page.goto(f"{site}/en/search?q={quote(text)}", wait_until="domcontentloaded")
        assert page.evaluate(HANDLERS) == [], text
        page.goto(f"{site}/en/{quote(text, safe='')}", wait_until="domcontentloaded")
        assert page.evaluate(HANDLERS) == [], text
    assert ran == []


def test_none_runs_in_the_form_that_says_what_was_typed(page: Page, site: str, ran: list[str]) -> None:
    for text in STRINGS[::12]:
        page.goto(f"{site}/en/contact?subject={quote(text)}", wait_until="domcontentloaded")
        page.fill("[name=message]", text)
        page.fill("[name=email]", text[:200].replace("\n", " "))
        page.click("#kb-send")
        page.wait_for_selector("#kb-errors")
        assert page.evaluate(HANDLERS) == [], text
    assert ran == []


def test_none_runs_in_cards_hits_and_the_panel(page: Page, site: str, ran: list[str]) -> None:
    page.goto(f"{site}/en/contact")
    page.fill("[name=subject]", "attack")
    page.locator("[name=message]").press_sequentially("attack script image alert")
    page.wait_for_selector("#kb-offers .offer")
    for link in page.locator("#kb-offers .offer a").all():
        link.click()
        page.wait_for_selector("#kb-panel-body > *")
        assert page.evaluate(HANDLERS) == []
        page.keyboard.press("Escape")
    page.fill("#kb-q", "attack")
    page.wait_for_selector("[role=option]")
    assert page.evaluate(HANDLERS) == []
    assert [text for text in ran if "img-src" not in text] == []
