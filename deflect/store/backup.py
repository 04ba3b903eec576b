"""`kb backup`: write the database, the tickets' files and what was learned to one verified file, also while serving.

The database is copied first, in one read transaction, and then the files, since files are never changed: whatever was
acknowledged before the backup began is in it. The index is not in it, because `kb serve` builds it from the articles.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zipfile import ZipFile

from deflect.store import clock
from deflect.store.archive import (
    ADDRESSED,
    DATABASE,
    LEARNED,
    MODELS,
    BadBackup,
    Manifest,
    Member,
    add,
    copy_out,
    finish,
)
from deflect.store.archive import opened as archive_opened
from deflect.store.database import DISK_FULL, Store, explained, integrity
from kb.config import Settings
from kb.errors import BadDatabase, StorageFull
from kb.progress import Report


def write(
    settings: Settings, target: Path, *, models: bool = True, report: Report = lambda _done, _all: None
) -> Manifest:
    """Write a backup and read it again. Raise BadBackup, BadDatabase or StorageFull; then there is no file."""
    if os.path.lexists(target):
        raise BadBackup(f"{target} exists already; choose another name")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as work:
            file = Path(work) / "backup"
            manifest = _written(settings, file, models=models, report=report)
            _verify(file)
            os.link(file, target)  # refuses to overwrite a file that was made meanwhile
        synced(target.parent)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise StorageFull(f"the disk of {target.parent} is full, so no backup was written; make room") from error
        raise BadBackup(f"no backup was written to {target}: {error.strerror or error}") from error
    return manifest


def _written(settings: Settings, file: Path, *, models: bool, report: Report) -> Manifest:
    copy = file.with_name(DATABASE)
    _copy_database(settings, copy)
    counts, wanted = table_counts(copy), _named_files(copy)
    sources = [(DATABASE, copy), *files(settings, models=models)]
    moment = time.gmtime()[:6]
    members: list[Member] = []
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "wb") as out:
        with ZipFile(out, "w") as archive:
            for number, (name, source) in enumerate(sources, 1):
                if name == DATABASE or source.is_file():  # an erased file has gone meanwhile
                    members.append(add(archive, name, source, moment=moment))
                report(number, len(sources))
            missing = tuple(sorted(wanted - {member.name for member in members}))
            manifest = Manifest(our_version(), clock.to_rfc3339(clock.now()), counts, tuple(members), missing)
            finish(archive, manifest, moment=moment)
        out.flush()
        os.fsync(out.fileno())
    return manifest


def _copy_database(settings: Settings, copy: Path) -> None:
    """Copy the database without stopping the server, and check the copy. Raise BadDatabase if it is damaged."""
    try:
        with closing(Store(settings.database).connect()) as db, explained():
            db.execute("VACUUM INTO ?", [str(copy)])
        verdict = integrity(copy, thorough=True)
    except BadDatabase as error:
        raise BadDatabase(f"no backup was written: {error}") from error
    if verdict != "ok":
        raise BadDatabase(
            f"no backup was written, because the database is damaged: {verdict}; restore the last backup with "
            "'kb restore'"
        )


def table_counts(database: Path) -> dict[str, int]:
    """Return the number of rows of each table."""
    with closing(Store(database).connect()) as db:
        names = [name for name in db.table_names() if not name.startswith(("sqlite_", "_"))]
        return {name: int(db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in sorted(names)}


def _named_files(database: Path) -> set[str]:
    """Return the members for the tickets' attachments and for original e-mails, which older versions don't have."""
    with closing(Store(database).connect()) as db:
        digests = [row[0] for row in db.execute("SELECT DISTINCT digest FROM attachments")]
        if "mails" in db.table_names() and "original" in db.table("mails").columns_dict:
            digests += [row[0] for row in db.execute("SELECT original FROM mails WHERE original IS NOT NULL")]
    return {f"attachments/{digest[:2]}/{digest}" for digest in digests}


def files(settings: Settings, *, models: bool = True) -> Iterator[tuple[str, Path]]:
    """Yield the name and path of each file of a backup besides the database."""
    yield from addressed(settings.data)
    if models:
        yield from _below(settings.data / MODELS, MODELS)
    yield from _below(settings.articles / LEARNED, LEARNED)


def addressed(data: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files that are stored under their SHA-256, such as attachments and original e-mails."""
    for path in sorted(data.glob("*/[0-9a-f][0-9a-f]/*")):
        name = path.relative_to(data).as_posix()
        if ADDRESSED.fullmatch(name):
            yield name, path


def _below(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in parts):
            yield "/".join((name, *parts)), path


def _verify(file: Path) -> None:
    """Read a written backup again. Raise BadBackup if the disk did not keep it."""
    with archive_opened(file) as (archive, manifest), open(os.devnull, "wb") as nowhere:
        for member in manifest.members:
            copy_out(archive, member, nowhere)


def synced(folder: Path) -> None:
    """Flush a folder's entries to disk, so that a renamed file survives a power failure."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def our_version() -> str:
    """Return the version of Shortstop, or "unknown" in a checkout that is not installed."""
    try:
        return version("shortstop")
    except PackageNotFoundError:
        return "unknown"
