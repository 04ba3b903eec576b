"""Commands for backups: kb backup and kb restore."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb.cli.options import articles_option, data_option, emit, json_option
from kb.cli.options import settings as settings_given

if TYPE_CHECKING:
    from deflect.store.archive import Manifest

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=FILE)
@click.option("--without-models", is_flag=True, help="Leave out var/models, if 'kb index' can build the models again.")
@json_option
@articles_option
@data_option
def backup(file: Path, without_models: bool, as_json: bool) -> None:
    """Write a backup to one file, also while the server runs.

    The file holds the database with its secrets, the files of tickets, models and the learned ranking. It is verified,
    and only you can read it.

    Example: kb backup shortstop-2026-11-29.zip
    """
    from deflect.store.backup import write
    from kb.cli.options import database_there
    from kb.progress import reporter

    settings = settings_given()
    database_there(settings)
    manifest = write(settings, file, models=not without_models, report=reporter("Saving"))
    document = _document(manifest) | {"file": str(file), "missing": len(manifest.missing)}

    def shown(found: Mapping[str, Any]) -> str:
        lost = f"\n{found['missing']} files of tickets are not on the disk; see 'kb doctor'" if found["missing"] else ""
        return f"{found['file']}: {_holds(found)}; verified{lost}"

    emit(document, as_json=as_json, text=shown)


@click.command()
@click.argument("file", type=FILE)
@click.option("--dry-run", "--verify", "dry_run", is_flag=True, help="Check the file, and change nothing.")
@json_option
@articles_option
@data_option
def restore(file: Path, dry_run: bool, as_json: bool) -> None:
    """Restore a backup, also while the server runs.

    The data that is there is moved to var/before-restore-…; delete that folder when all is well.

    Example: kb restore shortstop-2026-11-29.zip
    """
    from deflect.store import restore as restoring
    from kb.progress import reporter

    act = restoring.verify if dry_run else restoring.restore
    done = act(settings_given(), file, report=reporter("Checking" if dry_run else "Restoring"))
    document = _document(done.manifest) | {"aside": str(done.aside) if done.aside else None, "notes": list(done.notes)}

    def shown(found: Mapping[str, Any]) -> str:
        said = f"restored; the data before it is in {found['aside']}" if found["aside"] else "a whole backup"
        return "\n".join([f"{file}: {_holds(found)}; {said}", *found["notes"]])

    emit(document, as_json=as_json, text=shown)


def _document(manifest: Manifest) -> dict[str, Any]:
    known = asdict(manifest)
    return {
        "created": known["created"],
        "version": known["version"],
        "counts": known["counts"],
        "files": len(manifest.members) - 1,
        "bytes": manifest.size,
    }


def _holds(found: Mapping[str, Any]) -> str:
    counts = found["counts"]
    rows = f"{counts.get('tickets', 0):,} tickets, {counts.get('events', 0):,} events"
    return f"{rows} and {found['files']:,} files of {found['created']}"
