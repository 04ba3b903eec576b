"""Options, settings and output that the commands share."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from kb import config, languages
from kb.config import Settings
from kb.errors import HelpCenterError
from kb.server import origin
from kb.server.origin import Use

Command = Callable[..., Any]


class NoDatabase(HelpCenterError):
    """The data folder of a command that needs the database has none."""


class Finite(click.FloatRange):
    """A number of at least `min` that is neither infinite nor NaN, which click lets through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number. Fail with a sentence otherwise."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
dates_option = click.option(
    "--dates",
    "order",
    type=click.Choice(["dmy", "mdy"]),
    help="Order of day and month in dates such as 02/10/2026. Unset: those are refused.",
)


def _lang(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value and (known := languages.normalise(value)) is None:
        raise click.BadParameter(f"{value!r} is not a language code such as en or pt-BR")
    return known if value else None


lang_option = click.option("--lang", callback=_lang, help="Language of the question; unset: KB_LANG.")


def _keep(context: click.Context, option: click.Parameter, value: Path | None) -> None:
    """Keep a folder for `settings`, so that subcommands see the options of their group."""
    if value is not None:
        context.meta[f"{__name__}.{option.name}"] = value


def _folder_option(name: str, help: str) -> Callable[[Command], Command]:
    kind = click.Path(file_okay=False, path_type=Path)
    return click.option(f"--{name}", type=kind, callback=_keep, expose_value=False, help=help)


articles_option = _folder_option("articles", "Folder of articles; overrides KB_ARTICLES.")
data_option = _folder_option("data", "Folder of index and database; overrides KB_DATA.")


def given(name: str) -> Path | None:
    """Return the folder given with `--articles` or `--data`, or None."""
    found: Path | None = click.get_current_context().meta.get(f"{__name__}.{name}")
    return found


def settings() -> Settings:
    """Return the settings; the folders on the command line override them."""
    return config.load(articles=given("articles"), data=given("data"))


def emit(document: Any, *, as_json: bool, text: Callable[[Any], str]) -> None:
    """Print `document` as JSON, or the text that `text` makes of it."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str) if as_json else text(document))


def with_settings(command: Command) -> Command:
    """Add the option --data, and pass the settings to the command as its first argument."""

    @wraps(command)
    def wrapped(**options: Any) -> Any:
        return command(settings(), **options)

    return data_option(wrapped)


def with_database(command: Command) -> Command:
    """Add --data and pass the settings; raise NoDatabase if the data folder has no database.

    Otherwise a misspelt folder would look like an empty one.
    """

    def checked(settings: Settings, **options: Any) -> Any:
        database_there(settings)
        return command(settings, **options)

    return with_settings(wraps(command)(checked))


def database_there(settings: Settings) -> None:
    """Raise NoDatabase if the data folder has no database and never had one."""
    from deflect.store.database_file import is_new

    if is_new(settings.database):
        raise NoDatabase(f"{settings.data} has no database; set --data or KB_DATA to the folder that 'kb serve' uses")


def with_articles(use: Use | None) -> Callable[[Command], Command]:
    """Add --articles and --data and pass the settings, after comparing the articles with those of the index.

    With None the command makes the comparison itself.
    """

    def decorate(command: Command) -> Command:
        @wraps(command)
        def wrapped(**options: Any) -> Any:
            found = settings()
            if use is not None:
                judge(found, use, named=names_articles())
            return command(found, **options)

        return articles_option(data_option(wrapped))

    return decorate


def names_articles() -> bool:
    """Return True if the articles folder is set on the command line, in the environment or in `kb.toml`."""
    return given("articles") is not None or config.is_said("articles")


def judge(settings: Settings, use: Use, *, named: bool) -> None:
    """Warn on standard error that the index is of other articles; raise OtherArticles if the command must not run."""
    if sentence := origin.judge(settings, use, named=named):
        click.echo(f"kb: {sentence}", err=True)
