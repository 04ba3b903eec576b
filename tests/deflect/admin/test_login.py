"""Logging in: which passwords are accepted, how often they may be tried, and that HEAD never logs in."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from deflect.tickets import accounts, passwords
from kb.config import Settings
from kb.errors import BadRequest, BadSetting
from tests.support.logging_in import PASSWORD, log_in, services_of, token
from tests.support.sample import application

ZENTABRA = "https://help.zentabra.example"
EASY = [
    "password1", "Password1", "12345678", "qwertyuiop", "aaaaaaaaaaaa", "iloveyou", "letmein!", "shortstop1",
    "admin1234", "anaadmin", "ana.lopez", "passwort", "zxcvbnm,./", "abcabcabcabc", "19871987",
    "admin@123", "Summer2026!", "Helpdesk2024", "Support2026!", "HelpCenter2026", "Passwort123!", "пароль123",
    "йцукен12",
]  # fmt: skip


@pytest.mark.parametrize("password", EASY)
def test_a_common_password_or_one_made_of_the_agent_s_name_is_refused(password: str) -> None:
    with pytest.raises(BadRequest, match="easy to guess"):
        passwords.judge(password, known=("Ana Lopez", "ana.lopez@example.com", "ana", "lopez"))


@pytest.mark.parametrize("password", ["tulip drum seven gate", "kG7#pq-Lw2", "x" * 40 + " and then some words 7"])
def test_a_long_or_random_password_is_accepted(password: str) -> None:
    passwords.judge(password, known=("Ana",))


def test_a_password_of_the_settings_is_judged_like_the_others(tmp_path: Path) -> None:
    accounts.judge_setting(Settings(data=tmp_path, admin_password="tulip drum seven gate"))
    accounts.judge_setting(Settings(data=tmp_path))
    for weak in ("password1", "short", "Zentabra2026!"):
        with pytest.raises(BadSetting, match="KB_ADMIN_PASSWORD"):
            accounts.judge_setting(Settings(data=tmp_path, admin_password=weak, title="Zentabra Help", url=ZENTABRA))


@pytest.mark.parametrize("user", ["admin", "nobody at all", "Ana"])
def test_a_known_and_an_unknown_name_cost_one_comparison(
    app: Flask, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    here = services_of(app)
    accounts.add(
        here.store, here.writer, here.settings, "Ana", email="", role="agent", password="tulip drum gate", who="admin"
    )
    compared: list[str] = []
    monkeypatch.setattr(passwords, "check_password_hash", lambda kept, _: bool(compared.append(kept)))
    assert accounts.matches(here.store, here.settings, user=user, password="wrong") is None
    assert len(compared) == 1
    assert compared[0].startswith("scrypt:")


def test_head_never_logs_in(app: Flask) -> None:
    client = app.test_client()
    form = {"user": "admin", "password": PASSWORD, "csrf_token": token(client)}
    answer = client.head("/admin/login", data=form)
    assert (answer.status_code, "Location" in answer.headers) == (200, False)
    assert client.get("/admin/").status_code == 302
    assert services_of(app).store.rows("SELECT * FROM sessions") == []


def limited(app: Flask, *, rate: int = 2) -> Flask:
    """Return an application over the same data that allows `rate` attempts a minute and address."""
    return application(replace(services_of(app).settings, rate_logins=rate, trusted_proxies=1))


def attempt(app: Flask, number: int, *, user: str = "admin", password: str = "wrong") -> int:
    """Try to log in from the address with a number, in a new browser; return the status."""
    client = app.test_client()
    headers = {"X-Forwarded-For": f"198.51.100.{number}"}
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/admin/login", headers=headers).text)
    assert found is not None
    form = {"user": user, "password": password, "csrf_token": found[1]}
    return client.post("/admin/login", data=form, headers=headers).status_code


@pytest.mark.parametrize("user", ["admin", "no such agent"])
def test_attempts_from_many_addresses_are_limited_by_account_known_or_not(app: Flask, user: str) -> None:
    app = limited(app)
    assert [attempt(app, number, user=user) for number in range(8)] == [401] * 6 + [429] * 2
    assert attempt(app, 99, user="Another") == 401


def test_the_owner_is_not_locked_out_by_attempts_of_others(app: Flask) -> None:
    app = limited(app)
    owner = app.test_client()
    from_home = {"X-Forwarded-For": "203.0.113.7"}
    form = {"user": "admin", "password": PASSWORD, "csrf_token": token(owner)}
    assert owner.post("/admin/login", data=form, headers=from_home).status_code == 302
    owner.post("/admin/logout", data={"csrf_token": token(owner, "/admin/outbox?")})
    assert 429 in [attempt(app, number) for number in range(9)]
    form["csrf_token"] = token(owner)
    assert owner.post("/admin/login", data=form, headers=from_home).status_code == 302
    assert attempt(app, 50, password=PASSWORD) == 429  # from a browser that has never logged in


def test_the_cookie_of_one_account_opens_no_other_and_a_forged_one_none(app: Flask) -> None:
    app = limited(app)
    browser = app.test_client()
    assert log_in(browser, PASSWORD).status_code == 302
    cookie = browser.get_cookie("admin-browser", path="/admin")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")
    for number in range(9):
        attempt(app, number, user="Ana")
    for value in (cookie.value, "a.b", "x", cookie.value[:-1]):
        client = app.test_client()
        client.set_cookie("admin-browser", value, path="/admin")
        answer = client.post(
            "/admin/login",
            data={"user": "Ana", "password": "x", "csrf_token": token(client)},
            headers={"X-Forwarded-For": "192.0.2.9"},
        )
        assert answer.status_code == 429


def test_a_tunnel_to_the_machine_itself_is_limited_by_address_only(app: Flask) -> None:
    app = limited(app)
    assert 429 in [attempt(app, number) for number in range(9)]
    assert log_in(app.test_client(), PASSWORD).status_code == 302
