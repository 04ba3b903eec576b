"""No command uses other articles than the index was built from, unless they are named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kb.cli import main
from kb.config import Settings, default_articles
from kb.server import origin
from tests.conftest import write_articles

ONE = {"one.md": "---\ntitle: The first folder\n---\n\nWords of the first folder.\n"}
TWO = {"two.md": "---\ntitle: The second folder\n---\n\nWords of the second folder.\n"}

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `kb` in a folder whose `articles` are the first; the index is built from the folder `other`."""
    write_articles(tmp_path / "articles", ONE)
    write_articles(tmp_path / "other", TWO)
    monkeypatch.chdir(tmp_path)
    for name in ("KB_ARTICLES", "KB_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KB_EMBEDDER", "none")

    def run_kb(*arguments: str, **environ: str) -> Result:
        return CliRunner().invoke(main.kb, list(arguments), env=environ)

    assert run_kb("index", "--articles", "other", "--data", "var").exit_code == 0
    return run_kb


def title(run: Run) -> str:
    """Return the article that a search of the index finds first."""
    return run("search", "folder").stdout.split("\n")[1].partition("  ")[2]


@pytest.mark.parametrize(
    "arguments",
    [("index",), ("tune",), ("propose",), ("check",), ("erase", "--person", "a"), ("serve", "--port", "1")],
)
def test_a_command_stops_where_it_would_take_articles_that_nobody_named(run: Run, arguments: tuple[str, ...]) -> None:
    stopped = run(*arguments)
    assert isinstance(stopped.exception, origin.OtherArticles)
    for part in ("was built from", str(Path("other").resolve()), str(Path("articles").resolve()), "--articles"):
        assert part in str(stopped.exception)
    assert title(run) == "The second folder"


def test_a_search_answers_from_the_index_and_says_of_which_folder_it_is(run: Run) -> None:
    found = run("search", "folder", "--json")
    assert '"two"' in found.stdout
    assert f"was built from {Path('other').resolve()}" in found.stderr


@pytest.mark.parametrize("named", ["option", "environment", "file"])
def test_a_folder_that_is_named_wins_and_that_is_said_in_a_line(run: Run, named: str) -> None:
    if named == "file":
        Path("kb.toml").write_text('articles = "articles"\n', encoding="utf-8")
    environ = {"KB_ARTICLES": "articles"} if named == "environment" else {}
    built = run("index", *(["--articles", "articles"] if named == "option" else []), **environ)
    assert built.exit_code == 0, built.output
    assert built.stderr.count("from now on it is built from") == 1
    assert title(run) == "The first folder"
    assert run("index").exit_code == 0
    assert not run("index").stderr


def test_articles_that_were_not_indexed_yet_are_not_searched_or_tuned(run: Run) -> None:
    for arguments in (("search", "folder"), ("tune",), ("propose",)):
        stopped = run(*arguments, "--articles", "articles")
        assert isinstance(stopped.exception, origin.OtherArticles)
        assert f"run 'kb index --articles {Path('articles').resolve()}' first" in str(stopped.exception)


def test_a_folder_that_is_named_is_checked_whatever_the_index_is_of(run: Run) -> None:
    for arguments in (("articles",), ("--articles", "articles")):
        checked = run("check", *arguments)
        assert (checked.exit_code, checked.stderr) == (0, "")


def test_the_data_folder_can_be_named_before_and_behind_a_subcommand(run: Run, tmp_path: Path) -> None:
    for arguments in (
        ("outbox", "--data", "a", "retry"),
        ("outbox", "retry", "--data", "a"),
        ("outbox", "--data", "a"),
    ):
        assert run(*arguments).exit_code == 0
        assert (tmp_path / "a" / "shortstop.db").is_file()
        assert not (tmp_path / "var" / "shortstop.db").exists()
        shutil.rmtree(tmp_path / "a")


def test_the_doctor_says_that_the_index_is_of_another_folder(run: Run) -> None:
    assert f"the index was built from {Path('other').resolve()}" in run("doctor").output
    assert "was built from" not in run("doctor", "--articles", "other").output


def test_a_folder_that_was_moved_whole_has_its_own_articles(tmp_path: Path) -> None:
    settings = Settings(articles=tmp_path / "a" / "articles", data=tmp_path / "a" / "var")
    settings.generations.mkdir(parents=True)
    origin.remember(settings)
    (tmp_path / "a").rename(tmp_path / "b")
    moved = replace(settings, articles=tmp_path / "b" / "articles", data=tmp_path / "b" / "var")
    assert not origin.other(moved)
    assert origin.other(replace(moved, articles=tmp_path / "b" / "others"))


def test_the_manual_is_the_manual_wherever_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(articles=default_articles(), data=tmp_path)
    settings.generations.mkdir()
    origin.remember(settings)
    monkeypatch.setattr(origin, "default_articles", lambda: tmp_path / "installed" / "articles")
    assert not origin.other(replace(settings, articles=tmp_path / "installed" / "articles"))
    assert origin.other(replace(settings, articles=tmp_path)) == origin.MANUAL


@pytest.mark.parametrize("text", ["", "[]", "{}", "{"])
def test_what_cannot_be_read_is_not_remembered(tmp_path: Path, text: str) -> None:
    settings = Settings(articles=tmp_path, data=tmp_path)
    settings.generations.mkdir()
    (settings.generations / origin.FILE).write_text(text, encoding="utf-8")
    assert not origin.other(settings)
