"""The second step of a login: the code of an agent's authenticator app, or a recovery code."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for

from deflect.admin import login
from deflect.api.http import count
from deflect.store import clock
from deflect.store.clock import MINUTE
from deflect.store.services import services
from deflect.tickets import accounts, second_factors
from kb.errors import TooManyRequests

PATIENCE = 5 * MINUTE  # for the code, after the password
MOST = 3  # codes a minute and account; of a million codes, three are right at a time


def guard(blueprint: Blueprint) -> None:
    """Add the page to the admin pages."""
    blueprint.add_url_rule("/login/code", "code", page, methods=["GET", "POST"])


def page() -> Any:
    """Ask for the code of the agent whose password was right, and begin the session."""
    here, name = services(), _waiting()
    if name is None:
        return redirect(url_for("admin.login", next=login.inside(request.values.get("next", ""))))
    if request.method != "POST":
        return _form("", status=200)
    try:
        if here.settings.rate_logins:
            count(here, "codes", f"account {name}", rate=MOST)
    except TooManyRequests as error:
        sentence = f"Too many attempts. Try again in {error.retry_after} seconds."
        return _form(sentence, status=error.status, headers=error.headers)
    if not second_factors.accepts(here.store, here.writer, name, request.form.get("code", "")[:100]):
        login.note("second factor failed", who=name)
        return _form("The code is wrong, or was used before. Wait for the next one.", status=401)
    login.finish(name)
    return redirect(login.inside(request.form.get("next", "")))


def _waiting() -> str | None:
    """Return the agent whose password was right in the last minutes and has not changed since, else None."""
    half = session.get("half")
    if not isinstance(half, list) or len(half) != 3:
        return None
    name, stamp, since = half
    here = services()
    fresh = isinstance(since, int) and clock.now() - PATIENCE < since <= clock.now()
    return name if fresh and stamp == accounts.stamp(here.store, here.settings, name) else None


def _form(sentence: str, *, status: int, headers: Any = None) -> Any:
    next = login.inside(request.values.get("next", ""))
    return render_template("admin/code.html", sentence=sentence, next=next), status, headers or {}
