"""The page of one ticket: shown with a draft or with a form that was refused, whose text is kept."""

from __future__ import annotations

from dataclasses import replace
from uuid import NAMESPACE_OID, uuid5

from flask import g, render_template, request

from deflect.admin import refusals, ticket_form
from deflect.admin.ticket_form import Written
from deflect.api.http import form_id
from deflect.mail import originals
from deflect.offers.episode import new_id
from deflect.store import attachments, clock
from deflect.store.database import Row
from deflect.store.file_kinds import PREVIEWED, readable
from deflect.store.services import services
from deflect.tickets import accounts, drafts, meanwhile, queries, timeline
from deflect.tickets.advice import address_of, choices, title_of
from deflect.tickets.drafts import NewerDraft
from deflect.tickets.meanwhile import CameMeanwhile
from deflect.tickets.timeline import trail
from kb.errors import HelpCenterError, NotFound
from search.text.message import unquoted


def show(
    found: Row,
    form: Written,
    *,
    notice: str = "",
    other: str = "",
    saved: int | None = None,
    words: str = "",
    press: str = "",
) -> str:
    """Return the page of a ticket with a form, and above it what came since the form was shown or saved.

    `notice` says why a press did nothing. `other` is a newer draft from another window. `saved` is when the draft was
    saved, None for a text that is not saved. `press` is the id of the form, a new one by default.
    """
    here, id = services(), found["id"]
    came, arrived = _meanwhile(id, form)
    entries, near = timeline.timeline(here.store, found), timeline.nearby(here.store, found)
    return render_template(
        "admin/ticket.html",
        ticket=found,
        messages=queries.messages(here.store, id),
        came=came,
        arrived=arrived,
        files=attachments.of_ticket(here.store, id),
        originals=originals.of_ticket(here.store, id) if g.role == "admin" else {},
        previewed=PREVIEWED,
        readable=readable,
        agents=accounts.agents(here.store, here.settings),
        recent=timeline.by_day(entries[: timeline.SHOWN]),
        earlier=timeline.by_day(entries[timeline.SHOWN :]),
        others=[e for e in entries if e.what == "ticket" and e.ticket != id],
        nearby=[one for one in near if not one.near.apart],
        apart=[one for one in near if one.near.apart],
        perhaps=sum(len(one.near.tickets) for one in near if not one.near.apart),
        by_day=timeline.by_day,
        choices=choices(here, found, trail(here.store, found), words=words),
        unquoted=unquoted,
        solved_by=queries.solved_by(here.store, id),
        title_of=lambda article: title_of(here, article, found["lang"]) or article,
        address_of=lambda article: address(found, article),
        can_reply=here.settings.can_reply,
        press=press or new_id(),
        proof=ticket_form.proof(g.agent, id),
        form=form,
        saved=saved,
        words=words,
        notice=notice,
        other=other,
    )


def _meanwhile(id: str, form: Written) -> tuple[str, list[str]]:
    """Return a sentence about what came since a form was shown or saved, or "", and the ids of the new messages."""
    when = "while you were writing" if request.method == "POST" else "since you saved this draft"
    try:
        meanwhile.check(services().store.each, id, seen=form.seen, was=form.was, when=when)
    except CameMeanwhile as error:
        return str(error), error.came
    return "", []


def again(found: Row, form: Written, *, press: str, notice: str = "", words: str = "", fails: bool = False) -> str:
    """Return the page with the submitted form, whose text is saved as a draft unless writing `fails`."""
    other, saved, has_text = "", None, bool(form.text.strip())
    try:
        if has_text and not fails:
            form = replace(form, revision=save(found["id"], form, press=press))
            saved = clock.now() if form.revision else None
    except NewerDraft as newer:
        other, form, notice = newer.text, replace(form, revision=newer.revision), refusals.sentence(str(newer))
    except HelpCenterError as error:
        fails, notice = True, notice or refusals.sentence(str(error))
    if fails and has_text:
        notice += " Your text is not saved yet. It is only on this page."
    return show(found, form, notice=notice, other=other, saved=saved, words=words, press=press)


def save(id: str, form: Written, *, press: str) -> int:
    """Save the text as the agent's draft and return its revision, 0 if it was sent already."""
    row = form.draft(id, g.agent)
    return int(services().writer.run(drafts.save_draft, draft=row, form=press, now=clock.now())["revision"])


def keep(id: str) -> str:
    """Save a text that a press does not send, and return the sentence that says so."""
    form = ticket_form.written()
    kept = form.text.strip() and save(id, form, press=form_id())
    return " Your text isn’t sent. It is kept as a draft." if kept else ""


def press_id(what: str) -> str:
    """Return the id of a press of the form's button, the same for a double click."""
    return str(uuid5(NAMESPACE_OID, f"{form_id()} {what}"))


def address(found: Row, article: str) -> str:
    """Return the public address of an article for the requester, or "" if there is no such article."""
    root = (services().settings.url or request.url_root).rstrip("/")
    address = address_of(services(), article, found["lang"])
    return root + address if address else ""


def the_ticket(id: str) -> Row:
    """Return a ticket. Raise NotFound if there is none."""
    found = queries.get(services().store, id)
    if found is None:
        raise NotFound(f"there is no ticket {id}; it may have been erased")
    return found
