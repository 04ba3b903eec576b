"""Tokens: valid ones, and each reason to refuse one."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deflect.store import tokens
from deflect.store.tokens import Claims
from kb.config import Settings
from kb.errors import BadSetting, Forbidden, Unauthorized
from tests.support.signing import KEYS, SECRETS, sign, sign_call

SETTINGS = Settings(token_keys=KEYS, url="https://help.example/")


def now() -> int:
    """Return the current time in seconds. It is read when needed, because a run of all tests outlives a token."""
    return int(time.time())


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def by_hand(claims: Any) -> str:
    """Return a correctly signed token with any claims."""
    said = f"{encoded({'alg': 'HS256', 'kid': 'new'})}.{encoded(claims)}"
    return f"{said}.{encoded(hmac.digest(SECRETS['new'].encode(), said.encode(), 'sha256'))}"


def test_a_token_says_who_it_is_and_what_is_theirs() -> None:
    token = sign(sub="u1", email="jo@example.com", segment="client", audience=["beta"], jti="1")
    claims = tokens.person(token, SETTINGS)
    assert claims == Claims("u1", "jo@example.com", "client", frozenset({"client", "beta"}))


def test_keys_rotate_each_listed_one_is_good() -> None:
    assert [tokens.person(sign(kid=kid, sub="u1"), SETTINGS).id for kid in ("old", "new")] == ["u1", "u1"]
    with pytest.raises(Unauthorized, match="kid is not one of the keys"):
        tokens.person(sign(kid="old", sub="u1"), Settings(token_keys=KEYS[1:]))


@pytest.mark.parametrize("aud", ["shortstop", "https://help.example", ["x", "https://help.example/"], None])
def test_a_token_may_name_us_as_its_recipient(aud: Any) -> None:
    assert tokens.person(sign(sub="u1", aud=aud), SETTINGS).id == "u1"


def refused() -> dict[str, tuple[str, str]]:
    """Return current tokens that are refused, with the reasons."""
    return {
        "signed by nobody": (sign(kid="new", secret="", algorithm="none", sub="u1"), "not signed with HS256"),
        "of another algorithm": (sign(algorithm="HS512", secret="n" * 64, sub="u1"), "not signed with HS256"),
        "with another secret": (sign(secret="m" * 40, sub="u1"), "signature is wrong"),
        "with the secret of another key": (sign(kid="old", secret=SECRETS["new"], sub="u1"), "signature is wrong"),
        "without a kid": (sign(kid=None, secret=SECRETS["new"], sub="u1"), "kid is not one of the keys"),
        "with an unknown kid": (sign(kid="../new", secret=SECRETS["new"], sub="u1"), "kid is not one of the keys"),
        "expired": (sign(sub="u1", exp=now() - 60), "has expired"),
        "without an end": (sign(sub="u1", exp=None), "has no exp"),
        "too long lived": (sign(sub="u1", exp=now() + 3700), "longer than an hour"),
        "too long lived since later": (sign(sub="u1", exp=now() + 3700, iat=now() + 200), "cannot be used"),
        "not yet valid": (sign(sub="u1", nbf=now() + 200), "cannot be used"),
        "for somebody else": (sign(sub="u1", aud="https://other.example"), "for another recipient"),
        "for nobody": (sign(sub="u1", aud=[]), "for another recipient"),
        "of the server's own": (sign_call(sub="u1"), "for server calls"),
        "with a number as its sub": (by_hand({"sub": 1, "exp": now() + 300}), "cannot be used"),
        "with a list as its segment": (sign(sub="u1", segment=["client"]), "segment is not printable text"),
        "with a line end": (sign(sub="u1\nX: 1"), "sub is not printable text"),
        "with too much in it": (sign(sub="u1", audience=["a"] * 51), "more than 50"),
        "no token": ("a.b.c", "not a JWT"),
        "too long": (sign(sub="u1", segment="x" * 5000), "longer than"),
        "with a kid that is a list": (f"{encoded({'alg': 'HS256', 'kid': ['new']})}.e30.x", "not a JWT"),
        "nested deeply": (base64.urlsafe_b64encode(b"[" * 2900).decode() + ".e30.x", "not a JWT"),
        "with no end to its time": (by_hand({"sub": "u1", "exp": float("inf")}), "cannot be used"),
        "that is a list": (by_hand(["sub", "u1"]), "cannot be used"),
    }  # fmt: skip


@pytest.mark.parametrize("case", sorted(refused()))
def test_a_token_is_refused_and_told_why(case: str) -> None:
    token, why = refused()[case]
    with pytest.raises(Unauthorized, match=why):
        tokens.person(token, SETTINGS)


def test_a_token_whose_claims_were_changed_is_refused() -> None:
    head, _, signature = sign(sub="u1").split(".")
    with pytest.raises(Unauthorized, match="signature is wrong"):
        tokens.person(f"{head}.{encoded({'sub': 'u2', 'exp': now() + 300})}.{signature}", SETTINGS)


def test_without_keys_no_token_is_believed() -> None:
    with pytest.raises(Unauthorized, match="KB_TOKEN_KEYS"):
        tokens.person(sign(sub="u1"), Settings())


@given(st.text(max_size=200) | st.binary(max_size=120).map(lambda raw: base64.urlsafe_b64encode(raw).decode() + ".x.y"))
def test_whatever_comes_as_a_token_is_refused_with_a_sentence(token: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.person(token, SETTINGS)


def test_a_server_s_token_has_a_scope_and_an_id() -> None:
    end = now() + 60
    call = tokens.server_call(sign_call(jti="j1", exp=end), SETTINGS, scope="contacts")
    assert (call.id, call.expires) == ("j1", (end + 30) * 1_000_000)
    with pytest.raises(Forbidden, match="not for this call"):
        tokens.server_call(sign(sub="u1", jti="j1"), SETTINGS, scope="contacts")
    with pytest.raises(Unauthorized, match="has no jti"):
        tokens.server_call(sign_call(jti=None), SETTINGS, scope="contacts")


@pytest.mark.parametrize(
    "pair", ["secret-only-but-long-enough-to-be-one", "kid:short", ":" + "s" * 40, "a b:" + "s" * 40]
)
def test_a_key_that_is_none_is_a_bad_setting_and_is_not_shown(pair: str) -> None:
    with pytest.raises(BadSetting, match="32 characters") as caught:
        Settings(token_keys=(pair,))
    assert pair not in str(caught.value)
