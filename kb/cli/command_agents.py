"""Commands over agents: who may log in to the admin pages, and with which password, which no command line holds."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

import click

from kb.cli.command import emit, json_option, with_settings
from kb.config import Settings

ROLES = ("agent", "admin")  # as in deflect.tickets.accounts, which --help has no time to import


@click.group()
def admin() -> None:
    """Who may log in to the admin pages.

    Example: kb admin list
    """


@admin.command("add")
@click.argument("name")
@click.option("--email", default="", help="E-mail address, which logs in as the name does.")
@click.option("--role", type=click.Choice(ROLES), default="agent", help="An admin also allows origins and agents.")
@json_option
@with_settings
def add(settings: Settings, name: str, email: str, role: str, as_json: bool) -> None:
    """Let somebody log in, with a password read from the terminal or standard input.

    Example: kb admin add Ana --email ana@example.com
    """
    from deflect.tickets import accounts

    secret = _secret()
    with accounts.opened(settings) as (store, writer):
        given = {"email": email, "role": role, "password": secret, "who": accounts.OPERATOR}
        made = accounts.add(store, writer, settings, name, **given)
    emit(_document(made), as_json=as_json, text=lambda d: f"{d['name']} can log in now")


@admin.command("list")
@json_option
@with_settings
def listed(settings: Settings, as_json: bool) -> None:
    """List who may log in.

    Example: kb admin list
    """
    from deflect.tickets import accounts

    def shown(rows: list[dict[str, Any]]) -> str:
        lines = [f"{r['name']:24} {r['role']:6} {r['created'] or 'by setting':20} {r['email']}".rstrip() for r in rows]
        return "\n".join(lines) or "nobody can log in; run 'kb admin password'"

    with accounts.opened(settings) as (store, _):
        emit([_document(agent) for agent in accounts.agents(store, settings)], as_json=as_json, text=shown)


@admin.command("remove")
@click.argument("name")
@json_option
@with_settings
def remove(settings: Settings, name: str, as_json: bool) -> None:
    """Let somebody log in no more; sessions end, and open tickets of theirs are nobody's.

    Example: kb admin remove Ana
    """
    from deflect.tickets import accounts

    with accounts.opened(settings) as (store, writer):
        gone = accounts.remove(store, writer, settings, name, who=accounts.OPERATOR)
    emit({"name": gone}, as_json=as_json, text=lambda d: f"{d['name']} cannot log in any more")


@admin.command("password")
@click.argument("name", default="admin")
@json_option
@with_settings
def password(settings: Settings, name: str, as_json: bool) -> None:
    """Set the password of an agent, or of `admin`, read from the terminal or standard input.

    Example: kb admin password < password.txt
    """
    from deflect.tickets import accounts

    secret = _secret()
    with accounts.opened(settings) as (store, writer):
        user = accounts.set_password(store, writer, settings, name, password=secret, who=accounts.OPERATOR)
    done = f"the password of {user} is set; sessions that were open are closed"
    emit({"user": user, "sentence": done}, as_json=as_json, text=lambda d: d["sentence"])


def _secret() -> str:
    """Return a password: asked for twice at a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _document(agent: Any) -> dict[str, Any]:
    from deflect.store.clock import to_rfc3339

    return asdict(agent) | {"created": to_rfc3339(agent.created) if agent.created else None}
