"""Keys that open one thing until a time: signed, so that nobody makes one, and kept nowhere."""

from __future__ import annotations

import hashlib
import hmac
import re

from deflect.store.store import Store

KEY = re.compile(r"([0-9a-f]{1,12})-([0-9a-f]{64})")


def key(store: Store, kind: str, name: str, *, expires: int) -> str:
    """Return the key of what has a name among others of its kind, good until `expires`, in seconds since 1970."""
    secret = bytes.fromhex(store.secret("session"))
    return f"{expires:x}-{hmac.new(secret, f'{kind} {expires} {name}'.encode(), hashlib.sha256).hexdigest()}"


def opens(store: Store, kind: str, name: str, given: str, *, now: float) -> bool:
    """Say whether a key was made for this, and has not run out."""
    found = KEY.fullmatch(given)
    if found is None or int(found[1], 16) < now:
        return False
    return hmac.compare_digest(given, key(store, kind, name, expires=int(found[1], 16)))
