"""The page of agents: admins add and remove agents, and agents change their own passwords."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for

from deflect.admin import login, refusals
from deflect.api.http import form_id, limit
from deflect.store.services import services
from deflect.tickets import accounts, passwords, queries, second_factors
from deflect.tickets.accounts import FIRST
from kb.errors import BadRequest, HelpCenterError

blueprint = Blueprint("agents", __name__, url_prefix="/agents")


@blueprint.get("")
def page() -> str:
    """List the agents."""
    return _page()


@blueprint.errorhandler(HelpCenterError)
def refused(error: HelpCenterError) -> Any:
    """Show the page again with what was typed, except for passwords, and why it was refused."""
    if error.status == HTTPStatus.FORBIDDEN or not g.get("checked") or not g.agent:
        return refusals.page(error)
    return _page(notice=refusals.sentence(str(error)), typed=request.form), error.status, error.headers


def _page(*, notice: str = "", typed: Mapping[str, str] = MappingProxyType({})) -> str:
    here = services()
    return render_template(
        "admin/agents.html",
        agents=accounts.agents(here.store, here.settings),
        open_of=queries.open_of_agents(here.store),
        roles=accounts.ROLES,
        shortest=passwords.SHORTEST,
        by_setting=bool(here.settings.admin_password),
        protected=second_factors.having(here.store),
        notice=notice,
        typed=typed,
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
        raise BadRequest("the current password is wrong; type it again")
    if g.agent == FIRST and here.settings.admin_password:
        raise BadRequest("the setting KB_ADMIN_PASSWORD holds the password of admin; change it there")
    new = request.form.get("new", "")
    accounts.set_password(here.store, here.writer, here.settings, g.agent, password=new, who=g.agent)
    login.begin(g.agent)
    flash("Your password has been changed. You are logged out in all other browsers.")
    return redirect(url_for("admin.agents.page"))


@blueprint.get("/factor")
def factor() -> Any:
    """Show the key of a second factor, to connect an app."""
    session["factor"] = second_factors.new_secret()
    return _connect("", status=200)


@blueprint.post("/factor")
def add_factor() -> Any:
    """Turn on the second factor of the logged-in agent, and show the recovery codes once."""
    here, secret = services(), session.get("factor", "")
    limit(here, "logins", rate=here.settings.rate_logins)
    if not secret:
        return redirect(url_for("admin.agents.factor"))
    if not accounts.matches(here.store, here.settings, user=g.agent, password=request.form.get("password", "")):
        return _connect("The password is wrong.", status=400)
    try:
        codes = second_factors.add(
            here.store, here.writer, g.agent, secret=secret, code=request.form.get("code", ""), entry=form_id()
        )
    except BadRequest as error:
        return _connect(f"{str(error)[0].upper()}{str(error)[1:]}.", status=400)
    session.pop("factor")
    return render_template("admin/factor.html", codes=codes)


@blueprint.post("/factor/remove")
def remove_factor() -> Any:
    """Turn off the second factor of the logged-in agent."""
    here = services()
    limit(here, "logins", rate=here.settings.rate_logins)
    if not accounts.matches(here.store, here.settings, user=g.agent, password=request.form.get("password", "")):
        raise BadRequest("the password is wrong; type it again")
    second_factors.remove(here.writer, g.agent, who=g.agent, entry=form_id())
    flash("Your second factor is off.")
    return redirect(url_for("admin.agents.page"))


def _connect(sentence: str, *, status: int) -> Any:
    title, secret = services().settings.title, session["factor"]
    where = second_factors.address(secret, name=g.agent, title=title)
    picture = second_factors.picture(where)
    return render_template("admin/factor.html", sentence=sentence, secret=secret, picture=picture, codes=None), status
