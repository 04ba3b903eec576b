"""Drafts: the unsent texts of agents, one for each agent and ticket.

A draft has a revision, so that an older window does not overwrite a newer text unnoticed. A text that was sent after
its agent's session had ended waits under a random key of the browser, until the same agent logs in there.
"""

from __future__ import annotations

from http import HTTPStatus

from sqlite_utils import Database

from deflect.store.database import Row, Store
from deflect.store.writer import write
from kb.errors import Conflict, NotFound

MINE = "ticket = ? AND agent = ? AND waiting = ''"


class NewerDraft(Conflict):
    """Another window of the same agent saved a newer draft, which is in `text`."""

    status = HTTPStatus.CONFLICT

    def __init__(self, text: str, revision: int) -> None:
        super().__init__("you saved another draft in another window, so this text isn't saved yet")
        self.text, self.revision = text, revision


def draft(store: Store, ticket: str, agent: str) -> Row | None:
    """Return an agent's draft for a ticket, or None."""
    return store.one(f"SELECT * FROM drafts WHERE {MINE}", [ticket, agent])


def drafted(store: Store, agent: str) -> set[str]:
    """Return the ids of the tickets for which an agent has a draft."""
    return {row["ticket"] for row in store.rows("SELECT ticket FROM drafts WHERE agent = ? AND waiting = ''", [agent])}


@write()
def save_draft(db: Database, *, draft: Row, form: str, now: int) -> Row:
    """Save a draft and return its new revision, or 0 if the text was sent from the same form before.

    `draft` has the revision that the form began with. Without text, the draft is deleted. Raise NewerDraft if it was
    changed in the meantime.
    """
    where = [draft["ticket"], draft["agent"]]
    if not db.execute("SELECT 1 FROM tickets WHERE id = ?", [draft["ticket"]]).fetchone():
        raise NotFound(f"there is no ticket {draft['ticket']}; it may have been erased")
    if _is_sent(db, draft, form=form):
        return {"revision": 0}
    old = db.execute(f"SELECT * FROM drafts WHERE {MINE}", where).fetchone()
    if old and all(old[name] == draft[name] for name in ("text", "article", "note")):
        db.execute(f"UPDATE drafts SET seen = ? WHERE {MINE}", [draft["seen"], *where])
        return {"revision": old["revision"]}
    if old and old["revision"] > draft["revision"]:
        raise NewerDraft(old["text"], old["revision"])
    db.execute(f"DELETE FROM drafts WHERE {MINE}", where)
    return {"revision": _keep(db, draft, now=now) if draft["text"].strip() else draft["revision"]}


@write()
def discard_draft(db: Database, *, ticket: str, agent: str) -> Row:
    """Delete an agent's draft for a ticket."""
    db.execute(f"DELETE FROM drafts WHERE {MINE}", [ticket, agent])
    return {}


@write()
def save_waiting(db: Database, *, draft: Row, waiting: str, now: int) -> Row:
    """Save the text of an agent whose session has ended, under the hash of a key that only the browser has.

    A text that waits there for the same ticket, from another window, follows below.
    """
    where = [draft["ticket"], draft["agent"], waiting]
    old = db.execute("SELECT text FROM drafts WHERE ticket = ? AND agent = ? AND waiting = ?", where).fetchone()
    text = _joined(draft["text"], old["text"]) if old else draft["text"]
    _keep(db, draft | {"waiting": waiting, "text": text}, now=now)
    return {}


@write()
def adopt_waiting(db: Database, *, waiting: str, agent: str, now: int) -> Row:
    """Turn the texts that wait for an agent into drafts, and return their number.

    If the agent saved another draft of the same ticket in the meantime, that text follows below.
    """
    rows = db.execute("SELECT * FROM drafts WHERE waiting = ? AND agent = ?", [waiting, agent]).fetchall()
    for row in rows:
        _adopt(db, dict(row), now=now)
    return {"adopted": len(rows)}


def _adopt(db: Database, row: Row, *, now: int) -> None:
    where = [row["ticket"], row["agent"]]
    old = db.execute(f"SELECT text, revision FROM drafts WHERE {MINE}", where).fetchone()
    text, revision = row["text"], row["revision"]
    if old and old["revision"] >= revision:  # that of the waiting text is one more than its form's
        text, revision = _joined(text, old["text"]), old["revision"]
    db.execute("DELETE FROM drafts WHERE ticket = ? AND agent = ? AND waiting = ?", [*where, row["waiting"]])
    _keep(db, row | {"waiting": "", "text": text, "revision": revision}, now=now)


def _joined(text: str, old: str) -> str:
    """Return a text, and below it the old one unless the text has it already."""
    return text if old.strip() in text else f"{text}\n\n{old}"


def drop_sent(db: Database, ticket: str, *, agent: str, text: str, revision: int) -> None:
    """Delete the draft of a text that is being sent; one that another window changed later stays."""
    row = db.execute(f"SELECT text, revision FROM drafts WHERE {MINE}", [ticket, agent]).fetchone()
    if row and (row["revision"] <= revision or row["text"].strip() == text.strip()):
        db.execute(f"DELETE FROM drafts WHERE {MINE}", [ticket, agent])


def _keep(db: Database, draft: Row, *, now: int) -> int:
    row = {"waiting": ""} | draft | {"revision": draft["revision"] + 1, "changed": now}
    db.table("drafts").insert(row, replace=True)
    return int(row["revision"])


def _is_sent(db: Database, draft: Row, *, form: str) -> bool:
    """Return True if a message came from the same form, or has the same text as the agent's latest message."""
    sql = 'SELECT id, body FROM messages WHERE ticket = ? AND "by" = ? ORDER BY rowid DESC'
    mine = db.execute(sql, [draft["ticket"], draft["agent"]]).fetchall()
    return form in {row["id"] for row in mine} or bool(mine and mine[0]["body"] == draft["text"].strip())
