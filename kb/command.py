"""What the commands share: options with one meaning everywhere, the settings, and one way to print."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from kb import config, languages

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def _lang(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value and (known := languages.normalise(value)) is None:
        raise click.BadParameter(f"{value!r} is no language code, such as en or pt-BR")
    return known if value else None


lang_option = click.option(
    "--lang", callback=_lang, help="Language of the question; the default language where it is not given."
)


def emit(document: Any, *, as_json: bool, text: Callable[[Any], str]) -> None:
    """Print `document` as JSON or as `text` makes it."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str) if as_json else text(document))


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give the command the settings as its first argument."""

    @wraps(command)
    def wrapped(**options: Any) -> Any:
        return command(config.load(), **options)

    return wrapped
