"""`kb restore`: put a backup in the place of the database and its files, also while `kb serve` runs.

Everything is unpacked, checked and migrated beside the data before anything is replaced. What was there before is kept
in `before-restore-…`. The database is swapped under the lock of those who connect to it, so that no process combines
the old file with the new write-ahead log; processes with the old file open notice that it was replaced.
"""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

from sqlite_utils import Database

from deflect.store import archive, attachments, database_file
from deflect.store.archive import DATABASE, LEARNED, BadBackup, Manifest, copy_out
from deflect.store.backup import addressed, synced, table_counts
from deflect.store.database import DISK_FULL, Store, integrity
from deflect.store.schema import migrations
from kb.config import Settings
from kb.errors import BadDatabase, StorageFull
from kb.files import link_or_copy, locked
from kb.progress import Report

PARTS = ("", "-wal", "-shm")  # of a database
KEPT = "restored-tuning"  # in the data folder, for a learned ranking that can't be put into the articles


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored or only verified backup: what it holds, where the data before it is, and what to know."""

    manifest: Manifest
    aside: Path | None
    notes: tuple[str, ...] = ()


def verify(settings: Settings, path: Path, *, report: Report = lambda _done, _all: None) -> Restored:
    """Check a backup as `restore` does, without changing anything. Raise BadBackup or StorageFull."""
    place = settings.data if os.access(settings.data, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix=".verify-", dir=place) as work:
        manifest = _unpacked(path, Path(work), report=report)
    return Restored(manifest, None, _missing(manifest))


def restore(settings: Settings, path: Path, *, report: Report = lambda _done, _all: None) -> Restored:
    """Restore a backup and check the result. Raise BadBackup or StorageFull; before the swap nothing has changed."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.data) as work:
            manifest = _unpacked(path, Path(work), report=report)
            Store.open(Path(work) / DATABASE)  # migrates a database of an older version
            aside = settings.data / f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
            aside.mkdir(mode=0o700)
            notes = _place(settings, Path(work), manifest, aside)
            _swap(settings.database, Path(work) / DATABASE, aside)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise StorageFull(f"the disk of {settings.data} is full; make room and restore again") from error
        raise BadBackup(f"the backup can't be restored ({error.filename}: {error.strerror})") from error
    return Restored(manifest, aside, (*notes, *_afterwards(settings)))


def _unpacked(path: Path, work: Path, *, report: Report) -> Manifest:
    """Unpack a backup into `work` and check its database."""
    with archive.opened(path) as (packed, manifest):
        if manifest.size > shutil.disk_usage(work).free:
            raise StorageFull(f"{path} needs {manifest.size / 2**20:,.0f} MB on the disk of {work.parent}; make room")
        for number, member in enumerate(manifest.members, 1):
            _unpack(packed, member, work / member.name)
            report(number, len(manifest.members))
    _check_database(work / DATABASE, manifest)
    return manifest


def _unpack(packed: ZipFile, member: archive.Member, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        copy_out(packed, member, out)
        out.flush()
        os.fsync(out.fileno())


def _check_database(database: Path, manifest: Manifest) -> None:
    """Raise BadBackup if the database is damaged, of a newer version, or has other rows than the manifest says."""
    verdict = integrity(database, thorough=True)
    if verdict != "ok":
        raise BadBackup(f"{DATABASE} in the backup is damaged: {verdict}; use another backup")
    with closing(Database(memory=True)) as nothing:
        known = {migration.name for migration in migrations.pending(nothing)}
    try:
        with closing(Store(database).connect()) as db:
            done = {migration.name for migration in migrations.applied(db)}
    except BadDatabase as error:
        raise BadBackup(f"{DATABASE} in the backup is not a database of Shortstop; use another backup") from error
    if newer := sorted(done - known):
        raise BadBackup(f"{DATABASE} in the backup is of a newer version ({newer[-1]}); upgrade Shortstop first")
    if table_counts(database) != dict(manifest.counts):
        raise BadBackup(f"{DATABASE} in the backup has other rows than its manifest; use another backup")


def _place(settings: Settings, work: Path, manifest: Manifest, aside: Path) -> list[str]:
    """Put the files in their places; keep those that were there in `aside`. Return what the operator should know."""
    for name, path in addressed(settings.data):  # those without a row in the restored database are removed later
        _keep(path, aside / name)
    notes: list[str] = []
    learned = settings.articles
    if any(member.name.startswith(f"{LEARNED}/") for member in manifest.members) and not os.access(learned, os.W_OK):
        learned = settings.data / KEPT
        notes.append(f"{settings.articles} can't be written to; move {learned / LEARNED} there for the learned ranking")
    for member in manifest.members:
        if member.name != DATABASE:
            base = learned if member.name.startswith(f"{LEARNED}/") else settings.data
            _put(work / member.name, base / member.name, aside / member.name)
    return [*notes, *_missing(manifest)]


def _put(source: Path, target: Path, aside: Path) -> None:
    if target.is_file() and filecmp.cmp(source, target, shallow=False):
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if target.is_file():
        _keep(target, aside)
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.move(source, target)  # the articles or the models are on another disk


def _keep(path: Path, aside: Path) -> None:
    if not aside.exists():
        aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        link_or_copy(path, aside)


def _swap(database: Path, new: Path, aside: Path) -> None:
    """Move the old database aside and the new one into its place."""
    with locked(database.with_suffix(".lock")):
        for part in PARTS:
            old = database.with_name(database.name + part)
            if os.path.lexists(old):
                old.rename(aside / old.name)
        new.rename(database)
        database_file.mark(database)
    synced(database.parent)


def _afterwards(settings: Settings) -> list[str]:
    """Open the restored database, and return a sentence for lost files."""
    store = Store.open(settings.database)
    try:
        lost = attachments.missing(settings, store)
    finally:
        store.close()
    return [f"{len(lost)} files of tickets are not on the disk; 'kb doctor' names the tickets"] if lost else []


def _missing(manifest: Manifest) -> tuple[str, ...]:
    count = len(manifest.missing)
    return (f"{count} files of tickets were not on the disk when the backup was made",) if count else ()
