"""The manual matches the code: it mentions every name, its tables are up to date, and its links work."""

import configparser
import re
from dataclasses import fields
from datetime import UTC, datetime, time
from pathlib import Path

import click
import pytest

from deflect.store.events import CATALOGUE
from kb.check import lint
from kb.cli import main, manual
from kb.config import PREFIX, Settings
from kb.content import article, library

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "articles"
FILES = sorted(FOLDER.rglob("*.md"))
ARTICLES = {
    path.relative_to(FOLDER).as_posix(): article.parse(
        path.relative_to(FOLDER).as_posix(), path.read_bytes(), default_lang="en"
    )
    for path in FILES
}
ENGLISH = {name: a for name, a in ARTICLES.items() if a.lang == "en"}
SPANISH = {name: a for name, a in ARTICLES.items() if a.lang == "es"}
BODIES = "\n".join(a.markdown for a in ENGLISH.values())


def commands(group: click.Group, name: str = "kb") -> list[str]:
    """Return the full name of every command that is not hidden."""
    found = []
    for word, command in group.commands.items():
        if not command.hidden:
            found += commands(command, f"{name} {word}") if isinstance(command, click.Group) else [f"{name} {word}"]
    return found


def written(text: str) -> str:
    """Return the text of an article without its generated tables."""
    return manual.BLOCK.sub("", text)


def test_there_are_articles_for_everybody_in_english_and_some_in_spanish() -> None:
    assert len(ENGLISH) >= 28
    assert len(SPANISH) >= 6


@pytest.mark.parametrize("name", [f"{PREFIX}{field.name.upper()}" for field in fields(Settings)])
def test_every_setting_is_in_the_manual(name: str) -> None:
    assert name in BODIES


@pytest.mark.parametrize("command", commands(main.kb))
def test_every_command_is_in_the_manual(command: str) -> None:
    assert command in BODIES


@pytest.mark.parametrize("type", sorted(CATALOGUE))
def test_every_event_is_in_the_manual(type: str) -> None:
    assert f"`{type}`" in BODIES


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_the_generated_tables_of_an_article_are_up_to_date(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert manual.filled(text) == text


@pytest.mark.parametrize("table", sorted(manual.TABLES))
def test_every_generated_table_stands_in_the_manual_once(table: str) -> None:
    assert BODIES.count(f"<!-- table: {table} -->") == 1


def test_every_dependency_has_its_line_with_what_it_does() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    wanted = [setup["options"]["install_requires"], *setup["options.extras_require"].values()]
    names = {re.split(r"[ <>=!]", line)[0] for text in wanted for line in text.splitlines() if line.strip()}
    lines = (FOLDER / "developers/dependencies.md").read_text(encoding="utf-8").splitlines()
    rows = "\n".join(line for line in lines if line.startswith("|"))
    assert not sorted(name for name in names if f"`{name}`" not in rows)


@pytest.mark.parametrize("name", sorted(ENGLISH))
def test_an_article_has_what_readers_and_the_search_need(name: str) -> None:
    found = ENGLISH[name]
    assert found.summary.endswith(".")
    assert 3 <= len(found.queries) <= 5
    assert found.owner
    assert found.review_every
    assert found.verified


@pytest.mark.parametrize("name", sorted(SPANISH))
def test_a_translation_has_an_english_counterpart_and_questions_of_its_own(name: str) -> None:
    counterpart = ENGLISH[name.replace(".es.md", ".md")]
    assert SPANISH[name].id == counterpart.id
    assert SPANISH[name].queries
    assert not set(SPANISH[name].queries) & set(counterpart.queries)


@pytest.mark.parametrize("name", sorted(ARTICLES))
def test_no_question_of_an_article_is_its_title(name: str) -> None:
    title = set(re.findall(r"\w+", ARTICLES[name].title.lower()))
    assert all(set(re.findall(r"\w+", query.lower())) - title for query in ARTICLES[name].queries)


@pytest.mark.parametrize("name", sorted(ARTICLES))
def test_links_between_articles_lead_to_a_file(name: str) -> None:
    text = re.sub(r"```.*?```", "", ARTICLES[name].markdown, flags=re.DOTALL)
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", re.sub(r"`[^`\n]*`", "", text))
    missing = [target for target in targets if not (FOLDER / name).parent.joinpath(target).exists()]
    assert not missing


def test_no_article_promises_what_is_to_come() -> None:
    promised = [name for name, a in ENGLISH.items() if re.search(r"coming soon|in a later version|TODO", a.markdown)]
    assert not promised


def test_the_check_finds_nothing_in_the_manual_but_translations_that_lag_behind() -> None:
    reviewed = max(a.verified for a in ARTICLES.values() if a.verified)
    now = datetime.combine(reviewed, time(12), tzinfo=UTC)  # the day of the last review, so that the test does not age
    problems = lint.check(library.load(FOLDER, default_lang="en"), now=now)
    assert not [problem for problem in problems if problem.code != "outdated-translation"]  # their pages show it
