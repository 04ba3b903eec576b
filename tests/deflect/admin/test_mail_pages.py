"""The page of e-mails that were not taken: it says who, when and why, and takes one with one press."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deflect.mail.take import take
from tests.support.logging_in import services_of, submit
from tests.support.mails import bounce, mail

AWAY = mail("I am <b>away</b>.", subject="Automatic <reply>: x", Auto_Submitted="auto-replied")


def test_an_e_mail_that_was_not_taken_is_listed_and_taken_with_one_press(app: Flask, agent: FlaskClient) -> None:
    services = services_of(app)
    take(services, AWAY)
    take(services, bounce("<x@elsewhere>"))
    page = agent.get("/admin/not-taken").text
    assert "Automatic &lt;reply&gt;: x" in page
    assert "Jo Miller &lt;jo@example.com&gt;" in page
    assert re.search(r'aria-current="true">All <span class="soft">2<', page)
    (id,) = re.findall(r"/admin/not-taken/(\w+)/take", agent.get("/admin/not-taken").text)[-1:]
    shown = submit(agent, f"/admin/not-taken/{id}/take")
    assert "The e-mail is a ticket now." in shown.text
    assert re.fullmatch(r"/admin/tickets/T\w{9}", shown.request.path)
    again = submit(agent, f"/admin/not-taken/{id}/take")
    assert again.request.path == shown.request.path
    assert "took the e-mail of" in agent.get("/admin/audit").text
    assert len(services.store.rows("SELECT 1 FROM tickets")) == 1


def test_only_an_agent_takes_an_e_mail_and_only_by_a_form_of_the_page(app: Flask, agent: FlaskClient) -> None:
    take(services_of(app), AWAY)
    (row,) = services_of(app).store.rows("SELECT id FROM mails")
    path = f"/admin/not-taken/{row['id']}/take"
    assert agent.post(path).status_code == 400
    assert app.test_client().get("/admin/not-taken").status_code == 302
    assert app.test_client().post(path).status_code in (302, 400)
    assert services_of(app).store.rows("SELECT 1 FROM tickets") == []


def test_an_e_mail_whose_original_is_gone_says_so(app: Flask, agent: FlaskClient) -> None:
    assert "no longer listed" in submit(agent, "/admin/not-taken/none/take").text
    take(services_of(app), AWAY)
    (row,) = services_of(app).store.rows("SELECT id, original FROM mails")
    folder = services_of(app).settings.data
    for path in folder.rglob(f"*{row['original'][2:]}*"):
        path.unlink()
    assert submit(agent, f"/admin/not-taken/{row['id']}/take").status_code == 404


def test_metrics_count_what_was_not_taken(app: Flask) -> None:
    take(services_of(app), AWAY)
    assert 'shortstop_mails_not_taken{reason="automatic"} 1.0' in app.test_client().get("/metrics").text


@pytest.mark.parametrize("page", ["9" * 5000, "-1", "NaN", "0"])
@pytest.mark.parametrize("path", ["/admin/not-taken", "/admin/report/episodes"])
def test_a_page_that_is_no_number_is_refused(agent: FlaskClient, path: str, page: str) -> None:
    answer = agent.get(path, query_string={"page": page})
    assert answer.status_code == 400
    assert "page is not a whole number" in answer.text
