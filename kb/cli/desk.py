"""Commands for the outbox, exports, erasure and incoming e-mail."""

from __future__ import annotations

import getpass
import json
import logging
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from kb.cli.options import data_option, emit, json_option, with_articles, with_database, with_settings
from kb.cli.options import settings as settings_given
from kb.config import Settings
from kb.errors import HelpCenterError, StorageFull, Unavailable

if TYPE_CHECKING:
    from deflect.mail.take import Taken
    from deflect.store.services import Services

EXPORTS = (
    *("tickets", "events", "episodes", "messages", "outcomes", "contacts", "questions", "people", "deliveries"),
    *("users", "audit", "attachments", "mails", "drafts", "apart"),
)  # as in deflect.privacy.export, which is too slow to import for --help


@click.group(invoke_without_command=True)
@json_option
@data_option
@click.pass_context
def outbox(context: click.Context, as_json: bool) -> None:
    """List tickets that are not yet delivered: pending or dead.

    Example: kb outbox --json
    """
    from deflect.delivery import outbox as deliveries

    def shown(rows: list[dict[str, Any]]) -> str:
        lines = [f"{r['id']}  {r['sink']:8} {r['state']:8} tries {r['attempts']}  {r['error'] or ''}" for r in rows]
        return "\n".join(lines) or "No deliveries are pending or dead."

    if context.invoked_subcommand is None:
        emit(deliveries.waiting(settings_given()), as_json=as_json, text=shown)


@outbox.command("retry")
@click.argument("ids", nargs=-1)
@json_option
@with_settings
def outbox_retry(settings: Settings, ids: tuple[str, ...], as_json: bool) -> None:
    """Retry pending and dead deliveries now: the given ones, or all.

    Example: kb outbox retry
    """
    from deflect.delivery import outbox as deliveries

    if unknown := deliveries.not_waiting(settings, ids):
        raise click.BadParameter(
            f"{', '.join(unknown)} is not pending or dead; run 'kb outbox' to list the ids", param_hint="IDS"
        )
    count = deliveries.retry(settings, ids=ids)
    emit({"retried": count}, as_json=as_json, text=lambda d: f"{d['retried']} queued for retry")


@click.command()
@click.argument("kind", type=click.Choice(EXPORTS), metavar="KIND")
@json_option
@with_database
def export(settings: Settings, kind: str, as_json: bool) -> None:
    """Print a table as CSV.

    KIND is tickets, messages, events, episodes, outcomes, contacts, questions, people, deliveries, users, audit,
    attachments, mails, drafts or apart.

    Example: kb export tickets > tickets.csv
    """
    from deflect.privacy.export import rows, to_csv

    if as_json:
        click.echo(json.dumps(list(rows(settings, kind)), ensure_ascii=False))
    else:
        to_csv(settings, kind, sys.stdout)


class NotAsked(HelpCenterError):
    """An erasure that needs a person's word, without a terminal to ask for it."""


@click.command()
@click.option("--person", default="", help="Visitor id, verified id or e-mail address.")
@click.option(
    "--ticket", "named", multiple=True, help="A ticket to erase too, or a contact or past question, by its id."
)
@click.option("--dry-run", is_flag=True, help="Only name what would be deleted.")
@click.option("--yes", is_flag=True, help="Don't ask before tickets of several addresses are deleted.")
@json_option
@with_articles("uses")
def erase(settings: Settings, person: str, named: tuple[str, ...], dry_run: bool, yes: bool, as_json: bool) -> None:
    """Delete everything stored about a person, and count any remaining traces.

    What is only perhaps theirs, such as tickets from the same browser, is named and stays, unless --ticket names it.

    Example: kb erase --person someone@example.com --dry-run
    """
    from deflect.privacy import erasure
    from kb.server.indexing import forget_questions

    if not person and not named:
        raise click.UsageError("name a person with --person, or a ticket with --ticket")
    planned = erasure.plan(settings, person, named=named)
    if dry_run:
        emit(planned, as_json=as_json, text=erasure.shown)
        return
    if len(planned["addresses"]) > 1 and not yes:
        _ask(planned["addresses"])
    done = erasure.erase(settings, person, named=named, who=_who())
    done["learned"] = forget_questions(settings, now=datetime.now(UTC)) if any(done["removed"].values()) else ""
    emit(done, as_json=as_json, text=erasure.shown)


def _ask(addresses: list[str]) -> None:
    """Ask before tickets of several addresses go; raise NotAsked if nobody can answer."""
    sentence = f"{len(addresses)} addresses wrote the tickets to delete: {', '.join(addresses)}"
    if not _has_terminal():
        raise NotAsked(f"{sentence}; look at them with --dry-run, then add --yes")
    click.confirm(f"{sentence}. Delete them all?", abort=True, err=True)


def _has_terminal() -> bool:
    return sys.stdin.isatty()


def _who() -> str:
    """Return the user who runs the command, for the audit log."""
    try:
        return f"operator ({getpass.getuser()})"
    except (KeyError, OSError):  # a user without a name
        return "operator"


@click.command()
@click.option("--yes", is_flag=True, help="Delete it now, also what waits for your word.")
@json_option
@with_database
def forget(settings: Settings, yes: bool, as_json: bool) -> None:
    """Show old data that is past its days of retention; with --yes, delete it.

    `kb serve` deletes it every hour, but leaves it to you when the clock jumped or when too much would go at once.

    Example: kb forget --yes
    """
    from deflect.privacy import erasure

    def shown(document: dict[str, Any]) -> str:
        lines = [f"{table}: {count:,} past their days" for table, count in document["old"].items()]
        return "\n".join([*(lines or ["nothing is past its days"]), *document["wait"]])

    if yes:
        done = {"removed": erasure.forget(settings, sure=True)}
        emit(done, as_json=as_json, text=lambda d: f"{d['removed']:,} rows removed")
    else:
        emit(erasure.past_retention(settings), as_json=as_json, text=shown)


# Exit codes of sysexits.h: the mail server returns the e-mail to its sender (65), or tries again later (75).
NO_MAIL, LATER = 65, 75


class Broken(HelpCenterError):
    """An e-mail that failed with an unexpected error; it stays where it is."""


@click.group()
def mail() -> None:
    """Turn e-mails into tickets."""


@mail.command("receive")
@json_option
@data_option
def receive(as_json: bool) -> None:
    """Read one e-mail from standard input, for Postfix, procmail or fetchmail.

    The exit code follows sysexits.h: 0 if the e-mail is stored or deliberately ignored, 75 if the mail server must
    try again later, 65 if the input is not an e-mail.

    Example: kb mail receive < message.eml
    """
    from deflect.mail.message import LARGEST, NoMail

    try:
        raw = sys.stdin.buffer.read(LARGEST + 1)
        while len(raw) > LARGEST and sys.stdin.buffer.read(1 << 20):  # read the rest, or the sender's pipe breaks
            pass
        with _services(settings_given()) as services:
            done = _take(services, raw)
    except NoMail as error:
        _end(str(error), NO_MAIL)
    except (HelpCenterError, OSError, sqlite3.Error) as error:  # a returned e-mail would be lost
        _end(f"{error or type(error).__name__}; try again later", LATER)
    else:
        if done.what == "later":
            _end("the sender is over the limit of KB_RATE_MAILS in this hour; try again later", LATER)
        emit(asdict(done), as_json=as_json, text=lambda d: f"{d['what']} {d['ticket'] or ''}".strip())


@mail.command("fetch")
@click.option("--quiet", is_flag=True, help="Print nothing when there are no new e-mails.")
@json_option
@with_settings
def fetch(settings: Settings, quiet: bool, as_json: bool) -> None:
    """Read the unread e-mails of the mailbox at KB_IMAP_URL now.

    `kb serve` does the same every minute. The exit code is 75 if some e-mails have to wait.

    Example: kb mail fetch
    """
    from deflect.mail.mailbox import Mailbox

    box = Mailbox.from_settings(settings)
    with _services(settings) as services:
        settled, left = box.read(lambda raw: _is_taken(services, raw))
    if not (quiet and not settled):
        document: dict[str, Any] = {"settled": settled, "left": left}
        emit(document, as_json=as_json, text=lambda d: f"{d['settled']} read, {d['left']} left for later")
    if left:
        sys.exit(LATER)


@mail.command("original")
@click.argument("id")
@with_database
def original(settings: Settings, id: str) -> None:
    """Print the original of a kept e-mail, for example because its text is unreadable.

    ID is the id of an e-mail in `kb export mails`, or of its message.

    Example: kb mail original 5f0c6bd5 > message.eml
    """
    from deflect.mail import originals
    from deflect.store.database import reading

    with reading(settings) as store:
        raw = originals.read_raw(settings, originals.one(store, id))
    sys.stdout.buffer.write(raw)


def _is_taken(services: Services, raw: bytes) -> bool:
    """Take one of several e-mails. An error in this e-mail alone is printed, so that the others are still read."""
    from deflect.mail.message import NoMail

    try:
        return _take(services, raw).what != "later"
    except (NoMail, StorageFull, Unavailable):
        raise
    except HelpCenterError as error:
        click.echo(f"kb: {error}", err=True)
        return False


def _take(services: Services, raw: bytes) -> Taken:
    """Take an e-mail; raise Broken for an error that is not a HelpCenterError.

    Anyone can send any e-mail. A bug in the code must not bounce an e-mail or hold up the ones after it.
    """
    from deflect.mail.take import take
    from kb.failures import frames

    try:
        return take(services, raw)
    except HelpCenterError:
        raise
    except Exception as error:
        logging.getLogger("shortstop").error("an e-mail could not be read: %s", frames(error))
        raise Broken(f"an e-mail could not be read: {type(error).__name__}") from error


@contextmanager
def _services(settings: Settings) -> Iterator[Services]:
    from deflect.store.services import Limiter, Services
    from deflect.store.writer import opened
    from search.rank.current import Current

    with opened(settings) as (store, writer):
        yield Services(settings, Current(settings), store, writer, Limiter())


def _end(sentence: str, code: int) -> None:
    click.echo(f"kb: {sentence}", err=True)
    sys.exit(code)
