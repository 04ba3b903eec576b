"""Admin pages: login, sessions, and the actions of agents on tickets."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deflect.admin import login
from deflect.delivery import outbox
from deflect.learn.lessons import lessons
from deflect.offers.episode import Visit
from deflect.offers.offer import make_offer
from deflect.privacy import export
from deflect.store import clock
from deflect.store.clock import HOUR
from deflect.store.database import Store
from deflect.store.writer import DirectWriter
from deflect.tickets import accounts, contact
from kb.config import Settings
from kb.errors import BadRequest
from kb.site.app import create_app
from tests.support.logging_in import PASSWORD, choose, log_in, services_of, submit, token
from tests.support.receivers import mail_server, text_of

WAITING = "ticket on the way to the help desk"
PAGES = ("", "tickets", "tickets/T1", "tickets/T1/draft.md", "outbox", "events", "origins", "agents", "audit")


@pytest.fixture
def ticket(app: Flask) -> str:
    """A ticket whose requester was offered an article before."""
    services = services_of(app)
    visit = Visit("v1", lang="en", page="https://shop.example/contact")
    make_offer(services, visit, subject="password", body="I forgot my password")
    message = contact.check(
        {"subject": "Forgot my password", "body": "<script>alert(1)</script>", "email": "jo@example.com", "name": "Jo"}
    )
    return contact.create_ticket(services, visit, message, key="k1").ticket


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_sent_to_the_login(client: FlaskClient, page: str) -> None:
    answer = client.get(f"/admin/{page}")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login")


@pytest.mark.parametrize("page", ["", "tickets", "outbox", "events", "origins", "agents", "audit"])
def test_the_agent_sees_every_page_and_nothing_is_cached(agent: FlaskClient, page: str) -> None:
    answer = agent.get(f"/admin/{page}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_a_password_the_page_says_how_to_set_one(settings: Settings) -> None:
    app = create_app(replace(settings, admin_password=""), writer=DirectWriter(Store.open(settings.database)))
    page = app.test_client().get("/admin/login").text
    assert "kb admin password" in page
    assert "<form" not in page
    assert app.test_client().post("/admin/login", data={"user": "admin", "password": ""}).status_code == 400


def test_there_is_no_default_password(settings: Settings) -> None:
    app = create_app(replace(settings, admin_password=""), writer=DirectWriter(Store.open(settings.database)))
    store, bare = services_of(app).store, services_of(app).settings
    assert not any(accounts.matches(store, bare, user="admin", password=p) for p in ("", "admin", "password", "nobody"))


def test_a_password_set_by_the_command_logs_in_and_is_kept_as_a_hash(settings: Settings) -> None:
    bare = replace(settings, admin_password="")
    assert not accounts.has_password(bare)
    choose(bare, "a long secret")
    assert accounts.has_password(bare)
    store = Store.open(bare.database)
    row = store.one("SELECT hash FROM admins")
    assert row
    assert row["hash"].startswith("scrypt:")
    assert accounts.matches(store, bare, user="admin", password="a long secret")
    assert not accounts.matches(store, bare, user="admin", password="A long secret")
    assert not accounts.matches(store, bare, user="root", password="a long secret")
    store.close()


def test_a_short_password_is_refused(settings: Settings) -> None:
    with pytest.raises(BadRequest, match="fewer than 8"):
        choose(settings, "short")


@pytest.mark.parametrize("wrong", [{"user": "root"}, {"password": "x"}, {"password": ""}])
def test_a_wrong_name_and_a_wrong_password_are_told_alike(client: FlaskClient, wrong: dict[str, str]) -> None:
    answer = log_in(client, **wrong)
    assert answer.status_code == 401
    assert login.WRONG in answer.text


def test_the_cookie_is_only_for_the_server_and_for_admin_pages(client: FlaskClient) -> None:
    cookies = log_in(client).headers.getlist("Set-Cookie")
    assert sorted(cookie.split("=")[0] for cookie in cookies) == ["admin", "admin-browser"]
    for cookie in cookies:
        assert {"HttpOnly", "SameSite=Lax", "Path=/admin"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    ("base", "headers", "plain"),
    [
        ("http://192.168.1.5:8000", {}, True),
        ("http://help.lan", {}, True),
        ("https://192.168.1.5:8000", {}, False),
        ("http://help.example.com", {"X-Forwarded-Proto": "https"}, False),
        ("http://127.0.0.1:8000", {}, False),
        ("http://localhost:8000", {}, False),
    ],
)
def test_over_plain_http_the_login_page_says_why_it_cannot_work_and_what_to_do(
    client: FlaskClient, base: str, headers: dict[str, str], plain: bool
) -> None:
    page = client.get("/admin/login", base_url=base, headers=headers).text
    assert ("You can’t log in here." in page) is plain
    assert ("ssh -L 8000:192.168.1.5:8000 192.168.1.5" in page) is (plain and "192" in base)


@pytest.mark.parametrize(
    ("base", "sentence"),
    [("http://192.168.1.5:8000", "open over plain http"), ("http://localhost", "load the page again")],
)
def test_a_form_without_its_session_is_refused_with_the_likely_cause(app: Flask, base: str, sentence: str) -> None:
    posted = {"user": "admin", "password": PASSWORD, "csrf_token": "made up"}
    answer = app.test_client(use_cookies=False).post("/admin/login", data=posted, base_url=base)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert "CSRF" not in answer.text


@pytest.mark.parametrize(
    ("base", "secure"),
    [
        ("http://localhost", False),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000", False),
        ("http://help.example.com", True),
        ("https://help.example.com", True),
        ("http://127.0.0.1.evil.example", True),
        ("https://localhost", True),
    ],
)
def test_the_cookie_is_secure_but_on_plain_loopback(client: FlaskClient, base: str, secure: bool) -> None:
    assert ("; Secure" in client.get("/admin/login", base_url=base).headers["Set-Cookie"]) is secure


def test_logging_in_begins_a_new_session(app: Flask) -> None:
    client = app.test_client()
    before = token(client)
    log_in(client)
    assert token(client, "/admin/outbox?") != before


def test_logging_out_ends_the_session_for_a_copied_cookie_too(app: Flask, agent: FlaskClient) -> None:
    copied = agent.get_cookie("admin", path="/admin")
    assert copied
    submit(agent, "/admin/logout")
    thief = app.test_client()
    thief.set_cookie("admin", copied.value, path="/admin")
    assert thief.get("/admin/tickets").status_code == 302


def test_a_session_ends_after_twelve_hours(agent: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now() + 12 * HOUR
    monkeypatch.setattr(clock, "now", lambda: later)
    assert agent.get("/admin/tickets").status_code == 302


def test_a_new_password_ends_every_session(settings: Settings) -> None:
    bare = replace(settings, admin_password="")
    choose(bare, "the first one")
    client = create_app(bare, writer=DirectWriter(Store.open(bare.database))).test_client()
    log_in(client, "the first one")
    assert client.get("/admin/tickets").status_code == 200
    choose(bare, "the second one")
    assert client.get("/admin/tickets").status_code == 302


def test_a_made_up_cookie_is_nobody_s(client: FlaskClient) -> None:
    client.set_cookie("admin", "eyJzaWQiOiJ4In0.aaaa.bbbb", path="/admin")
    assert client.get("/admin/tickets").status_code == 302


def test_tries_are_counted_and_too_many_refused_even_with_the_password(settings: Settings) -> None:
    app = create_app(replace(settings, rate_logins=3), writer=DirectWriter(Store.open(settings.database)))
    client = app.test_client()
    statuses = [log_in(client, "wrong").status_code for _ in range(4)]
    right = log_in(client)
    assert statuses == [401, 401, 401, 429]
    assert right.status_code == 429
    assert int(right.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("wanted", "gone_to"),
    [
        ("/admin/tickets/T1", "/admin/tickets/T1"),
        ("https://evil.example/", "/admin/"),
        ("//evil.example/admin/", "/admin/"),
        ("/admin/../en/", "/admin/"),
        ("/admin/\\evil.example", "/admin/"),
        ("javascript:alert(1)", "/admin/"),
    ],
)
def test_after_logging_in_only_admin_pages_are_gone_to(client: FlaskClient, wanted: str, gone_to: str) -> None:
    assert log_in(client, next=wanted).headers["Location"] == gone_to


@pytest.mark.parametrize(
    "path", ["login", "logout", "tickets/T1/messages", "tickets/T1/close", "tickets/T1/reopen", "outbox/retry"]
)
def test_no_form_is_taken_without_its_token(agent: FlaskClient, path: str) -> None:
    assert agent.post(f"/admin/{path}", data={"user": "admin"}).status_code == 400
    assert agent.post(f"/admin/{path}", data={"csrf_token": "made-up"}).status_code == 400


def test_a_ticket_shows_its_text_as_text_and_the_trail(agent: FlaskClient, ticket: str) -> None:
    page = agent.get(f"/admin/tickets/{ticket}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "Was offered articles" in page
    assert "Reset your password" in page
    assert "shop.example/contact" in page


def test_tickets_are_found_by_state_and_by_text(agent: FlaskClient, ticket: str) -> None:
    def listed(query: str) -> bool:
        return ticket in agent.get(f"/admin/tickets?{query}").text

    assert listed("")
    assert listed("state=all&q=FORGOT")
    assert listed("q=jo@example")
    assert listed(f"q={ticket.lower()}")
    assert not listed("q=zebra")
    assert not listed("state=closed")


def test_a_missing_ticket_is_404(agent: FlaskClient) -> None:
    answer = agent.get("/admin/tickets/T404")
    assert answer.status_code == 404
    assert "there is no ticket T404" in answer.text


def test_a_note_is_kept_once_however_often_it_is_sent(app: Flask, agent: FlaskClient, ticket: str) -> None:
    id = "0" * 8 + "-0000-0000-0000-" + "0" * 12
    for _ in range(2):
        answer = submit(agent, f"/admin/tickets/{ticket}/messages", kind="note", body="Ask billing", id=id)
    assert answer.text.count("Ask billing") == 1
    rows = services_of(app).store.rows("SELECT author, body FROM messages WHERE author = 'note'")
    assert rows == [{"author": "note", "body": "Ask billing"}]


def test_an_empty_note_is_refused(agent: FlaskClient, ticket: str) -> None:
    assert submit(agent, f"/admin/tickets/{ticket}/messages", kind="note", body=" ").status_code == 400


def test_without_a_mail_server_no_answer_is_promised(agent: FlaskClient, ticket: str) -> None:
    assert "Send to" not in agent.get(f"/admin/tickets/{ticket}").text
    assert submit(agent, f"/admin/tickets/{ticket}/messages", kind="agent", body="Hello").status_code == 400


def test_an_answer_reaches_the_requester_by_e_mail(settings: Settings, tmp_path: Path) -> None:
    with mail_server() as box:
        mailing = replace(settings, smtp_url=box.url, smtp_from="help@shop.example")
        app = create_app(mailing, writer=DirectWriter(Store.open(mailing.database)))
        message = contact.check({"subject": "S", "body": "B", "email": "jo@example.com"})
        id = contact.create_ticket(services_of(app), Visit("v1"), message, key="k").ticket
        client = app.test_client()
        log_in(client)
        submit(client, f"/admin/tickets/{id}/messages", kind="agent", body="Try the other door.")
        outbox.deliver_due(mailing, now=clock.now() + 1)
        assert box.envelopes == [("help@shop.example", ["jo@example.com"])]
        assert text_of(box.mails[0]).startswith("Try the other door.\n\nHelp center\n\nOn ")
        assert text_of(box.mails[0]).endswith("jo@example.com wrote:\n> B\n")
        assert "sent by e-mail" in client.get(f"/admin/tickets/{id}").text


def test_a_ticket_closed_as_solved_by_an_article_is_an_outcome(app: Flask, agent: FlaskClient, ticket: str) -> None:
    page = submit(agent, f"/admin/tickets/{ticket}/close", solved="yes", article="account/reset-password").text
    assert "Solved by" in page
    assert services_of(app).store.one("SELECT ticket, article, by FROM outcomes") == {
        "ticket": ticket, "article": "account/reset-password", "by": "admin"
    }  # fmt: skip


def test_a_ticket_is_not_solved_by_what_is_no_article(app: Flask, agent: FlaskClient, ticket: str) -> None:
    answer = submit(agent, f"/admin/tickets/{ticket}/close", solved="yes", other="no/such")
    assert answer.status_code == 400
    assert services_of(app).store.one("SELECT state FROM tickets") == {"state": "open"}


def test_an_outcome_is_withdrawn_when_its_ticket_opens_again_and_counts_when_the_same_article_closes_it(
    app: Flask, agent: FlaskClient, ticket: str
) -> None:
    def counted() -> list[str]:
        shown = {row["article"] for row in export.rows(services_of(app).settings, "outcomes")}
        learned = {lesson.article for lesson in lessons(services_of(app).store)}
        assert shown == learned
        return sorted(shown)

    submit(agent, f"/admin/tickets/{ticket}/close", solved="yes", article="billing/vat")
    first = services_of(app).store.one("SELECT * FROM outcomes")
    assert counted() == ["billing/vat"]
    page = submit(agent, f"/admin/tickets/{ticket}/reopen").text
    assert services_of(app).store.one("SELECT state FROM tickets") == {"state": "open"}
    assert "Solved by" not in page
    assert counted() == []
    submit(agent, f"/admin/tickets/{ticket}/close", solved="yes", article="billing/vat")
    assert services_of(app).store.rows("SELECT * FROM outcomes") == [first]
    submit(agent, f"/admin/tickets/{ticket}/reopen")
    submit(agent, f"/admin/tickets/{ticket}/close", solved="yes", article="account/reset-password")
    assert counted() == ["account/reset-password"]
    assert len(services_of(app).store.rows("SELECT * FROM outcomes")) == 2


def test_a_ticket_may_close_without_an_article(app: Flask, agent: FlaskClient, ticket: str) -> None:
    submit(agent, f"/admin/tickets/{ticket}/close", article="billing/vat")
    assert services_of(app).store.one("SELECT state FROM tickets") == {"state": "closed"}
    assert services_of(app).store.rows("SELECT * FROM outcomes") == []


def test_deliveries_are_listed_and_retried(app: Flask, agent: FlaskClient, ticket: str) -> None:
    services = services_of(app)
    (entry,) = services.store.rows("SELECT id FROM outbox")
    services.writer.run(outbox.failed, id=entry["id"], note="desk.example answered 500", due=None, now=clock.now())
    assert "desk.example answered 500" in agent.get("/admin/outbox").text
    assert "1 delivery will be tried again" in submit(agent, "/admin/outbox/retry", id=entry["id"]).text
    assert services.store.one("SELECT state FROM outbox") == {"state": "pending"}


def test_events_are_counted_and_shown_redacted(app: Flask, agent: FlaskClient) -> None:
    make_offer(services_of(app), Visit("v9", lang="en"), subject="", body="write to someone@example.com")
    page = agent.get("/admin/events?type=offer").text
    assert "write to [email]" in page
    assert "someone@example.com" not in page


def test_what_agents_do_is_written_down(agent: FlaskClient, ticket: str) -> None:
    submit(agent, f"/admin/tickets/{ticket}/close")
    page = agent.get("/admin/audit").text
    assert "logged in from" in page
    assert ticket in page


def test_no_admin_page_carries_inline_script_or_style(agent: FlaskClient, ticket: str) -> None:
    for page in (
        "",
        "tickets",
        f"tickets/{ticket}",
        f"tickets/{ticket}/draft",
        "outbox",
        "events",
        "origins",
        "agents",
        "audit",
    ):
        text = agent.get(f"/admin/{page}").text
        plain = text.replace("&lt;script&gt;", "")
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", plain), page


def test_only_what_goes_to_a_help_desk_is_on_its_way_there(app: Flask, agent: FlaskClient, ticket: str) -> None:
    assert WAITING not in agent.get("/admin/").text
    db = services_of(app).store.connect()
    db.execute("UPDATE outbox SET sink = 'webhook', state = 'pending'")
    assert f"1 {WAITING}" in agent.get("/admin/").text
    db.close()


def test_a_delivery_that_was_perhaps_sent_is_named_so(app: Flask, agent: FlaskClient, ticket: str) -> None:
    here = services_of(app)
    note = "perhaps sent; mail.example:25 did not answer in time after it had received the whole e-mail"
    for delivery in here.store.rows("SELECT id FROM outbox"):
        here.writer.run(outbox.failed, id=delivery["id"], note=note, due=None, unsure=4, now=clock.now())
    page = agent.get("/admin/outbox").text
    assert note in page
    assert '<span class="state perhaps-sent">perhaps sent</span>' in page
