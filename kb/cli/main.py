"""The command `kb`: all its commands, and what it says and returns when one fails."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

from kb.cli import articles, desk, imports, measuring, serving
from kb.errors import HelpCenterError


def main() -> None:
    """Run `kb`: 0 when all is well, 1 with one line for what a person can mend, 2 for wrong usage."""
    try:
        kb(prog_name="kb")
    except HelpCenterError as error:
        from kb.failures import failure

        click.echo(f"kb: {failure(error).sentence}", err=True)
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


GROUPS = {
    "Start": ("serve", "index", "example"),
    "For authors": ("check", "search", "suggest", "gaps", "propose"),
    "For the help desk": ("admin", "mail", "outbox"),
    "Measure and learn": ("report", "evaluate", "forecast", "tune"),
    "For operators": ("doctor", "events", "outcomes", "contacts", "users", "export", "erase"),
}  # the commands by who uses them, as `kb --help` lists them


class Commands(click.Group):
    """All commands, listed by who uses them, each with its whole first sentence."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the groups of commands."""
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([_row(self.commands[name], ctx) for name in names])


def _row(command: click.Command, context: click.Context) -> tuple[str, str]:
    """Return how a command is called and what it does; of a group with one command, that one."""
    name = command.name or ""
    if isinstance(command, click.Group):
        inner = sorted(command.commands)
        if len(inner) == 1 and not command.invoke_without_command:
            return f"{name} {inner[0]}", command.commands[inner[0]].get_short_help_str(200)
        return name, f"{command.get_short_help_str(200)} Also: kb {name} {', '.join(inner)}."
    return name, command.get_short_help_str(200)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="shortstop", prog_name="kb")
def kb() -> None:
    """Shortstop: a self-service help center that answers before the ticket.

    Run kb COMMAND --help for the options of a command and an example.
    """


for command in (
    serving.serve,
    serving.web,
    serving.background,
    serving.doctor,
    articles.index,
    articles.check,
    articles.search,
    articles.suggest,
    desk.mail,
    desk.outbox,
    desk.export,
    desk.erase,
    serving.admin,
    imports.events,
    imports.outcomes,
    imports.contacts,
    imports.users,
    measuring.evaluate,
    measuring.example,
    measuring.report_numbers,
    measuring.content_gaps,
    measuring.forecast,
    measuring.tune,
    measuring.propose,
):
    kb.add_command(command)
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        inner.short_help = inner.get_short_help_str(200)  # click cuts what is over 45 characters


if __name__ == "__main__":
    main()
