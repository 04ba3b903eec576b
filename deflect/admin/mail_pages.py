"""The page of e-mails that were not taken: who sent each, when and why it became no ticket, and a button to take it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from deflect.api.http import page_of
from deflect.mail import not_taken
from deflect.store.services import services

PER_PAGE = 50

blueprint = Blueprint("mails", __name__, url_prefix="/not-taken")


@blueprint.get("")
def listed() -> str:
    """List the e-mails that were not taken, all or those with one reason."""
    store, reason = services().store, request.args.get("reason", "")
    reason = reason if reason in not_taken.REASONS else ""
    page = page_of(request.args.get("page", "1"))
    found = not_taken.find(store, reason=reason, limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
    return render_template(
        "admin/not_taken.html",
        mails=found[:PER_PAGE],
        more=len(found) > PER_PAGE,
        page=page,
        reason=reason,
        reasons=not_taken.REASONS,
        counts=not_taken.counts(store),
    )


@blueprint.post("/<id>/take")
def take(id: str) -> Any:
    """Make a ticket of an e-mail, and show it."""
    taken = not_taken.take_listed(services(), id, by=g.agent)
    flash("The e-mail is added to its ticket." if taken.what == "reply" else "The e-mail is a ticket now.")
    return redirect(url_for("admin.tickets.ticket", id=taken.ticket))
