"""E-mail addresses: the one pattern of them, and the keyed hashes by which people are known without them."""

from __future__ import annotations

import re
import unicodedata

from deflect.store.database import Store
from deflect.store.signatures import signature

EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@(?:[\w](?:[\w-]{0,61}[\w])?\.)+[\w-]{2,63}")


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
