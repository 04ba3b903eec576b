"""The keyed hashes by which people are known without their e-mail addresses."""

from __future__ import annotations

import unicodedata

from deflect.store.database import Store
from deflect.store.tokens import signature


def email_key(store: Store, email: str) -> str:
    """Return the key by which an e-mail address is known."""
    return email_hash(store.secret("email"), email)


def email_hash(secret: str, email: str) -> str:
    """Return the keyed hash of an address; without the store's secret nobody can tell which address it is."""
    return "email:" + signature(secret, normal_email(email).encode())


def normal_email(email: str) -> str:
    """Return the address as it is compared: without case and outer space.

    >>> normal_email(" Jo@Example.COM ")
    'jo@example.com'
    """
    return unicodedata.normalize("NFKC", email).strip().lower()
