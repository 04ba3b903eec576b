"""Links to files of tickets for the help desk that a sink writes to: signed, and good for a week."""

from __future__ import annotations

import hashlib
import hmac
import re

from deflect.store import Store

LIFE = 7 * 24 * 3600  # seconds
KEY = re.compile(r"([0-9a-f]{1,12})-([0-9a-f]{64})")


def path(store: Store, id: str, *, expires: int) -> str:
    """Return the address of a file on our site, with a key that opens it until `expires`, in seconds since 1970."""
    return f"/attachments/{id}?key={_key(store, id, expires)}"


def opens(store: Store, id: str, key: str, *, now: float) -> bool:
    """Say whether a key was made for this file, and has not run out."""
    found = KEY.fullmatch(key)
    if found is None or int(found[1], 16) < now:
        return False
    return hmac.compare_digest(key, _key(store, id, int(found[1], 16)))


def _key(store: Store, id: str, expires: int) -> str:
    secret = bytes.fromhex(store.secret("session"))
    return f"{expires:x}-{hmac.new(secret, f'attachment {expires} {id}'.encode(), hashlib.sha256).hexdigest()}"
