"""A ticket's page: suggested articles, a link in the answer, and the draft of an article."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deflect.gaps.gaps import of_ticket
from deflect.offers.episode import Visit, new_id
from deflect.offers.log import record
from deflect.offers.offer import make_offer
from deflect.store import clock
from deflect.store.tokens import Claims
from deflect.tickets import contact, queries, ticket_writes, timeline
from kb.content import article
from tests.deflect.admin.test_admin import ticket
from tests.support.logging_in import services_of, submit

__all__ = ["ticket"]  # a fixture

RESET = "account/reset-password"


def page_of(agent: FlaskClient, id: str) -> str:
    return agent.get(f"/admin/tickets/{id}").text


def test_articles_for_the_message_are_suggested_with_their_public_address(agent: FlaskClient, ticket: str) -> None:
    page = page_of(agent, ticket)
    assert 'data-link="Reset your password: http://localhost/en/articles/account/reset-password"' in page


def test_an_article_that_the_requester_rejected_says_so(app: Flask, agent: FlaskClient, ticket: str) -> None:
    offer = make_offer(services_of(app), Visit("v1", lang="en"), subject="password", body="I forgot my password")
    record(services_of(app), "v1", "not_this", article=RESET, episode=offer.episode)
    page = page_of(agent, ticket)
    assert re.search(
        r'class="suggested".*?Reset your password</a> <span class="tag bad">answered “Not this”', page, re.S
    )


def test_without_a_script_a_press_puts_the_link_into_the_text_and_nothing_is_kept(
    app: Flask, agent: FlaskClient, ticket: str
) -> None:
    page = submit(agent, f"/admin/tickets/{ticket}/compose", body="Dear Jo,", insert=RESET).text
    link = "Reset your password: http://localhost/en/articles/account/reset-password"
    assert f"Dear Jo,\n\n{link}\n</textarea>" in page
    assert f'<option value="{RESET}" selected>' in page, "the inserted article is preselected as the solution"
    assert len(queries.messages(services_of(app).store, ticket)) == 1


def test_words_find_articles_that_stand_first_and_the_text_stays(agent: FlaskClient, ticket: str) -> None:
    page = submit(agent, f"/admin/tickets/{ticket}/compose", body="Dear <b>Jo", words="vat").text
    assert re.findall(r'data-title="([^"]+)"', page)[0] == "VAT on invoices"
    assert "Dear &lt;b&gt;Jo</textarea>" in page


@pytest.mark.parametrize("form", [{"insert": "no/such"}, {"insert": ""}, {}, {"words": "\0"}])
def test_what_cannot_be_inserted_leaves_the_text_as_it_is(
    agent: FlaskClient, ticket: str, form: dict[str, str]
) -> None:
    answer = submit(agent, f"/admin/tickets/{ticket}/compose", body="Dear Jo,", **form)
    assert answer.status_code == 200
    assert "\nDear Jo,</textarea>" in answer.text


def test_another_text_under_the_number_of_a_form_that_was_sent_is_not_taken_for_kept(
    app: Flask, agent: FlaskClient, ticket: str
) -> None:
    form = {"id": new_id(), "kind": "note"}
    for body, status in (("First.", 200), ("First.", 200), ("Second, after going back.", 422)):
        answer = submit(agent, f"/admin/tickets/{ticket}/messages", body=body, **form)
        assert answer.status_code == status
    assert "First." in page_of(agent, ticket)


def test_an_article_that_is_gone_is_named_without_a_link(app: Flask, agent: FlaskClient, ticket: str) -> None:
    gone = {"id": "c1", "ticket": ticket, "article": "billing/gone", "who": "Ana", "now": clock.now()}
    services_of(app).writer.run(ticket_writes.close_ticket, **gone)
    assert re.search(r"Solved by <bdi>billing/gone</bdi>", page_of(agent, ticket))


def test_a_long_history_is_folded_and_other_tickets_are_linked(app: Flask, agent: FlaskClient, ticket: str) -> None:
    claims = Claims("u-1", "jo@example.com", "", frozenset())
    made = []
    for n in range(timeline.SHOWN + 3):
        message = contact.check({"subject": f"Earlier {n}", "body": "B", "email": "jo@example.com"})
        visit = Visit(f"v{n}", claims=claims)
        made.append(contact.create_ticket(services_of(app), visit, message, key=f"k{n}x").ticket)
    page = page_of(agent, made[-1])
    assert re.search(r"Show \d+ earlier", page)
    assert f'href="/admin/tickets/{made[0]}"' in page


def other_ticket(app: Flask, browser: str, email: str) -> str:
    message = contact.check({"subject": f"Of {email} in {browser}", "body": "B", "email": email})
    return contact.create_ticket(services_of(app), Visit(browser), message, key=f"{browser} {email}").ticket


def parts(page: str) -> tuple[str, str, str]:
    """Return the history, what is perhaps the same person's, and what is not."""
    history, _, rest = page.partition('id="perhaps"')
    near, _, apart = rest.partition("Not the same person: ")
    return history.partition('id="history"')[2], near, apart


@pytest.mark.parametrize(
    ("browser", "email", "why"),
    [("v1", "ann@example.com", "same browser"), ("v2", "jo@example.com", "same address typed")],
)
def test_a_shared_browser_and_a_typed_address_are_perhaps_the_same_person_until_an_agent_says_no(
    app: Flask, agent: FlaskClient, ticket: str, browser: str, email: str, why: str
) -> None:
    other = other_ticket(app, browser, email)
    link = f'href="/admin/tickets/{other}"'
    history, near, apart = parts(page_of(agent, ticket))
    assert (link in history, link in near, link in apart, why in near) == (False, True, False, True)
    key = re.findall(r'name="key" value="(email:[^"]+)"', near)[0]
    submit(agent, f"/admin/tickets/{ticket}/apart", key=key)
    assert [link in part for part in parts(page_of(agent, ticket))] == [False, False, True]
    back = f'href="/admin/tickets/{ticket}"'
    assert [back in part for part in parts(page_of(agent, other))] == [False, False, True], "it holds from both sides"
    key = re.findall(r'name="back" value="(email:[^"]+)"', parts(page_of(agent, other))[2])[0]
    submit(agent, f"/admin/tickets/{other}/apart", back=key)
    assert [link in part for part in parts(page_of(agent, ticket))] == [False, True, False]
    log = services_of(app).store.rows("SELECT who, did, what FROM audit WHERE did != 'log in' ORDER BY created")
    assert [tuple(row.values()) for row in log] == [("admin", "set apart", ticket), ("admin", "joined again", other)]


def test_a_browser_that_is_set_apart_gives_no_advice_and_no_trail(app: Flask, agent: FlaskClient, ticket: str) -> None:
    found = queries.get(services_of(app).store, ticket) or {}
    assert timeline.lines(services_of(app).store, found)
    submit(agent, f"/admin/tickets/{ticket}/apart", key="visitor:v1")
    assert timeline.lines(services_of(app).store, found) == ()


def test_a_key_that_is_not_near_changes_nothing_and_the_form_needs_its_token(
    app: Flask, agent: FlaskClient, ticket: str
) -> None:
    assert "changed meanwhile" in submit(agent, f"/admin/tickets/{ticket}/apart", key="verified:boss").text
    assert agent.post(f"/admin/tickets/{ticket}/apart", data={"key": "visitor:v1"}).status_code == 400
    assert services_of(app).store.rows("SELECT 1 FROM apart") == []


SECRETS = "Write to jo@example.com or +44 20 7946 0958, card 4111 1111 1111 1111."


def draft_of(app: Flask, id: str) -> tuple[str, str]:
    store = services_of(app).store
    found = queries.get(store, id)
    assert found
    made = of_ticket(found, queries.messages(store, id))
    return made.file, made.text


@pytest.mark.parametrize("body", [SECRETS, "---\ntitle: x\n---\n<script>alert(1)</script>", "  "])
def test_a_draft_can_be_saved_as_it_is_and_nobody_sees_it(app: Flask, tmp_path: Path, body: str) -> None:
    fields = {"subject": 'Where: "is" my # code?', "body": body + ".", "email": "jo@example.com", "category": "Account"}
    id = contact.create_ticket(services_of(app), Visit("v1", lang="en"), contact.check(fields), key="k").ticket
    file, text = draft_of(app, id)
    parsed = article.parse(file, text.encode(), default_lang="en")
    assert (file, parsed.status, parsed.title) == ("account/where-is-my-code.md", "draft", 'Where: "is" my # code?')
    assert parsed.queries == ('Where: "is" my # code?',)
    assert not re.search(r"jo@|7946|4111", text)


def test_a_draft_names_the_requester_nowhere(app: Flask) -> None:
    fields = {"subject": "Kim cannot log in", "body": "Best wishes\nKim Müller", "email": "k@example.com"}
    message = contact.check(fields | {"name": "Kim Müller"})
    id = contact.create_ticket(services_of(app), Visit("v1", lang="en"), message, key="k").ticket
    file, text = draft_of(app, id)
    assert "> [name] [name]" in text
    assert not re.search("Kim|Müller", text + file)


def test_a_draft_takes_what_agents_answered_but_no_note(app: Flask, ticket: str) -> None:
    for author, body in (("agent", "Press the blue button, jo@example.com."), ("note", "He is always cross.")):
        message = {"id": author, "ticket": ticket, "author": author, "channel": "web", "body": body}
        services_of(app).writer.run(ticket_writes.add_message, message=message, outbox=[], who="Ana", now=2**60)
    text = draft_of(app, ticket)[1]
    assert "Press the blue button, [email]" in text
    assert "cross" not in text


def test_the_draft_is_shown_and_comes_as_a_file(agent: FlaskClient, ticket: str) -> None:
    assert "articles/general/forgot-my-password.md" in agent.get(f"/admin/tickets/{ticket}/draft").text
    answer = agent.get(f"/admin/tickets/{ticket}/draft.md")
    assert answer.mimetype == "text/markdown"
    assert "forgot-my-password.md" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("step", "form", "said"),
    [
        ("close", {"solved": "yes", "article": ""}, "No article is selected."),
        ("close", {"solved": "yes", "other": "no/such"}, "There is no article no/such."),
        ("messages", {"kind": "note", "body": " "}, "Write an answer or a note first."),
    ],
)
def test_what_is_missing_is_said_on_the_page_of_the_ticket_and_nothing_changes(
    app: Flask, agent: FlaskClient, ticket: str, step: str, form: dict[str, str], said: str
) -> None:
    answer = submit(agent, f"/admin/tickets/{ticket}/{step}", **form)
    assert answer.status_code == 400
    assert re.search(rf'role="alert">.*{re.escape(said)}', answer.text)
    assert 'name="body"' in answer.text
    found = queries.get(services_of(app).store, ticket)
    assert found is not None
    assert found["state"] == "open"
