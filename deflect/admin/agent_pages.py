"""The page of agents: admins add and remove agents, and agents change their own passwords."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from deflect.admin import login
from deflect.api.http import limit
from deflect.store.services import services
from deflect.tickets import accounts, passwords, queries
from deflect.tickets.accounts import FIRST
from kb.errors import BadRequest

blueprint = Blueprint("agents", __name__, url_prefix="/agents")


@blueprint.get("")
def page() -> str:
    """List the agents."""
    here = services()
    return render_template(
        "admin/agents.html",
        agents=accounts.agents(here.store, here.settings),
        open_of=queries.open_of_agents(here.store),
        roles=accounts.ROLES,
        shortest=passwords.SHORTEST,
        by_setting=bool(here.settings.admin_password),
    )


@blueprint.post("")
def add() -> Any:
    """Add an agent with a first password."""
    login.only_admins()
    here, form = services(), request.form
    given = {name: form.get(name, "") for name in ("email", "role", "password")}
    made = accounts.add(here.store, here.writer, here.settings, form.get("name", ""), who=g.agent, **given)
    flash(f"{made.name} can log in now with the password you chose.")
    return redirect(url_for("admin.agents.page"))


@blueprint.post("/remove")
def remove() -> Any:
    """Remove an agent."""
    login.only_admins()
    here = services()
    name = accounts.the_one(here.store, here.settings, request.form.get("name", "")).name
    if name == g.agent:
        raise BadRequest("you can't remove yourself; ask another admin, or run 'kb admin remove'")
    gone = accounts.remove(here.store, here.writer, here.settings, name, who=g.agent)
    flash(f"{gone} can no longer log in. Their open tickets are unassigned.")
    return redirect(url_for("admin.agents.page"))


@blueprint.post("/password")
def password() -> Any:
    """Change the password of the logged-in agent, and end their other sessions."""
    here, old = services(), request.form.get("old", "")
    limit(here, "logins", rate=here.settings.rate_logins)
    if not accounts.matches(here.store, here.settings, user=g.agent, password=old[:1000]):
        raise BadRequest("the current password is wrong; go back and type it again")
    if g.agent == FIRST and here.settings.admin_password:
        raise BadRequest("the setting KB_ADMIN_PASSWORD holds the password of admin; change it there")
    new = request.form.get("new", "")
    accounts.set_password(here.store, here.writer, here.settings, g.agent, password=new, who=g.agent)
    login.begin(g.agent)
    flash("Your password has been changed. You are logged out in all other browsers.")
    return redirect(url_for("admin.agents.page"))
