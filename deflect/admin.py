"""The admin pages: tickets with the visitor's trail, the outbox, what happened, and who did what."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from deflect import activity, clock, login, origins, playground, report_pages, tickets
from deflect.advice import choices, title_of
from deflect.clock import DAY
from deflect.contact import LONGEST
from deflect.episode import new_id
from deflect.events import CATALOGUE
from deflect.services import services
from deflect.smtp import can_reply
from deflect.store import Row
from deflect.trail import trail
from kb.errors import BadRequest, HelpCenterError, NotFound

PER_PAGE = 50

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
login.guard(blueprint)
blueprint.register_blueprint(report_pages.blueprint)
blueprint.register_blueprint(playground.blueprint)


@blueprint.errorhandler(HelpCenterError)
@blueprint.errorhandler(HTTPException)
def refuse(error: HelpCenterError | HTTPException) -> Any:
    """Show an error as a page."""
    status = int(error.status if isinstance(error, HelpCenterError) else error.code or 500)
    sentence = str(error) if isinstance(error, HelpCenterError) else error.description
    return render_template("admin/error.html", sentence=sentence, status=status), status


@blueprint.app_template_filter("moment")
def moment(micros: int) -> str:
    """Return a time for people, in UTC."""
    return f"{clock.to_datetime(micros):%d %b %Y, %H:%M}"


@blueprint.app_template_filter("stamp")
def stamp(micros: int) -> str:
    """Return a time for machines."""
    return clock.to_rfc3339(micros)


@blueprint.app_template_filter("ago")
def ago(micros: int) -> str:
    """Return how long ago something was, roughly."""
    seconds = max(0, clock.now() - micros) // clock.SECOND
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"


@blueprint.context_processor
def frame() -> dict[str, Any]:
    """Give every page what its frame shows."""
    if not g.get("agent"):
        return {}
    here = services()
    return {
        "open_tickets": tickets.counts(here.store).get("open", 0),
        "dead": activity.deliveries(here.store).get("dead", 0),
    }


@blueprint.get("/")
def overview() -> str:
    """Show what is new and what needs attention."""
    here, now = services(), clock.now()
    return render_template(
        "admin/overview.html",
        week=activity.since(here.store, now - 7 * DAY),
        latest=tickets.find(here.store, state="open", limit=8),
        deliveries=activity.deliveries(here.store),
        origins=activity.refused_origins(here.store),
        holdout=here.settings.holdout,
    )


@blueprint.get("/tickets")
def ticket_list() -> str:
    """List tickets: open, closed or all, and with a text in them."""
    state, text = request.args.get("state", "open"), request.args.get("q", "").strip()[:200]
    state = state if state in ("open", "closed") else ""
    page = max(1, min(request.args.get("page", 1, type=int), 10_000))
    found = tickets.find(services().store, state=state, text=text, limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
    more, counts = len(found) > PER_PAGE, tickets.counts(services().store)
    return render_template(
        "admin/tickets.html", tickets=found[:PER_PAGE], state=state, q=text, page=page, more=more, counts=counts
    )


@blueprint.get("/tickets/<id>")
def ticket(id: str) -> str:
    """Show a ticket: its messages, and what its requester did before writing."""
    here, found = services(), _ticket(id)
    steps = trail(here.store, found)
    return render_template(
        "admin/ticket.html",
        ticket=found,
        messages=tickets.messages(here.store, id),
        steps=[
            (step, [(article, title_of(here, article, found["lang"])) for article in step.articles]) for step in steps
        ],
        choices=choices(here, found, steps),
        solved_by=tickets.solved_by(here.store, id),
        titles=lambda article: title_of(here, article, found["lang"]),
        can_reply=can_reply(here.settings),
        fresh=new_id(),
    )


@blueprint.post("/tickets/<id>/messages")
def write(id: str) -> Any:
    """Send an answer to the requester, or keep a note."""
    here, kind = services(), request.form.get("kind")
    body = request.form.get("body", "").replace("\r\n", "\n").strip()
    if not body or len(body) > LONGEST["body"] or kind not in ("agent", "note"):
        raise BadRequest("there is no text to keep, or too much of it; go back and write it again")
    if kind == "agent" and not can_reply(here.settings):
        raise BadRequest("answers go out by e-mail, which is not set up: set KB_SMTP_URL and KB_SMTP_FROM")
    message = {
        "id": _form_id(),
        "ticket": _ticket(id)["id"],
        "author": kind,
        "channel": "email" if kind == "agent" else "web",
        "body": body,
    }
    outbox = [{"id": _form_id(), "sink": "reply"}] if kind == "agent" else []
    here.writer.call("add_message", message=message, outbox=outbox, who=g.agent, now=clock.now())
    flash("Your answer is on its way." if kind == "agent" else "The note is kept.")
    return redirect(url_for("admin.ticket", id=id))


@blueprint.post("/tickets/<id>/close")
def close(id: str) -> Any:
    """Close a ticket, or close it as solved by an article."""
    here, found = services(), _ticket(id)
    article = request.form.get("other", "").strip() or request.form.get("article", "")
    article = article if "solved" in request.form else ""
    title = title_of(here, article, found["lang"])
    if "solved" in request.form and not title:
        raise BadRequest(f"there is no article {article or 'chosen'}; go back and name one, as account/reset-password")
    here.writer.call("close_ticket", id=_form_id(), ticket=id, article=article or None, who=g.agent, now=clock.now())
    flash(f"Closed as solved by {title}." if article else "The ticket is closed.")
    return redirect(url_for("admin.ticket", id=id))


@blueprint.post("/tickets/<id>/reopen")
def reopen(id: str) -> Any:
    """Open a ticket again."""
    services().writer.call("reopen_ticket", id=new_id(), ticket=_ticket(id)["id"], who=g.agent, now=clock.now())
    flash("The ticket is open again.")
    return redirect(url_for("admin.ticket", id=id))


@blueprint.get("/outbox")
def outbox() -> str:
    """List deliveries: what waits, what is dead, what went out last."""
    store = services().store
    waiting, done = tickets.deliveries(store), tickets.deliveries(store, states=("sent",), limit=50)
    return render_template("admin/outbox.html", waiting=waiting, done=done, counts=activity.deliveries(store))


@blueprint.post("/outbox/retry")
def retry() -> Any:
    """Put one delivery, or all, back in line."""
    id = request.form.get("id")
    count = services().writer.call("retry", ids=[id] if id else None, now=clock.now())["retried"]
    services().writer.call("audit", id=new_id(), who=g.agent, did="retry deliveries", what=id or "all", now=clock.now())
    flash(f"{count} put back in line.")
    return redirect(url_for("admin.outbox"))


@blueprint.get("/events")
def events() -> str:
    """Show what happened in the last days, by type and by day, and the latest events."""
    type = request.args.get("type", "")
    type = type if type in CATALOGUE else ""
    store = services().store
    return render_template(
        "admin/events.html",
        days=activity.by_day(store, now=clock.now()),
        latest=activity.latest(store, type=type),
        type=type,
    )


@blueprint.get("/origins", endpoint="origins")
def origin_list() -> str:
    """List the origins whose pages were refused, each to be allowed, and those that are allowed."""
    here = services()
    return render_template(
        "admin/origins.html",
        refused=activity.refused_origins(here.store),
        settled=here.settings.origins,
        allowed=origins.allowed(here.store),
    )


@blueprint.post("/origins/<any(allow, forbid):what>")
def judge_origin(what: str) -> Any:
    """Allow the pages of an origin to post, or take that back; both are in the audit log."""
    origin = origins.normal(request.form.get("origin", ""))
    services().writer.call(f"{what}_origin", id=_form_id(), origin=origin, who=g.agent, now=clock.now())
    flash(f"{origin} may post events and tickets." if what == "allow" else f"{origin} may no longer post.")
    return redirect(url_for("admin.origins"))


@blueprint.get("/audit")
def audit() -> str:
    """List what agents did."""
    return render_template("admin/audit.html", entries=activity.audit(services().store))


def _ticket(id: str) -> Row:
    found = tickets.get(services().store, id)
    if found is None:
        raise NotFound(f"there is no ticket {id}; it may have been erased")
    return found


def _form_id() -> str:
    """Return the id that the page gave its form, so that a form sent twice is kept once."""
    id = request.form.get("id", "")
    return id if len(id) == 36 and id.replace("-", "").isalnum() else new_id()
