"""The admin pages: their frame, and the pages overview, outbox, events, origins and audit log."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from deflect.admin import (
    agent_pages,
    login,
    mail_pages,
    playground,
    refusals,
    report_pages,
    second_step,
    single_sign_on,
    ticket_pages,
)
from deflect.api import headers
from deflect.api.http import form_id
from deflect.delivery.outbox_writes import retry_deliveries
from deflect.history import example
from deflect.report import trends
from deflect.store import clock
from deflect.store.clock import DAY
from deflect.store.events import CATALOGUE
from deflect.store.services import services
from deflect.tickets import drafts, queries

TIMES = {"moment": "%d %b %Y, %H:%M", "day": "%A, %d %b %Y", "hour": "%H:%M"}  # filters of the templates

blueprint = Blueprint("admin", __name__, url_prefix="/admin", template_folder="templates")
login.guard(blueprint)
second_step.guard(blueprint)
single_sign_on.guard(blueprint)
for part in (
    ticket_pages.blueprint,
    mail_pages.blueprint,
    agent_pages.blueprint,
    report_pages.blueprint,
    playground.blueprint,
):
    blueprint.register_blueprint(part)


blueprint.register_error_handler(Exception, refusals.page)


def written(micros: int, *, form: str) -> str:
    """Return a time in UTC, formatted for people."""
    return format(clock.to_datetime(micros), form)


for name, form in TIMES.items():
    blueprint.add_app_template_filter(partial(written, form=form), name)
blueprint.add_app_template_filter(clock.to_rfc3339, "stamp")


@blueprint.app_template_filter("ago")
def ago(micros: int) -> str:
    """Return the time that has passed since then, in its largest unit."""
    seconds = max(0, clock.now() - micros) // clock.SECOND
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"


@blueprint.context_processor
def frame() -> dict[str, Any]:
    """Return the counts that the frame of every page shows."""
    if not g.get("agent"):
        return {}
    here = services()
    return {
        "open_tickets": queries.counts(here.store).get("open", 0),
        "dead": trends.deliveries(here.store).get("dead", 0),
        "made_up": example.is_made_up(here.settings),
    }


@blueprint.get("/")
def overview() -> str:
    """Show new tickets, and everything that needs attention."""
    here, now = services(), clock.now()
    return render_template(
        "admin/overview.html",
        week=trends.since(here.store, now - 7 * DAY),
        mine=queries.find(here.store, state="open", agent=g.agent, limit=8),
        latest=queries.find(here.store, state="open", agent=queries.NOBODY, limit=8),
        drafted=drafts.drafted(here.store, g.agent),
        waiting=trends.on_the_way(here.store),
        origins=headers.refused_origins(here.store),
        holdout=here.settings.holdout,
    )


@blueprint.get("/outbox")
def outbox() -> str:
    """List pending and dead deliveries, and the latest sent ones."""
    store = services().store
    waiting, done = queries.deliveries(store), queries.deliveries(store, states=("sent",), limit=50)
    return render_template("admin/outbox.html", waiting=waiting, done=done, counts=trends.deliveries(store))


@blueprint.post("/outbox/retry")
def retry() -> Any:
    """Queue one delivery, or all of them, again."""
    id = request.form.get("id")
    count = services().writer.run(retry_deliveries, ids=[id] if id else None, now=clock.now())["retried"]
    login.note("retry deliveries", who=g.agent, what=id or "all")
    flash(f"{count} {'delivery' if count == 1 else 'deliveries'} will be tried again.")
    return redirect(url_for("admin.outbox"))


@blueprint.get("/events")
def events() -> str:
    """Show the events of the last days by type and by day, and the latest ones."""
    type = request.args.get("type", "")
    type = type if type in CATALOGUE else ""
    store = services().store
    return render_template(
        "admin/events.html",
        days=trends.by_day(store, now=clock.now()),
        latest=trends.latest(store, type=type),
        type=type,
    )


@blueprint.get("/origins", endpoint="origins")
def origin_list() -> str:
    """List the origins that are allowed, and those that were refused, each with a button to allow it."""
    here = services()
    return render_template(
        "admin/origins.html",
        refused=headers.refused_origins(here.store),
        settled=here.settings.origins,
        allowed=headers.allowed_by_agents(here.store),
    )


@blueprint.post("/origins/<any(allow, forbid):what>")
def judge_origin(what: str) -> Any:
    """Allow the pages of an origin to post, or revoke that; the audit log records both."""
    login.only_admins()
    origin = headers.normal_origin(request.form.get("origin", ""))
    write = headers.allow_origin if what == "allow" else headers.forbid_origin
    services().writer.run(write, id=form_id(), origin=origin, who=g.agent, now=clock.now())
    flash(f"{origin} can now send events and tickets." if what == "allow" else f"{origin} can no longer send.")
    return redirect(url_for("admin.origins"))


@blueprint.get("/audit")
def audit() -> str:
    """List the actions of agents."""
    return render_template("admin/audit.html", entries=trends.audit(services().store))
