"""Check short-lived tokens signed by the owner's server, and sign data with the store's secrets."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from kb.config import Settings
from kb.errors import Forbidden, Unauthorized

ALGORITHM = "HS256"
LONGEST_LIFE = 3600  # seconds
LEEWAY = 30  # seconds that two servers' clocks may differ
LONGEST = 4096  # characters of a token
LONGEST_CLAIM = 254
US = "shortstop"  # a valid `aud`, besides the address of the help center
CONTACTS = "contacts"  # the scope of a server token
UNREADABLE = (jwt.PyJWTError, ValueError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Claims:
    """The verified claims about a person: id, e-mail address, segment, and audiences whose articles they may read."""

    id: str = ""
    email: str = ""
    segment: str = ""
    audience: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ServerCall:
    """The token of one call of the owner's server. It can be used once."""

    id: str
    expires: int  # microseconds


NOBODY = Claims()


def person(token: str, settings: Settings) -> Claims:
    """Return the claims of a person's token. Raise Unauthorized with the reason if the token is invalid.

    A segment is also an audience, because its members may read the articles for it.
    """
    said = _verified(token, settings)
    if _scopes(said):
        raise Unauthorized("this token is for server calls; sign one for the person, without scope")
    segment = _text(said, "segment")
    audience = frozenset(filter(None, [segment, *_texts(said, "audience")]))
    return Claims(_text(said, "sub"), _text(said, "email"), segment, audience)


def server_call(token: str, settings: Settings, *, scope: str) -> ServerCall:
    """Return the call that a server token allows. Raise Unauthorized, or Forbidden if it lacks the scope."""
    said = _verified(token, settings)
    if scope not in _scopes(said):
        raise Forbidden(f'this token is not for this call; sign a server token with "scope": "{scope}"')
    id = _text(said, "jti")
    if not id:
        raise Unauthorized("the server token has no jti; give each token a new random one, such as a UUID")
    return ServerCall(id, int((said["exp"] + LEEWAY) * 1_000_000))


def keyring(settings: Settings) -> dict[str, str]:
    """Return the secrets of KB_TOKEN_KEYS by key id. All of them are valid, so that keys can be rotated."""
    pairs = (pair.partition(":") for pair in settings.token_keys)
    return {id.strip(): secret.strip() for id, _, secret in pairs}


def _verified(token: str, settings: Settings) -> Mapping[str, Any]:
    """Return the claims of a token after checking its signature, times and recipient. Raise Unauthorized."""
    try:
        said: dict[str, Any] = jwt.decode(
            token,
            _secret(token, settings),
            algorithms=[ALGORITHM],
            leeway=LEEWAY,
            options={"require": ["exp"], "verify_aud": False},
        )
    except jwt.ExpiredSignatureError as error:
        raise Unauthorized("the token has expired; have your server sign a new one") from error
    except jwt.InvalidSignatureError as error:
        raise Unauthorized("the token's signature is wrong; sign it with the secret that belongs to its kid") from error
    except jwt.MissingRequiredClaimError as error:
        raise Unauthorized("the token has no exp; make it expire within an hour") from error
    except UNREADABLE as error:
        raise Unauthorized(f"the token cannot be used: {str(error)[:100] or type(error).__name__}") from error
    _check_life(said)
    _check_recipient(said, settings)
    return said


def _secret(token: str, settings: Settings) -> str:
    """Return the secret of the token's kid. Raise Unauthorized if the token is malformed or the kid is unknown."""
    keys = keyring(settings)
    if not keys:
        raise Unauthorized("tokens aren't set up here; set KB_TOKEN_KEYS, or send no token")
    if len(token) > LONGEST:
        raise Unauthorized(f"the token is longer than {LONGEST:,} characters")
    try:
        head = jwt.get_unverified_header(token)
    except UNREADABLE as error:
        raise Unauthorized("the token is not a JWT") from error
    if head.get("alg") != ALGORITHM:
        raise Unauthorized(f"the token is not signed with {ALGORITHM}, the only algorithm accepted here")
    if head.get("kid") not in keys:
        raise Unauthorized("the token's kid is not one of the keys in KB_TOKEN_KEYS; put the key's id in its header")
    return keys[head["kid"]]


def _check_life(said: Mapping[str, Any]) -> None:
    try:
        begun = max(time.time(), float(said.get("iat", 0)))
        too_long = said["exp"] - begun > LONGEST_LIFE + LEEWAY
    except (TypeError, ValueError, OverflowError):
        too_long = True
    if too_long:
        raise Unauthorized("the token is valid for longer than an hour; make it expire sooner")


def _check_recipient(said: Mapping[str, Any], settings: Settings) -> None:
    meant = said.get("aud")
    ours = {US, settings.url.rstrip("/")} - {""}
    named = {str(name).rstrip("/") for name in (meant if isinstance(meant, list) else [meant])}
    if meant is not None and not named & ours:
        raise Unauthorized(
            f"the token is for another recipient; set its aud to {' or '.join(sorted(ours))}, or leave it out"
        )


def _scopes(said: Mapping[str, Any]) -> list[str]:
    return _text(said, "scope").split()


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_CLAIM or not value.isprintable():
        raise Unauthorized(f"the token's {name} is not printable text of up to {LONGEST_CLAIM} characters")
    return value.strip()


def _texts(said: Mapping[str, Any], name: str) -> list[str]:
    values = said.get(name)
    listed = values if isinstance(values, list) else [values]
    if len(listed) > 50:
        raise Unauthorized(f"the token's {name} has more than 50 entries")
    return [_text({name: value}, name) for value in listed]


def signature(secret: str, data: bytes) -> str:
    """Return the HMAC-SHA256 of `data` in hex. `secret` is a secret of the store, also in hex.

    >>> signature("00" * 32, b"thread T7K2M9QXRB")[:20]
    '57e07d36bed6f99555fa'
    """
    return hmac.new(bytes.fromhex(secret), data, hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Return True if two texts are equal, compared in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
