"""A database that is damaged, removed or restored: pages go on, nothing acknowledged is lost, and writes come back."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deflect.store.database import Store
from tests.conftest import ARTICLES, write_articles
from tests.support.served import Served, answers, served, until

pytestmark = pytest.mark.faults

PAGES = (
    "/en/", "/en/articles/billing/vat", "/en/search?q=password", "/api/v1/search?q=password", "/en/contact",
    "/api/v1/complete?q=pass", "/api/v1/context?page=/x&title=refund", "/widget/1/help-widget.js",
)  # fmt: skip


def kb(center: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the data folder of a help center."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
    environ |= {"KB_DATA": str(center / "var"), "KB_ARTICLES": str(center / "articles"), "KB_EMBEDDER": "none"}
    command = [sys.executable, "-m", "kb.cli.main", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)


def ticket(center: Served, subject: str = "Help", file: bytes = b"") -> tuple[int, str]:
    """Send a ticket, with a file if given; return the status and its id."""
    document = json.dumps({"subject": subject, "body": "My invoice is wrong", "email": "a@example.com"})
    kind, body = "application/json", document.encode()
    if file:
        kind = "multipart/form-data; boundary=XX"
        lines = ["--XX", 'Content-Disposition: form-data; name="ticket"', "", document, "--XX"]
        lines += ['Content-Disposition: form-data; name="files"; filename="log.txt"', "", file.decode(), "--XX--", ""]
        body = "\r\n".join(lines).encode()
    key = {"Idempotency-Key": uuid.uuid4().hex, "Content-Type": kind}
    status, answer = center.send("POST", "/api/v1/tickets", data=body, **key)
    return status, json.loads(answer).get("ticket", "")


def count(data: Path) -> int:
    """Return the number of stored tickets."""
    store = Store.open(data / "shortstop.db")
    try:
        return int(store.rows("SELECT count(*) AS n FROM tickets")[0]["n"])
    finally:
        store.close()


def removed(path: Path) -> None:
    for name in ("", "-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)


def a_folder(path: Path) -> None:
    removed(path)
    path.mkdir()


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def garbage_at(place: int) -> Callable[[Path], None]:
    def overwrite(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(place)
            file.write(os.urandom(8192))

    return overwrite


def garbage_in_the_middle(path: Path) -> None:
    """Overwrite the table of tickets, after its newest pages went from the log to the file."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'tickets'").fetchone()
    garbage_at((page - 1) * 4096)(path)


def log_cut(path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    os.truncate(log, log.stat().st_size // 2)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with articles."""
    write_articles(tmp_path / "articles", ARTICLES)
    return tmp_path


@pytest.fixture
def center(home: Path) -> Iterator[Served]:
    """A running help center of five articles."""
    with served(home / "articles", home / "var", rate_tickets="0") as running:
        yield running


def well(center: Served) -> bool:
    return all(center.get(path)[0] == 200 for path in PAGES * 2)


def test_a_database_lost_in_any_way_while_serving_is_restored_while_serving(center: Served, home: Path) -> None:
    path, background = center.data / "shortstop.db", center.child("background")
    assert ticket(center, file=b"before the backup\n")[0] == 201
    assert kb(home, "backup", str(home / "b.zip")).returncode == 0
    for harm in (removed, a_folder, emptied, garbage_at(0), log_cut):
        assert ticket(center)[0] == 201  # after the backup: kept aside
        harm(path)
        assert well(center)
        status, answer = center.post("/api/v1/offers", {"visitor": "v", "subject": "I forgot my password", "body": ""})
        assert (status, len(json.loads(answer)["cards"])) == (200, 1)
        assert [ticket(center)[0] for _ in range(3)] == [503] * 3, harm
        if harm is not log_cut:
            assert "kb restore" in json.loads(center.get("/healthz")[1])["database"]
        done = kb(home, "restore", str(home / "b.zip"))
        assert done.returncode == 0, done.stderr
        assert ticket(center)[0] == 201
        assert center.get("/admin/login")[0] == 200
        assert count(center.data) == 2
    assert center.child("background") == background
    assert len(list(center.data.glob("before-restore-*"))) == 5
    garbage_in_the_middle(path)
    assert well(center)
    assert {ticket(center)[0] for _ in range(3)} <= {201, 503}
    assert "WRONG database" in kb(home, "doctor").stdout
    assert "no backup was written" in kb(home, "backup", str(home / "c.zip")).stderr


def test_a_server_starts_without_its_database_and_uses_the_restored_one_and_makes_no_other(home: Path) -> None:
    Store.open(home / "var/shortstop.db").close()
    assert kb(home, "backup", str(home / "b.zip")).returncode == 0
    garbage_at(0)(home / "var/shortstop.db")
    with served(home / "articles", home / "var") as center:
        until(lambda: well(center))
        background = center.child("background")
        assert ticket(center)[0] == 503
        assert "Articles are served, but nothing can be saved" in (center.data / "serve.log").read_text()
        assert kb(home, "restore", str(home / "b.zip")).returncode == 0
        assert ticket(center)[0] == 201
        assert center.child("background") == background

        for path in center.data.glob("shortstop.*"):  # with its mark
            path.unlink()
        os.kill(background, signal.SIGKILL)
        center.child("background", but=background)
        until(lambda: answers(center))
        assert ticket(center)[0] == 503
        assert not (center.data / "shortstop.db").exists()  # a new process makes no empty one


def test_a_rehearsal_of_backup_and_restore_loses_nothing_acknowledged(home: Path) -> None:
    """Tickets with files arrive while the backup is made; then everything is deleted and restored."""
    (home / "articles/_tuning").mkdir()
    (home / "articles/_tuning/tuning.json").write_text("{}")
    before: set[str] = set()
    after: set[str] = set()
    stop = threading.Event()
    with served(home / "articles", home / "var", rate_tickets="0") as center:
        (center.data / "models/tuned").mkdir(parents=True)
        (center.data / "models/tuned/model.onnx").write_bytes(b"weights" * 1000)

        def send(known: set[str]) -> None:
            while not stop.is_set():
                text = uuid.uuid4().hex
                status, id = ticket(center, subject=text, file=text.encode())
                assert status == 201
                known.add(f"{id} {hashlib.sha256(text.encode()).hexdigest()}")
                if known is before and len(known) == 20:
                    return

        send(before)
        thread = threading.Thread(target=send, args=(after,))
        thread.start()
        done = kb(home, "backup", str(home / "b.zip"), "--json")
        stop.set()
        thread.join()
        assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((home / "b.zip").stat().st_mode) == 0o600
    shutil.rmtree(home / "var")
    shutil.rmtree(home / "articles/_tuning")
    assert kb(home, "restore", "--dry-run", str(home / "b.zip")).returncode == 0
    assert not (home / "var/shortstop.db").exists()
    assert kb(home, "restore", str(home / "b.zip")).returncode == 0

    store = Store.open(home / "var/shortstop.db")
    rows = store.rows("SELECT ticket, digest FROM attachments")
    store.close()
    found = {f"{row['ticket']} {row['digest']}" for row in rows}
    assert before <= found <= before | after
    assert json.loads(done.stdout)["counts"]["tickets"] == len(found)
    for row in rows:
        content = (home / "var/attachments" / row["digest"][:2] / row["digest"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["digest"]
    assert (home / "var/models/tuned/model.onnx").read_bytes() == b"weights" * 1000
    assert (home / "articles/_tuning/tuning.json").read_text() == "{}"
    with served(home / "articles", home / "var") as center:
        assert well(center)
        assert ticket(center)[0] == 201
    assert "WRONG database" not in kb(home, "doctor").stdout


def test_everything_in_the_data_folder_is_private_whatever_the_umask(home: Path) -> None:
    (home / "var/old").mkdir(parents=True)
    (home / "var/old/loose").write_text("left by an older version")
    (home / "var/old/loose").chmod(0o666)
    before = os.umask(0)
    try:
        with served(home / "articles", home / "var") as center:
            assert ticket(center, file=b"a file")[0] == 201
            assert kb(home, "backup", str(home / "var/b.zip")).returncode == 0
            found = {path for path in (home / "var").rglob("*") if path.lstat().st_mode & 0o077}
            assert {path for path in found if not path.is_symlink()} <= {center.data / "serve.log"}  # by this test
            assert stat.S_IMODE((home / "var").stat().st_mode) == 0o700
    finally:
        os.umask(before)
