"""The second factor of an agent: codes of an app, recovery codes, and who may turn it off."""

from __future__ import annotations

import re
from dataclasses import replace

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from deflect.offers.episode import new_id
from deflect.store import clock
from deflect.store.clock import MINUTE, SECOND
from deflect.tickets import second_factors
from kb.errors import BadRequest
from tests.support.logging_in import PASSWORD, log_in, services_of, submit, token
from tests.support.sample import application

NAME = "admin"


def turn_on(app: Flask) -> tuple[str, list[str]]:
    """Turn on the second factor; return the secret and the recovery codes. The code of the last step is used up."""
    here, secret = services_of(app), second_factors.new_secret()
    code = pyotp.TOTP(secret).at(clock.now() // SECOND - 30)
    return secret, second_factors.add(here.store, here.writer, NAME, secret=secret, code=code, entry=new_id())


def enter(client: FlaskClient, code: str) -> TestResponse:
    return client.post("/admin/login/code", data={"code": code, "csrf_token": token(client, "/admin/login/code")})


def is_in(client: FlaskClient) -> bool:
    return client.get("/admin/").status_code == 200


def test_the_password_alone_opens_nothing(app: Flask) -> None:
    turn_on(app)
    client = app.test_client()
    answer = log_in(client)
    assert answer.headers["Location"].startswith("/admin/login/code")
    assert not is_in(client)
    assert enter(client, "000000").status_code == 401
    assert not is_in(client)


def test_each_code_works_once(app: Flask) -> None:
    secret, _ = turn_on(app)
    code = pyotp.TOTP(secret).now()
    first, second = app.test_client(), app.test_client()
    for client in (first, second):
        log_in(client)
    assert enter(first, f" {code[:3]} {code[3:]} ").status_code == 302
    assert enter(second, code).status_code == 401
    assert (is_in(first), is_in(second)) == (True, False)


def test_each_recovery_code_works_once(app: Flask) -> None:
    _, codes = turn_on(app)
    assert len(set(codes)) == second_factors.SPENT
    for status in (302, 401):
        client = app.test_client()
        log_in(client)
        assert enter(client, codes[0].upper()).status_code == status
    here = services_of(app)
    assert codes[1] not in str(here.store.rows("SELECT * FROM second_factors"))


def test_without_the_password_or_after_five_minutes_there_is_no_code_to_enter(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, _ = turn_on(app)
    assert app.test_client().get("/admin/login/code").headers["Location"].startswith("/admin/login")
    client = app.test_client()
    log_in(client)
    form = token(client, "/admin/login/code")
    later = clock.now() + 6 * MINUTE
    monkeypatch.setattr(clock, "now", lambda: later)
    code = pyotp.TOTP(secret).at(later // SECOND)
    client.post("/admin/login/code", data={"code": code, "csrf_token": form})
    assert not is_in(client)


def test_codes_are_limited_by_account(app: Flask) -> None:
    turn_on(app)
    app = application(replace(services_of(app).settings, rate_logins=100))
    statuses = []
    for _ in range(5):
        client = app.test_client()
        log_in(client)
        statuses.append(enter(client, "123456").status_code)
    assert statuses == [401, 401, 401, 429, 429]


def test_head_is_no_second_step(app: Flask) -> None:
    secret, _ = turn_on(app)
    client = app.test_client()
    log_in(client)
    client.head("/admin/login/code", data={"code": pyotp.TOTP(secret).now()})
    assert not is_in(client)


def test_an_agent_turns_it_on_with_password_and_code_and_off_again(app: Flask) -> None:
    client = app.test_client()
    log_in(client)
    page = client.get("/admin/agents/factor").text
    found = re.search(r"Key: <code>([A-Z2-7]{32})</code>", page)
    assert found is not None
    assert 'src="data:image/svg+xml' in page
    form = {"csrf_token": token(client, "/admin/agents")}
    code = pyotp.TOTP(found[1]).now()
    for wrong in ({"password": "wrong", "code": code}, {"password": PASSWORD, "code": "000000"}):
        refused = client.post("/admin/agents/factor", data=form | wrong)
        assert (refused.status_code, found[1] in refused.text) == (400, True)
    shown = client.post("/admin/agents/factor", data=form | {"password": PASSWORD, "code": code}).text
    assert len(re.findall(r"^(?:.*<code>)?[a-z2-9]{10}", shown, re.MULTILINE)) == second_factors.SPENT
    here = services_of(app)
    assert second_factors.needs(here.store, NAME)
    assert "password is wrong" in submit(client, "/admin/agents/factor/remove", password="wrong").text
    assert second_factors.needs(here.store, NAME)
    submit(client, "/admin/agents/factor/remove", password=PASSWORD)
    assert not second_factors.needs(here.store, NAME)
    did = [row["did"] for row in here.store.rows("SELECT did FROM audit ORDER BY created")]
    assert did[-2:] == ["add second factor", "remove second factor"]


def test_a_code_of_another_secret_turns_nothing_on(app: Flask) -> None:
    here = services_of(app)
    with pytest.raises(BadRequest, match="code is wrong"):
        second_factors.add(
            here.store, here.writer, NAME, secret=second_factors.new_secret(), code="000000", entry=new_id()
        )
    assert not second_factors.needs(here.store, NAME)


def test_a_repeated_write_counts_once_and_a_second_use_not(app: Flask) -> None:
    secret, codes = turn_on(app)
    here = services_of(app)
    digest = second_factors._digest(codes[0])
    spent = [here.writer.run(second_factors.spend_recovery, id=NAME, digest=digest, entry=e) for e in ("a", "a", "b")]
    steps = [here.writer.run(second_factors.spend_step, id=NAME, step=9**12, entry=e) for e in ("c", "c", "d")]
    assert [one["spent"] for one in (*spent, *steps)] == [1, 1, 0] * 2
    assert secret
