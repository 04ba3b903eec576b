"""Signatures: texts that only a holder of one of the store's secrets can have made."""

from __future__ import annotations

import hashlib
import hmac


def signature(secret: str, data: bytes) -> str:
    """Return the HMAC-SHA256 of `data` in hex; `secret` is one of the store's, in hex too.

    >>> signature("00" * 32, b"thread T7K2M9QXRB")[:20]
    '57e07d36bed6f99555fa'
    """
    return hmac.new(bytes.fromhex(secret), data, hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Return True if two texts are equal; the time it takes does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
