"""The form of a ticket's page: its text and choices, a proof of whose page it is, and what happens after a session.

A form whose session has ended has no valid CSRF token. Its proof shows that our page was made for one agent, so that
another site can't plant a text. The text then waits in the database under the hash of a random key, which only the
browser's session cookie has, until the same agent logs in with that browser, also after others. It is never sent by
itself.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from flask import flash, request, session, url_for

from deflect.store import clock
from deflect.store.database import Row
from deflect.store.services import services
from deflect.store.tokens import same, signature
from deflect.tickets import accounts, drafts
from kb.strict import whole_number

MOST = 1_000_000  # messages of a ticket, and revisions of a draft


@dataclass(frozen=True, slots=True)
class Written:
    """The text and choices in the form: `seen` messages were on its page, the ticket `was` open or closed there."""

    text: str = ""
    article: str = ""
    note: bool = False
    seen: int | None = None
    was: str = ""
    revision: int = 0

    def draft(self, ticket: str, agent: str) -> Row:
        """Return the row of a draft."""
        row = {"ticket": ticket, "agent": agent, "text": self.text, "article": self.article, "note": int(self.note)}
        return row | {"seen": self.seen, "revision": self.revision}


def written() -> Written:
    """Return the text and choices of the submitted form."""
    form = request.form
    return Written(
        text=form.get("body", "").replace("\r\n", "\n"),
        article=(form.get("other", "").strip() or form.get("article", ""))[:300],
        note=form.get("kind", form.get("note")) == "note",
        seen=_count("seen") if "seen" in form else None,
        was=form.get("was", ""),
        revision=_count("revision"),
    )


def _count(name: str) -> int:
    """Return a number of the form, 0 if it is none: then all messages and drafts count as not seen."""
    return whole_number(request.form.get(name, ""), most=MOST) or 0


def of_draft(row: Row | None) -> Written:
    """Return a draft as the form that it came from."""
    if row is None:
        return Written()
    return Written(row["text"], row["article"] or "", bool(row["note"]), row["seen"], "", row["revision"])


def proof(agent: str, ticket: str) -> str:
    """Return a proof that a ticket's page was made for an agent."""
    return signature(services().store.secret("session"), f"page of {ticket} for {agent}".encode("utf-8", "replace"))


def sender(ticket: str) -> str:
    """Return the agent for whom the page of the submitted form was made, "" if that is not proved."""
    agent = request.form.get("by", "")[:300]
    return agent if agent and same(proof(agent, ticket), request.form.get("proof", "")) else ""


def leave_waiting() -> str:
    """Store the text of an agent whose session has ended, and return the ticket's path; "" for any other form."""
    if request.blueprint != "admin.tickets" or request.endpoint == "admin.tickets.keep":
        return ""
    here, ticket = services(), (request.view_args or {}).get("id", "")
    agent, form = sender(ticket), written()
    if not agent or accounts.find(here.store, here.settings, agent) is None:
        return ""
    if form.text.strip():
        key = session.setdefault("waiting", secrets.token_urlsafe(32))
        row = form.draft(ticket, agent)
        here.writer.run(drafts.save_waiting, draft=row, waiting=_hash(key), now=clock.now())
        flash("Your session has ended. Log in again to continue. Your text is kept, and nothing was sent.")
    return url_for("admin.tickets.ticket", id=ticket)


def adopt_waiting(agent: str) -> int:
    """Turn the texts that wait in this browser for this agent into drafts, and return their number."""
    if not isinstance(key := session.get("waiting"), str):
        return 0
    here = services()
    return int(here.writer.run(drafts.adopt_waiting, waiting=_hash(key), agent=agent, now=clock.now())["adopted"])


def clear_session() -> None:
    """Clear the session, except for the key under which texts of other agents may still wait."""
    key = session.get("waiting")
    session.clear()
    if key:
        session["waiting"] = key


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
