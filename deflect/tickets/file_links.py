"""Signed links, which expire, to the files of limited articles and to the attachments of tickets."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from html import unescape
from urllib.parse import unquote

from deflect.store.database import Store
from deflect.store.services import Services
from deflect.store.tokens import same, signature

ARTICLE, ARTICLE_LIFE = "file", 3600  # seconds, the longest life of a token
TICKET, TICKET_LIFE = "attachment", 7 * 24 * 3600  # seconds
ADDRESS = re.compile(r'(?<==")/files/([^"?#]+)')
KEY = re.compile(r"([0-9a-f]{1,12})-([0-9a-f]{64})")


def with_keys(services: Services, html: str, limited: Collection[str], *, now: float | None = None) -> str:
    """Return an article's HTML with a key added to the address of each file in `limited`."""
    expires = int(now if now is not None else time.time()) + ARTICLE_LIFE

    def keyed(found: re.Match[str]) -> str:
        name = unquote(unescape(found[1]))
        return f"{found[0]}?key={_key(services.store, ARTICLE, name, expires=expires)}" if name in limited else found[0]

    return ADDRESS.sub(keyed, html)


def opens_article_file(services: Services, name: str, key: str, *, now: float | None = None) -> bool:
    """Return True if a key is valid for this file of an article and has not expired."""
    return _opens(services.store, ARTICLE, name, key, now=now if now is not None else time.time())


def ticket_file(store: Store, id: str, *, expires: int) -> str:
    """Return the address of an attachment with a key that is valid until `expires`, in seconds since 1970."""
    return f"/attachments/{id}?key={_key(store, TICKET, id, expires=expires)}"


def opens_ticket_file(store: Store, id: str, key: str, *, now: float) -> bool:
    """Return True if a key is valid for this attachment and has not expired."""
    return _opens(store, TICKET, id, key, now=now)


def _key(store: Store, kind: str, name: str, *, expires: int) -> str:
    return f"{expires:x}-{signature(store.secret('session'), f'{kind} {expires} {name}'.encode())}"


def _opens(store: Store, kind: str, name: str, given: str, *, now: float) -> bool:
    found = KEY.fullmatch(given)
    if found is None or int(found[1], 16) < now:
        return False
    return same(given, _key(store, kind, name, expires=int(found[1], 16)))
