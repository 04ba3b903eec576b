"""The contact form and the votes, without a script."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from deflect.store.services import EXTENSION
from deflect.tickets.contact import LONGEST
from kb.errors import StorageFull, Unavailable
from tests.support.sample import fresh, help_center

FILLED = {
    "key": "0123456789abcdef0123456789abcdef",
    "subject": "The code never arrives",
    "message": "I asked for a new password\nand no code came.",
    "email": "jo@example.com",
    "name": "Jo",
    "category": "account",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center, in which every offer clears the floor."""
    return help_center(tmp_path_factory.mktemp("forms"))


@pytest.fixture
def app(built: Flask, tmp_path: Path) -> Flask:
    """The same help center with an empty database."""
    return fresh(built, tmp_path)


def rows(app: Flask, sql: str) -> list[dict[str, Any]]:
    """Return the rows of a query."""
    found: list[dict[str, Any]] = app.extensions[EXTENSION].store.rows(sql)
    return found


def hidden(answer: TestResponse, form: int = 0) -> dict[str, str]:
    """Return the hidden fields of a form on a page."""
    html = re.findall(r"<form[^>]*method=\"post\".*?</form>", answer.get_data(as_text=True), re.DOTALL)[form]
    return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', html))


def send(client: FlaskClient, **over: str) -> TestResponse:
    """Send the form, offers seen unless said otherwise."""
    return client.post("/en/contact", data=FILLED | {"offered": "seen"} | over)


def test_a_message_becomes_a_ticket_and_its_number_is_told(app: Flask, client: FlaskClient) -> None:
    answer = send(client)
    assert answer.status_code == 303
    (ticket,) = rows(app, "SELECT * FROM tickets")
    assert answer.location.startswith(f"/en/contact/sent?ticket={ticket['id']}&key=")
    assert (ticket["subject"], ticket["email"], ticket["category"]) == (
        "The code never arrives",
        "jo@example.com",
        "account",
    )
    assert rows(app, "SELECT body FROM messages") == [{"body": FILLED["message"]}]
    assert ticket["id"] in client.get(answer.location).get_data(as_text=True)


def test_the_longest_message_that_the_api_takes_is_taken_by_the_page_in_any_script(
    app: Flask, client: FlaskClient
) -> None:
    longest = {"subject": "信" * LONGEST["subject"], "message": "信" * LONGEST["body"]}
    assert send(client, **longest).status_code == 303
    assert rows(app, "SELECT body FROM messages") == [{"body": longest["message"]}]


def test_page_and_widget_let_people_write_as_much_as_the_api_takes(client: FlaskClient) -> None:
    page = client.get("/en/contact").get_data(as_text=True)
    allowed = {name: int(n) for name, n in re.findall(r'name="(\w+)"[^>]*maxlength="(\d+)"', page) if name != "q"}
    assert allowed == {name: LONGEST[name] for name in ("subject", "email", "name")}
    widget = Path("static/widget/write.js").read_text("utf-8")
    assert re.search(rf'field\("subject", "\w+", {{[^}}]*maxlength: {LONGEST["subject"]} }}', widget)
    assert f"const LONGEST = {LONGEST['body']};" in widget, "a long paste is said and not cut"


def test_a_message_that_is_too_long_is_not_cut_but_shown_again_whole(app: Flask, client: FlaskClient) -> None:
    answer = send(client, message="x" * LONGEST["body"] + " the end")
    assert answer.status_code == 400
    assert "This is too long. Please shorten it." in answer.text
    assert "x the end</textarea>" in answer.text
    assert rows(app, "SELECT id FROM tickets") == []


def test_sending_twice_makes_one_ticket(app: Flask, client: FlaskClient) -> None:
    assert send(client).location == send(client).location
    assert len(rows(app, "SELECT id FROM tickets")) == 1


def test_a_changed_message_under_the_same_key_is_asked_about_and_then_sent(app: Flask, client: FlaskClient) -> None:
    send(client)
    again = send(client, message="Something else entirely")
    assert again.status_code == 422
    assert "Something else entirely" in again.get_data(as_text=True)
    send(client, message="Something else entirely", key=hidden(again)["key"])
    assert len(rows(app, "SELECT id FROM tickets")) == 2


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"subject": " "}, "subject", "Enter a subject."),
        ({"message": ""}, "message", "Enter a message."),
        ({"email": ""}, "email", "Enter your e-mail address"),
        ({"email": "jo at example"}, "email", "Enter a valid e-mail address"),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_in_the_summary(
    app: Flask, client: FlaskClient, wrong: dict[str, str], field: str, sentence: str
) -> None:
    answer = send(client, **wrong)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert f'<a href="#kb-{field}">{sentence}' in page
    assert f'id="kb-{field}-error">{sentence}' in page
    assert f'aria-describedby="kb-{field}-error"' in page
    assert not rows(app, "SELECT id FROM tickets")


def test_errors_lose_nothing_that_was_typed(client: FlaskClient) -> None:
    page = send(client, email="", message="<b>bold</b>\n\n  and indented").get_data(as_text=True)
    assert "&lt;b&gt;bold&lt;/b&gt;\n\n  and indented</textarea>" in page
    assert 'value="The code never arrives"' in page
    assert '<option value="account" selected>' in page


def test_errors_are_said_in_the_language_of_the_page(client: FlaskClient) -> None:
    answer = client.post("/es/contact", data=FILLED | {"email": ""})
    assert "Escriba su correo electrónico" in answer.get_data(as_text=True)


def test_without_a_script_offers_come_between_form_and_sending_once(app: Flask, client: FlaskClient) -> None:
    answer = send(client, offered="")
    page = answer.get_data(as_text=True)
    assert "Reset your password" in page
    assert not rows(app, "SELECT id FROM tickets")
    kept = hidden(answer)
    assert kept["message"] == FILLED["message"]
    assert client.post("/en/contact", data=kept).status_code == 303  # one click
    (ticket,) = rows(app, "SELECT * FROM tickets")
    assert ticket["episode"] == kept["episode"] != ""
    assert {row["type"] for row in rows(app, "SELECT type FROM events")} == {"intent", "offer", "shown", "sent"}


def test_from_the_page_between_the_message_can_be_changed(client: FlaskClient) -> None:
    kept = hidden(send(client, offered=""))
    page = client.post("/en/contact", data=kept | {"edit": "1"}).get_data(as_text=True)
    assert FILLED["message"] in page


def test_solved_ends_happily_with_undo(app: Flask, client: FlaskClient) -> None:
    kept = hidden(send(client, offered=""), form=1)
    solved = client.post("/en/contact/solved", data=kept)
    assert "Glad that helped" in solved.get_data(as_text=True)
    assert not rows(app, "SELECT id FROM tickets")
    assert rows(app, "SELECT article, rank FROM events WHERE type = 'solved'") == [
        {"article": kept["article"], "rank": 1}
    ]
    undone = client.post("/en/contact/undo", data=hidden(solved))
    assert FILLED["message"] in undone.get_data(as_text=True)
    assert rows(app, "SELECT article FROM events WHERE type = 'undo'") == [{"article": kept["article"]}]


def test_an_urgent_topic_gets_no_offers_and_no_delay(app: Flask, client: FlaskClient) -> None:
    assert send(client, offered="", category="security").status_code == 303
    assert not rows(app, "SELECT id FROM events WHERE type = 'offer'")


def test_an_urgent_topic_is_marked_so_that_the_script_asks_for_nothing(client: FlaskClient) -> None:
    assert '<option value="security" data-offers="none">' in client.get("/en/contact").get_data(as_text=True)


@pytest.mark.parametrize("error", [StorageFull("full"), Unavailable("gone")])
def test_what_cannot_be_kept_is_said_and_the_text_stays(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("deflect.tickets.contact.create_ticket", fail)
    answer = send(client)
    assert answer.status_code in (503, 507)
    assert "save your message just now. Your text is still here" in answer.get_data(as_text=True)
    assert FILLED["message"] in answer.get_data(as_text=True)


@pytest.mark.parametrize("letter", ["x", "ñ", "説", "😀"])
def test_twenty_thousand_characters_of_any_script_arrive(app: Flask, client: FlaskClient, letter: str) -> None:
    message = (letter * 99 + "\n") * 200
    assert send(client, message=message, subject=letter * 200).status_code == 303
    row = app.extensions[EXTENSION].store.one("SELECT body FROM messages")
    assert row["body"].replace("\r\n", "\n") == message.strip()


@pytest.mark.parametrize("path", ["/en/contact", "/en/contact/solved", "/en/vote"])
def test_a_form_over_480_kb_is_not_read_and_the_page_says_where_the_text_is(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data=FILLED | {"offered": "seen", "message": "secret" * 90_000})
    assert answer.status_code == 413
    assert "Go back in your browser: your text is still there." in answer.text
    assert "secretsecret" not in answer.text


def test_too_many_messages_are_refused_with_their_text_kept(built: Flask, tmp_path: Path) -> None:
    client = fresh(built, tmp_path, rate_tickets=1).test_client()
    send(client)
    answer = send(client, key="another-key", message="A second message")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "A second message" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("path", ["/en/contact", "/en/contact/solved", "/en/contact/undo", "/en/vote"])
def test_a_form_of_another_site_is_refused(app: Flask, client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    answer = client.post(path, data=FILLED | {"offered": "seen", "article": "account/passkey"}, headers=headers)
    assert answer.status_code == 403
    assert not rows(app, "SELECT id FROM events UNION SELECT id FROM tickets")


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, {}])
def test_our_own_form_is_taken(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/en/contact", data=FILLED | {"offered": "seen"}, headers=headers).status_code == 303


def test_a_search_goes_along_as_the_subject(client: FlaskClient) -> None:
    assert 'value="zebra stripes"' in client.get("/en/contact?subject=zebra+stripes").get_data(as_text=True)


def test_each_form_has_a_key_of_its_own(client: FlaskClient) -> None:
    keys = {hidden(client.get("/en/contact"))["key"] for _ in range(3)}
    assert len(keys) == 3
    assert "" not in keys


@pytest.mark.parametrize("ticket", ["", "<b>", "a b", "x" * 100])
def test_nothing_but_a_number_is_told_as_a_number(client: FlaskClient, ticket: str) -> None:
    assert client.get("/en/contact/sent", query_string={"ticket": ticket}).status_code == 302


@pytest.mark.parametrize(
    ("given", "type", "reason"),
    [
        ({"vote": "helpful"}, "helpful", None),
        ({"reason": "outdated"}, "unhelpful", "outdated"),
        ({"vote": "unhelpful"}, "unhelpful", None),
    ],
)
def test_a_vote_is_kept_with_its_reason_and_revision(
    app: Flask, client: FlaskClient, given: dict[str, str], type: str, reason: str | None
) -> None:
    vote = hidden(client.get("/en/articles/account/passkey"))
    answer = client.post("/en/vote", data=vote | given)
    assert answer.location == f"/en/articles/account/passkey?thanks={type}#kb-vote"
    assert "Thank you" in client.get(answer.location).get_data(as_text=True)
    (row,) = rows(app, "SELECT type, article, revision, reason FROM events")
    assert row == {"type": type, "article": "account/passkey", "revision": vote["revision"], "reason": reason}


def test_a_vote_against_may_have_a_comment_that_is_redacted_and_cut(app: Flask, client: FlaskClient) -> None:
    vote = hidden(client.get("/en/articles/account/passkey"))
    said = "Ask jo@example.com, or press\r\n" + "x" * 600
    client.post("/en/vote", data=vote | {"reason": "outdated", "comment": said})
    (row,) = rows(app, "SELECT data, text FROM events JOIN event_texts ON event = id")
    assert row["text"].startswith("Ask [email], or press\r\nx")
    assert len(row["text"]) < 500
    assert row["data"] is None


def test_a_vote_for_an_article_has_no_comment(app: Flask, client: FlaskClient) -> None:
    vote = hidden(client.get("/en/articles/account/passkey"))
    client.post("/en/vote", data=vote | {"vote": "helpful", "comment": "I did not send this"})
    assert rows(app, "SELECT type FROM events") == [{"type": "helpful"}]
    assert not rows(app, "SELECT 1 FROM event_texts")


@pytest.mark.parametrize("article", ["account/clients", "account/draft", "nothing", "https://evil.example/"])
def test_a_vote_leads_nowhere_else(app: Flask, client: FlaskClient, article: str) -> None:
    assert client.post("/en/vote", data={"article": article, "vote": "helpful"}).status_code == 404
    assert not rows(app, "SELECT id FROM events")
