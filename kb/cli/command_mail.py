"""Commands over incoming e-mail: one from standard input for a mail server, and what waits in a mailbox."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from kb.cli.command import data_option, emit, json_option, with_settings
from kb.cli.command import settings as settings_given
from kb.config import Settings
from kb.errors import HelpCenterError, StorageFull, Unavailable

if TYPE_CHECKING:
    from deflect.mail.mail_in import Taken
    from deflect.store.services import Services

# What a mail server does next (sysexits.h): it sends the e-mail back to whom it is from, or tries again later.
NO_MAIL, LATER = 65, 75


class Broken(HelpCenterError):
    """An e-mail over which something broke that nobody had foreseen; it is kept where it is."""


@click.group()
def mail() -> None:
    """Read e-mail into tickets."""


@mail.command("receive")
@json_option
@data_option
def receive(as_json: bool) -> None:
    """Take one e-mail from standard input: for Postfix, procmail or fetchmail.

    The exit code is that of sysexits.h: 0 when it is kept or knowingly passed over, 75 when it shall come again
    later, 65 when it is no e-mail.

    Example: kb mail receive < message.eml
    """
    from deflect.mail.mail import LARGEST, NoMail

    try:
        raw = sys.stdin.buffer.read(LARGEST + 1)
        while len(raw) > LARGEST and sys.stdin.buffer.read(1 << 20):  # what is left, so that the pipe does not break
            pass
        with _services(settings_given()) as services:
            done = _take(services, raw)
    except NoMail as error:
        _end(str(error), NO_MAIL)
    except (HelpCenterError, OSError, sqlite3.Error) as error:  # an e-mail that is sent back is lost to us
        _end(f"{error or type(error).__name__}; it shall come again later", LATER)
    else:
        if done.what == "later":
            _end("its sender wrote more than KB_RATE_MAILS in this hour; it shall come again later", LATER)
        emit(asdict(done), as_json=as_json, text=lambda d: f"{d['what']} {d['ticket'] or ''}".strip())


@mail.command("fetch")
@click.option("--quiet", is_flag=True, help="Say nothing when nothing came.")
@json_option
@with_settings
def fetch(settings: Settings, quiet: bool, as_json: bool) -> None:
    """Take the unread e-mails of the mailbox that KB_IMAP_URL names, now.

    `kb serve` does the same every minute. The exit code is 75 when some have to wait.

    Example: kb mail fetch
    """
    from deflect.mail.mailbox import Mailbox

    box = Mailbox.from_settings(settings)
    with _services(settings) as services:
        settled, left = box.read(lambda raw: _is_taken(services, raw))
    if not (quiet and not settled):
        document: dict[str, Any] = {"settled": settled, "left": left}
        emit(document, as_json=as_json, text=lambda d: f"{d['settled']} taken, {d['left']} left for later")
    if left:
        sys.exit(LATER)


def _is_taken(services: Services, raw: bytes) -> bool:
    """Take one of several e-mails: what is wrong with it, and with nothing else, leaves the others alone."""
    from deflect.mail.mail import NoMail

    try:
        return _take(services, raw).what != "later"
    except (NoMail, StorageFull, Unavailable):
        raise
    except HelpCenterError as error:
        click.echo(f"kb: {error}", err=True)
        return False


def _take(services: Services, raw: bytes) -> Taken:
    """Take an e-mail; raises Broken for what `deflect.mail.mail_in.take` does not say itself.

    Anybody may send anything: a defect of ours must neither bounce an e-mail nor hold up those behind it.
    """
    from deflect.mail.mail_in import take

    try:
        return take(services, raw)
    except HelpCenterError:
        raise
    except Exception as error:
        raise Broken(f"an e-mail could not be taken: {error or type(error).__name__}") from error


@contextmanager
def _services(settings: Settings) -> Iterator[Services]:
    from deflect.store.limits import Limiter
    from deflect.store.services import Services
    from deflect.store.store import Store
    from deflect.store.writer import writer_for
    from search.rank.current import Current

    store = Store.open(settings.database)
    writer = writer_for(store, settings.writer_socket)
    try:
        yield Services(settings, Current(settings), store, writer, Limiter())
    finally:
        writer.close()
        store.close()


def _end(sentence: str, code: int) -> None:
    click.echo(f"kb: {sentence}", err=True)
    sys.exit(code)
