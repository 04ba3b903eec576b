"""Find the ticket of an e-mail by ids that only readers of our e-mails know, never by a bare ticket number."""

from __future__ import annotations

import re

from deflect.store.database import Store
from deflect.store.tokens import same, signature

MARK = re.compile(r"(T[0-9A-Z]{9})-([0-9a-f]{20})(?![0-9a-z])", re.IGNORECASE)
OURS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # the id of a delivery


def mark(secret: str, ticket: str) -> str:
    """Return a ticket's number with a signature, for the References and the Reply-To of our e-mails.

    >>> mark("00" * 32, "T7K2M9QXRB")
    'T7K2M9QXRB-57e07d36bed6f99555fa'
    """
    return f"{ticket}-{signature(secret, f'thread {ticket}'.encode())[:20]}"


def signed(secret: str, text: str) -> str:
    """Return the number of the ticket whose mark is in `text`, "" without a mark with a valid signature."""
    for found in MARK.finditer(text):
        ticket = found[1].upper()
        if same(mark(secret, ticket).lower(), found[0].lower()):
            return ticket
    return ""


def is_ours(store: Store, id: str) -> bool:
    """Return True if we sent the e-mail ourselves."""
    return bool(_delivered(store, id))


def ticket_of(store: Store, *, refs: tuple[str, ...], to: tuple[str, ...], sender: str) -> str:
    """Return the number of the ticket that an e-mail belongs to, "" for a new one.

    A reply refers to one of our e-mails by its random id, or contains the signed mark of the ticket. A reply to an
    e-mail that we received refers to the id of that e-mail. Others may have seen this id, so it only counts if both
    have the same sender.
    """
    secret = store.secret("email")
    for ref in refs:
        found = _delivered(store, ref) or signed(secret, ref.partition("@")[0]) or _written(store, ref, sender)
        if found and _exists(store, found):
            return found
    marked = (signed(secret, address.partition("@")[0].partition("+")[2]) for address in to)
    return next((ticket for ticket in marked if ticket and _exists(store, ticket)), "")


def proves(store: Store, *, ticket: str, refs: tuple[str, ...], to: tuple[str, ...]) -> bool:
    """Return True if an e-mail has an id or mark that we sent to the address of its ticket and to nobody else."""
    secret, sent = store.secret("email"), [ref.partition("@")[0] for ref in refs]
    marks = [*sent, *(address.partition("@")[0].partition("+")[2] for address in to)]
    if any(signed(secret, text) == ticket for text in marks):
        return True
    sql = "SELECT 1 AS found FROM outbox WHERE id = ? AND ticket = ? AND sink IN ('reply', 'receipt')"
    return any(store.one(sql, [id.lower(), ticket]) for id in sent if OURS.fullmatch(id.lower()))


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
