"""What the commands share: options with one meaning everywhere, the settings, and one way to print."""

from __future__ import annotations

import json
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
    """A command that reads what happened was pointed at a folder where nothing ever did."""


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def _lang(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value and (known := languages.normalise(value)) is None:
        raise click.BadParameter(f"{value!r} is not a language code such as en or pt-BR")
    return known if value else None


lang_option = click.option("--lang", callback=_lang, help="Language of the question; unset: KB_LANG.")


def _keep(context: click.Context, option: click.Parameter, value: Path | None) -> None:
    """Keep a folder for `settings`: subcommands share what was given to their group."""
    if value is not None:
        context.meta[f"{__name__}.{option.name}"] = value


def _folder_option(name: str, help: str) -> Callable[[Command], Command]:
    kind = click.Path(file_okay=False, path_type=Path)
    return click.option(f"--{name}", type=kind, callback=_keep, expose_value=False, help=help)


articles_option = _folder_option("articles", "Folder of articles; overrides KB_ARTICLES.")
data_option = _folder_option("data", "Folder of index and database; overrides KB_DATA.")


def given(name: str) -> Path | None:
    """Return the folder that `--articles` or `--data` names, if it was given."""
    found: Path | None = click.get_current_context().meta.get(f"{__name__}.{name}")
    return found


def settings() -> Settings:
    """Return the settings, with the folders of the command line over them."""
    return config.load(articles=given("articles"), data=given("data"))


def emit(document: Any, *, as_json: bool, text: Callable[[Any], str]) -> None:
    """Print `document` as JSON or as `text` makes it."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str) if as_json else text(document))


def with_settings(command: Command) -> Command:
    """Give the command the settings as its first argument, and the option --data."""

    @wraps(command)
    def wrapped(**options: Any) -> Any:
        return command(settings(), **options)

    return data_option(wrapped)


def with_database(command: Command) -> Command:
    """Give the command the settings and --data, where there is a database: a misspelt folder must not pass for empty.

    Raises NoDatabase.
    """

    def checked(settings: Settings, **options: Any) -> Any:
        if not settings.database.is_file():
            raise NoDatabase(
                f"{settings.data} has no database; set --data or KB_DATA to the folder that 'kb serve' uses"
            )
        return command(settings, **options)

    return with_settings(wraps(command)(checked))


def with_articles(use: Use | None) -> Callable[[Command], Command]:
    """Give the command the settings, --articles and --data, and keep it from articles that nobody named.

    With None the command itself says that the index is of others.
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
    """Return True if somebody named the articles: on the command line, in the environment or in `kb.toml`."""
    return given("articles") is not None or config.is_said("articles")


def judge(settings: Settings, use: Use, *, named: bool) -> None:
    """Say on standard error that the index is of other articles, or raise OtherArticles where that must not be."""
    if sentence := origin.judge(settings, use, named=named):
        click.echo(f"kb: {sentence}", err=True)
