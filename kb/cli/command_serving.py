"""Commands of operators: serve and its processes, and what is wrong with an installation."""

from __future__ import annotations

import os
import sys

import click

from kb import config
from kb.cli.command import (
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
@click.option("--host", help="Address to listen on, over KB_HOST.")
@click.option("--port", type=int, help="Port to listen on, over KB_PORT.")
@click.option("--watch", is_flag=True, help="For authors: index again when a file changes.")
def serve(host: str | None, port: int | None, watch: bool) -> None:
    """Serve the help center until it is stopped.

    Example: kb serve --articles docs/help --port 8080
    """
    from kb.server import serve as server

    said = {"articles": given("articles"), "data": given("data"), "host": host, "port": port}
    overrides = {f"{config.PREFIX}{name.upper()}": str(value) for name, value in said.items() if value is not None}
    settings = config.load(os.environ | overrides)
    if not names_articles():
        judge(settings, "builds", named=False)  # of what is named, 'kb index' speaks, which the server calls
    overrides["KB_ARTICLES"] = str(settings.articles.resolve())  # a folder that is away for a moment stays the folder
    server.run(settings, overrides=overrides, watch=watch)


@click.command(hidden=True)
@click.option("--fd", "fds", type=int, required=True, multiple=True)
@with_settings
def web(settings: Settings, fds: tuple[int, ...]) -> None:
    """Run the web workers on inherited sockets; `kb serve` calls this."""
    from kb.server.web import WebWorkers

    WebWorkers(settings, binds=[f"fd://{fd}" for fd in fds]).run()


@click.command(hidden=True)
@click.option("--watch", is_flag=True)
@with_settings
def background(settings: Settings, watch: bool) -> None:
    """Run the writer, the outbox and the schedules; `kb serve` calls this."""
    from kb.server import background as duties

    duties.run(settings, watch=watch)


@click.command()
@json_option
@with_articles(None)
def doctor(settings: Settings, as_json: bool) -> None:
    """Say what is wrong with this installation.

    The exit code is 1 when something is.

    Example: kb doctor
    """
    from kb.server.doctor import examine, shown

    findings = examine(settings)
    emit([f.document() for f in findings], as_json=as_json, text=lambda _: shown(findings))
    sys.exit(1 if any(f.state == "wrong" for f in findings) else 0)
