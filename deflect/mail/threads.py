"""Find the ticket of an e-mail by ids that only readers of our e-mails know, never by a bare ticket number."""

from __future__ import annotations

import re

from deflect.mail.message import Mail
from deflect.mail.phrases import answered_subject
from deflect.privacy.email_keys import email_key
from deflect.store import clock
from deflect.store.clock import DAY
from deflect.store.database import Store
from deflect.store.tokens import same, signature

MARK = re.compile(r"(T[0-9A-Z]{9})-([0-9a-f]{20})(?![0-9a-z])", re.IGNORECASE)
RETURNED_WITHIN = 7 * DAY  # mail servers give up after five
OURS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # the id of a delivery

WRITTEN_TO = """
    SELECT outbox.ticket FROM tickets JOIN outbox ON outbox.ticket = tickets.id
    WHERE tickets.address = :key
      AND sink IN ('reply', 'receipt') AND outbox.state = 'sent' AND due > :since
    ORDER BY due DESC, outbox.id LIMIT 1
    """
ABOUT = """
    SELECT DISTINCT outbox.ticket FROM outbox JOIN tickets ON tickets.id = outbox.ticket
    WHERE outbox.state = 'sent' AND due > :since AND sink IN ('reply', 'receipt') AND lower(subject) = :subject LIMIT 2
    """


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


def is_ours(store: Store, mail: Mail) -> bool:
    """Return True if we sent the e-mail ourselves. A mail server may have replaced its id, but not the other header."""
    return bool(_delivered(store, mail.id)) or (mail.stamp != "" and _exists(store, mail.stamp))


def ticket_of(store: Store, mail: Mail) -> str:
    """Return the number of the ticket that an e-mail belongs to, "" for a new one.

    A reply refers to one of our e-mails by its random id, or contains the signed mark of the ticket. A reply to an
    e-mail that we received refers to the id of that e-mail. Others may have seen this id, so it only counts if both
    have the same sender, who came the same way. A Reply-To proves nothing: everybody can write any address there.
    """
    secret = store.secret("email")
    for ref in mail.refs:
        found = _delivered(store, ref) or signed(secret, ref.partition("@")[0]) or _written(store, ref, mail)
        if found and _exists(store, found):
            return found
    marked = (signed(secret, address.partition("@")[0].partition("+")[2]) for address in mail.to)
    found = next((ticket for ticket in marked if ticket and _exists(store, ticket)), "")
    return found or (_of_bounce(store, mail) if mail.kind == "bounce" else "")


def _of_bounce(store: Store, mail: Mail) -> str:
    """Return the ticket of a bounce by our mark in its text, by the recipient, or by a subject that only one has.

    The last two may be guessed by a stranger, so they are only used for bounces, which change nothing in a ticket.
    """
    found = signed(store.secret("email"), mail.text)
    if found and _exists(store, found):
        return found
    since = clock.now() - RETURNED_WITHIN
    for address in mail.refused:
        row = store.one(WRITTEN_TO, {"key": email_key(store, address), "since": since})
        if row:
            return str(row["ticket"])
    subject = answered_subject(mail.subject).lower()
    rows = store.rows(ABOUT, {"subject": subject, "since": since}) if subject else []
    return str(rows[0]["ticket"]) if len(rows) == 1 else ""


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


def _written(store: Store, ref: str, mail: Mail) -> str:
    sql = """
        SELECT ticket FROM mails WHERE mail = ? AND sender = ? AND via IS ? AND ticket IS NOT NULL
        ORDER BY created, id LIMIT 1
        """
    row = store.one(sql, [ref, email_key(store, mail.sender), email_key(store, mail.via) if mail.via else None])
    return str(row["ticket"]) if row else ""


def _exists(store: Store, ticket: str) -> bool:
    return store.one("SELECT 1 AS found FROM tickets WHERE id = ?", [ticket]) is not None
