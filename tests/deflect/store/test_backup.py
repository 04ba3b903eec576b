"""Backup and restore: one verified private file, nothing replaced before it is checked, and nothing lost."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from deflect.offers.episode import Visit
from deflect.store import archive, backup
from deflect.store.attachments import keep, path_of
from deflect.store.database import Store, integrity
from deflect.store.restore import restore, verify
from deflect.store.services import Limiter, Services
from deflect.store.writer import DirectWriter
from deflect.tickets import contact
from kb.config import Settings
from kb.errors import BadDatabase, HelpCenterError, StorageFull
from search.rank.current import Current


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A data folder with two tickets, their files, a model and a learned ranking."""
    settings = Settings(data=tmp_path / "var", articles=tmp_path / "articles")
    (settings.articles / "_tuning").mkdir(parents=True)
    (settings.articles / "_tuning/tuning.json").write_text("{}")
    (settings.data / "models/minilm-tuned").mkdir(parents=True)
    (settings.data / "models/minilm-tuned/model.onnx").write_bytes(os.urandom(5000))
    send(settings, "first")
    send(settings, "second")
    return settings


def send(settings: Settings, subject: str) -> None:
    """Store a ticket with a file."""
    store = Store.open(settings.database)
    writer = DirectWriter(store)
    here = Services(settings, Current(settings), store, writer, Limiter())
    message = contact.check({"subject": subject, "body": "It is wrong.", "email": "jo@example.com"})
    file = keep(settings, subject.encode() * 9, name="log.txt")
    contact.create_ticket(here, Visit("jo"), message, key=subject, files=[file])
    writer.close()
    store.close()


def subjects(settings: Settings) -> list[str]:
    store = Store.open(settings.database)
    try:
        return [row["subject"] for row in store.rows("SELECT subject FROM tickets ORDER BY subject")]
    finally:
        store.close()


def everything(settings: Settings) -> dict[str, bytes]:
    """Return all files of a help center besides its database."""
    return {name: path.read_bytes() for name, path in backup.files(settings)}


def test_what_was_backed_up_comes_back_on_another_machine(home: Settings, tmp_path: Path) -> None:
    manifest = backup.write(home, tmp_path / "b.zip")
    assert manifest.counts["tickets"] == manifest.counts["attachments"] == 2
    assert not manifest.missing
    store = Store.open(home.database)
    other = replace(home, data=tmp_path / "new/var", articles=tmp_path / "new/articles")
    other.articles.mkdir(parents=True)

    done = restore(other, tmp_path / "b.zip")

    assert subjects(other) == ["first", "second"]
    assert everything(other) == everything(home)
    assert Store.open(other.database).secret("session") == store.secret("session")
    assert done.notes == ()
    assert integrity(other.database, thorough=True) == "ok"
    assert stat.S_IMODE(other.database.stat().st_mode) == 0o600


def test_what_was_there_before_a_restore_is_kept(home: Settings, tmp_path: Path) -> None:
    backup.write(home, tmp_path / "b.zip")
    send(home, "third")
    (home.articles / "_tuning/tuning.json").write_text('{"newer": 1}')
    done = restore(home, tmp_path / "b.zip")
    assert subjects(home) == ["first", "second"]
    assert done.aside is not None
    before = Settings(data=done.aside)
    assert subjects(before) == ["first", "second", "third"]
    assert len(list(backup.addressed(done.aside))) == 3
    assert (done.aside / "_tuning/tuning.json").read_text() == '{"newer": 1}'


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_only_its_owner_may_read_a_backup(home: Settings, tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        backup.write(home, tmp_path / "b.zip")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600


def test_a_file_that_exists_is_not_overwritten(home: Settings, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_text("mine")
    with pytest.raises(archive.BadBackup, match="exists already"):
        backup.write(home, tmp_path / "b.zip")
    assert (tmp_path / "b.zip").read_text() == "mine"


def test_a_full_disk_leaves_no_file(home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "out").mkdir()
    monkeypatch.setattr(backup, "add", full)
    with pytest.raises(StorageFull, match="no backup was written"):
        backup.write(home, tmp_path / "out/b.zip")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_damaged_database_gives_no_backup(home: Settings, tmp_path: Path) -> None:
    with closing(sqlite3.connect(home.database)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'tickets'").fetchone()
    with home.database.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(os.urandom(4096))
    (tmp_path / "out").mkdir()
    with pytest.raises(BadDatabase, match=r"no backup was written.*kb restore"):
        backup.write(home, tmp_path / "out/b.zip")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_lost_file_of_a_ticket_is_counted(home: Settings, tmp_path: Path) -> None:
    (_, path), *_ = backup.addressed(home.data)
    path.unlink()
    assert len(backup.write(home, tmp_path / "b.zip").missing) == 1
    assert "1 files of tickets" in verify(home, tmp_path / "b.zip").notes[0]


def test_sealed_files_beside_the_attachments_are_in_it(home: Settings, tmp_path: Path) -> None:
    name = f"originals/ab/ab{'0' * 62}"
    (home.data / name).parent.mkdir(parents=True)
    (home.data / name).write_bytes(b"sealed")
    backup.write(home, tmp_path / "b.zip")
    shutil.rmtree(home.data)
    restore(home, tmp_path / "b.zip")
    assert (home.data / name).read_bytes() == b"sealed"


def test_a_database_of_an_older_version_is_migrated(home: Settings, tmp_path: Path) -> None:
    with closing(sqlite3.connect(home.database)) as db:
        db.execute("DROP TABLE mails")
        for table, column in (("messages", "note"), ("messages", "mark"), ("outcomes", "withdrawn")):
            db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        later = ("m012_mails", "m013_raw_mails", "m014_withdrawn")
        db.execute(f"DELETE FROM _sqlite_migrations WHERE name IN {later}")
        db.commit()
    assert "mails" not in backup.write(home, tmp_path / "b.zip").counts
    restore(home, tmp_path / "b.zip")
    assert Store.open(home.database).rows("SELECT * FROM mails") == []


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 0x40
    path.write_bytes(bytes(data))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 3)


def text(path: Path) -> None:
    path.write_text("no backup")


def with_member(name: str, *, mode: int = 0o600 | stat.S_IFREG) -> Callable[[Path], None]:
    def changed(path: Path) -> None:
        with zipfile.ZipFile(path, "a") as packed:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            packed.writestr(info, "../../etc/passwd")

    return changed


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (flipped, "damaged"),
        (cut, "not a backup"),
        (text, "not a backup"),
        (with_member("../outside"), r"\.\./outside"),
        (with_member("models/../../outside"), r"\.\./outside"),
        (with_member("/tmp/outside"), "/tmp/outside"),
        (with_member("models/link", mode=0o777 | stat.S_IFLNK), "models/link"),
        (with_member("models/extra"), "models/extra"),
        (with_member("kb.toml"), r"kb\.toml"),
        (with_member("models\\..\\x"), "models"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_no_whole_backup_changes_nothing(
    home: Settings, tmp_path: Path, harm: Callable[[Path], None], named: str
) -> None:
    backup.write(home, tmp_path / "b.zip")
    harm(tmp_path / "b.zip")
    send(home, "third")
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    for act in (verify, restore):
        with pytest.raises(HelpCenterError, match=named):
            act(home, tmp_path / "b.zip")
    assert subjects(home) == ["first", "second", "third"]
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == before


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused(home: Settings, tmp_path: Path) -> None:
    backup.write(home, tmp_path / "b.zip")
    with_member("shortstop.db")(tmp_path / "b.zip")
    with pytest.raises(archive.BadBackup, match=r"shortstop\.db"):
        restore(home, tmp_path / "b.zip")


def test_every_byte_of_a_member_counts(home: Settings, tmp_path: Path) -> None:
    manifest = backup.write(home, tmp_path / "b.zip")
    (file,) = (m for m in manifest.members if m.name.endswith("model.onnx"))
    with zipfile.ZipFile(tmp_path / "b.zip") as packed:
        contents = {name: packed.read(name) for name in packed.namelist()}
    contents[file.name] = contents[file.name][:-1] + b"!"
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as packed:
        for name, data in contents.items():
            packed.writestr(name, data)
    with pytest.raises(archive.BadBackup, match=r"models/minilm-tuned/model\.onnx"):
        verify(home, tmp_path / "c.zip")


def test_articles_that_cannot_be_written_to_leave_the_learned_ranking_in_the_data(
    home: Settings, tmp_path: Path
) -> None:
    backup.write(home, tmp_path / "b.zip")
    moved = replace(home, articles=tmp_path / "not/cloned/yet")
    done = restore(moved, tmp_path / "b.zip")
    assert "restored-tuning" in done.notes[0]
    assert (home.data / "restored-tuning/_tuning/tuning.json").is_file()


def test_an_empty_attachment_folder_and_no_models_are_fine(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "var", articles=tmp_path / "articles")
    Store.open(settings.database)
    backup.write(settings, tmp_path / "b.zip", models=False)
    shutil.rmtree(settings.data)
    restore(settings, tmp_path / "b.zip")
    assert subjects(settings) == []


def test_a_restore_replaces_a_damaged_file(home: Settings, tmp_path: Path) -> None:
    backup.write(home, tmp_path / "b.zip")
    (name, path), *_ = backup.addressed(home.data)
    path.write_bytes(b"damaged")
    home.database.write_bytes(b"")
    restore(home, tmp_path / "b.zip")
    assert path_of(home, name.split("/")[-1]).read_bytes() != b"damaged"
    assert subjects(home) == ["first", "second"]
