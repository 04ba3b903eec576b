"""The pages of tickets: find, assign, answer and close them, and begin articles from them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from deflect.api.downloads import give_file
from deflect.api.http import form_id
from deflect.gaps import gaps
from deflect.offers.episode import new_id
from deflect.store import attachments, clock
from deflect.store.database import Row
from deflect.store.file_kinds import PREVIEWED, readable
from deflect.store.services import services
from deflect.tickets import accounts, queries, ticket_writes, timeline
from deflect.tickets.advice import address_of, choices, title_of
from deflect.tickets.contact import LONGEST
from deflect.tickets.timeline import trail
from kb.errors import BadRequest, NotFound
from kb.strict import whole_number
from search.text.message import unquoted

PER_PAGE = 50
MOST_SEEN = 1_000_000  # messages of a ticket
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
    page = max(1, min(asked.get("page", 1, type=int), 10_000))
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
    )


@blueprint.get("/<id>")
def ticket(id: str) -> str:
    """Show a ticket with its messages, articles to answer with, and the history of its requester."""
    return _page(_ticket(id))


@blueprint.post("/<id>/compose")
def compose(id: str) -> str:
    """Show the ticket with the text written so far, after inserting a link or searching for other articles."""
    found, form = _ticket(id), request.form
    article = form.get("insert", "")
    title = title_of(services(), article, found["lang"]) if article else ""
    text = form.get("body", "").replace("\r\n", "\n")[: LONGEST["body"]]
    if title:
        text = f"{text.rstrip()}\n\n{title}: {_address(found, article)}\n".lstrip()
    return _page(found, text=text, words=form.get("words", "").strip()[:200], chosen=article if title else "")


@blueprint.post("/<id>/messages")
def write(id: str) -> Any:
    """Send an answer to the requester, or save a note."""
    here, found, kind = services(), _ticket(id), request.form.get("kind")
    body = request.form.get("body", "").replace("\r\n", "\n").strip()
    if len(body) > LONGEST["body"] or kind not in ("agent", "note"):
        raise BadRequest("the text is too long; go back and shorten it")
    if not body:
        return _page(found, notice="Write an answer or a note first."), 400
    if kind == "agent" and not here.settings.can_reply:
        raise BadRequest("answers are sent by e-mail, which is not set up; set KB_SMTP_URL and KB_SMTP_FROM")
    message = {"id": form_id(), "ticket": id, "author": kind, "channel": "email" if kind == "agent" else "web"}
    outbox = [{"id": form_id(), "sink": "reply"}] if kind == "agent" else []
    seen = whole_number(request.form.get("seen", ""), most=MOST_SEEN) if kind == "agent" else None
    message |= {"body": body}
    try:
        here.writer.run(
            ticket_writes.add_message, message=message, outbox=outbox, who=g.agent, now=clock.now(), seen=seen
        )
    except ticket_writes.AnsweredMeanwhile as error:
        return _page(found, text=body, notice=str(error))
    return _done(id, "Your answer is being sent." if kind == "agent" else "The note is saved.")


@blueprint.post("/<id>/assign")
def assign(id: str) -> Any:
    """Assign a ticket to an agent, or unassign it."""
    here, name = services(), request.form.get("agent", "")
    agent = accounts.the_one(here.store, here.settings, name).name if name else None
    here.writer.run(
        ticket_writes.assign_ticket, id=form_id(), ticket=_ticket(id)["id"], agent=agent, who=g.agent, now=clock.now()
    )
    whose = "assigned to you" if agent == g.agent else f"assigned to {agent}" if agent else "unassigned"
    return _done(id, f"The ticket is now {whose}.")


@blueprint.post("/<id>/close")
def close(id: str) -> Any:
    """Close a ticket, or close it as solved by an article."""
    here, found, solved = services(), _ticket(id), "solved" in request.form
    article = request.form.get("other", "").strip() or request.form.get("article", "")
    if solved and not title_of(here, article, found["lang"]):
        said = f"There is no article {article}." if article else "No article is selected."
        return _page(
            found, notice=f"{said} Choose one, or enter an ID such as account/reset-password, then close."
        ), 400
    given = article if solved else None
    here.writer.run(ticket_writes.close_ticket, id=form_id(), ticket=id, article=given, who=g.agent, now=clock.now())
    return _done(id, "The ticket is closed.")


@blueprint.post("/<id>/reopen")
def reopen(id: str) -> Any:
    """Reopen a closed ticket."""
    services().writer.run(
        ticket_writes.reopen_ticket, id=new_id(), ticket=_ticket(id)["id"], who=g.agent, now=clock.now()
    )
    return _done(id, "The ticket is reopened.")


@blueprint.get("/<id>/files/<file>")
def attached(id: str, file: str) -> Response:
    """Return an attachment of a ticket as a download."""
    found = attachments.one(services().store, file)
    if found is None or found["ticket"] != id:
        raise NotFound("there is no such file; it may have been erased")
    return give_file(services().settings, found)


@blueprint.get("/<id>/draft")
def draft(id: str) -> str:
    """Show the draft of an article from a ticket."""
    found = _ticket(id)
    begun = gaps.of_ticket(found, queries.messages(services().store, id))
    return render_template("admin/draft.html", ticket=found, draft=begun, folder=services().settings.articles.name)


@blueprint.get("/<id>/draft.md")
def draft_file(id: str) -> Response:
    """Return the draft of an article from a ticket as a file."""
    begun = gaps.of_ticket(_ticket(id), queries.messages(services().store, id))
    response = Response(begun.text, mimetype="text/markdown")
    response.headers.set("Content-Disposition", "attachment", filename=begun.file.rpartition("/")[2])
    return response


def _page(found: Row, *, text: str = "", words: str = "", chosen: str = "", notice: str = "") -> str:
    here, id = services(), found["id"]
    entries = timeline.timeline(here.store, found)
    return render_template(
        "admin/ticket.html",
        ticket=found,
        messages=queries.messages(here.store, id),
        files=attachments.of_ticket(here.store, id),
        previewed=PREVIEWED,
        readable=readable,
        agents=accounts.agents(here.store, here.settings),
        recent=timeline.by_day(entries[: timeline.SHOWN]),
        earlier=timeline.by_day(entries[timeline.SHOWN :]),
        others=[e for e in entries if e.what == "ticket" and e.ticket != id],
        choices=choices(here, found, trail(here.store, found), words=words),
        unquoted=unquoted,
        solved_by=queries.solved_by(here.store, id),
        title_of=lambda article: title_of(here, article, found["lang"]) or article,
        address_of=lambda article: _address(found, article),
        can_reply=here.settings.can_reply,
        fresh=new_id(),
        text=text,
        words=words,
        chosen=chosen,
        notice=notice,
    )


def _done(id: str, sentence: str) -> Any:
    flash(sentence)
    return redirect(url_for("admin.tickets.ticket", id=id))


def _address(found: Row, article: str) -> str:
    """Return the public address of an article for the requester, or "" if there is no such article."""
    root = (services().settings.url or request.url_root).rstrip("/")
    address = address_of(services(), article, found["lang"])
    return root + address if address else ""


def _ticket(id: str) -> Row:
    found = queries.get(services().store, id)
    if found is None:
        raise NotFound(f"there is no ticket {id}; it may have been erased")
    return found
