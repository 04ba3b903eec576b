"""The agents' accounts, password hashes and login sessions."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from sqlite_utils import Database

from deflect.offers.episode import new_id
from deflect.store import clock
from deflect.store.database import Row, Store, insert
from deflect.store.database_file import is_new
from deflect.store.tokens import signature
from deflect.store.writer import Writer, opened, write
from deflect.tickets import passwords
from deflect.tickets.ticket_writes import audit
from kb.config import Settings
from kb.errors import BadRequest, BadSetting, NotFound

FIRST = "admin"  # the account that exists without being added
ROLES = ("agent", "admin")  # an admin also allows origins and manages the agents
LONGEST = 60
OPERATOR = "operator"  # the audit log's name for changes made by a command
UNKNOWN = "unknown"  # the audit log's name for logins with an unknown name
RESERVED = frozenset({FIRST, OPERATOR, UNKNOWN, "me", "nobody"})  # names with another meaning here


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent's account; `created` is 0 for the account that KB_ADMIN_PASSWORD makes."""

    name: str
    email: str
    role: str
    created: int


def agents(store: Store, settings: Settings) -> list[Agent]:
    """Return the agents, sorted by name."""
    rows = store.rows("SELECT id AS name, email, role, created FROM admins ORDER BY id")
    found = [Agent(row["name"], row["email"] or "", row["role"] or "agent", row["created"] or 0) for row in rows]
    if settings.admin_password and FIRST not in {agent.name for agent in found}:
        found = sorted([*found, Agent(FIRST, "", "admin", 0)], key=lambda agent: agent.name)
    return found


def find(store: Store, settings: Settings, user: str) -> Agent | None:
    """Return the agent with a name or e-mail address in any case, or None. Names come first."""
    wanted = folded(user)
    everybody = agents(store, settings)
    named = [agent for agent in everybody if folded(agent.name) == wanted]
    return next(iter([*named, *(agent for agent in everybody if wanted and folded(agent.email) == wanted)]), None)


def of_address(store: Store, settings: Settings, email: str) -> Agent | None:
    """Return the agent with an e-mail address in any case, or None."""
    wanted = folded(email)
    return next((agent for agent in agents(store, settings) if wanted and folded(agent.email) == wanted), None)


def folded(text: str) -> str:
    """Return a name or an address in its form for comparison, without differences of case, width and spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def add(
    store: Store, writer: Writer, settings: Settings, name: str, *, email: str, role: str, password: str, who: str
) -> Agent:
    """Add an agent. Raise BadRequest if the name, address, role or password is invalid or taken."""
    name, email = " ".join(name.split()), email.strip()
    if not name or len(name) > LONGEST or not name.isprintable() or "@" in name or not any(map(str.isalnum, name)):
        raise BadRequest(f"a name must have 1 to {LONGEST} characters, with a letter or digit and no @; choose another")
    if email and (len(email) > 254 or not email.isprintable() or " " in email or "@" not in email.strip("@")):
        raise BadRequest("this is not an e-mail address; write it like name@example.com")
    if role not in ROLES:
        raise BadRequest(f"there is no role {role}; it is one of {', '.join(ROLES)}")
    for taken in (name, email):
        if taken and (folded(taken) in RESERVED or find(store, settings, taken)):
            raise BadRequest(f"{taken} is taken; choose another, or set a new password")
    passwords.judge(password, known=(name, email, settings.title, settings.url))
    now, hash = clock.now(), passwords.hash_of(password)
    writer.run(add_agent, id=name, email=email, role=role, hash=hash, entry=new_id(), who=who, now=now)
    return Agent(name, email, role, now)


def set_password(store: Store, writer: Writer, settings: Settings, user: str, *, password: str, who: str) -> str:
    """Set an agent's password, end the agent's sessions, and return the agent's name."""
    agent = None if folded(user) == FIRST else the_one(store, settings, user)
    name, email = (agent.name, agent.email) if agent else (FIRST, "")
    passwords.judge(password, known=(name, email, settings.title, settings.url))
    writer.run(keep_password, id=name, hash=passwords.hash_of(password), entry=new_id(), who=who, now=clock.now())
    return name


def remove(store: Store, writer: Writer, settings: Settings, user: str, *, who: str) -> str:
    """Remove an agent, unassign the agent's open tickets, and return the agent's name."""
    name = the_one(store, settings, user).name
    if name == FIRST and settings.admin_password:
        raise BadRequest("the password of admin is the setting KB_ADMIN_PASSWORD; unset it to disable that account")
    writer.run(remove_agent, id=name, entry=new_id(), who=who, now=clock.now())
    return name


def the_one(store: Store, settings: Settings, user: str) -> Agent:
    """Return the agent with a name or e-mail address. Raise NotFound if there is none."""
    found = find(store, settings, user)
    if found is None:
        raise NotFound(f"there is no agent {user}; 'kb admin list' lists all agents")
    return found


def judge_setting(settings: Settings) -> None:
    """Raise BadSetting if KB_ADMIN_PASSWORD is set to a password that no agent may have."""
    try:
        if settings.admin_password:
            passwords.judge(settings.admin_password, known=(settings.title, settings.url))
    except BadRequest as error:
        raise BadSetting(f"KB_ADMIN_PASSWORD: {error}; or unset it and run 'kb admin password'") from error


def has_password(settings: Settings) -> bool:
    """Return True if at least one agent can log in."""
    if settings.admin_password or is_new(settings.database):
        return bool(settings.admin_password)
    with opened(settings) as (store, _):
        return bool(agents(store, settings))


def matches(store: Store, settings: Settings, *, user: str, password: str) -> Agent | None:
    """Return the agent if name and password match, else None. A wrong name takes as long as a wrong password."""
    agent = find(store, settings, user)
    if agent and agent.name == FIRST and settings.admin_password:
        return agent if passwords.is_same(settings.admin_password, password) else None
    row = store.one("SELECT hash FROM admins WHERE id = ?", [agent.name]) if agent else None
    return agent if passwords.fits(row["hash"] if row else None, password) else None


def stamp(store: Store, settings: Settings, name: str = FIRST) -> str | None:
    """Return a value that changes with an agent's password, which ends older sessions. None for an unknown agent."""
    if name == FIRST and settings.admin_password:
        key = store.secret("session").encode().hex()  # the hex digits are the key, because existing sessions use it
        return signature(key, settings.admin_password.encode())[:16]
    row = store.one("SELECT changed FROM admins WHERE id = ?", [name])
    return str(row["changed"]) if row else None


@write()
def add_agent(db: Database, *, id: str, email: str, role: str, hash: str, entry: str, who: str, now: int) -> Row:
    """Add an agent. Raise BadRequest if the name or address is taken."""
    row = {"id": id, "email": email, "role": role, "hash": hash, "created": now, "changed": now}
    if _is_done(db, entry):
        return {"agent": id}
    others = {
        folded(text) for other in db.execute("SELECT id, email FROM admins") for text in (other["id"], other["email"])
    }
    if others & {folded(text) for text in (id, email) if text}:
        raise BadRequest(f"an agent has the name {id} or that address already; choose others")
    insert(db, "admins", row)
    audit(db, id=entry, who=who, did="add agent", what=id, now=now)
    return {"agent": id}


@write()
def keep_password(db: Database, *, id: str, hash: str, entry: str, who: str, now: int) -> Row:
    """Store the hash of an agent's password and end the agent's sessions."""
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
    """Remove an agent with sessions and drafts, and unassign open tickets. Messages and the audit log keep the name."""
    if not db.execute("DELETE FROM admins WHERE id = ?", [id]).rowcount and not _is_done(db, entry):
        raise NotFound(f"there is no agent {id}; it may have been removed")
    _end_sessions(db, id)
    db.execute("DELETE FROM second_factors WHERE id = ?", [id])
    freed = db.execute("UPDATE tickets SET agent = NULL WHERE agent = ? AND state = 'open'", [id]).rowcount
    db.execute("DELETE FROM drafts WHERE agent = ?", [id])
    audit(db, id=entry, who=who, did="remove agent", what=id, now=now)
    return {"agent": id, "freed": freed}


@write()
def begin_session(db: Database, *, id: str, who: str, stamp: str, now: int, before: int) -> Row:
    """Store a new session of an agent. Delete sessions that began before `before`, and texts that waited so long."""
    db.execute("DELETE FROM sessions WHERE created < ?", [before])
    db.execute("DELETE FROM drafts WHERE waiting != '' AND changed < ?", [before])
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
    """Return True if this write is a retry of one that succeeded."""
    return db.execute("SELECT 1 FROM audit WHERE id = ?", [entry]).fetchone() is not None
