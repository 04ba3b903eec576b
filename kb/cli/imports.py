"""Commands that import events, past tickets, contacts and numbers of users."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb import progress
from kb.cli.options import dates_option, emit, json_option, with_articles, with_settings
from kb.config import Settings

if TYPE_CHECKING:
    from deflect.history.dates import Order

file_argument = click.argument("file", type=click.Path(exists=True, path_type=Path))


@click.group()
def events() -> None:
    """Import events recorded on the pages."""


@events.command("import")
@file_argument
@json_option
@with_settings
def events_import(settings: Settings, file: Path, as_json: bool) -> None:
    """Import past events of any type.

    FILE holds JSON lines or exported CSV. Events that are already stored are skipped.

    Example: kb events import september.jsonl
    """
    from deflect.history import imports, records

    _imported(imports.load_events(settings, file, report=progress.reporter("Importing events")), as_json, records.shown)


@click.group()
def outcomes() -> None:
    """Import past tickets and the articles that solved them."""


@outcomes.command("import")
@file_argument
@click.option("--split", help="Name of the qrels file in a BEIR folder; unset: all.")
@dates_option
@json_option
@with_articles("reads")
def outcomes_import(settings: Settings, file: Path, split: str | None, order: Order | None, as_json: bool) -> None:
    """Import past tickets, each with the article that solved it.

    FILE holds JSON lines or CSV, or is an export from Zendesk, Intercom, Help Scout or Freshdesk, or a folder in the
    BEIR layout.

    Example: kb outcomes import tickets.jsonl
    """
    from deflect.learn import lessons

    report = progress.reporter("Importing past tickets")
    _imported(lessons.load(settings, file, split=split, order=order, report=report), as_json, lessons.shown)


@click.group()
def contacts() -> None:
    """Import contacts made by phone, in chat or in another help desk."""


@contacts.command("import")
@file_argument
@dates_option
@json_option
@with_settings
def contacts_import(settings: Settings, file: Path, order: Order | None, as_json: bool) -> None:
    """Import contacts made by phone, in chat or in another help desk, so that the report counts them.

    FILE holds JSON lines or CSV with the fields email or person, at, channel and ticket.

    Example: kb contacts import calls.csv
    """
    from deflect.history import imports, records

    report = progress.reporter("Importing contacts")
    _imported(imports.load_contacts(settings, file, order=order, report=report), as_json, records.shown)


@click.group()
def users() -> None:
    """Import the number of monthly users of your product."""


@users.command("import")
@file_argument
@json_option
@with_settings
def users_import(settings: Settings, file: Path, as_json: bool) -> None:
    """Import the number of monthly users of your product.

    FILE holds JSON lines or CSV with the fields month and users. The report then shows contacts per 1,000 users.

    Example: kb users import active-users.csv
    """
    from deflect.history import imports, records

    _imported(imports.load_users(settings, file), as_json, records.shown)


def _imported(document: dict[str, Any], as_json: bool, text: Callable[[Any], str]) -> None:
    """Print an import's totals; exit with 1 if every row was refused."""
    emit(document, as_json=as_json, text=text)
    sys.exit(1 if document["refused"] and not document["stored"] + document["known"] else 0)
