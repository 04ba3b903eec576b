"""The pages of tickets: find, assign, answer and close them, and begin articles from them.

Every button of a ticket's page submits one form. A press that doesn't send its text saves it as a draft first, and a
press that is refused shows the page again with the text.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, flash, g, jsonify, redirect, render_template, request, url_for

from deflect.admin import refusals, ticket_form, ticket_page
from deflect.admin.login import logout, only_admins
from deflect.api.downloads import give_bytes, give_file
from deflect.api.http import form_id, page_of
from deflect.gaps import gaps
from deflect.mail import originals
from deflect.offers.episode import new_id
from deflect.store import attachments, clock
from deflect.store.services import services
from deflect.tickets import accounts, drafts, queries, ticket_writes
from deflect.tickets.advice import title_of
from deflect.tickets.contact import LONGEST
from deflect.tickets.drafts import NewerDraft
from deflect.tickets.identity import identity, marks
from deflect.tickets.meanwhile import CameMeanwhile
from kb.errors import BadRequest, NotFound
from kb.failures import failure

PER_PAGE = 50
VIEWS = {  # the tabs above the list: label, state and agent; `me` is the agent who is logged in
    "mine": ("Mine", "open", "me"),
    "unassigned": ("Unassigned", "open", queries.NOBODY),
    "open": ("Open", "open", ""),
    "closed": ("Closed", "closed", ""),
    "all": ("All", "all", ""),
}

blueprint = Blueprint("tickets", __name__, url_prefix="/tickets")


@blueprint.get("")
def listed() -> Any:
    """List tickets by state, agent and words, or redirect to the ticket whose number was typed."""
    store, asked = services().store, request.args
    text, agent = asked.get("q", "").strip()[:200], asked.get("agent", "").strip()[:60]
    if text and (number := queries.get(store, text.lstrip("#").upper())):
        return redirect(url_for("admin.tickets.ticket", id=number["id"]))
    state = asked.get("state", "all" if text else "open")
    state = state if state in ("open", "closed", "all") else "all"
    page = page_of(asked.get("page", "1"))
    whose, among = g.agent if agent == "me" else agent, queries.matching(store, text)
    chosen: dict[str, Any] = {"state": "" if state == "all" else state, "agent": whose, "among": among}
    found = queries.find(store, **chosen, limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
    return render_template(
        "admin/tickets.html",
        tickets=found[:PER_PAGE],
        more=len(found) > PER_PAGE,
        page=page,
        view={"state": state, "agent": agent or None, "q": text or None},
        views=VIEWS,
        sizes=queries.sizes(store, agent=g.agent, among=among),
        drafted=drafts.drafted(store, g.agent),
    )


@blueprint.get("/<id>")
def ticket(id: str) -> str:
    """Show a ticket with its messages, the agent's draft, and the history of its requester."""
    here, found = services(), ticket_page.the_ticket(id)
    row = drafts.draft(here.store, id, g.agent)
    return ticket_page.show(found, ticket_form.of_draft(row), saved=row["changed"] if row else None)


@blueprint.errorhandler(Exception)
def refused(error: Exception) -> Any:
    """Show the ticket again with the text in its form, which is saved as a draft if that is possible."""
    id, checked = (request.view_args or {}).get("id", ""), g.get("checked")
    if request.endpoint == "admin.tickets.keep":
        return _refused_draft(error)
    if request.method != "POST" or not g.agent or not (checked or ticket_form.sender(id) == g.agent):
        return refusals.page(error)
    found = failure(error, during=f"POST {request.endpoint}")
    came = isinstance(error, CameMeanwhile)
    said = "Nothing was sent or changed. Read what came, then press the button again." if came else found.sentence
    said = said if checked else "Your session was renewed. Check your text, then press the button again."
    press = new_id() if isinstance(error, ticket_writes.SentAlready) else form_id()
    form, fails = ticket_form.written(), found.status >= 500
    try:
        page = ticket_page.again(
            ticket_page.the_ticket(id), form, notice=refusals.sentence(said), fails=fails, press=press
        )
    except Exception as again:  # the page can't be made either: show at least the text
        return refusals.page(again)
    return page, found.status, found.headers


@blueprint.post("/<id>/compose")
def compose(id: str) -> str:
    """Show the ticket with the text written so far, after inserting a link or searching for other articles."""
    found, form = ticket_page.the_ticket(id), ticket_form.written()
    article = request.form.get("insert", "")
    if title := title_of(services(), article, found["lang"]) if article else "":
        text = f"{form.text.rstrip()}\n\n{title}: {ticket_page.address(found, article)}\n".lstrip()
        form = replace(form, text=text, article=article)
    return ticket_page.again(found, form, words=request.form.get("words", "").strip()[:200], press=form_id())


@blueprint.post("/<id>/messages")
def write(id: str) -> Any:
    """Send an answer to the requester, or save a note."""
    here, form, kind = services(), ticket_form.written(), request.form.get("kind")
    body = form.text.strip()
    if len(body) > LONGEST["body"] or kind not in ("agent", "note"):
        raise BadRequest(f"the text is longer than {LONGEST['body']:,} characters; shorten it")
    if not body:
        raise BadRequest("write an answer or a note first")
    if kind == "agent" and not here.settings.can_reply:
        raise BadRequest("answers are sent by e-mail, which is not set up; set KB_SMTP_URL and KB_SMTP_FROM")
    sends = kind == "agent"
    message = {"id": form_id(), "ticket": id, "author": kind, "channel": "email" if sends else "web", "body": body}
    here.writer.run(
        ticket_writes.add_message,
        message=message,
        outbox=[{"id": form_id(), "sink": "reply"}] if sends else [],
        who=g.agent,
        now=clock.now(),
        seen=form.seen if sends else None,
        was=form.was if sends else "",
        revision=form.revision,
    )
    return _done(id, "Your answer is being sent." if sends else "The note is saved.")


@blueprint.post("/<id>/assign")
def assign(id: str) -> Any:
    """Assign a ticket to an agent, or unassign it."""
    here, name = services(), g.agent if "me" in request.form else request.form.get("agent", "")
    agent = accounts.the_one(here.store, here.settings, name).name if name else None
    kept, press = ticket_page.keep(id), ticket_page.press_id("assign")
    here.writer.run(ticket_writes.assign_ticket, id=press, ticket=id, agent=agent, who=g.agent, now=clock.now())
    whose = "assigned to you" if agent == g.agent else f"assigned to {agent}" if agent else "unassigned"
    return _done(id, f"The ticket is now {whose}.{kept}")


@blueprint.post("/<id>/close")
def close(id: str) -> Any:
    """Close a ticket, or close it as solved by an article."""
    here, found, form = services(), ticket_page.the_ticket(id), ticket_form.written()
    given = form.article if "solved" in request.form else None
    if given is not None and not title_of(here, given, found["lang"]):
        said = f"There is no article {given}." if given else "No article is selected."
        raise BadRequest(f"{said} Choose one, or enter an ID such as account/reset-password, then close.")
    kept, press = ticket_page.keep(id), ticket_page.press_id("close")
    here.writer.run(
        ticket_writes.close_ticket, id=press, ticket=id, article=given, who=g.agent, now=clock.now(), seen=form.seen
    )
    return _done(id, f"The ticket is closed.{kept}")


@blueprint.post("/<id>/reopen")
def reopen(id: str) -> Any:
    """Reopen a closed ticket."""
    kept, press = ticket_page.keep(id), ticket_page.press_id("reopen")
    services().writer.run(ticket_writes.reopen_ticket, id=press, ticket=id, who=g.agent, now=clock.now())
    return _done(id, f"The ticket is reopened.{kept}")


@blueprint.post("/<id>/leave")
def leave(id: str) -> Any:
    """Keep the text as a draft and log out."""
    kept, left = ticket_page.keep(id), logout()
    if kept:
        flash(kept.strip())
    return left


@blueprint.post("/<id>/keep")
def keep(id: str) -> Response:
    """Save the draft, for the script of the page, and return its revision."""
    return jsonify(revision=ticket_page.save(id, ticket_form.written(), press=form_id()))


def _refused_draft(error: Exception) -> Any:
    found = failure(error, during=f"POST {request.endpoint}")
    newer = {"text": error.text, "revision": error.revision} if isinstance(error, NewerDraft) else {}
    return jsonify(error=refusals.sentence(found.sentence), **newer), found.status, found.headers


@blueprint.post("/<id>/discard")
def discard(id: str) -> Any:
    """Delete the agent's draft."""
    services().writer.run(drafts.discard_draft, ticket=id, agent=g.agent)
    return _done(id, "The draft is discarded.")


@blueprint.post("/<id>/apart")
def set_apart(id: str) -> Any:
    """Keep that somebody near is not the requester, or take that back."""
    here, found, back = services(), ticket_page.the_ticket(id), "back" in request.form
    key, kept = request.form.get("back" if back else "key", ""), ticket_page.keep(id)
    near = [one for one in identity(here.store, found).near if one.key == key and one.apart == back]
    if not near:
        return _done(id, f"That has changed meanwhile. Look again below the history.{kept}")
    said: dict[str, Any] = {"id": form_id(), "ticket": id, "own": marks(found), "who": g.agent, "now": clock.now()}
    if back:
        here.writer.run(ticket_writes.join_again, others=near[0].keys, **said)
        return _done(id, f"They are perhaps the same person again.{kept}")
    here.writer.run(ticket_writes.set_apart, other=key, **said)
    return _done(id, f"They are kept apart as different people.{kept}")


@blueprint.get("/<id>/files/<file>")
def attached(id: str, file: str) -> Response:
    """Return an attachment of a ticket as a download."""
    found = attachments.one(services().store, file)
    if found is None or found["ticket"] != id:
        raise NotFound("there is no such file; it may have been erased")
    return give_file(services().settings, found)


@blueprint.get("/<id>/messages/<message>/original")
def original(id: str, message: str) -> Response:
    """Return the original e-mail of a message as a download, for admins. The audit log notes it."""
    only_admins()
    here = services()
    row = originals.of_ticket(here.store, ticket_page.the_ticket(id)["id"]).get(message)
    if row is None:
        raise NotFound("the original of this e-mail was not kept, or it was erased")
    raw = originals.read_raw(here.settings, row)
    here.writer.run(
        ticket_writes.audit, id=new_id(), who=g.agent, did="read an original e-mail", what=id, now=clock.now()
    )
    return give_bytes(raw, name=f"{id}.eml")


@blueprint.get("/<id>/draft")
def draft(id: str) -> str:
    """Show the draft of an article from a ticket."""
    found = ticket_page.the_ticket(id)
    begun = gaps.of_ticket(found, queries.messages(services().store, id))
    return render_template("admin/draft.html", ticket=found, draft=begun, folder=services().settings.articles.name)


@blueprint.get("/<id>/draft.md")
def draft_file(id: str) -> Response:
    """Return the draft of an article from a ticket as a file."""
    begun = gaps.of_ticket(ticket_page.the_ticket(id), queries.messages(services().store, id))
    response = Response(begun.text, mimetype="text/markdown")
    response.headers.set("Content-Disposition", "attachment", filename=begun.file.rpartition("/")[2])
    return response


def _done(id: str, sentence: str) -> Any:
    flash(sentence)
    return redirect(url_for("admin.tickets.ticket", id=id))
