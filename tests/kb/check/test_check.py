"""The command `kb check`: its output, its exit code, and the search without the question itself."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kb.cli import main
from tests.conftest import write_articles

CLEAN = {"account/reset.md": "---\ntitle: Reset your password\n---\n\nFollow the link on the login page.\n"}
BROKEN = CLEAN | {"account/more.md": "---\ntitle: More\ncatgory: account\n---\n\nSee [this](missing.md).\n"}


def check(folder: Path, *options: str) -> Result:
    """Run `kb check` on a folder."""
    environ = {"KB_DATA": str(folder / "var"), "KB_EMBEDDER": "none"}
    return CliRunner().invoke(main.kb, ["check", str(folder / "articles"), *options], env=environ)


def test_clean_articles_pass(tmp_path: Path) -> None:
    write_articles(tmp_path / "articles", CLEAN)
    result = check(tmp_path)
    assert (result.exit_code, result.output.splitlines()) == (
        0,
        [
            "Markdown: CommonMark with GitHub's additions, because nothing in the folder or above it says otherwise.",
            "No problems found.",
        ],
    )


def test_the_dialect_of_the_markdown_is_said_with_the_reason(tmp_path: Path) -> None:
    write_articles(tmp_path, {"mkdocs.yml": "", **{f"articles/{name}": text for name, text in CLEAN.items()}})
    reason = f"because of {tmp_path.name}/mkdocs.yml"
    assert check(tmp_path).output.splitlines()[0] == f"Markdown: Python-Markdown, {reason}."
    assert json.loads(check(tmp_path, "--json").stdout)["markdown"] == {"dialect": "python-markdown", "reason": reason}


def test_a_broken_link_fails_and_says_file_line_and_target(tmp_path: Path) -> None:
    write_articles(tmp_path / "articles", BROKEN)
    result = check(tmp_path)
    assert result.exit_code == 1
    assert "account/more.md:6: " in result.output
    assert "missing.md" in result.output


def test_an_unknown_key_is_a_warning_with_the_nearest_and_an_error_when_strict(tmp_path: Path) -> None:
    write_articles(
        tmp_path / "articles", {"a.md": BROKEN["account/more.md"].replace("missing.md", "https://example.com")}
    )
    assert "category" in check(tmp_path).output
    assert check(tmp_path).exit_code == 0
    strict = check(tmp_path, "--strict", "--json")
    assert strict.exit_code == 1
    document = json.loads(strict.stdout)
    assert (document["warnings"], {problem["severity"] for problem in document["problems"]}) == (0, {"error"})


def test_output_for_programs_and_for_github(tmp_path: Path) -> None:
    write_articles(tmp_path / "articles", BROKEN)
    document = json.loads(check(tmp_path, "--json").stdout)
    assert document["errors"] == 1
    assert {"path", "line", "why", "code", "severity"} <= set(document["problems"][0])
    annotation = check(tmp_path, "--format", "github").output
    assert f"::error file={os.path.relpath(tmp_path / 'articles')}/account/more.md,line=6" in annotation


@pytest.mark.parametrize(
    ("text", "code"), [("The forgotten password link stands below the form.", 0), ("Water the plants.", 1)]
)
def test_a_query_must_find_its_article_by_more_than_itself(tmp_path: Path, text: str, code: int) -> None:
    asked = f"---\ntitle: The way back\nqueries: [forgotten password link]\n---\n\n{text}\n"
    others = {f"other{n}.md": f"# Topic {n}\n\nSomething forgotten about topic {n}.\n" for n in range(4)}
    write_articles(tmp_path / "articles", others | {"asked.md": asked})
    result = check(tmp_path, "--queries")
    assert result.exit_code == code, result.output


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    write_articles(tmp_path / "articles", CLEAN)
    check(tmp_path)
    (tmp_path / "var" / "checks.json").write_text("{ no json")
    assert check(tmp_path).exit_code == 0
