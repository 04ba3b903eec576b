"""The owner's server: it signs tokens as the manual says, and as it should not."""

from __future__ import annotations

import time
import uuid
from typing import Any

import jwt

KEYS = ("old:" + "o" * 32, "new:" + "n" * 40)
SECRETS = dict(pair.split(":") for pair in KEYS)


def sign(*, kid: str | None = "new", secret: str | None = None, algorithm: str = "HS256", **claims: Any) -> str:
    """Return a token that is good for five minutes unless `claims` say otherwise; a claim of None is left out."""
    said = {"exp": int(time.time()) + 300} | claims
    head = {"kid": kid} if kid else {}
    key = SECRETS.get(kid or "", "x" * 32) if secret is None else secret
    payload = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(payload, key, algorithm=algorithm, headers=head)


def sign_call(**claims: Any) -> str:
    """Return a token of the server's own, for one call of POST contacts."""
    return sign(**{"scope": "contacts", "jti": str(uuid.uuid4())} | claims)


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}
