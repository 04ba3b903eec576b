"""Sign tokens as an owner's server does, correctly or with mistakes."""

from __future__ import annotations

import time
import uuid
from typing import Any

import jwt

KEYS = ("old:" + "o" * 32, "new:" + "n" * 40)
SECRETS = dict(pair.split(":") for pair in KEYS)


def sign(*, kid: str | None = "new", secret: str | None = None, algorithm: str = "HS256", **claims: Any) -> str:
    """Return a token, valid for five minutes unless `claims` has `exp`; claims of None are left out."""
    said = {"exp": int(time.time()) + 300} | claims
    head = {"kid": kid} if kid else {}
    key = SECRETS.get(kid or "", "x" * 32) if secret is None else secret
    payload = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(payload, key, algorithm=algorithm, headers=head)


def sign_call(**claims: Any) -> str:
    """Return a token of the owner's server for one call of `POST /api/v1/contacts`."""
    return sign(**{"scope": "contacts", "jti": str(uuid.uuid4())} | claims)


def bearer(token: str) -> dict[str, str]:
    """Return the Authorization header with a token."""
    return {"Authorization": f"Bearer {token}"}
