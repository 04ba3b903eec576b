"""Commands for operators: serve and its processes, doctor, and the accounts of agents."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from typing import Any

import click

from kb import config
from kb.cli.options import (
    articles_option,
    data_option,
    emit,
    given,
    json_option,
    judge,
    names_articles,
    with_articles,
    with_settings,
)
from kb.config import Settings


@click.command()
@articles_option
@data_option
@click.option("--host", help="Address to listen on; overrides KB_HOST.")
@click.option("--port", type=int, help="Port to listen on; overrides KB_PORT.")
@click.option("--watch", is_flag=True, help="For authors: index again whenever a file changes.")
def serve(host: str | None, port: int | None, watch: bool) -> None:
    """Serve the help center until it is stopped.

    Example: kb serve --articles docs/help --port 8080
    """
    from deflect.tickets.accounts import judge_setting
    from kb.server import supervisor as server

    said = {"articles": given("articles"), "data": given("data"), "host": host, "port": port}
    overrides = {f"{config.PREFIX}{name.upper()}": str(value) for name, value in said.items() if value is not None}
    settings = config.load(os.environ | overrides)
    judge_setting(settings)
    if not names_articles():
        judge(settings, "builds", named=False)  # for a named folder, 'kb index' warns, which the server calls
    overrides["KB_ARTICLES"] = str(settings.articles.resolve())  # keep this folder even if it is missing for a moment
    server.run(settings, overrides=overrides, watch=watch)


@click.command()
@with_settings
def restart(settings: Settings) -> None:
    """Replace a running `kb serve` by its new version, without refusing a request.

    Settings are read again, except for the address and the port. If the new version doesn't start, the old one goes on.

    Example: kb restart --data var
    """
    from kb.server import handover

    click.echo(f"process {handover.restart(settings)} serves with the new version")


@click.command(hidden=True)
@with_articles(None)
def rehearse(settings: Settings) -> None:
    """Check the sinks, migrate the database and index by words; `kb serve` calls this before it starts."""
    from kb.server.rehearsal import rehearse

    os._exit(rehearse(settings))  # flushing a log on a full disk would change the exit code


@click.command(hidden=True)
@click.option("--fd", "fds", type=int, required=True, multiple=True)
@click.option("--pulse", type=int, default=-1)
@with_settings
def web(settings: Settings, fds: tuple[int, ...], pulse: int) -> None:
    """Run the web workers on inherited sockets; `kb serve` calls this."""
    from kb.server.child import pulse_to
    from kb.server.workers import WebWorkers

    WebWorkers(settings, binds=[f"fd://{fd}" for fd in fds], pulse=pulse_to(pulse)).run()


@click.command(hidden=True)
@click.option("--watch", is_flag=True)
@click.option("--pulse", type=int, default=-1)
@with_settings
def background(settings: Settings, watch: bool, pulse: int) -> None:
    """Run the writer, the outbox and the schedules; `kb serve` calls this."""
    from kb.server import background as duties
    from kb.server.child import pulse_to

    duties.run(settings, watch=watch, pulse=pulse_to(pulse))


@click.command()
@json_option
@with_articles(None)
def doctor(settings: Settings, as_json: bool) -> None:
    """Check this installation for problems.

    The exit code is 1 if there are any.

    Example: kb doctor
    """
    from kb.server.doctor import examine, shown

    findings = examine(settings)
    emit([asdict(finding) for finding in findings], as_json=as_json, text=lambda _: shown(findings))
    sys.exit(1 if any(f.state == "wrong" for f in findings) else 0)


ROLES = ("agent", "admin")  # as in deflect.tickets.accounts, which is too slow to import for --help


@click.group()
def admin() -> None:
    """Manage the accounts for the admin pages.

    Example: kb admin list
    """


@admin.command("add")
@click.argument("name")
@click.option("--email", default="", help="E-mail address; can be used instead of the name to log in.")
@click.option("--role", type=click.Choice(ROLES), default="agent", help="Admins also manage agents and origins.")
@json_option
@with_settings
def add(settings: Settings, name: str, email: str, role: str, as_json: bool) -> None:
    """Add an agent, with a password read from the terminal or standard input.

    Example: kb admin add Ana --email ana@example.com
    """
    from deflect.store.writer import opened
    from deflect.tickets import accounts

    secret = _secret()
    with opened(settings) as (store, writer):
        given = {"email": email, "role": role, "password": secret, "who": accounts.OPERATOR}
        made = accounts.add(store, writer, settings, name, **given)
    emit(_document(made), as_json=as_json, text=lambda d: f"{d['name']} can log in now")


@admin.command("list")
@json_option
@with_settings
def listed(settings: Settings, as_json: bool) -> None:
    """List the accounts that can log in.

    Example: kb admin list
    """
    from deflect.store.writer import opened
    from deflect.tickets import accounts

    def shown(rows: list[dict[str, Any]]) -> str:
        lines = [f"{r['name']:24} {r['role']:6} {r['created'] or 'by setting':20} {r['email']}".rstrip() for r in rows]
        return "\n".join(lines) or "No one can log in; run 'kb admin password'."

    with opened(settings) as (store, _):
        emit([_document(agent) for agent in accounts.agents(store, settings)], as_json=as_json, text=shown)


@admin.command("remove")
@click.argument("name")
@json_option
@with_settings
def remove(settings: Settings, name: str, as_json: bool) -> None:
    """Remove an agent, end the agent's sessions and unassign open tickets.

    Example: kb admin remove Ana
    """
    from deflect.store.writer import opened
    from deflect.tickets import accounts

    with opened(settings) as (store, writer):
        gone = accounts.remove(store, writer, settings, name, who=accounts.OPERATOR)
    emit({"name": gone}, as_json=as_json, text=lambda d: f"{d['name']} can no longer log in")


@admin.command("reset-factor")
@click.argument("name", default="admin")
@json_option
@with_settings
def reset_factor(settings: Settings, name: str, as_json: bool) -> None:
    """Turn off the second factor of an agent who has lost phone and recovery codes.

    Example: kb admin reset-factor Ana
    """
    from deflect.offers.episode import new_id
    from deflect.store.writer import opened
    from deflect.tickets import accounts, second_factors

    with opened(settings) as (store, writer):
        user = accounts.the_one(store, settings, name).name
        gone = second_factors.remove(writer, user, who=accounts.OPERATOR, entry=new_id())
    done = f"the second factor of {user} is off" if gone else f"{user} has no second factor"
    emit({"name": user, "removed": gone}, as_json=as_json, text=lambda _: done)


@admin.command("password")
@click.argument("name", default="admin")
@json_option
@with_settings
def password(settings: Settings, name: str, as_json: bool) -> None:
    """Set the password of an agent, by default of `admin`, read from the terminal or standard input.

    Example: kb admin password < password.txt
    """
    from deflect.store.writer import opened
    from deflect.tickets import accounts

    secret = _secret()
    with opened(settings) as (store, writer):
        user = accounts.set_password(store, writer, settings, name, password=secret, who=accounts.OPERATOR)
    done = f"the password of {user} is set, and open sessions are closed"
    emit({"user": user, "sentence": done}, as_json=as_json, text=lambda d: d["sentence"])


def _secret() -> str:
    """Ask for a password twice at a terminal, or read it from the first line of standard input."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _document(agent: Any) -> dict[str, Any]:
    from deflect.store.clock import to_rfc3339

    return asdict(agent) | {"created": to_rfc3339(agent.created) if agent.created else None}
