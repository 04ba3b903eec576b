"""Writes of e-mails: a ticket, a message of a ticket, or an entry in the list of e-mails that were not taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlite_utils import Database

from deflect.offers.log import append
from deflect.store.clock import HOUR
from deflect.store.database import Row, insert
from deflect.store.people import link
from deflect.store.writer import write
from deflect.tickets.ticket_writes import audit, keep_message, keep_ticket, reopen_ticket
from kb.errors import NotFound

BY = "e-mail"  # the author in the audit log when an e-mail reopens a ticket
LATER: Final = "later"  # what happens to an e-mail of a sender over the limit, which is offered again
MOST_LISTED = 100  # e-mails of a sender in an hour that are listed as waiting, or with their original
TAKEN = "SELECT count(*) AS n FROM mails WHERE sender = ? AND created BETWEEN ? AND ? AND what != 'later'"
LISTED = "SELECT count(*) AS n FROM mails WHERE sender = ? AND created BETWEEN ? AND ? AND what = ?"
THANKS = "thanks"  # the mark of a reply that is nothing but thanks


@write()
def open_by_mail(
    db: Database,
    *,
    mail: Row,
    keys: Sequence[str],
    ticket: Row,
    message: Row,
    outbox: Sequence[Row],
    sent: Row | None,
    most: int,
    now: int,
    files: Sequence[Row] = (),
    folder: str = "",
    by: str = "",
) -> Row:
    """Create a ticket from an e-mail, unless it is stored already or its sender is over the hourly limit `most`.

    Its `files` are already on disk in `folder`. `by` is the agent who took it from the list of e-mails not taken.
    """
    if answer := _met(db, mail, most=most, now=now, by=by):
        return answer
    row = ticket | {"person": link(db, keys, now=now)}
    keep_ticket(db, row, message, outbox=outbox, files=files, folder=folder, now=now)
    if sent:
        append(db, keys[0], sent, now=now)
    return _keep(db, mail | {"ticket": ticket["id"], "message": message["id"]}, now=now, by=by)


@write()
def reply_by_mail(
    db: Database,
    *,
    mail: Row,
    ticket: str,
    message: Row,
    outbox: Sequence[Row],
    most: int,
    now: int,
    files: Sequence[Row] = (),
    folder: str = "",
    by: str = "",
    proven: bool = False,
) -> Row:
    """Add an e-mail to its ticket. It reopens a closed ticket, unless it is from a machine or nothing but thanks.

    One that is `proven` shows that the ticket's address is its sender's.
    """
    if answer := _met(db, mail, most=most, now=now, by=by):
        return answer
    found = db.execute("SELECT state FROM tickets WHERE id = ?", [ticket]).fetchone()
    if found is None:
        raise NotFound(f"there is no ticket {ticket}; it may have been erased")
    keep_message(db, message | {"ticket": ticket}, outbox=outbox, files=files, folder=folder, now=now)
    if proven:
        db.execute("UPDATE tickets SET proven = coalesce(proven, 'reply') WHERE id = ?", [ticket])
    if message["author"] != "machine":
        db.execute("UPDATE tickets SET changed = ? WHERE id = ?", [now, ticket])
        if found["state"] == "closed" and message["mark"] != THANKS:
            reopen_ticket(db, id=message["id"], ticket=ticket, who=BY, now=now)
    return _keep(db, mail | {"ticket": ticket, "message": message["id"]}, now=now, by=by)


@write()
def list_mail(db: Database, *, mail: Row, now: int) -> Row:
    """List an e-mail that is not taken, with the reason in `what`, unless it is stored already.

    Of a sender with many of them, further ones are listed without their original, or not at all if they only wait.
    """
    db.execute("DELETE FROM mails WHERE id = ? AND what = ?", [mail["id"], LATER])
    earlier = db.execute("SELECT ticket FROM mails WHERE id = ?", [mail["id"]]).fetchone()
    if earlier:
        return {"what": "known", "ticket": earlier["ticket"]}
    many = db.execute(LISTED, [mail["sender"], now - HOUR, now + HOUR, mail["what"]]).fetchone()["n"] >= MOST_LISTED
    if many and mail["what"] == LATER:
        return {"what": LATER, "ticket": None}
    return _keep(db, mail | ({"original": None, "seal": None} if many else {}), now=now)


def _met(db: Database, mail: Row, *, most: int, now: int, by: str) -> Row | None:
    """Return the result for an e-mail that is stored already or must wait, None if it can be taken.

    An e-mail that waited is no longer listed once it is taken, and an agent can take any that was not.
    """
    earlier = db.execute("SELECT ticket, what FROM mails WHERE id = ?", [mail["id"]]).fetchone()
    if earlier and (earlier["ticket"] or not (by or earlier["what"] == LATER)):
        return {"what": "known", "ticket": earlier["ticket"]}
    if most and not by and db.execute(TAKEN, [mail["sender"], now - HOUR, now + HOUR]).fetchone()["n"] >= most:
        return {"what": LATER, "ticket": None}
    db.execute("DELETE FROM mails WHERE id = ?", [mail["id"]])
    return None


def _keep(db: Database, mail: Row, *, now: int, by: str = "") -> Row:
    insert(db, "mails", mail | {"created": now})
    if by:
        audit(db, id=mail["message"], who=by, did="take e-mail", what=mail["ticket"], now=now)
    return {"what": mail["what"], "ticket": mail.get("ticket")}
