"""Links to files of tickets for the help desk that a sink writes to: signed, and good for a week."""

from __future__ import annotations

from deflect.store import expiring_keys
from deflect.store.store import Store

LIFE = 7 * 24 * 3600  # seconds
KIND = "attachment"


def path(store: Store, id: str, *, expires: int) -> str:
    """Return the address of a file on our site, with a key that opens it until `expires`, in seconds since 1970."""
    return f"/attachments/{id}?key={expiring_keys.key(store, KIND, id, expires=expires)}"


def opens(store: Store, id: str, key: str, *, now: float) -> bool:
    """Say whether a key was made for this file, and has not run out."""
    return expiring_keys.opens(store, KIND, id, key, now=now)
