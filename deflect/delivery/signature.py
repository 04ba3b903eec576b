"""Signatures of webhooks, as Standard Webhooks has them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from kb.errors import BadSetting

PREFIX = "whsec_"
TOLERANCE = 300  # seconds that a receiver's clock may differ


def sign(secret: str, *, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a webhook; `timestamp` is in seconds."""
    content = f"{id}.{timestamp}.".encode() + body
    digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def verify(secret: str, *, headers: Mapping[str, str], body: bytes, now: int) -> bool:
    """Say whether a webhook is whole, from who knows the secret, and at most five minutes old; for receivers."""
    stamp = headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(now - int(stamp)) > TOLERANCE:
        return False
    wanted = sign(secret, id=headers.get("webhook-id", ""), timestamp=int(stamp), body=body)["webhook-signature"]
    return any(hmac.compare_digest(wanted, given) for given in headers.get("webhook-signature", "").split())


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise BadSetting(
            "webhook_secret is not whsec_ and base64; make one with: echo whsec_$(openssl rand -base64 32)"
        ) from error
