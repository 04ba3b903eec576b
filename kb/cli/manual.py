"""Generate the manual's tables of settings, commands, events, keys and numbers from the code.

The text between `<!-- table: settings -->` and `<!-- /table -->` in an article is replaced by the table.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from kb.config import PREFIX, Settings
from kb.content import site_file
from kb.content.article_keys import ARTICLE_KEYS, CATEGORY_KEYS, Key

EPOCH = 10**15  # any time works: the store is empty
BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- /table -->)", re.DOTALL)


def main(arguments: list[str]) -> int:
    """Write the tables of every article in a folder; with `--check`, only name the outdated files."""
    check = "--check" in arguments
    folder = Path(next((a for a in arguments if not a.startswith("-")), "articles"))
    stale = [path for path in sorted(folder.rglob("*.md")) if _refresh(path, write=not check)]
    if check and stale:
        print("\n".join(f"{path}: a generated table is out of date; run 'make format'" for path in stale))
    return 1 if check and stale else 0


def filled(text: str) -> str:
    """Return the text of an article with up-to-date tables."""
    return BLOCK.sub(lambda match: f"{match[1]}\n{TABLES[match[2]]()}\n\n{match[3]}", text)


def _refresh(path: Path, *, write: bool) -> bool:
    text = path.read_text(encoding="utf-8")
    fresh = filled(text)
    if write and fresh != text:
        path.write_text(fresh, encoding="utf-8")
    return fresh != text


def settings() -> str:
    """Return the table of settings: environment variable, default, description."""
    rows = []
    for name, field in Settings.__dataclass_fields__.items():
        shown = ",".join(field.default) if isinstance(field.default, tuple) else str(field.default)
        default = f"`{shown}`" if field.default not in (None, "", ()) else "unset"
        rows.append((f"`{PREFIX}{name.upper()}`", default, field.metadata["doc"]))
    return table(("Setting", "Default", "What it does"), rows)


def commands() -> str:
    """Return the table of commands: usage, and the first sentence of its help."""
    from kb.cli.main import kb

    rows = [(f"`{usage}`", help) for usage, help in sorted(_usages(kb, click.Context(kb, info_name="kb")))]
    return table(("Command", "What it does"), rows)


def _usages(group: click.Group, context: click.Context) -> Iterator[tuple[str, str]]:
    for name, command in group.commands.items():
        below = click.Context(command, info_name=name, parent=context)
        if command.hidden:
            continue
        if isinstance(command, click.Group):
            yield from _usages(command, below)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{below.command_path} {' '.join(_needed(command, below))}".strip(), command.get_short_help_str(200)


def _needed(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield the arguments and the required options of a command."""
    if isinstance(command, click.Group):
        return
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option) and parameter.required:
            yield f"{parameter.opts[0]} {(parameter.metavar or parameter.name or '').upper()}"
        elif isinstance(parameter, click.Argument):
            yield parameter.make_metavar(context)


def events() -> str:
    """Return the table of events: type, writer, required and optional fields, occasion."""
    from deflect.store.events import CATALOGUE

    rows = []
    for kind in CATALOGUE.values():
        writer = "page or widget" if kind.client else "server"
        rows.append((f"`{kind.type}`", writer, _names(kind.needs), _names(kind.may), kind.doc))
    return table(("Event", "Written by", "Needs", "May have", "When"), rows)


def keys(known: Iterable[Key | site_file.Key]) -> str:
    """Return the table of an article's or a category's keys: name, valid values, purpose."""
    return table(("Key", "Takes", "What it is"), [(f"`{key.name}`", key.takes, key.doc) for key in known])


def numbers() -> str:
    """Return the table of the report's numbers: name and formula, taken from the report of an empty store."""
    from deflect.report.report import report
    from deflect.store.database import Store

    with TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "empty.db")
        found = report(store, Settings(), now=EPOCH).numbers
        store.close()
    return table(("Number", "Formula"), [(_named(number.name, number.segment), number.formula) for number in found])


def _named(name: str, segment: str | None) -> str:
    return f"**{name}**, {segment.rpartition('=')[2]}" if segment else f"**{name}**"


def _names(fields: tuple[str, ...]) -> str:
    return ", ".join(f"`{field}`" for field in fields)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table. Bars in cells are escaped."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


TABLES: dict[str, Callable[[], str]] = {
    "settings": settings,
    "commands": commands,
    "events": events,
    "keys": partial(keys, ARTICLE_KEYS),
    "category_keys": partial(keys, CATEGORY_KEYS),
    "look_keys": partial(keys, site_file.KEYS),
    "numbers": numbers,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
