"""Keys to files of articles that are for some only: the API gives them with such an article, and they run out."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from html import unescape
from urllib.parse import unquote

from deflect.store import expiring_keys
from deflect.store.services import Services

LIFE = 3600  # seconds, as long as a token at most
KIND = "file"
ADDRESS = re.compile(r'(?<==")/files/([^"?#]+)')


def with_keys(services: Services, html: str, limited: Collection[str], *, now: float | None = None) -> str:
    """Return an article's HTML with a key behind each address of a file that is in `limited`."""
    expires = int(now if now is not None else time.time()) + LIFE

    def keyed(found: re.Match[str]) -> str:
        name = unquote(unescape(found[1]))
        if name not in limited:
            return found[0]
        return f"{found[0]}?key={expiring_keys.key(services.store, KIND, name, expires=expires)}"

    return ADDRESS.sub(keyed, html)


def opens(services: Services, name: str, key: str, *, now: float | None = None) -> bool:
    """Say whether a key was made for this file, and has not run out."""
    return expiring_keys.opens(services.store, KIND, name, key, now=now if now is not None else time.time())
