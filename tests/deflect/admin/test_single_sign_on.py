"""Single sign-on through an OpenID Connect provider that runs on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from deflect.tickets import accounts
from kb.config import Settings
from kb.errors import BadSetting
from tests.support.logging_in import services_of
from tests.support.sample import application

CENTER = "http://localhost:8000"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the provider, which runs in a thread
USERS = {
    "ana": {"email": "Ana@example.com", "email_verified": True},
    "eve": {"email": "eve@example.com"},
    "mal": {"email": "ana@example.com", "email_verified": False},
    "text": {"email": "ana@example.com", "email_verified": "false"},
    "nomail": {},
    "odd": {"email": ["ana@example.com"]},
}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a provider, which signs its tokens with a key of its own."""
    from oidc_provider_mock import User, run_server_in_thread  # warns when it is imported

    users = [User(sub=sub, claims=claims) for sub, claims in USERS.items()]
    with run_server_in_thread(user_claims=users, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def shop(app: Flask, provider: str) -> Flask:
    """A help center whose agent Ana may log in through the provider."""
    here = services_of(app)
    accounts.add(
        here.store, here.writer, here.settings, "Ana", email="ana@example.com", role="agent",
        password="tulip drum seven gate", who="admin",
    )  # fmt: skip
    return application(
        replace(here.settings, url=CENTER, oidc_issuer=provider, oidc_client_id="shop", oidc_client_secret="secret")
    )


def begin(client: FlaskClient) -> str:
    """Press the button of the login page; return the address at the provider."""
    assert "Log in with single sign-on" in client.get("/admin/login", base_url=CENTER).text
    answer = client.get("/admin/sso?next=/admin/tickets", base_url=CENTER)
    assert answer.status_code == 302
    return answer.headers["Location"]


def agree(address: str, user: str) -> str:
    """Log in at the provider; return the path to which it sends the browser back."""
    answer = requests.post(address, data={"sub": user}, allow_redirects=False, timeout=10)
    back = urlsplit(answer.headers["Location"])
    assert (back.scheme, back.netloc) == ("http", "localhost:8000")
    return f"{back.path}?{back.query}"


def is_in(client: FlaskClient) -> bool:
    return client.get("/admin/", base_url=CENTER).status_code == 200


def test_an_agent_logs_in_by_the_address_that_the_provider_confirms(shop: Flask) -> None:
    client = shop.test_client()
    address = begin(client)
    asked = parse_qs(urlsplit(address).query)
    assert (asked["code_challenge_method"], asked["redirect_uri"]) == (["S256"], [f"{CENTER}/admin/sso/back"])
    answer = client.get(agree(address, "ana"), base_url=CENTER)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/tickets")
    assert is_in(client)
    assert services_of(shop).store.rows("SELECT who FROM audit ORDER BY created DESC LIMIT 1") == [{"who": "Ana"}]


@pytest.mark.parametrize("user", ["eve", "mal", "text", "nomail", "odd"])
def test_somebody_else_is_refused_with_a_sentence(shop: Flask, user: str) -> None:
    client = shop.test_client()
    answer = client.get(agree(begin(client), user), base_url=CENTER)
    assert answer.status_code == 403
    assert "no agent with this e-mail address" in answer.text
    assert not is_in(client)


def test_an_answer_of_the_provider_works_once_and_only_in_its_browser(shop: Flask) -> None:
    client, thief = shop.test_client(), shop.test_client()
    path = agree(begin(client), "ana")
    begin(thief)
    for one, status in ((thief, 403), (client, 302), (client, 403)):
        assert one.get(path, base_url=CENTER).status_code == status
    assert not is_in(thief)


@pytest.mark.parametrize("query", ["", "?error=access_denied&state=x", "?code=x&state=x", "?code=x"])
def test_a_made_up_answer_is_refused(shop: Flask, query: str) -> None:
    client = shop.test_client()
    begin(client)
    assert client.get(f"/admin/sso/back{query}", base_url=CENTER).status_code == 403
    assert not is_in(client)


def test_head_never_logs_in(shop: Flask) -> None:
    client = shop.test_client()
    path = agree(begin(client), "ana")
    assert client.head(path, base_url=CENTER).status_code == 405
    assert not is_in(client)


def test_a_provider_that_is_away_leaves_the_password(shop: Flask) -> None:
    away = application(replace(services_of(shop).settings, oidc_issuer="http://127.0.0.1:9"))
    answer = away.test_client().get("/admin/sso", base_url=CENTER)
    assert answer.status_code == 503
    assert "provider can&#39;t be reached" in answer.text


def test_without_a_provider_there_is_no_button_and_no_door(app: Flask) -> None:
    client = app.test_client()
    assert "single sign-on" not in client.get("/admin/login").text
    assert client.get("/admin/sso").status_code == client.get("/admin/sso/back").status_code == 403


@pytest.mark.parametrize("given", [{"oidc_client_id": "x"}, {"url": CENTER}, {"oidc_issuer": "login.example"}])
def test_half_of_the_settings_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="oidc_issuer"):
        Settings(**({"oidc_issuer": "https://login.example"} | given))
