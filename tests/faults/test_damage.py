"""Damaged files of a running help center: it reports them, rebuilds them and keeps serving."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ARTICLES, write_articles
from tests.support.served import PATIENCE, Served, answers, free_port, served, until

pytestmark = pytest.mark.faults

PAGES = ("/en/", "/en/articles/account/reset-password", "/api/v1/search?q=password")


@pytest.fixture
def center(tmp_path: Path) -> Iterator[Served]:
    """A help center of five articles."""
    with served(write_articles(tmp_path / "articles", ARTICLES), tmp_path / "var", rate_tickets="0") as running:
        until(lambda: well(running))
        yield running


def well(center: Served) -> bool:
    """Return True if every kind of page is served, four times each, to reach all workers."""
    return all(center.get(path)[0] == 200 for path in PAGES * 4)


def current(center: Served) -> Path:
    """Return the folder of the current generation."""
    return (center.data / "index" / "current").resolve()


def library_bytes(center: Served) -> int:
    """Return the size of the current file of articles, 0 while it is missing."""
    try:
        return (current(center) / "library.db").stat().st_size
    except FileNotFoundError:
        return 0


def test_a_cut_file_of_articles_is_built_again_while_serving(center: Served) -> None:
    os.truncate(current(center) / "library.db", 100)
    assert {center.get(path)[0] for path in PAGES * 4} <= {200, 503}
    until(lambda: library_bytes(center) > 100)
    until(lambda: well(center))


def test_a_removed_index_is_built_again_while_serving(center: Served) -> None:
    shutil.rmtree((center.data / "index").rename(center.data / "removed"))  # atomic, as a builder may be writing there
    assert center.get("/en/contact")[0] == 200
    until(lambda: (current(center) / "manifest.json").is_file())
    until(lambda: well(center))


def test_a_folder_of_articles_that_is_away_for_a_moment_is_not_taken_for_none(tmp_path: Path) -> None:
    articles = write_articles(tmp_path / "articles", ARTICLES)
    (tmp_path / "kb.toml").write_text('embedder = "none"\n')
    environ = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
    environ |= {"KB_PORT": str(free_port()), "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "kb.cli.main", "serve"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environ, cwd=tmp_path, stdout=log, stderr=log)
    center = Served(f"http://127.0.0.1:{environ['KB_PORT']}", tmp_path / "var", server)
    try:
        until(lambda: answers(center))
        center.child("background")
        articles.rename(tmp_path / "away")
        server.send_signal(signal.SIGHUP)
        until(lambda: "this folder does not exist" in (tmp_path / "log").read_text())
        assert center.get("/en/articles/account/reset-password")[0] == 200
    finally:
        server.terminate()
        server.wait(PATIENCE)


def test_a_second_server_on_one_data_folder_is_refused_and_the_first_goes_on(center: Served) -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
    environ |= {"KB_DATA": str(center.data), "KB_PORT": str(free_port())}
    command = [sys.executable, "-m", "kb.cli.main", "serve", "--articles", str(center.data.parent / "articles")]
    second = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert second.returncode == 1
    assert "in use by another 'kb serve'" in second.stderr
    document = {"subject": "Help", "body": "My invoice is wrong", "email": "a@example.com"}
    status, answer = center.post("/api/v1/tickets", document, **{"Idempotency-Key": "k"})
    assert (status, json.loads(answer)["channel"]) == (201, "web")


def test_a_data_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    environ = os.environ | {"KB_DATA": str(tmp_path / "var"), "KB_PORT": str(free_port())}
    server = subprocess.run(
        [sys.executable, "-m", "kb.cli.main", "serve"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert server.returncode == 1
    assert server.stderr == f"kb: cannot write to {tmp_path / 'var'} (File exists); set KB_DATA to a writable folder\n"


def degraded(center: Served) -> str | None:
    """Return the reason why a search was degraded, or None."""
    status, answer = center.get("/api/v1/search?q=password")
    assert status == 200
    found: str | None = json.loads(answer)["degraded"]
    return found


@pytest.mark.parametrize("how", ["flipped", "removed"])
def test_spoilt_vectors_leave_the_words_and_are_made_again(tmp_path: Path, how: str) -> None:
    articles, recipe = write_articles(tmp_path / "articles", ARTICLES), "tests.support.shelf_of_articles:WordEmbedder"
    with served(articles, tmp_path / "var", embedder=recipe) as center:
        until(lambda: degraded(center) is None)
        file = min(current(center).glob("vectors/0/*"))
    if how == "removed":
        file.unlink()
    else:
        content = bytearray(file.read_bytes())
        content[-9] ^= 0x10
        file.write_bytes(content)
    with served(articles, tmp_path / "var", embedder=recipe) as center:
        assert degraded(center) in ("no-vectors", None)  # None: already rebuilt
        until(lambda: degraded(center) is None)


def test_without_its_model_a_help_center_answers_by_words_and_says_why(tmp_path: Path) -> None:
    articles = write_articles(tmp_path / "articles", ARTICLES)
    model = tmp_path / "model"
    model.mkdir()
    (model / "manifest.json").write_text(json.dumps({"files": {"model.onnx": "0" * 64}, "recipe": "r"}))
    with served(articles, tmp_path / "var", embedder=str(model)) as center:
        assert degraded(center) == "no-vectors"
        done = subprocess.run(
            [sys.executable, "-m", "kb.cli.main", "index"],
            env=os.environ | {"KB_ARTICLES": str(articles), "KB_DATA": str(center.data), "KB_EMBEDDER": str(model)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    assert "words only, because" in done.stdout
    assert "model.onnx cannot be read" in done.stdout
