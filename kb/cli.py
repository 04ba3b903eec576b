"""The command `kb`: all its commands, and what it says and returns when one fails."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

from kb import command_agents, command_articles, command_desk, command_import, command_measuring, command_serving
from kb.errors import HelpCenterError


def main() -> None:
    """Run `kb`: 0 when all is well, 1 with one line for what a person can mend, 2 for wrong usage."""
    try:
        kb(prog_name="kb")
    except HelpCenterError as error:
        click.echo(f"kb: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        os._exit(0)  # the reader of our output has gone; nothing is left to say
    except OSError as error:  # a full disk, a folder that may not be written to
        _end(": ".join(str(part) for part in (error.filename, error.strerror or error) if part))


def _end(sentence: str) -> None:
    click.echo(f"kb: {sentence}", err=True)
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(1)  # what is left in the buffer of our output cannot be written either


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="shortstop", prog_name="kb")
def kb() -> None:
    """Shortstop: a self-service help center that answers before the ticket."""


for command in (
    command_serving.serve,
    command_serving.web,
    command_serving.background,
    command_serving.doctor,
    command_articles.index,
    command_articles.check,
    command_articles.search,
    command_articles.suggest,
    command_desk.outbox,
    command_desk.export,
    command_desk.erase,
    command_agents.admin,
    command_import.events,
    command_import.outcomes,
    command_import.contacts,
    command_import.users,
    command_measuring.evaluate,
    command_measuring.example,
    command_measuring.report_numbers,
    command_measuring.content_gaps,
    command_measuring.forecast,
    command_measuring.tune,
    command_measuring.propose,
):
    kb.add_command(command)


if __name__ == "__main__":
    main()
