"""Processes of `kb serve`: each can be killed and the index swapped under load, and requests succeed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import ARTICLES, needs_minilm, write_articles
from tests.support.served import Served, answers, descendants, served, until

pytestmark = pytest.mark.faults


@pytest.fixture
def center(tmp_path: Path) -> Iterator[Served]:
    """A help center of five articles."""
    with served(write_articles(tmp_path / "articles", ARTICLES), tmp_path / "var", rate_tickets="0") as running:
        yield running


def ticket(center: Served) -> tuple[int, bytes]:
    """Send a ticket."""
    document = {"subject": "Help", "body": "My invoice is wrong", "email": "a@example.com"}
    return center.post("/api/v1/tickets", document, **{"Idempotency-Key": uuid.uuid4().hex})


@pytest.mark.parametrize("name", ["web", "background"])
def test_a_killed_process_is_started_again_and_requests_go_on(center: Served, name: str) -> None:
    victim = center.child(name)
    os.kill(victim, signal.SIGKILL)
    center.child(name, but=victim)
    until(lambda: answers(center))
    assert ticket(center)[0] == 201


def test_a_killed_web_worker_is_started_again(center: Served) -> None:
    master = center.child("web")
    until(lambda: len(descendants(master)) == 2)
    before = set(descendants(master))
    os.kill(min(before), signal.SIGKILL)
    until(lambda: len(descendants(master)) == len(before) and set(descendants(master)) != before)
    assert center.get("/en/")[0] == 200


def test_nothing_is_left_running_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    with served(write_articles(tmp_path / "articles", ARTICLES), tmp_path / "var") as center:
        until(lambda: len(descendants(center.process.pid)) >= 4)
        below = descendants(center.process.pid)
        center.process.kill()
        until(lambda: not any(Path(f"/proc/{pid}").exists() and _alive(pid) for pid in below))


def _alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_ticket_sent_while_the_writer_is_down_is_kept(center: Served) -> None:
    os.kill(center.child("background"), signal.SIGKILL)
    status, body = ticket(center)
    assert status == 201, body


def test_swapping_the_index_under_load_fails_no_request(center: Served, tmp_path: Path) -> None:
    stop, failures, done = threading.Event(), [], []

    def ask() -> None:
        while not stop.is_set():
            status, body = center.get("/api/v1/search?q=invoice")
            (done if status == 200 and json.loads(body)["hits"] else failures).append(status)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(10):
            text = f"---\ntitle: VAT on invoices\n---\n\nEdition {number} of the invoice.\n"
            (tmp_path / "articles/billing/vat.md").write_text(text)
            _index(center)
            until(lambda wanted=f"Edition {number}": wanted in center.get("/en/articles/billing/vat")[1].decode())
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures
    assert len(done) > 50


def _index(center: Served) -> None:
    environ = os.environ | {
        "KB_ARTICLES": str(center.data.parent / "articles"),
        "KB_DATA": str(center.data),
        "KB_EMBEDDER": "none",
    }
    subprocess.run(
        [sys.executable, "-m", "kb.cli.main", "index", "--quiet"], env=environ, check=True, capture_output=True
    )


def test_fifty_kills_while_a_generation_is_built_leave_the_old_one_serving(center: Served, tmp_path: Path) -> None:
    environ = os.environ | {
        "KB_ARTICLES": str(tmp_path / "articles"),
        "KB_DATA": str(center.data),
        "KB_EMBEDDER": "none",
    }
    for number in range(50):
        (tmp_path / "articles/billing/vat.md").write_text(f"# VAT on invoices\n\nEdition {number} of the invoice.\n")
        builder = subprocess.Popen(
            [sys.executable, "-m", "kb.cli.main", "index", "--quiet"], env=environ, stderr=subprocess.DEVNULL
        )
        try:
            builder.wait(0.25 + 0.01 * number)  # from the imports to the last rename
        except subprocess.TimeoutExpired:
            builder.kill()
            builder.wait()
        status, body = center.get("/api/v1/search?q=invoice")
        assert status == 200
        assert json.loads(body)["hits"]
    _index(center)
    until(lambda: "Edition 49" in center.get("/en/articles/billing/vat")[1].decode())
    until(lambda: not list((center.data / "index").glob(".build-*")))  # unfinished builds are removed


def test_kills_of_a_builder_that_stays_leave_the_old_generation_serving(tmp_path: Path) -> None:
    article = write_articles(tmp_path / "articles", ARTICLES) / "billing/vat.md"
    with served(tmp_path / "articles", tmp_path / "var", "--watch") as center:
        for number in range(8):
            builder = center.child("index")
            article.write_text(f"# VAT on invoices\n\nEdition {number} of the invoice.\n")
            threading.Event().wait(0.03 * number)  # from before the builder starts to after the swap
            with suppress(ProcessLookupError):
                os.kill(builder, signal.SIGKILL)
            assert json.loads(center.get("/api/v1/search?q=invoice")[1])["hits"]
        until(lambda: b"Edition 7" in center.get("/en/articles/billing/vat")[1])
        until(lambda: not list((center.data / "index").glob(".build-*")))


def test_a_builder_stays_only_where_authors_wait_for_it(center: Served, tmp_path: Path) -> None:
    until(lambda: not center.children("index"))
    with served(tmp_path / "articles", tmp_path / "watched", "--watch") as watching:
        builder = watching.child("index")
        for number in range(3):
            (tmp_path / "articles/billing/vat.md").write_text(f"# VAT on invoices\n\nEdition {number}\n")
            until(lambda wanted=f"Edition {number}": wanted in watching.get("/en/articles/billing/vat")[1].decode())
        assert watching.child("index") == builder


def test_sighup_takes_in_changed_articles(center: Served, tmp_path: Path) -> None:
    (tmp_path / "articles/billing/vat.md").write_text("# VAT on invoices\n\nA new rate applies.\n")
    center.process.send_signal(signal.SIGHUP)
    until(lambda: b"A new rate" in center.get("/en/articles/billing/vat")[1])


@needs_minilm
def test_a_server_with_a_model_stops_without_a_word(tmp_path: Path, models: Path) -> None:
    """Forked workers inherit the model's threads, and must not clean them up when they end."""
    articles, data = write_articles(tmp_path / "articles", ARTICLES), tmp_path / "var"
    data.mkdir()
    (data / "models").symlink_to(models)
    environ = os.environ | {"KB_ARTICLES": str(articles), "KB_DATA": str(data), "KB_EMBEDDER": "minilm"}
    subprocess.run([sys.executable, "-m", "kb.cli.main", "index"], env=environ, check=True, capture_output=True)
    with served(articles, data, embedder="minilm") as center:
        assert json.loads(center.get("/api/v1/search?q=password")[1])["degraded"] is None
    log = (data / "serve.log").read_text()
    assert [word for word in ("SIGABRT", "terminate", "Traceback") if word in log] == []
