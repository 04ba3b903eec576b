"""The command `kb`: the list of its commands, and the handling of their errors."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

from kb.cli import articles, backups, desk, imports, measuring, serving
from kb.errors import HelpCenterError
from kb.files import keep_private
from kb.strict import storable


def main() -> None:
    """Run `kb`. The exit code is 0 on success, 1 with a one-line message on an error, 2 on wrong usage."""
    keep_private()
    try:
        if unreadable := next((arg for arg in sys.argv[1:] if not storable(arg) and not os.path.exists(arg)), None):
            raise click.UsageError(f"{unreadable!a} is not text in UTF-8")
        kb(prog_name="kb")
    except click.UsageError as error:
        click.echo(f"kb: {error.message}", err=True)
        sys.exit(2)
    except HelpCenterError as error:
        from kb.failures import failure

        click.echo(f"kb: {failure(error).sentence}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        os._exit(0)  # the reader closed the pipe
    except OSError as error:  # such as a full disk or a read-only folder
        _end(": ".join(str(part) for part in (error.filename, error.strerror or error) if part))


def _end(sentence: str) -> None:
    click.echo(f"kb: {sentence}", err=True)
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(1)  # skip flushing standard output, which would fail too


GROUPS = {
    "Start": ("serve", "restart", "index", "example"),
    "For authors": ("check", "search", "suggest", "gaps", "propose"),
    "For the help desk": ("admin", "mail", "outbox"),
    "Measure and learn": ("report", "evaluate", "forecast", "tune"),
    "For operators": (
        *("doctor", "backup", "restore", "events", "outcomes", "contacts", "users", "export", "erase", "forget"),
    ),
}  # the commands by audience, as `kb --help` lists them


class Commands(click.Group):
    """A group whose help lists the commands by audience, each with its whole first sentence."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the groups of commands."""
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([_row(self.commands[name], ctx) for name in names])


def _row(command: click.Command, context: click.Context) -> tuple[str, str]:
    """Return a command's name and help; for a group with a single command, those of that command."""
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
    serving.restart,
    serving.rehearse,
    serving.web,
    serving.background,
    serving.doctor,
    backups.backup,
    backups.restore,
    articles.index,
    articles.check,
    articles.search,
    articles.suggest,
    desk.mail,
    desk.outbox,
    desk.export,
    desk.erase,
    desk.forget,
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
        inner.short_help = inner.get_short_help_str(200)  # click cuts help after 45 characters


if __name__ == "__main__":
    main()
