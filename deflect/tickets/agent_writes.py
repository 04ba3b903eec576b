"""What is written of agents: who may log in, with which password's hash, and the sessions that are open."""

from __future__ import annotations

import unicodedata

from sqlite_utils import Database

from deflect.store.database import Row, insert
from deflect.store.writer import write
from deflect.tickets.ticket_writes import audit
from kb.errors import BadRequest, NotFound

FIRST = "admin"  # who is there without being added


@write()
def add_agent(db: Database, *, id: str, email: str, role: str, hash: str, entry: str, who: str, now: int) -> Row:
    """Let somebody log in; raises BadRequest where one of that name is there already."""
    row = {"id": id, "email": email, "role": role, "hash": hash, "created": now, "changed": now}
    if _is_done(db, entry):
        return {"agent": id}
    others = {
        folded(text) for other in db.execute("SELECT id, email FROM admins") for text in (other["id"], other["email"])
    }
    if others & {folded(text) for text in (id, email) if text}:
        raise BadRequest(f"there is an agent {id} already, or one with that address; choose another name")
    insert(db, "admins", row)
    audit(db, id=entry, who=who, did="add agent", what=id, now=now)
    return {"agent": id}


def folded(text: str) -> str:
    """Return a name or an address as it is compared: case, width and spaces do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@write()
def set_password(db: Database, *, id: str, hash: str, entry: str, who: str, now: int) -> Row:
    """Keep the hash of an agent's password; sessions that began before no longer count."""
    if id == FIRST:
        row = {"id": id, "email": "", "role": "admin", "hash": hash, "created": now, "changed": now}
        insert(db, "admins", row)
    if not db.execute("UPDATE admins SET hash = ?, changed = ? WHERE id = ?", [hash, now, id]).rowcount:
        raise NotFound(f"there is no agent {id}; it may have been removed")
    _end_sessions(db, id)
    audit(db, id=entry, who=who, did="set the password of", what=id, now=now)
    return {"agent": id}


@write()
def remove_agent(db: Database, *, id: str, entry: str, who: str, now: int) -> Row:
    """Let somebody log in no more: sessions end, and open tickets are nobody's; what was done keeps the name."""
    if not db.execute("DELETE FROM admins WHERE id = ?", [id]).rowcount and not _is_done(db, entry):
        raise NotFound(f"there is no agent {id}; it may have been removed")
    _end_sessions(db, id)
    freed = db.execute("UPDATE tickets SET agent = NULL WHERE agent = ? AND state = 'open'", [id]).rowcount
    audit(db, id=entry, who=who, did="remove agent", what=id, now=now)
    return {"agent": id, "freed": freed}


@write()
def begin_session(db: Database, *, id: str, who: str, stamp: str, now: int, before: int) -> Row:
    """Keep a new session of an agent; those begun before `before` have ended and go."""
    db.execute("DELETE FROM sessions WHERE created < ?", [before])
    insert(db, "sessions", {"id": id, "who": who, "stamp": stamp, "created": now})
    return {}


@write()
def end_session(db: Database, *, id: str) -> Row:
    """End a session."""
    db.execute("DELETE FROM sessions WHERE id = ?", [id])
    return {}


def _end_sessions(db: Database, who: str) -> None:
    db.execute("DELETE FROM sessions WHERE who = ?", [who])


def _is_done(db: Database, entry: str) -> bool:
    """Say whether this write was made before, and only its answer was lost."""
    return db.execute("SELECT 1 FROM audit WHERE id = ?", [entry]).fetchone() is not None
