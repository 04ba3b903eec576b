"""Signed links, which expire: to files of articles with an audience, to attachments, and to a message after sending."""

from __future__ import annotations

import re
from collections.abc import Collection
from hashlib import sha256
from html import unescape
from urllib.parse import unquote

from itsdangerous import BadSignature, TimestampSigner

from deflect.store.database import Store
from deflect.store.services import Services
from kb.errors import BadDatabase
from kb.failures import degraded

ARTICLE, ARTICLE_LIFE = "file", 3600  # seconds, the longest life of a token
TICKET, TICKET_LIFE = "attachment", 7 * 24 * 3600  # seconds
SENT, SENT_LIFE = "sent", 3600  # seconds; the page after sending shows the message to the browser that sent it
ADDRESS = re.compile(r'(?<==")/files/([^"?#]+)')


def with_keys(services: Services, html: str, limited: Collection[str]) -> str:
    """Return an article's HTML with a key added to the address of each file in `limited`.

    Without a database there are no keys, so these files are not shown.
    """

    def keyed(found: re.Match[str]) -> str:
        name = unquote(unescape(found[1]))
        return f"{found[0]}?key={_key(services.store, ARTICLE, name)}" if name in limited else found[0]

    try:
        return ADDRESS.sub(keyed, html)
    except BadDatabase as error:
        degraded("no-database", error)
        return html


def opens_article_file(services: Services, name: str, key: str) -> bool:
    """Return True if a key is valid for this file of an article and has not expired."""
    return _opens(services.store, ARTICLE, name, key, life=ARTICLE_LIFE)


def ticket_file(store: Store, id: str) -> str:
    """Return the address of an attachment with a key that is valid for TICKET_LIFE."""
    return f"/attachments/{id}?key={_key(store, TICKET, id)}"


def opens_ticket_file(store: Store, id: str, key: str) -> bool:
    """Return True if a key is valid for this attachment and has not expired."""
    return _opens(store, TICKET, id, key, life=TICKET_LIFE)


def sent_key(store: Store, ticket: str) -> str:
    """Return a key that opens the page with a sent message for SENT_LIFE."""
    return _key(store, SENT, ticket)


def opens_sent(store: Store, ticket: str, key: str) -> bool:
    """Return True if a key is valid for the page of this sent message and has not expired."""
    return _opens(store, SENT, ticket, key, life=SENT_LIFE)


def _key(store: Store, kind: str, name: str) -> str:
    return _signer(store, kind).sign(name).decode().removeprefix(f"{name}.")


def _opens(store: Store, kind: str, name: str, key: str, *, life: int) -> bool:
    try:  # "a" with the key "b.time.signature" would read as a key of "a.b"
        return _signer(store, kind).unsign(f"{name}.{key}", life) == name.encode()
    except BadSignature:
        return False


def _signer(store: Store, kind: str) -> TimestampSigner:
    return TimestampSigner(store.secret("session"), kind, key_derivation="hmac", digest_method=sha256)
