"""What agents write is never lost: drafts, refused presses, ended sessions, and what came meanwhile."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from deflect.offers.episode import Visit, new_id
from deflect.store import clock
from deflect.store.database import Store
from deflect.store.services import Services
from deflect.store.writer import DirectWriter
from deflect.tickets import accounts, contact, drafts, meanwhile, ticket_writes
from kb.config import Settings
from kb.errors import Unavailable
from kb.site.app import create_app
from tests.support.logging_in import log_in, services_of, submit, token

TEXT = "Dear Jo,\nthe <b>blue</b> button."
SECRET = "long enough for tests"


@pytest.fixture(scope="module")
def app(indexed: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A help center for all tests here, which can send e-mail and has the agents admin and Ben."""
    folder = tmp_path_factory.mktemp("drafts")
    (folder / "index").symlink_to(indexed.generations.resolve())
    sending = {"smtp_url": "smtp://127.0.0.1:1", "smtp_from": "help@shop.example", "rate_logins": 0}
    settings = replace(indexed, data=folder, **sending)
    writer = DirectWriter(Store.open(settings.database))
    made = create_app(settings, writer=writer)
    here = services_of(made)
    given = {"email": "", "role": "agent", "password": SECRET, "who": "admin"}
    accounts.add(here.store, here.writer, here.settings, "Ben", **given)
    yield made
    writer.close()


@pytest.fixture
def ticket(services: Services) -> str:
    """A new ticket of Jo."""
    fields = {"subject": "Forgot my password", "body": "Help", "email": "jo@example.com", "name": "Jo"}
    return contact.create_ticket(services, Visit("v1"), contact.check(fields), key=new_id()).ticket


def draft_rows(services: Services, ticket: str) -> list[tuple[str, bool]]:
    """Return the agents with a draft, and whether it waits for a login."""
    rows = services.store.rows("SELECT agent, waiting FROM drafts WHERE ticket = ?", [ticket])
    return [(row["agent"], bool(row["waiting"])) for row in rows]


def form_of(client: FlaskClient, ticket: str) -> dict[str, str]:
    """Return the hidden fields of the ticket's page, as a browser submits them."""
    page = client.get(f"/admin/tickets/{ticket}").text
    start = page.index('<form id="answer"')
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page[start:]))


def press(client: FlaskClient, ticket: str, step: str, form: dict[str, str], **fields: str) -> TestResponse:
    address = f"/admin/tickets/{ticket}/{step}"
    return client.post(address, data=form | {"body": TEXT} | fields, follow_redirects=True)


def text_in(page: str) -> str:
    found = re.search(r'<textarea id="body"[^>]*>\n(.*?)</textarea>', page, re.S)
    return unescape(found[1]) if found else ""


def writes(services: Services, ticket: str, author: str, by: str | None = None) -> None:
    """Add a message to the ticket, as an e-mail or another agent does."""
    message = {"id": new_id(), "ticket": ticket, "author": author, "channel": "email", "body": "One more thing!"}
    if author == "agent":
        services.writer.run(ticket_writes.add_message, message=message, outbox=[], who=by or "", now=clock.now())
        return
    with sqlite3.connect(services.store.path) as db:
        row = message | {"by": by, "created": clock.now()}
        db.execute(f"INSERT INTO messages ({', '.join(map(repr, row))}) VALUES (?, ?, ?, ?, ?, ?, ?)", [*row.values()])
    db.close()


def sent(services: Services, ticket: str) -> list[str]:
    sql = "SELECT body FROM messages WHERE author = 'agent' AND ticket = ?"
    return [row["body"] for row in services.store.rows(sql, [ticket])]


PRESSES: list[tuple[str, dict[str, str], str]] = [
    ("assign", {"agent": "Ben"}, "The ticket is now assigned to Ben."),
    ("assign", {"agent": "", "me": "yes"}, "The ticket is now assigned to you."),
    ("close", {}, "The ticket is closed."),
    ("close", {"solved": "yes", "article": "billing/vat"}, "The ticket is closed."),
    ("reopen", {}, "The ticket is reopened."),
]


@pytest.mark.parametrize(("step", "fields", "said"), PRESSES)
def test_a_press_that_does_not_send_the_text_keeps_it_as_a_draft_and_says_so(
    agent: FlaskClient, services: Services, ticket: str, step: str, fields: dict[str, str], said: str
) -> None:
    page = press(agent, ticket, step, form_of(agent, ticket), **fields).text
    assert f"{said} Your text isn’t sent. It is kept as a draft." in page
    assert text_in(page) == TEXT
    assert text_in(agent.get(f"/admin/tickets/{ticket}").text) == TEXT, "also after a reload"
    assert sent(services, ticket) == []


@pytest.mark.parametrize(
    ("step", "fields", "status"),
    [
        ("assign", {"agent": "Zoe"}, 404),
        ("close", {"solved": "yes", "other": "no/such"}, 400),
        ("close", {"solved": "yes"}, 400),
        ("messages", {"kind": "agent", "body": TEXT + "x" * 50_000}, 400),
        ("messages", {"kind": "shout"}, 400),
        ("compose", {"insert": "no/such"}, 200),
        ("messages", {"kind": "note", "csrf_token": "old"}, 400),
    ],
)
def test_a_press_that_is_refused_shows_the_page_again_with_the_text_and_saves_it(
    agent: FlaskClient, ticket: str, step: str, fields: dict[str, str], status: int
) -> None:
    answer = press(agent, ticket, step, form_of(agent, ticket), **fields)
    assert answer.status_code == status
    assert text_in(answer.text) == fields.get("body", TEXT)
    assert text_in(agent.get(f"/admin/tickets/{ticket}").text) == fields.get("body", TEXT)


@pytest.mark.parametrize("step", ["messages", "assign", "close", "reopen", "compose", "discard"])
def test_if_nothing_can_be_written_the_page_has_the_text_and_says_that_it_is_not_saved(
    agent: FlaskClient, services: Services, ticket: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = form_of(agent, ticket)

    def down(*_: object, **__: object) -> None:
        raise Unavailable("nothing can be saved right now; try again in a minute")

    monkeypatch.setattr(DirectWriter, "run", down)
    answer = press(agent, ticket, step, form, kind="note")
    assert answer.status_code == (200 if step == "compose" else 503)
    assert text_in(answer.text) == TEXT
    assert "Your text is not saved yet. It is only on this page." in answer.text
    assert f'name="id" value="{form["id"]}"' in answer.text, "a second press sends nothing twice"


def test_a_bug_shows_the_text_to_copy(agent: FlaskClient, ticket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    form = form_of(agent, ticket)
    monkeypatch.setattr("deflect.tickets.queries.get", lambda *_: 1 / 0)
    answer = press(agent, ticket, "close", form)
    assert answer.status_code == 500
    assert "Dear Jo,\nthe &lt;b&gt;blue&lt;/b&gt; button.</textarea>" in answer.text


@pytest.mark.parametrize(
    ("author", "by", "said"),
    [
        ("requester", None, "Jo wrote while you were writing."),
        ("other", "boss@example.com", "boss@example.com wrote while you were writing."),
        ("agent", "Ben", "Ben answered while you were writing."),
    ],
)
def test_what_came_meanwhile_stops_the_sending_is_shown_and_a_second_press_sends(
    agent: FlaskClient, services: Services, ticket: str, author: str, by: str | None, said: str
) -> None:
    form = form_of(agent, ticket)
    writes(services, ticket, author, by)
    answer = press(agent, ticket, "messages", form, kind="agent")
    assert answer.status_code == 409
    assert re.search(rf'role="alert">.*{said}.*?One more thing!', answer.text, re.S)
    assert text_in(answer.text) == TEXT
    assert TEXT not in sent(services, ticket)
    again = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
    assert "Your answer is being sent." in press(agent, ticket, "messages", again, kind="agent").text
    assert TEXT in sent(services, ticket)
    assert drafts.draft(services.store, ticket, "admin") is None, "a draft ends with its answer"


def test_a_close_meanwhile_stops_the_sending_and_a_message_meanwhile_the_close(
    agent: FlaskClient, services: Services, ticket: str
) -> None:
    form = form_of(agent, ticket)
    services.writer.run(ticket_writes.close_ticket, id="c", ticket=ticket, article=None, who="Ben", now=clock.now())
    answer = press(agent, ticket, "messages", form, kind="agent")
    assert "Ben closed this ticket while you were writing." in answer.text
    press(agent, ticket, "reopen", form)
    writes(services, ticket, "requester")
    answer = press(agent, ticket, "close", form)
    assert answer.status_code == 409
    assert "Jo wrote" in answer.text
    assert services.store.one("SELECT state FROM tickets WHERE id = ?", [ticket]) == {"state": "open"}


def test_a_note_of_another_agent_stops_nothing(agent: FlaskClient, services: Services, ticket: str) -> None:
    form = form_of(agent, ticket)
    writes(services, ticket, "note", "Ben")
    assert "is being sent" in press(agent, ticket, "messages", form, kind="agent").text


def test_of_two_agents_who_press_at_once_only_one_sends(services: Services, ticket: str) -> None:
    """Two processes race with the answer of one page; the check is in the transaction that writes."""
    for round in range(8):
        seen = len(services.store.rows("SELECT 1 FROM messages WHERE ticket = ?", [ticket]))
        start = threading.Barrier(2)
        with ThreadPoolExecutor() as agents:
            races = [agents.submit(race, services, ticket, who, round, seen, start) for who in ("Ann", "Ben")]
        assert sorted(one.result() for one in races) == ["refused", "sent"]


def race(services: Services, ticket: str, who: str, round: int, seen: int, start: threading.Barrier) -> str:
    writer = DirectWriter(Store(services.store.path))
    message = {"id": new_id(), "ticket": ticket, "author": "agent", "channel": "email", "body": f"{who} {round}"}
    named = {"message": message, "outbox": [], "who": who, "now": clock.now(), "seen": seen, "was": "open"}
    start.wait()
    try:
        writer.run(ticket_writes.add_message, **named)
    except meanwhile.CameMeanwhile:
        return "refused"
    finally:
        writer.close()
    return "sent"


def test_a_draft_says_what_came_since_and_can_be_discarded(agent: FlaskClient, services: Services, ticket: str) -> None:
    press(agent, ticket, "assign", form_of(agent, ticket), me="yes")
    writes(services, ticket, "requester")
    assert "Jo wrote since you saved this draft." in agent.get(f"/admin/tickets/{ticket}").text
    assert '<span class="tag new">draft</span>' in agent.get("/admin/tickets?agent=me").text
    page = press(agent, ticket, "discard", form_of(agent, ticket)).text
    assert "The draft is discarded." in page
    assert text_in(page) == ""
    assert draft_rows(services, ticket) == []


def test_an_older_window_does_not_overwrite_a_newer_draft_unnoticed(
    agent: FlaskClient, services: Services, ticket: str
) -> None:
    old, new = form_of(agent, ticket), form_of(agent, ticket)
    assert press(agent, ticket, "keep", new, body="Newer").json == {"revision": 1}
    assert press(agent, ticket, "keep", new, body="Newer still", revision="1").json == {"revision": 2}
    refused = press(agent, ticket, "keep", old, body="Old window")
    assert (refused.status_code, refused.json["text"], refused.json["revision"]) == (409, "Newer still", 2)
    page = press(agent, ticket, "assign", old, body="Old window", me="yes").text
    assert text_in(page) == "Old window"
    assert "Newer still" in page
    again = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    press(agent, ticket, "assign", again, body="Old window", me="yes")
    assert text_in(agent.get(f"/admin/tickets/{ticket}").text) == "Old window"


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 30, "-1", "x", "1e9"])
def test_a_number_of_the_form_that_is_none_means_that_nothing_was_seen(
    agent: FlaskClient, services: Services, ticket: str, number: str
) -> None:
    form = form_of(agent, ticket)
    kept = press(agent, ticket, "keep", form, body="Dear Jo,", seen=number, revision=number)
    stored = services.store.one("SELECT seen FROM drafts WHERE ticket = ?", [ticket])
    assert (kept.status_code, stored) == (200, {"seen": 0})
    refused = press(agent, ticket, "messages", form, body="Dear Jo,", kind="agent", seen=number, revision="1")
    assert (refused.status_code, text_in(refused.text)) == (409, "Dear Jo,")
    assert agent.get(f"/admin/tickets?page={number}").status_code == 400


def test_a_draft_that_arrives_after_its_answer_is_dropped(agent: FlaskClient, services: Services, ticket: str) -> None:
    form = form_of(agent, ticket)
    press(agent, ticket, "messages", form, kind="agent")
    assert press(agent, ticket, "keep", form, body="Dear Jo,").json == {"revision": 0}
    assert press(agent, ticket, "keep", form_of(agent, ticket)).json == {"revision": 0}, "the same text"
    assert draft_rows(services, ticket) == []


def test_an_answer_leaves_the_newer_draft_of_another_window(
    agent: FlaskClient, services: Services, ticket: str
) -> None:
    form = form_of(agent, ticket)
    press(agent, ticket, "keep", form_of(agent, ticket), body="Another thought")
    assert text_in(press(agent, ticket, "messages", form, kind="agent").text) == "Another thought"
    assert sent(services, ticket) == [TEXT]


def end(client: FlaskClient, services: Services, *, how: str) -> None:
    """End the session: its cookie expires in the browser, or the server ends it and the cookie stays."""
    if how == "cookie":
        client.delete_cookie("admin", path="/admin")
        return
    with sqlite3.connect(services.store.path) as db:
        db.execute("DELETE FROM sessions")
    db.close()


@pytest.mark.parametrize("how", ["cookie", "server"])
@pytest.mark.parametrize("step", ["messages", "assign", "close", "reopen", "compose"])
def test_after_a_session_ended_the_text_is_a_draft_once_the_same_agent_logs_in(
    app: Flask, agent: FlaskClient, services: Services, ticket: str, step: str, how: str
) -> None:
    form = form_of(agent, ticket)
    end(agent, services, how=how)
    assert press(agent, ticket, "keep", form).status_code == 400, "the script is told"
    answer = agent.post(f"/admin/tickets/{ticket}/{step}", data=form | {"body": TEXT, "kind": "agent"})
    assert answer.headers["Location"] == f"/admin/login?next=/admin/tickets/{ticket}"
    page = agent.get(answer.headers["Location"]).text
    assert "Your text is kept, and nothing was sent." in page
    assert services.store.rows("SELECT 1 FROM audit WHERE what = ?", [ticket]) == []
    assert log_in(app.test_client()).status_code == 302
    assert drafts.draft(services.store, ticket, "admin") is None, "another browser does not get it"
    assert log_in(agent, "wrong").status_code == 401
    assert log_in(agent, next=f"/admin/tickets/{ticket}").headers["Location"] == f"/admin/tickets/{ticket}"
    page = agent.get(f"/admin/tickets/{ticket}").text
    assert "Your text is kept as a draft. It isn’t sent yet." in page
    assert text_in(page) == TEXT
    assert sent(services, ticket) == []


def test_another_agent_who_logs_in_does_not_get_the_text(agent: FlaskClient, services: Services, ticket: str) -> None:
    form = form_of(agent, ticket)
    agent.delete_cookie("admin", path="/admin")
    press(agent, ticket, "messages", form, kind="agent")
    log_in(agent, SECRET, user="Ben")
    assert draft_rows(services, ticket) == [("admin", True)]
    assert text_in(agent.get(f"/admin/tickets/{ticket}").text) == ""


def test_a_text_and_a_draft_of_another_window_are_both_kept(
    app: Flask, agent: FlaskClient, services: Services, ticket: str
) -> None:
    form = form_of(agent, ticket)
    agent.delete_cookie("admin", path="/admin")
    press(agent, ticket, "messages", form, kind="agent")
    other = app.test_client()
    log_in(other)
    press(other, ticket, "keep", form_of(other, ticket), body="Another thought")
    log_in(agent)
    assert text_in(agent.get(f"/admin/tickets/{ticket}").text) == f"{TEXT}\n\nAnother thought"


def test_texts_of_two_tickets_and_of_two_windows_wait_in_one_browser(
    app: Flask, agent: FlaskClient, services: Services, ticket: str
) -> None:
    other = contact.create_ticket(
        services, Visit("v2"), contact.check({"subject": "S", "body": "B", "email": "jo@example.com"}), key=new_id()
    ).ticket
    forms = {id: form_of(agent, id) for id in (ticket, other)}
    end(agent, services, how="server")
    press(agent, ticket, "messages", forms[ticket], kind="agent")
    press(agent, other, "close", forms[other], body="The other ticket.")
    press(agent, ticket, "assign", forms[ticket], body="The second window.")
    log_in(agent)
    page = agent.get(f"/admin/tickets/{ticket}").text
    assert "Your 2 texts are kept as drafts. They aren’t sent yet." in page
    assert text_in(page) == f"The second window.\n\n{TEXT}"
    assert text_in(agent.get(f"/admin/tickets/{other}").text) == "The other ticket."


def test_a_text_still_waits_after_another_agent_used_the_browser(
    agent: FlaskClient, services: Services, ticket: str
) -> None:
    form = form_of(agent, ticket)
    agent.delete_cookie("admin", path="/admin")
    press(agent, ticket, "messages", form, kind="agent")
    log_in(agent, SECRET, user="Ben")
    agent.post("/admin/logout", data={"csrf_token": token(agent, "/admin/outbox")})
    log_in(agent)
    assert text_in(agent.get(f"/admin/tickets/{ticket}").text) == TEXT


def test_a_press_that_logs_out_keeps_the_text(agent: FlaskClient, services: Services, ticket: str) -> None:
    answer = press(agent, ticket, "leave", form_of(agent, ticket))
    assert "Your text isn’t sent. It is kept as a draft." in answer.text
    assert agent.get("/admin/").status_code == 302
    assert draft_rows(services, ticket) == [("admin", False)]


@pytest.mark.parametrize(("step", "status"), [("messages", 400), ("assign", 200), ("keep", 200)])
def test_sixty_thousand_characters_are_refused_but_kept(
    agent: FlaskClient, services: Services, ticket: str, step: str, status: int
) -> None:
    text = "字" * 60_000 + " the end"
    answer = press(agent, ticket, step, form_of(agent, ticket), body=text, kind="agent", me="yes")
    assert answer.status_code == status
    assert (drafts.draft(services.store, ticket, "admin") or {})["text"] == text
    assert "maxlength" not in re.findall(r"<textarea[^>]*>", agent.get(f"/admin/tickets/{ticket}").text)[0]


@pytest.mark.parametrize("change", [{"proof": "0" * 64}, {"by": "Ben"}, {"proof": ""}])
def test_a_form_that_no_page_of_ours_made_plants_no_draft(
    app: Flask, agent: FlaskClient, services: Services, ticket: str, change: dict[str, str]
) -> None:
    form = form_of(agent, ticket) | change
    stranger = app.test_client()
    answer = press(stranger, ticket, "messages", form, kind="agent")
    assert answer.status_code == 400
    assert "the &lt;b&gt;blue&lt;/b&gt; button.</textarea>" in answer.text, "the text can still be copied"
    assert draft_rows(services, ticket) == []


def test_a_text_that_waits_goes_after_the_life_of_a_session_and_drafts_go_with_their_agent(
    app: Flask, agent: FlaskClient, services: Services, ticket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"email": "", "role": "agent", "password": SECRET, "who": "admin"}
    accounts.add(services.store, services.writer, services.settings, "Zoe", **given)
    zoe = app.test_client()
    log_in(zoe, SECRET, user="Zoe")
    form = form_of(agent, ticket)
    press(zoe, ticket, "keep", form_of(zoe, ticket))
    agent.delete_cookie("admin", path="/admin")
    press(agent, ticket, "messages", form, kind="agent")
    late = clock.now() + 13 * clock.HOUR
    monkeypatch.setattr(clock, "now", lambda: late)
    log_in(app.test_client())
    assert draft_rows(services, ticket) == [("Zoe", False)]
    accounts.remove(services.store, services.writer, services.settings, "Zoe", who="admin")
    assert draft_rows(services, ticket) == []


def test_what_was_typed_about_a_new_agent_is_still_there_when_it_is_refused(agent: FlaskClient) -> None:
    answer = submit(agent, "/admin/agents", name="Ben", email="b@example.com", role="admin", password="another one")
    assert answer.status_code == 400
    assert 'value="b@example.com"' in answer.text
    assert '<option value="admin" selected>' in answer.text
    assert "another one" not in answer.text


@pytest.mark.parametrize("how", ["cookie", "server"])
def test_what_was_typed_into_another_form_can_be_copied_after_the_session_ended(
    agent: FlaskClient, services: Services, how: str
) -> None:
    form = {"csrf_token": token(agent, "/admin/agents"), "name": "Cy", "email": "cy@example.com", "password": SECRET}
    end(agent, services, how=how)
    answer = agent.post("/admin/agents", data=form)
    assert answer.status_code == 400
    assert "Cy</textarea>" in answer.text
    assert "cy@example.com</textarea>" in answer.text
    assert SECRET not in answer.text


def test_the_login_form_without_its_token_keeps_the_name(client: FlaskClient) -> None:
    answer = client.post("/admin/login", data={"user": "Ben", "password": SECRET})
    assert answer.status_code == 400
    assert 'value="Ben"' in answer.text
