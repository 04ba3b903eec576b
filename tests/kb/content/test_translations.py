"""A translation is outdated if its original has changed since the translation was last edited."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from deflect.store.database import Store
from deflect.store.writer import DirectWriter
from kb.check import lint
from kb.config import Settings
from kb.content import library
from kb.server.indexing import refresh
from kb.site.app import create_app
from tests.conftest import commit, git, repository, write_articles

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FILES = {
    "close.md": "---\ntitle: Close your account\nverified: 2026-01-01\n---\n\nPress the button.\n",
    "close.es.md": "---\ntitle: Cerrar la cuenta\n---\n\nPulse el botón.\n",
    "alone.es.md": "---\ntitle: Sola\n---\n\nSin original.\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of articles in a repository with one commit."""
    return repository(tmp_path, FILES)


def rewrite(folder: Path, **changes: str) -> None:
    """Commit changes to the original or the translation."""
    names = {"original": "close.md", "translation": "close.es.md"}
    write_articles(folder, {names[which]: text for which, text in changes.items()})
    commit(folder)


def late(folder: Path) -> list[str]:
    """Return the articles that the check reports as outdated."""
    problems = lint.check(library.load(folder), now=NOW)
    return [problem.path for problem in problems if problem.code == "outdated-translation"]


def test_what_came_in_one_commit_is_up_to_date(folder: Path) -> None:
    assert late(folder) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("Press the button", "Press the red button"), ["close.es.md"]),
        (("Close your", "Delete your"), ["close.es.md"]),
        (("2026-01-01", "2026-10-01"), []),
        (("Press the button.\n", "Press  the\nbutton.\n\n"), []),
    ],
)
def test_a_translation_is_outdated_by_what_readers_see_of_the_original(
    folder: Path, change: tuple[str, str], expected: list[str]
) -> None:
    rewrite(folder, original=FILES["close.md"].replace(*change))
    assert late(folder) == expected


def test_a_commit_of_the_translation_brings_it_up_to_date_and_so_does_a_change_under_way(folder: Path) -> None:
    rewrite(folder, original=FILES["close.md"].replace("button", "red button"))
    fresh = FILES["close.es.md"].replace("botón", "botón rojo")
    write_articles(folder, {"close.es.md": fresh})
    assert late(folder) == []
    rewrite(folder, translation=fresh)
    assert late(folder) == []


def test_an_original_that_came_back_to_what_it_said_outdates_nothing(folder: Path) -> None:
    rewrite(folder, original=FILES["close.md"].replace("button", "red button"))
    rewrite(folder, original=FILES["close.md"])
    assert late(folder) == []


def test_a_name_with_blanks_or_a_translation_in_a_folder_is_no_matter(tmp_path: Path) -> None:
    files = {"en/my account.md": FILES["close.md"], "es/my account.md": FILES["close.es.md"]}
    write_articles(tmp_path, files)
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    write_articles(tmp_path, {"en/my account.md": FILES["close.md"].replace("button", "red button")})
    commit(tmp_path)
    assert late(tmp_path) == ["es/my account.md"]


def test_without_git_nothing_is_outdated(tmp_path: Path) -> None:
    assert late(write_articles(tmp_path, FILES)) == []


@pytest.fixture
def client(folder: Path, tmp_path: Path) -> Iterator[FlaskClient]:
    """A browser at a help center whose translation is outdated."""
    settings = Settings(articles=folder, data=tmp_path / "var", embedder="none")
    refresh(settings, words_only=True, now=NOW)
    rewrite(folder, original=FILES["close.md"].replace("button", "red button"))
    refresh(settings, words_only=True, now=NOW)
    writer = DirectWriter(Store.open(settings.database))
    yield create_app(settings, writer=writer).test_client()
    writer.close()


def test_the_page_of_an_outdated_translation_says_so_and_links_the_original(client: FlaskClient) -> None:
    page = client.get("/es/articles/close").text
    assert "El original ha cambiado desde que se tradujo" in page
    assert '<a href="/en/articles/close" hreflang="en">Leerlo en inglés</a>' in page
    for other in ("/en/articles/close", "/es/articles/alone"):
        assert "hreflang" not in client.get(other).text.partition("<main")[2]
