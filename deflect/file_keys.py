"""Keys to files of articles that are for some only: the API gives them with such an article, and they run out."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Collection
from html import unescape
from urllib.parse import unquote

from deflect.services import Services

LIFE = 3600  # seconds, as long as a token at most
KEY = re.compile(r"([0-9a-f]{1,12})-([0-9a-f]{64})")
ADDRESS = re.compile(r'(?<==")/files/([^"?#]+)')


def with_keys(services: Services, html: str, limited: Collection[str], *, now: float | None = None) -> str:
    """Return an article's HTML with a key behind each address of a file that is in `limited`."""
    expires = int(now if now is not None else time.time()) + LIFE

    def keyed(found: re.Match[str]) -> str:
        name = unquote(unescape(found[1]))
        return f"{found[0]}?key={_key(services, name, expires)}" if name in limited else found[0]

    return ADDRESS.sub(keyed, html)


def opens(services: Services, name: str, key: str, *, now: float | None = None) -> bool:
    """Say whether a key was made for this file, and has not run out."""
    found = KEY.fullmatch(key)
    if found is None or int(found[1], 16) < (now if now is not None else time.time()):
        return False
    return hmac.compare_digest(key, _key(services, name, int(found[1], 16)))


def _key(services: Services, name: str, expires: int) -> str:
    secret = bytes.fromhex(services.store.secret("session"))
    return f"{expires:x}-{hmac.new(secret, f'file {expires} {name}'.encode(), hashlib.sha256).hexdigest()}"
