"""A ticket's page in Chromium: no press, reload, ended session or message that came loses what an agent wrote."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from deflect.offers.episode import Visit, new_id
from deflect.store import clock
from deflect.store.services import EXTENSION, Services
from deflect.store.writer import DirectWriter
from deflect.tickets import contact, drafts
from kb.errors import Unavailable
from tests.support.sample import help_center, served

pytestmark = pytest.mark.browser

PASSWORD = "only for tests"
TEXT = "Dear Jo,\nplease use a recovery code."
BUTTONS = (
    "Assign", "Assign to me", "Send to jo@example.com", "Save as a note", "Insert a link to Sign in with a passkey",
    "Find", "Close with this article", "Close without an article", "Log out admin",
)  # fmt: skip
Center = tuple[str, Services]


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Center]:
    """Address and services of a help center that can send e-mail."""
    sending = {"smtp_url": "smtp://127.0.0.1:1", "smtp_from": "help@shop.example", "rate_logins": 0}
    app = help_center(tmp_path_factory.mktemp("drafts"), admin_password=PASSWORD, **sending)
    with served(app) as address:
        yield address, app.extensions[EXTENSION]


@pytest.fixture
def desk(context: BrowserContext, center: Center) -> Page:
    """A window in which admin is logged in, with the ticket of the test open."""
    return log_in(context.new_page(), center)


@pytest.fixture
def ticket(center: Center) -> str:
    fields = {"subject": "No code", "body": "The passkey code never arrives.", "email": "jo@example.com", "name": "Jo"}
    return contact.create_ticket(center[1], Visit("v1", lang="en"), contact.check(fields), key=new_id()).ticket


def log_in(page: Page, center: Center) -> Page:
    page.goto(f"{center[0]}/admin/login")
    fill_login(page)
    page.get_by_role("heading", name="Overview").wait_for()
    return page


def fill_login(page: Page) -> None:
    page.get_by_label("Name or e-mail").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")


def open_ticket(page: Page, center: Center, ticket: str) -> Page:
    page.goto(f"{center[0]}/admin/tickets/{ticket}")
    return page


def arrives(services: Services, ticket: str) -> None:
    """Add the customer's message to the database, as an e-mail does."""
    with sqlite3.connect(services.store.path) as db:
        row = (new_id(), ticket, "requester", "email", "Forget it, I found the code!", clock.now())
        db.execute("INSERT INTO messages (id, ticket, author, channel, body, created) VALUES (?, ?, ?, ?, ?, ?)", row)
    db.close()


def places(page: Page, services: Services, ticket: str) -> set[str]:
    """Return where the text is: sent, in a draft, in the field."""
    rows = services.store.rows("SELECT body FROM messages WHERE ticket = ?", [ticket])
    draft = drafts.draft(services.store, ticket, "admin") or {"text": ""}
    field = page.get_by_label("Your text")
    there = {"sent": any(TEXT in row["body"] for row in rows), "draft": TEXT in draft["text"]}
    there["field"] = field.count() > 0 and TEXT in field.input_value()
    return {name for name, yes in there.items() if yes}


@pytest.mark.parametrize("script", [True, False])
def test_a_press_that_says_who_is_another_person_keeps_the_text(browser: Browser, center: Center, script: bool) -> None:
    made = {}
    for name in ("ann", "bob"):
        fields = {"subject": "Code", "body": "No code.", "email": f"{name}{script}@example.com"}
        visit = Visit(f"shared-{script}", lang="en")
        made[name] = contact.create_ticket(center[1], visit, contact.check(fields), key=new_id()).ticket
    context = browser.new_context(java_script_enabled=script)
    context.set_default_timeout(10_000)
    page = open_ticket(log_in(context.new_page(), center), center, made["ann"])
    page.get_by_label("Your text").fill(TEXT)
    page.get_by_role("button", name="Not the same person").first.click()
    expect(page.get_by_text("They are kept apart as different people. Your text isn’t sent.")).to_be_visible()
    page.get_by_role("button", name="Perhaps the same after all").first.click()
    expect(page.get_by_text("They are perhaps the same person again. Your text isn’t sent.")).to_be_visible()
    assert places(page, center[1], made["ann"]) == {"draft", "field"}
    context.close()


@pytest.mark.parametrize("script", [True, False])
def test_enter_in_a_field_searches_and_does_not_log_out(
    browser: Browser, center: Center, ticket: str, script: bool
) -> None:
    context = browser.new_context(java_script_enabled=script)
    context.set_default_timeout(10_000)
    page = open_ticket(log_in(context.new_page(), center), center, ticket)
    page.get_by_label("Your text").fill(TEXT)
    page.get_by_label("Find another article").fill("vat")
    page.keyboard.press("Enter")
    page.wait_for_url("**/compose#write")
    assert places(page, center[1], ticket) == {"draft", "field"}
    context.close()


def test_a_long_text_that_is_pasted_keeps_its_end(desk: Page, center: Center, ticket: str) -> None:
    open_ticket(desk, center, ticket).get_by_label("Your text").focus()
    desk.keyboard.insert_text("x" * 60_000 + "the end")
    desk.get_by_role("button", name="Send to").click()
    expect(desk.get_by_role("alert")).to_contain_text("longer than 50,000 characters")
    assert desk.get_by_label("Your text").input_value().endswith("the end")


@pytest.mark.parametrize("script", [True, False])
def test_every_button_sends_the_text_or_keeps_it(browser: Browser, center: Center, script: bool) -> None:
    context = browser.new_context(java_script_enabled=script)
    context.set_default_timeout(10_000)
    page = log_in(context.new_page(), center)
    found = {}
    for button in BUTTONS:
        fields = {"subject": "No code", "body": "The passkey code never arrives.", "email": "jo@example.com"}
        id = contact.create_ticket(center[1], Visit("v1", lang="en"), contact.check(fields), key=new_id()).ticket
        page.goto(f"{center[0]}/admin/tickets/{id}")
        page.get_by_label("Your text").fill(TEXT)
        page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_load_state()
        if script:
            expect(page.locator("#body, #password")).to_be_visible()
        found[button] = places(page, center[1], id)
    assert [button for button, where in found.items() if not where] == []
    assert {button for button, where in found.items() if "sent" in where} == {BUTTONS[2], BUTTONS[3]}
    context.close()


def test_a_reload_right_after_typing_brings_the_text_back(desk: Page, center: Center, ticket: str) -> None:
    open_ticket(desk, center, ticket).get_by_label("Your text").fill("Dear")
    expect(desk.get_by_text("Draft saved")).to_be_visible()
    desk.get_by_label("Your text").fill(TEXT)
    desk.reload()
    expect(desk.get_by_label("Your text")).to_have_value(TEXT)
    expect(desk.get_by_role("status").filter(has_text="Draft saved")).to_be_visible()
    assert Axe().run(desk).response["violations"] == []
    desk.get_by_text("Discard draft").click()
    desk.get_by_role("button", name="Discard it now").click()
    expect(desk.get_by_text("The draft is discarded.")).to_be_visible()
    expect(desk.get_by_label("Your text")).to_have_value("")


def test_a_session_that_ends_while_writing_says_so_and_the_text_is_there_after_the_login(
    desk: Page, center: Center, ticket: str
) -> None:
    open_ticket(desk, center, ticket)
    desk.context.clear_cookies()
    desk.get_by_label("Your text").fill(TEXT)
    expect(desk.get_by_text("your session has ended")).to_be_visible()
    desk.get_by_role("button", name="Send to").click()
    expect(desk.get_by_text("Your text is kept, and nothing was sent.")).to_be_visible()
    assert TEXT[:4] not in desk.url
    fill_login(desk)
    expect(desk.get_by_label("Your text")).to_have_value(TEXT)
    assert places(desk, center[1], ticket) == {"draft", "field"}


def test_a_customer_s_message_stops_the_sending_and_the_next_press_sends_once(
    desk: Page, center: Center, ticket: str
) -> None:
    open_ticket(desk, center, ticket).get_by_label("Your text").fill(TEXT)
    arrives(center[1], ticket)
    desk.get_by_role("button", name="Send to").click()
    notice = desk.get_by_role("alert")
    expect(notice).to_contain_text("Jo wrote while you were writing.")
    expect(notice).to_contain_text("Forget it, I found the code!")
    assert places(desk, center[1], ticket) == {"draft", "field"}
    assert Axe().run(desk).response["violations"] == []
    desk.get_by_role("button", name="Send anyway to").dblclick()
    expect(desk.get_by_text("Your answer is being sent.")).to_be_visible()
    expect(desk.get_by_label("Your text")).to_have_value("")
    assert len(center[1].store.rows("SELECT 1 FROM outbox WHERE ticket = ? AND sink = 'reply'", [ticket])) == 1


def test_two_windows_show_each_other_s_text_before_one_replaces_the_other(
    desk: Page, center: Center, ticket: str
) -> None:
    old = open_ticket(desk.context.new_page(), center, ticket)
    open_ticket(desk, center, ticket).get_by_label("Your text").fill("A newer thought")
    expect(desk.get_by_text("Draft saved")).to_be_visible()
    old.get_by_label("Your text").fill(TEXT)
    expect(old.get_by_role("alert")).to_contain_text("A newer thought")
    assert (drafts.draft(center[1].store, ticket, "admin") or {})["text"] == "A newer thought"
    old.get_by_role("button", name="Keep the text below").click()
    expect(old.get_by_text("Draft saved")).to_be_visible()
    expect(old.get_by_label("Your text")).to_have_value(TEXT)
    assert places(old, center[1], ticket) == {"draft", "field"}


def test_a_text_that_cannot_be_saved_stays_in_the_tab_and_comes_back(
    desk: Page, center: Center, ticket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Unavailable("nothing can be saved right now")

    open_ticket(desk, center, ticket)
    monkeypatch.setattr(DirectWriter, "run", refuse)
    desk.get_by_label("Your text").fill(TEXT)
    expect(desk.get_by_text("Nothing can be saved right now. Your text is kept in this tab.")).to_be_visible()
    desk.reload()
    expect(desk.get_by_label("Your text")).to_have_value(TEXT)
    assert places(desk, center[1], ticket) == {"field"}
    monkeypatch.undo()
    desk.reload()
    expect(desk.get_by_text("Draft saved")).to_be_visible()
    assert places(desk, center[1], ticket) == {"draft", "field"}
    desk.context.set_offline(True)
    desk.get_by_role("button", name="Send to").click()
    expect(desk.get_by_text("the server can’t be reached. Your text is kept in this tab.")).to_be_visible()
    expect(desk.get_by_label("Your text")).to_have_value(TEXT)


def test_a_press_while_nothing_can_be_saved_keeps_the_text_in_the_tab_until_it_can(
    desk: Page, center: Center, ticket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Unavailable("nothing can be saved right now")

    monkeypatch.setattr(DirectWriter, "run", refuse)
    open_ticket(desk, center, ticket).get_by_label("Your text").fill(TEXT)
    desk.get_by_role("button", name="Assign to me").click()
    expect(desk.get_by_role("alert")).to_contain_text("Your text is not saved yet")
    desk.get_by_role("link", name="Outbox").click()
    desk.get_by_role("heading", name="Outbox").wait_for()
    monkeypatch.undo()
    open_ticket(desk, center, ticket)
    expect(desk.get_by_text("Draft saved")).to_be_visible()
    assert places(desk, center[1], ticket) == {"draft", "field"}
