"""Commands over what people wrote and did: the outbox, exports, erasing."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

import click

from kb.cli.command import data_option, emit, json_option, with_articles, with_database, with_settings
from kb.cli.command import settings as settings_given
from kb.config import Settings

EXPORTS = (
    *("tickets", "events", "episodes", "messages", "outcomes", "contacts", "questions", "people", "deliveries"),
    *("users", "audit", "attachments", "mails"),
)  # as in deflect.privacy.export, which --help has no time to import


@click.group(invoke_without_command=True)
@json_option
@data_option
@click.pass_context
def outbox(context: click.Context, as_json: bool) -> None:
    """List tickets on their way to the help desk: pending or dead.

    Example: kb outbox --json
    """
    from deflect.delivery import outbox as deliveries

    def shown(rows: list[dict[str, Any]]) -> str:
        lines = [f"{r['id']}  {r['sink']:8} {r['state']:8} tries {r['attempts']}  {r['error'] or ''}" for r in rows]
        return "\n".join(lines) or "nothing is waiting"

    if context.invoked_subcommand is None:
        emit(deliveries.waiting(settings_given()), as_json=as_json, text=shown)


@outbox.command("retry")
@click.argument("ids", nargs=-1)
@json_option
@with_settings
def outbox_retry(settings: Settings, ids: tuple[str, ...], as_json: bool) -> None:
    """Put dead deliveries back in line: those named, or all.

    Example: kb outbox retry
    """
    from deflect.delivery import outbox as deliveries

    if unknown := deliveries.not_waiting(settings, ids):
        raise click.BadParameter(f"{', '.join(unknown)} is not waiting; 'kb outbox' lists what is", param_hint="IDS")
    count = deliveries.retry(settings, ids=ids)
    emit({"retried": count}, as_json=as_json, text=lambda d: f"{d['retried']} put back in line")


@click.command()
@click.argument("kind", type=click.Choice(EXPORTS), metavar="KIND")
@json_option
@with_database
def export(settings: Settings, kind: str, as_json: bool) -> None:
    """Print a table as CSV.

    KIND is tickets, messages, events, episodes, outcomes, contacts, questions, people, deliveries, users, audit,
    attachments or mails.

    Example: kb export tickets > tickets.csv
    """
    from deflect.privacy.export import rows, to_csv

    if as_json:
        click.echo(json.dumps(list(rows(settings, kind)), ensure_ascii=False))
    else:
        to_csv(settings, kind, sys.stdout)


@click.command()
@click.option("--person", required=True, help="Visitor id, verified id or e-mail address.")
@json_option
@with_articles("uses")
def erase(settings: Settings, person: str, as_json: bool) -> None:
    """Remove a person from every table, and show that nothing is left.

    Example: kb erase --person someone@example.com
    """
    from deflect.privacy import erasure
    from kb.server.indexing import forget_questions

    done = erasure.erase(settings, person)
    done["learned"] = forget_questions(settings, now=datetime.now(UTC)) if any(done["removed"].values()) else ""
    emit(done, as_json=as_json, text=erasure.shown)
