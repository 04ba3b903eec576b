"""Which ticket an e-mail belongs to: by ids that only a reader of our e-mails can know, never by its number."""

from __future__ import annotations

import re

from deflect.store.database import Store
from deflect.store.tokens import same, signature

MARK = re.compile(r"(T[0-9A-Z]{9})-([0-9a-f]{20})(?![0-9a-z])", re.IGNORECASE)
OURS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # how the id of a delivery looks


def mark(secret: str, ticket: str) -> str:
    """Return a ticket's number, signed: it stands in the thread of our e-mails and in their Reply-To.

    >>> mark("00" * 32, "T7K2M9QXRB")
    'T7K2M9QXRB-57e07d36bed6f99555fa'
    """
    return f"{ticket}-{signature(secret, f'thread {ticket}'.encode())[:20]}"


def signed(secret: str, text: str) -> str:
    """Return the number of the ticket whose mark is in `text`, "" where none is, or its signature is wrong."""
    for found in MARK.finditer(text):
        ticket = found[1].upper()
        if same(mark(secret, ticket).lower(), found[0].lower()):
            return ticket
    return ""


def is_ours(store: Store, id: str) -> bool:
    """Return True if an e-mail is one that we sent ourselves."""
    return bool(_delivered(store, id))


def ticket_of(store: Store, *, refs: tuple[str, ...], to: tuple[str, ...], sender: str) -> str:
    """Return the number of the ticket that an e-mail belongs to, "" for a new one.

    An e-mail names our own by their ids, which are random, or by the ticket's mark, which is signed. What somebody
    wrote to us earlier is named by its own id; that others may have seen, so it counts for the same address alone.
    """
    secret = store.secret("email")
    for ref in refs:
        found = _delivered(store, ref) or signed(secret, ref.partition("@")[0]) or _written(store, ref, sender)
        if found and _exists(store, found):
            return found
    marked = (signed(secret, address.partition("@")[0].partition("+")[2]) for address in to)
    return next((ticket for ticket in marked if ticket and _exists(store, ticket)), "")


def _delivered(store: Store, ref: str) -> str:
    id = ref.partition("@")[0].lower()
    row = store.one("SELECT ticket FROM outbox WHERE id = ?", [id]) if OURS.fullmatch(id) else None
    return str(row["ticket"]) if row else ""


def _written(store: Store, ref: str, sender: str) -> str:
    sql = "SELECT ticket FROM mails WHERE mail = ? AND sender = ? AND ticket IS NOT NULL ORDER BY created, id LIMIT 1"
    row = store.one(sql, [ref, sender])
    return str(row["ticket"]) if row else ""


def _exists(store: Store, ticket: str) -> bool:
    return store.one("SELECT 1 AS found FROM tickets WHERE id = ?", [ticket]) is not None
