"""Several agents: own passwords, removal, and their names in tickets and the audit log."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlite_utils import Database
from werkzeug.test import TestResponse

from deflect.api import headers
from deflect.offers.episode import Visit
from deflect.store import clock
from deflect.store.database import Store
from deflect.store.schema import migrations
from deflect.store.services import Services
from deflect.store.writer import DirectWriter
from deflect.tickets import accounts, contact, queries
from deflect.tickets.accounts import Agent
from kb.config import Settings
from kb.errors import BadRequest, NotFound
from kb.site.app import create_app
from tests.support.logging_in import choose, log_in, services_of, submit, token
from tests.support.receivers import mail_server

SECRET = "long enough for tests"


def add(services: Services, name: str, *, email: str = "", role: str = "agent", password: str = SECRET) -> Agent:
    here = services
    return accounts.add(
        here.store, here.writer, here.settings, name, email=email, role=role, password=password, who="admin"
    )


@pytest.fixture
def ana(app: Flask, services: Services) -> FlaskClient:
    """A browser in which Ana, who is not an admin, is logged in."""
    add(services, "Ana", email="ana@example.com")
    client = app.test_client()
    assert log_in(client, SECRET, user="Ana").status_code == 302
    return client


@pytest.fixture
def ticket(services: Services) -> str:
    message = contact.check({"subject": "Überweisung fehlt", "body": "Wo ist mein Geld?", "email": "jo@example.com"})
    return contact.create_ticket(services, Visit("v1", lang="en"), message, key="k1").ticket


def done(services: Services) -> list[tuple[str, str]]:
    rows = services.store.rows("SELECT who, did FROM audit ORDER BY created, rowid")
    return [(row["who"], row["did"]) for row in rows]


def test_of_two_who_add_a_name_at_once_in_two_spellings_one_is_refused(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(services, "Jo", email="jo@example.com")
    monkeypatch.setattr(accounts, "find", lambda *_: None)  # as if both opened the page before either wrote
    for name, email in (("JO", ""), ("Kim", "Jo@Example.com")):
        with pytest.raises(BadRequest, match="already"):
            add(services, name, email=email)


@pytest.mark.parametrize("user", ["Ana", "ana", " ANA ", "ana@example.com", "Ana@Example.com"])
def test_an_agent_logs_in_by_name_or_address_in_any_case(app: Flask, services: Services, user: str) -> None:
    add(services, "Ana", email="ana@example.com")
    assert log_in(app.test_client(), SECRET, user=user).status_code == 302


def test_a_name_may_be_of_any_script_and_have_spaces(app: Flask, services: Services) -> None:
    for name in ("Ana  López", "सीमा शर्मा", "محمد"):
        assert log_in(app.test_client(), SECRET, user=add(services, name).name).status_code == 302
    assert "Ana López" in [agent.name for agent in accounts.agents(services.store, services.settings)]


def test_one_agent_s_password_is_not_another_s(app: Flask, services: Services) -> None:
    add(services, "Ana")
    add(services, "Ben", password="another secret")
    assert log_in(app.test_client(), "another secret", user="Ana").status_code == 401


@pytest.mark.parametrize("name", ["", " ", "a@b", "x" * 61, "...", "a\nb\x00", "admin", "Operator", "ana", "nobody"])
def test_a_name_that_cannot_be_used_or_is_taken_is_refused(services: Services, name: str) -> None:
    add(services, "Ana")
    with pytest.raises(BadRequest):
        add(services, name)


def test_an_address_is_one_agent_s_only(services: Services) -> None:
    add(services, "Ana", email="ana@example.com")
    with pytest.raises(BadRequest, match="is taken"):
        add(services, "Ben", email="ANA@example.com")


@pytest.mark.parametrize("email", ["nobody", "@", "a b@example.com"])
def test_what_is_no_address_is_refused(services: Services, email: str) -> None:
    with pytest.raises(BadRequest, match="not an e-mail address"):
        add(services, "Ana", email=email)


def test_a_short_password_and_an_unknown_role_are_refused(services: Services) -> None:
    with pytest.raises(BadRequest, match="fewer than 8"):
        add(services, "Ana", password="short")
    with pytest.raises(BadRequest, match="no role"):
        add(services, "Ana", role="owner")


def test_a_password_is_kept_as_a_hash_only(services: Services) -> None:
    add(services, "Ana")
    assert SECRET not in str(services.store.rows("SELECT * FROM admins"))


def test_a_removed_agent_is_logged_out_and_cannot_return(app: Flask, services: Services, ana: FlaskClient) -> None:
    assert ana.get("/admin/tickets").status_code == 200
    accounts.remove(services.store, services.writer, services.settings, "ana", who="admin")
    assert ana.get("/admin/tickets").status_code == 302
    assert log_in(app.test_client(), SECRET, user="Ana").status_code == 401


def test_a_cookie_of_before_is_not_believed_when_the_name_comes_back(services: Services, ana: FlaskClient) -> None:
    accounts.remove(services.store, services.writer, services.settings, "Ana", who="admin")
    add(services, "Ana")
    assert ana.get("/admin/tickets").status_code == 302


def test_open_tickets_of_a_removed_agent_are_nobody_s_and_closed_ones_keep_the_name(
    services: Services, ana: FlaskClient, ticket: str
) -> None:
    submit(ana, f"/admin/tickets/{ticket}/assign", agent="Ana")
    message = contact.check({"subject": "S", "body": "B", "email": "jo@example.com"})
    other = contact.create_ticket(services, Visit("v1"), message, key="k2").ticket
    submit(ana, f"/admin/tickets/{other}/assign", agent="Ana")
    submit(ana, f"/admin/tickets/{other}/close")
    accounts.remove(services.store, services.writer, services.settings, "Ana", who="admin")
    rows = {row["id"]: row["agent"] for row in services.store.rows("SELECT id, agent FROM tickets")}
    assert rows == {ticket: None, other: "Ana"}


def test_a_new_password_ends_the_sessions_of_its_agent_only(
    services: Services, ana: FlaskClient, agent: FlaskClient
) -> None:
    accounts.set_password(
        services.store, services.writer, services.settings, "Ana", password="another one for tests", who="x"
    )
    assert ana.get("/admin/tickets").status_code == 302
    assert agent.get("/admin/tickets").status_code == 200


def test_nobody_is_made_by_a_password_for_a_name_that_is_not_there(services: Services) -> None:
    with pytest.raises(NotFound, match="kb admin list"):
        accounts.set_password(services.store, services.writer, services.settings, "Zoe", password=SECRET, who="x")


def test_the_audit_log_says_who_it_was(services: Services, ana: FlaskClient, ticket: str) -> None:
    submit(ana, f"/admin/tickets/{ticket}/messages", kind="note", body="Ask billing")
    submit(ana, f"/admin/tickets/{ticket}/close", solved="yes", article="billing/vat")
    submit(ana, "/admin/logout")
    assert done(services) == [
        ("admin", "add agent"), ("Ana", "log in"), ("Ana", "note"), ("Ana", "solved by billing/vat"), ("Ana", "log out")
    ]  # fmt: skip
    assert services.store.one('SELECT "by" FROM outcomes') == {"by": "Ana"}


def test_a_failed_try_names_the_agent_whose_name_was_used_and_never_what_was_typed(
    app: Flask, services: Services
) -> None:
    add(services, "Ana")
    log_in(app.test_client(), "wrong", user="ANA")
    log_in(app.test_client(), "wrong", user="my password by mistake")
    assert done(services)[1:] == [("Ana", "log in failed"), ("unknown", "log in failed")]
    assert "by mistake" not in str(services.store.rows("SELECT * FROM audit"))


def test_a_note_and_a_solution_show_their_author(ana: FlaskClient, agent: FlaskClient, ticket: str) -> None:
    submit(ana, f"/admin/tickets/{ticket}/messages", kind="note", body="Ask billing")
    submit(ana, f"/admin/tickets/{ticket}/close", solved="yes", article="billing/vat")
    page = agent.get(f"/admin/tickets/{ticket}").text
    assert re.search(r"message note.*?<bdi>Ana</bdi>", page, re.DOTALL)
    assert "according to Ana" in page


def test_a_ticket_is_given_to_an_agent_and_back(services: Services, ana: FlaskClient, ticket: str) -> None:
    assert "now assigned to you" in submit(ana, f"/admin/tickets/{ticket}/assign", agent="Ana").text
    assert "admin" in submit(ana, f"/admin/tickets/{ticket}/assign", agent="admin").text
    submit(ana, f"/admin/tickets/{ticket}/assign", agent="")
    assert services.store.one("SELECT agent FROM tickets") == {"agent": None}
    assert [did for _, did in done(services)][-3:] == ["assigned to Ana", "assigned to admin", "assigned to nobody"]


def test_a_ticket_is_not_given_to_a_stranger(services: Services, ana: FlaskClient, ticket: str) -> None:
    assert submit(ana, f"/admin/tickets/{ticket}/assign", agent="Zoe").status_code == 404
    assert services.store.one("SELECT agent FROM tickets") == {"agent": None}


def test_tickets_are_filtered_by_mine_unassigned_open_and_closed(
    services: Services, ana: FlaskClient, ticket: str
) -> None:
    def listed(query: str) -> bool:
        return ticket in ana.get(f"/admin/tickets?{query}").text

    assert [listed(f"state=open&agent={whose}") for whose in ("me", "nobody", "Ana")] == [False, True, False]
    submit(ana, f"/admin/tickets/{ticket}/assign", agent="Ana")
    assert [listed(f"state=open&agent={whose}") for whose in ("me", "nobody", "Ana")] == [True, False, True]
    submit(ana, f"/admin/tickets/{ticket}/close")
    assert [listed(query) for query in ("agent=me", "state=closed", "state=all&agent=me")] == [False, True, True]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("geld überweisung", True),
        ("ÜBERWEISUNG", True),
        ("jo@example.com geld", True),
        ("geld zebra", False),
        ("%", False),
        ("_", False),
        ('" OR 1', False),
    ],
)
def test_a_search_wants_every_word_wherever_it_stands(services: Services, ticket: str, words: str, found: bool) -> None:
    among = queries.matching(services.store, words)
    assert bool(queries.find(services.store, among=among)) is found
    assert queries.sizes(services.store, agent="Ana", among=among)["all"] == int(found)


def test_a_number_opens_its_ticket_however_it_is_typed(ana: FlaskClient, ticket: str) -> None:
    for text in (ticket, ticket.lower(), f"%23{ticket}", f" {ticket} "):
        assert ana.get(f"/admin/tickets?q={text}").headers["Location"] == f"/admin/tickets/{ticket}"
    assert ticket in ana.get(f"/admin/tickets?q={ticket[:6]}").text, "a part of a number is searched as a word"


def test_a_search_looks_in_closed_tickets_too(ana: FlaskClient, ticket: str) -> None:
    submit(ana, f"/admin/tickets/{ticket}/close")
    assert ticket in ana.get("/admin/tickets?q=geld").text


def test_the_tabs_count_what_is_in_them(services: Services, ana: FlaskClient, ticket: str) -> None:
    submit(ana, f"/admin/tickets/{ticket}/assign", agent="Ana")
    sizes = {"mine": 1, "unassigned": 0, "open": 1, "closed": 0, "all": 1}
    assert queries.sizes(services.store, agent="Ana") == sizes
    assert queries.sizes(services.store, agent="Ben") == sizes | {"mine": 0}


@pytest.fixture
def mailing(settings: Settings) -> Iterator[tuple[FlaskClient, Services]]:
    """A browser of `admin` in a help center that can send mail."""
    from deflect.store.writer import DirectWriter
    from kb.site.app import create_app

    with mail_server() as box:
        sending = replace(settings, smtp_url=box.url, smtp_from="help@shop.example")
        app = create_app(sending, writer=DirectWriter(Store.open(sending.database)))
        client = app.test_client()
        log_in(client)
        yield client, services_of(app)


def written(services: Services) -> str:
    message = contact.check({"subject": "S", "body": "B", "email": "jo@example.com"})
    return contact.create_ticket(services, Visit("v1"), message, key="k1").ticket


def test_who_answers_a_ticket_of_nobody_has_it(mailing: tuple[FlaskClient, Services]) -> None:
    client, services = mailing
    ticket = written(services)
    submit(client, f"/admin/tickets/{ticket}/messages", kind="note", body="Hm")
    assert services.store.one("SELECT agent FROM tickets") == {"agent": None}
    submit(client, f"/admin/tickets/{ticket}/messages", kind="agent", body="Here you are.")
    assert services.store.one("SELECT agent FROM tickets") == {"agent": "admin"}


def test_an_answer_waits_where_another_came_while_it_was_written(mailing: tuple[FlaskClient, Services]) -> None:
    client, services = mailing
    ticket, id = written(services), "0" * 8 + "-0000-0000-0000-" + "0" * 12
    submit(client, f"/admin/tickets/{ticket}/messages", kind="agent", body="First.", seen="1", id=id)
    page = submit(client, f"/admin/tickets/{ticket}/messages", kind="agent", body="Second.", seen="1").text
    assert "admin answered while you were writing" in page
    assert "Second." in page
    again = submit(client, f"/admin/tickets/{ticket}/messages", kind="agent", body="First.", seen="1", id=id).text
    assert "while you were writing" not in again, "the same form sent twice adds one answer"
    submit(client, f"/admin/tickets/{ticket}/messages", kind="agent", body="Second.", seen="2")
    rows = services.store.rows("SELECT body FROM messages WHERE author = 'agent' ORDER BY created")
    assert [row["body"] for row in rows] == ["First.", "Second."]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("agents", {"name": "Zoe", "password": SECRET, "role": "admin"}),
        ("agents/remove", {"name": "admin"}),
        ("origins/allow", {"origin": "https://shop.example"}),
        ("origins/forbid", {"origin": "https://shop.example"}),
    ],
)
def test_what_only_admins_may_do_is_refused_to_agents(
    services: Services, ana: FlaskClient, path: str, form: dict[str, str]
) -> None:
    before = services.store.rows("SELECT id FROM admins")
    assert submit(ana, f"/admin/{path}", **form).status_code == 403
    assert services.store.rows("SELECT id FROM admins") == before


def test_an_agent_is_shown_no_button_that_only_admins_may_press(
    services: Services, ana: FlaskClient, agent: FlaskClient
) -> None:
    services.writer.run(headers.refused_origin, origin="https://shop.example", path="/", now=1)
    assert "/admin/origins/allow" in agent.get("/admin/origins").text
    assert "/admin/origins/allow" not in ana.get("/admin/origins").text
    assert "First password" in agent.get("/admin/agents").text
    page = ana.get("/admin/agents").text
    assert "First password" not in page
    assert "agents/remove" not in page


def test_an_admin_lets_somebody_in_and_out_again(app: Flask, services: Services, agent: FlaskClient) -> None:
    form = {"name": "Zoe", "email": "zoe@example.com", "role": "agent", "password": SECRET}
    assert "Zoe can log in now" in submit(agent, "/admin/agents", **form).text
    assert log_in(app.test_client(), SECRET, user="zoe@example.com").status_code == 302
    assert "can no longer log in" in submit(agent, "/admin/agents/remove", name="Zoe").text
    assert log_in(app.test_client(), SECRET, user="Zoe").status_code == 401
    assert {("admin", "add agent"), ("admin", "remove agent")} <= set(done(services))


@pytest.mark.parametrize("name", ["Zoe", "zoe", "zoe@example.com"])
def test_no_admin_removes_the_own_account_under_another_spelling(app: Flask, services: Services, name: str) -> None:
    add(services, "Zoe", email="zoe@example.com", role="admin")
    zoe = app.test_client()
    log_in(zoe, SECRET, user="Zoe")
    assert submit(zoe, "/admin/agents/remove", name=name).status_code == 400
    assert accounts.find(services.store, services.settings, "Zoe")


def test_nobody_removes_the_own_account_or_the_one_of_the_settings(services: Services, agent: FlaskClient) -> None:
    assert submit(agent, "/admin/agents/remove", name="admin").status_code == 400
    add(services, "Zoe", role="admin")
    with pytest.raises(BadRequest, match="KB_ADMIN_PASSWORD"):
        accounts.remove(services.store, services.writer, services.settings, "admin", who="Zoe")


def test_an_agent_chooses_another_password_and_stays_logged_in(app: Flask, ana: FlaskClient) -> None:
    other = app.test_client()
    log_in(other, SECRET, user="Ana")
    answer = change(ana, old=SECRET, new="my own secret")
    assert "Your password has been changed" in answer.text
    assert ana.get("/admin/tickets").status_code == 200
    assert other.get("/admin/tickets").status_code == 302
    assert log_in(app.test_client(), "my own secret", user="Ana").status_code == 302


def change(client: FlaskClient, **form: str) -> TestResponse:
    data = {"csrf_token": token(client, "/admin/agents"), **form}
    return client.post("/admin/agents/password", data=data, follow_redirects=True)


def test_a_password_is_not_changed_without_the_present_one(app: Flask, ana: FlaskClient) -> None:
    assert change(ana, old="wrong", new="my own secret").status_code == 400
    assert log_in(app.test_client(), SECRET, user="Ana").status_code == 302


@pytest.mark.parametrize(
    "path", ["agents", "agents/remove", "agents/password", "tickets/T1/assign", "tickets/T1/compose"]
)
def test_forms_of_agents_need_their_token(agent: FlaskClient, path: str) -> None:
    assert agent.post(f"/admin/{path}", data={"name": "Zoe"}).status_code == 400


def test_a_database_of_one_agent_becomes_one_of_several_by_itself(settings: Settings) -> None:
    path = settings.database
    path.parent.mkdir(parents=True, exist_ok=True)
    old = Database(sqlite3.connect(path))
    migrations.apply(old, stop_before="m008_agents")
    now = clock.now()
    old.execute("INSERT INTO admins (id, hash, changed) VALUES ('admin', 'h', ?)", [now])
    old.execute("INSERT INTO sessions (id, who, stamp, created) VALUES ('s', 'admin', ?, ?)", [str(now), now])
    old.execute(
        "INSERT INTO tickets (id, person, subject, email, channel, state, created, changed)"
        " VALUES ('T1', 'p', 'S', 'e', 'web', 'open', 1, 1)"
    )
    for id, author in (("m1", "requester"), ("m2", "agent"), ("m3", "note")):
        old.execute(
            "INSERT INTO messages (id, ticket, author, channel, body, created) VALUES (?, 'T1', ?, 'web', 'b', 1)",
            [id, author],
        )
    old.execute("INSERT INTO audit (id, who, did, what, created) VALUES ('m2', 'admin', 'agent', 'T1', 1)")
    old.conn.commit()
    old.close()
    store, bare = Store.open(path), replace(settings, admin_password="")
    assert accounts.agents(store, bare) == [Agent("admin", "", "admin", now)]
    assert accounts.stamp(store, bare) == str(now), "existing sessions stay valid"
    assert [(m["id"], m["by"]) for m in queries.messages(store, "T1")] == [("m1", None), ("m2", "admin"), ("m3", None)]
    assert [t["agent"] for t in queries.find(store)] == [None]
    choose(bare, "a new password")
    assert accounts.matches(store, bare, user="admin", password="a new password")
    store.close()


def test_the_login_page_names_no_agent_but_admin(settings: Settings) -> None:
    app = create_app(replace(settings, admin_password=""), writer=DirectWriter(Store.open(settings.database)))
    add(services_of(app), "Ana", role="admin")
    assert "Ana" not in app.test_client().get("/admin/login").text
