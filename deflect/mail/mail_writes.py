"""What incoming e-mail writes: a ticket, a message of one, or a line that says why not; each e-mail once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from deflect.offers.visit_writes import append
from deflect.store.clock import HOUR
from deflect.store.database import Row, insert
from deflect.store.people import link
from deflect.store.writer import write
from deflect.tickets.ticket_writes import RECEIPT, attach, audit, enqueue, has_many
from kb.errors import NotFound

BY = "e-mail"  # who the audit log names where an e-mail opened a ticket again


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
) -> Row:
    """Make a ticket of an e-mail, unless it is there, or its sender wrote so many in this hour that it waits.

    Its `files` are in `folder` already.
    """
    if answer := _met(db, mail, most=most, now=now):
        return answer
    person = link(db, keys, now=now)
    insert(db, "tickets", ticket | {"person": person, "state": "open", "created": now, "changed": now})
    insert(db, "messages", message | {"ticket": ticket["id"], "created": now})
    attach(db, ticket=ticket["id"], message=message["id"], files=files, folder=folder, now=now)
    for entry in outbox:
        if entry["sink"] != RECEIPT or not has_many(db, person, now=now):
            enqueue(db, entry, ticket=ticket["id"], message=message["id"], now=now)
    if sent:
        append(db, keys[0], sent, now=now)
    return _keep(db, mail | {"ticket": ticket["id"], "message": message["id"]}, now=now)


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
) -> Row:
    """Add an e-mail to its ticket; what a person wrote opens it again, what a machine wrote does not."""
    if answer := _met(db, mail, most=most, now=now):
        return answer
    found = db.execute("SELECT state FROM tickets WHERE id = ?", [ticket]).fetchone()
    if found is None:
        raise NotFound(f"there is no ticket {ticket}; it may have been erased")
    insert(db, "messages", message | {"ticket": ticket, "created": now})
    attach(db, ticket=ticket, message=message["id"], files=files, folder=folder, now=now)
    for entry in outbox:
        enqueue(db, entry, ticket=ticket, message=message["id"], now=now)
    if message["author"] != "machine":
        db.execute("UPDATE tickets SET changed = ? WHERE id = ?", [now, ticket])
        if found["state"] == "closed":
            _reopen(db, ticket, id=message["id"], now=now)
    return _keep(db, mail | {"ticket": ticket, "message": message["id"]}, now=now)


@write()
def pass_over_mail(db: Database, *, mail: Row, now: int) -> Row:
    """Note that an e-mail was met and knowingly not kept."""
    return _met(db, mail, most=0, now=now) or _keep(db, mail, now=now)


def _met(db: Database, mail: Row, *, most: int, now: int) -> Row | None:
    """Return what became of an e-mail that came before, or that it has to wait; None for one to take."""
    earlier = db.execute("SELECT ticket FROM mails WHERE id = ?", [mail["id"]]).fetchone()
    if earlier:
        return {"what": "known", "ticket": earlier["ticket"]}
    sql = "SELECT count(*) AS n FROM mails WHERE sender = ? AND created > ?"
    if most and db.execute(sql, [mail["sender"], now - HOUR]).fetchone()["n"] >= most:
        return {"what": "later", "ticket": None}
    return None


def _keep(db: Database, mail: Row, *, now: int) -> Row:
    insert(db, "mails", mail | {"created": now})
    return {"what": mail["what"], "ticket": mail.get("ticket")}


def _reopen(db: Database, ticket: str, *, id: str, now: int) -> None:
    db.execute("UPDATE tickets SET state = 'open' WHERE id = ?", [ticket])
    db.execute("DELETE FROM outcomes WHERE ticket = ?", [ticket])
    audit(db, id=id, who=BY, did="reopen", what=ticket, now=now)
