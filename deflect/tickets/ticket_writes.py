"""Writes to tickets: create, answer, close, reopen and assign them, each with an entry in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from sqlite_utils import Database

from deflect.offers.log import append, begun_episode
from deflect.privacy.email_keys import email_hash
from deflect.store.attachments import place_of
from deflect.store.clock import DAY, HOUR
from deflect.store.database import Row, insert
from deflect.store.people import VERIFIED, VISITOR, kept_under, link
from deflect.store.writer import write
from deflect.tickets import drafts, meanwhile
from kb.errors import Conflict, FileLost, NotFound

RECEIPT = "receipt"  # the sink of receipts, which KB_SINKS cannot choose
MOST_RECEIPTS = ((HOUR, 3), (DAY, 10))  # per person, so that the form cannot be used to flood a mailbox


class SentAlready(Conflict):
    """A form that was sent before came again with another text, for example after the browser's Back button."""


@write()
def create_ticket(
    db: Database,
    *,
    keys: Sequence[str],
    intent: Row,
    ticket: Row,
    message: Row,
    outbox: Sequence[Row],
    sent: Row,
    idempotency: Row,
    now: int,
    episode: str | None = None,
    files: Sequence[Row] = (),
    folder: str = "",
) -> Row:
    """Store a ticket with its message, outbox entries and event. The same idempotency key gives the same ticket.

    The `files` are in `folder` already. Raise Conflict if the key was used for another message.
    """
    earlier = db.execute("SELECT digest, ticket FROM idempotency WHERE key = ?", [idempotency["key"]]).fetchone()
    if earlier and earlier["digest"] != idempotency["digest"]:
        raise Conflict("this Idempotency-Key was used for another body; use a new key for a new ticket")
    if earlier:
        return _created(db, earlier["ticket"]) | {"new": False}
    begun = begun_episode(db, keys, intent, episode=episode, now=now)
    row = ticket | {"person": link(db, keys, now=now), "episode": begun["id"]}
    row |= {"signed": _of_kind(keys, VERIFIED), "browser": _of_kind(keys, VISITOR)}
    keep_ticket(db, row, message, outbox=outbox, files=files, folder=folder, now=now)
    insert(db, "idempotency", idempotency | {"ticket": ticket["id"], "created": now})
    append(db, kept_under(keys), sent | {"episode": begun["id"]}, now=now)
    return _created(db, ticket["id"]) | {"new": True}


def keep_ticket(
    db: Database, ticket: Row, message: Row, *, outbox: Sequence[Row], files: Sequence[Row], folder: str, now: int
) -> None:
    """Store a new ticket with its first message. A person with many recent tickets gets no receipt."""
    secret = db.execute("SELECT value FROM secrets WHERE name = 'email'").fetchone()["value"]
    address = email_hash(secret, ticket["email"])
    insert(db, "tickets", ticket | {"address": address, "state": "open", "created": now, "changed": now})
    many = _has_many(db, ticket["person"], now=now)
    wanted = [entry for entry in outbox if entry["sink"] != RECEIPT or not many]
    keep_message(db, message | {"ticket": ticket["id"]}, outbox=wanted, files=files, folder=folder, now=now)


def keep_message(
    db: Database, message: Row, *, outbox: Sequence[Row], files: Sequence[Row], folder: str, now: int
) -> None:
    """Store a message with its deliveries and files. Raise FileLost if a file is not on disk.

    Only this writer removes files (`deflect.privacy.erasure.drop_files`), so none can disappear between the check and
    the insert.
    """
    insert(db, "messages", message | {"created": now})
    for file in files:
        if not place_of(Path(folder), file["digest"]).is_file():
            raise FileLost(f"the file {file['name']} is no longer stored; send it again")
        insert(db, "attachments", file | {"ticket": message["ticket"], "message": message["id"], "created": now})
    _enqueue(db, message, outbox, now=now)


@write()
def add_message(
    db: Database,
    *,
    message: Row,
    outbox: Sequence[Row],
    who: str,
    now: int,
    seen: int | None = None,
    was: str = "",
    revision: int = 0,
) -> Row:
    """Store an agent's answer or note, and the outbox entries of an answer.

    A form that is sent twice is stored once. Raise SentAlready if the second one has another text. Raise CameMeanwhile
    if more came than the `seen` messages of the page, or the ticket, which `was` open there, is closed. The agent's
    draft up to `revision` is deleted.
    """
    _must_exist(db, message["ticket"])
    known = db.execute("SELECT body FROM messages WHERE id = ?", [message["id"]]).fetchone()
    if not known:
        meanwhile.check(db.execute, message["ticket"], seen=seen, was=was, when="while you were writing")
    if insert(db, "messages", message | {"by": who, "created": now}):
        _enqueue(db, message, outbox, now=now)
        answerer = who if message["author"] == "agent" else None  # answering assigns an unassigned ticket
        sql = "UPDATE tickets SET changed = ?, agent = coalesce(agent, ?) WHERE id = ?"
        db.execute(sql, [now, answerer, message["ticket"]])
        audit(db, id=message["id"], who=who, did=message["author"], what=message["ticket"], now=now)
        drafts.drop_sent(db, message["ticket"], agent=who, text=message["body"], revision=revision)
    elif known["body"] != message["body"]:
        raise SentAlready("you already sent another text from this page; press the button again to send this one too")
    return {"message": message["id"]}


@write()
def close_ticket(
    db: Database, *, id: str, ticket: str, article: str | None, who: str, now: int, seen: int | None = None
) -> Row:
    """Close a ticket. With `article`, also store the outcome, which the ranking learns from.

    Raise CameMeanwhile if more came than the `seen` messages of the page.
    """
    _must_exist(db, ticket)
    meanwhile.check(db.execute, ticket, seen=seen, when="while this page was open")
    db.execute("UPDATE tickets SET state = 'closed', changed = ? WHERE id = ?", [now, ticket])
    if article:
        _solve(db, {"id": id, "ticket": ticket, "article": article, "by": who, "created": now})
    audit(db, id=id, who=who, did="solved by " + article if article else "close", what=ticket, now=now)
    return {"ticket": ticket}


@write()
def reopen_ticket(db: Database, *, id: str, ticket: str, who: str, now: int) -> Row:
    """Reopen a ticket and withdraw its outcome, which counts again if the same article closes the ticket again."""
    _must_exist(db, ticket)
    db.execute("UPDATE tickets SET state = 'open', changed = ? WHERE id = ?", [now, ticket])
    db.execute("UPDATE outcomes SET withdrawn = ? WHERE ticket = ? AND withdrawn IS NULL", [now, ticket])
    audit(db, id=id, who=who, did="reopen", what=ticket, now=now)
    return {"ticket": ticket}


@write()
def assign_ticket(db: Database, *, id: str, ticket: str, agent: str | None, who: str, now: int) -> Row:
    """Assign a ticket to an agent, or unassign it if `agent` is None."""
    _must_exist(db, ticket)
    db.execute("UPDATE tickets SET agent = ? WHERE id = ?", [agent, ticket])
    audit(db, id=id, who=who, did=f"assigned to {agent or 'nobody'}", what=ticket, now=now)
    return {"ticket": ticket}


@write()
def set_apart(db: Database, *, id: str, ticket: str, own: Sequence[str], other: str, who: str, now: int) -> Row:
    """Keep an agent's word that a ticket's requester, by the keys `own`, is not the person with the key `other`."""
    _must_exist(db, ticket)
    insert(db, "apart", {"id": f"{own[0]} {other}", "one": own[0], "other": other, "who": who, "created": now})
    audit(db, id=id, who=who, did="set apart", what=ticket, now=now)
    return {"ticket": ticket}


@write()
def join_again(
    db: Database, *, id: str, ticket: str, own: Sequence[str], others: Sequence[str], who: str, now: int
) -> Row:
    """Take back every word of an agent that a ticket's requester is not the person with the keys `others`."""
    _must_exist(db, ticket)
    for one, other in (*product(own, others), *product(others, own)):
        db.execute("DELETE FROM apart WHERE one = ? AND other = ?", [one, other])
    audit(db, id=id, who=who, did="joined again", what=ticket, now=now)
    return {"ticket": ticket}


@write()
def audit(db: Database, *, id: str, who: str, did: str, what: str, now: int) -> Row:
    """Add an entry to the audit log."""
    insert(db, "audit", {"id": id, "who": who, "did": did, "what": what, "created": now})
    return {}


def _of_kind(keys: Sequence[str], kind: str) -> str | None:
    """Return the first key of a kind, or None."""
    return next((key for key in keys if key.startswith(kind)), None)


def _solve(db: Database, outcome: Row) -> None:
    """Store an outcome, or restore the withdrawn one with the same article. A ticket has one outcome that counts."""
    ticket, article, now = outcome["ticket"], outcome["article"], outcome["created"]
    other = "UPDATE outcomes SET withdrawn = ? WHERE ticket = ? AND article IS NOT ? AND withdrawn IS NULL"
    db.execute(other, [now, ticket, article])
    same = "UPDATE outcomes SET withdrawn = NULL WHERE ticket = ? AND article = ?"
    if not db.execute(same, [ticket, article]).rowcount:
        insert(db, "outcomes", outcome)


def _enqueue(db: Database, message: Row, outbox: Sequence[Row], *, now: int) -> None:
    """Add the deliveries of a message to the outbox, due now."""
    row = {"ticket": message["ticket"], "message": message["id"], "state": "pending", "tries": 0}
    for entry in outbox:
        insert(db, "outbox", row | {"due": now, "created": now, "changed": now} | entry)


def _has_many(db: Database, person: str, *, now: int) -> bool:
    """Return True if a person wrote more tickets than MOST_RECEIPTS allows receipts for."""
    sql = "SELECT count(*) AS n FROM tickets WHERE person = ? AND created > ? AND created <= ?"
    return any(db.execute(sql, [person, now - span, now + HOUR]).fetchone()["n"] > most for span, most in MOST_RECEIPTS)


def _created(db: Database, ticket: str) -> Row:
    row = db.execute("SELECT id, channel FROM tickets WHERE id = ?", [ticket]).fetchone()
    return {"ticket": ticket, "channel": row["channel"] if row else "web"}


def _must_exist(db: Database, ticket: str) -> None:
    if not db.execute("SELECT 1 FROM tickets WHERE id = ?", [ticket]).fetchone():
        raise NotFound(f"there is no ticket {ticket}; it may have been erased")
