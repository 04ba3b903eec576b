"""Keyed hashes that identify people without storing their e-mail addresses."""

from __future__ import annotations

import unicodedata

from deflect.store.database import Store
from deflect.store.tokens import signature


def email_key(store: Store, email: str) -> str:
    """Return the key of an e-mail address: its keyed hash with the store's secret."""
    return email_hash(store.secret("email"), email)


def email_hash(secret: str, email: str) -> str:
    """Return the keyed hash of an address, which cannot be checked against addresses without the secret."""
    return "email:" + signature(secret, normal_email(email).encode())


def normal_email(email: str) -> str:
    """Return the address for comparison: lower case, NFKC, without surrounding space.

    >>> normal_email(" Jo@Example.COM ")
    'jo@example.com'
    """
    return unicodedata.normalize("NFKC", email).strip().lower()
