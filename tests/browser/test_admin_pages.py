"""The admin pages in Chromium: axe, phones and dark mode, the keyboard, and attack strings."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from deflect.api import headers
from deflect.mail.take import take
from deflect.offers.episode import Visit
from deflect.offers.log import record
from deflect.offers.offer import make_offer
from deflect.store.services import EXTENSION, Services
from deflect.tickets import accounts, contact
from tests.support.attack_strings import CALL, attacks
from tests.support.sample import fresh, help_center, served

pytestmark = pytest.mark.browser

PASSWORD = "only for tests"
PAGES = (
    "",
    "tickets",
    "tickets?state=closed",
    "tickets?q=zebra",
    "tickets?state=open&agent=nobody",
    "tickets/{ticket}",
    "tickets/{ticket}/draft",
    "tickets/T404",
    "outbox",
    "not-taken",
    "not-taken?reason=loop",
    "events",
    "origins",
    "agents",
    "audit",
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center; each test gets a new store."""
    return help_center(tmp_path_factory.mktemp("admin"))


def send(services: Services, **fields: Any) -> str:
    """Get an offer, refuse it, and send a ticket; return the ticket's id."""
    visit = Visit("v1", lang="en", page="https://shop.example/contact")
    form = {
        "subject": "Forgot my password",
        "body": "It never arrives.",
        "email": "jo@example.com",
        "name": "Jo",
    } | fields
    offer = make_offer(services, visit, subject=form["subject"], body=form["body"])
    record(services, "v1", "not_this", article="account/reset-password", episode=offer.episode)
    return contact.create_ticket(
        services, visit, contact.check(form), key=f"k{len(services.store.rows('SELECT 1 FROM tickets'))}"
    ).ticket


@pytest.fixture
def center(base: Flask, tmp_path: Path) -> Iterator[tuple[str, Services]]:
    """Address and services of a help center with a password."""
    app = fresh(base, tmp_path, admin_password=PASSWORD)
    with served(app) as address:
        yield address, app.extensions[EXTENSION]


def log_in(page: Page, address: str) -> None:
    page.goto(address + "/admin/")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Overview").wait_for()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_axe_finds_nothing_and_nothing_sticks_out(
    browser: Browser, center: tuple[str, Services], width: int, scheme: Any
) -> None:
    address, services = center
    for n in range(14):
        record(services, "v1", "search", text=f"words {n} שלום", hits=0, stage="none", ranker="r")
    send(services, subject="لا أستطيع تغيير كلمة المرور " * 4, email="someone.with.a.long.name@customer.example")
    ticket = send(services, subject="ERR_" * 40, fields={"plan": "Pro", "x" * 60: "y" * 90})
    services.writer.run(headers.refused_origin, origin="https://shop.example", path="/api/v1/events", now=1)
    with browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        page.goto(address + "/admin/login")
        assert complaints(page) == []
        log_in(page, address)
        given = {"email": "ben@example.com", "role": "agent", "password": "long enough for tests", "who": "admin"}
        name = "Benedikt-Maximilian von Hohenstein-Wittgenstein"
        accounts.add(services.store, services.writer, services.settings, name, **given)
        wrote = mailed("A long line, which goes on. " * 9, "plain", number=1)
        away = wrote.replace(b"<1@", b"<2@").replace(
            b"Subject:", b"In-Reply-To: <1@example.com>\r\nPrecedence: auto_reply\r\nX:"
        )
        mails = {take(services, one).ticket for one in (wrote, away)}
        take(
            services, mailed("ERR_" * 60, "plain", number=3).replace(b"Subject:", b"Precedence: auto_reply\r\nSubject:")
        )
        for path in (*PAGES, *(f"tickets/{id}" for id in mails)):
            page.goto(f"{address}/admin/{path.format(ticket=ticket)}")
            assert complaints(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.goto(f"{address}/admin/tickets")
        tallest = page.evaluate("Math.max(...[...document.querySelectorAll('.tickets > li')].map(r => r.offsetHeight))")
        assert tallest <= (44 if width == 1280 else 68)  # one line, or two on a phone


def complaints(page: Page) -> list[str]:
    """Return axe's violations on a page."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {node['html']} {node.get('failureSummary', '')}" for v in found for node in v["nodes"]]


def test_an_agent_finds_a_ticket_reads_the_history_and_closes_it_by_an_article(
    page: Page, center: tuple[str, Services]
) -> None:
    address, services = center
    send(services)
    log_in(page, address)
    page.get_by_role("link", name="Forgot my password").click()
    history = page.get_by_role("region", name="History")
    expect(history.get_by_text("answered “Not this”")).to_be_visible()
    page.get_by_label("Your text").fill("Ask billing")
    page.get_by_role("button", name="Save as a note").click()
    expect(page.get_by_text("The note is saved.")).to_be_visible()
    page.get_by_label("Which article answers this?").select_option(label="Reset your password (answered “Not this”)")
    page.get_by_role("button", name="Close with this article").click()
    expect(page.get_by_text("Solved by Reset your password, according to admin")).to_be_visible()
    assert services.store.one("SELECT article FROM outcomes") == {"article": "account/reset-password"}


def test_one_key_puts_a_link_where_the_caret_is_and_chooses_what_solves_it(
    page: Page, center: tuple[str, Services]
) -> None:
    address, services = center
    log_in(page, address)
    page.goto(f"{address}/admin/tickets/{send(services)}")
    text, link = page.get_by_label("Your text"), page.locator("[data-link]").first.get_attribute("data-link")
    text.press_sequentially("See  for more.")
    for _ in range(len(" for more.")):
        text.press("ArrowLeft")
    text.press("Alt+Digit1")
    expect(text).to_have_value(f"See {link} for more.")
    expect(text).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Inserted")).to_have_text("Inserted: Reset your password")
    expect(page.get_by_label("Which article answers this?")).to_have_value("account/reset-password")
    page.keyboard.press("Control+z")
    expect(text).to_have_value("See  for more.")


def test_a_link_is_inserted_and_an_article_found_without_a_script(
    browser: Browser, center: tuple[str, Services]
) -> None:
    address, services = center
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        log_in(page, address)
        page.goto(f"{address}/admin/tickets/{send(services)}")
        page.get_by_label("Your text").fill("Dear Jo,")
        page.get_by_label("Find another article").fill("passkey")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Insert a link to Sign in with a passkey").click()
        expect(page.get_by_label("Your text")).to_have_value(
            f"Dear Jo,\n\nSign in with a passkey: {address}/en/articles/account/passkey\n"
        )
        assert len(services.store.rows("SELECT 1 FROM messages")) == 1


def test_logging_out_shows_the_login(page: Page, center: tuple[str, Services]) -> None:
    log_in(page, center[0])
    page.get_by_role("button", name="Log out").click()
    page.goto(center[0] + "/admin/tickets")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def mailed(attack: str, kind: str, *, number: int) -> bytes:
    """Return an e-mail with an attack string as sender's name, subject, text and name of its attachment."""
    word = f"=?utf-8?b?{base64.b64encode(attack.encode('utf-8', 'replace')).decode()}?="
    return (
        f"From: {word} <jo{number}@example.com>\r\nSubject: {word}\r\nMessage-ID: <{number}@example.com>\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{attack}\r\n> {attack}\r\n"
        f'--b\r\nContent-Disposition: attachment; filename="{word}"\r\n\r\nMZ\0\r\n--b--\r\n'
    ).encode("utf-8", "replace")


@pytest.mark.faults
def test_attack_strings_stay_text_on_every_admin_page(context: BrowserContext, center: tuple[str, Services]) -> None:
    address, services = center
    strings = attacks()
    assert len(strings) >= 200
    tickets = [send(services, body="\n".join(strings))]
    for attack in strings[::9]:
        line = attack[:250] or "x"
        tickets.append(
            send(services, subject=line, name=line[:190], category=line[:90], body=line, fields={"plan": CALL})
        )
        for kind in ("plain", "html"):
            raw = mailed(line, kind, number=len(tickets))
            tickets.append(take(services, raw).ticket or "")
            take(services, raw.replace(b"Message-ID: <", b"Precedence: auto_reply\r\nMessage-ID: <not."))
    for attack in strings:
        record(services, "v1", "search", text=attack, hits=0, stage="none", ranker="r")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    log_in(page, address)
    for path in (
        "",
        "tickets?state=all",
        "outbox",
        "not-taken",
        "events?type=search",
        "events",
        "audit",
        *(f"tickets/{id}" for id in tickets),
    ):
        page.goto(f"{address}/admin/{path}")
        assert page.evaluate("window.pwned") is None, path
        assert (
            page.evaluate(
                "document.querySelectorAll('main :is(script, img, iframe, object, embed, style, base)').length"
            )
            == 0
        ), path
        assert (
            page.evaluate(
                "[...document.querySelectorAll('a[href]')].filter(a => !/^(https?|mailto):/.test(a.href)).length"
            )
            == 0
        ), path
    assert said == []
