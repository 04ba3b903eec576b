"""Addresses and anchors published at a commit must still work, and the check names the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kb.cli import main
from kb.errors import HelpCenterError
from tests.conftest import commit, git, repository, write_articles

WORDS = "Open the login page, follow the link below the form, and choose a new password that is long enough.\n"
RESET = f"---\ntitle: Reset your password\naliases: [/old/reset.html]\n---\n\n{WORDS}\n## With a code\n\nWe send one.\n"
OTHERS = {
    "billing/vat.md": "---\ntitle: VAT on invoices\n---\n\nIt shows VAT.\n\n## Within the union {#union}\n\nNo.\n",
    "billing/vat.es.md": "---\ntitle: El IVA en las facturas\n---\n\nLa factura muestra el IVA.\n",
    "plans/team.md": "---\ntitle: Plans for teams\nslug: for-teams\n---\n\nFive people and more.\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of articles in a repository with one commit."""
    return repository(tmp_path, {"account/reset.md": RESET} | OTHERS)


def check(folder: Path, *options: str, against: str = "main") -> Result:
    """Run `kb check --against` on the folder."""
    environ = {"KB_DATA": str(folder.parent / "var"), "KB_EMBEDDER": "none"}
    return CliRunner().invoke(main.kb, ["check", str(folder), "--against", against, *options], env=environ)


def found(folder: Path) -> list[dict[str, Any]]:
    """Return the addresses and anchors that the check reports as vanished."""
    problems = json.loads(check(folder, "--json").stdout)["problems"]
    return [problem for problem in problems if problem["code"].startswith("vanished")]


def test_what_has_not_changed_has_not_vanished(folder: Path) -> None:
    result = check(folder)
    assert (result.exit_code, result.output.splitlines()[1:]) == (0, ["No problems found."])


@pytest.mark.parametrize("staged", [True, False])
def test_a_moved_article_is_named_with_the_alias_to_add(folder: Path, staged: bool) -> None:
    (folder / "login").mkdir()
    if staged:
        git(folder, "mv", "account/reset.md", "login/password.md")
        (folder / "login/password.md").write_text(RESET.replace("long enough", "longer"), encoding="utf-8")
    else:
        (folder / "account/reset.md").rename(folder / "login/password.md")
    (problem,) = found(folder)
    assert (problem["path"], problem["severity"]) == ("login/password.md", "error")
    assert problem["why"] == (
        "/en/articles/account/reset was published at main and no longer works; "
        "add it here: aliases: [/en/articles/account/reset]"
    )
    assert check(folder).exit_code == 1
    assert "::error file=" in check(folder, "--format", "github").output


def test_an_alias_or_a_redirect_keeps_an_address(folder: Path) -> None:
    (folder / "account/reset.md").unlink()
    moved = RESET.replace("[/old/reset.html]", "[/old/reset.html, /en/articles/account/reset]")
    (folder / "password.md").write_text(moved, encoding="utf-8")
    (folder / "plans/team.md").unlink()
    (folder / "_redirects.yml").write_text("/en/articles/plans/for-teams: billing/vat.md\n", encoding="utf-8")
    assert found(folder) == []


def test_a_deleted_article_is_named_with_the_ways_to_go_on(folder: Path) -> None:
    (folder / "billing/vat.md").unlink()
    (folder / "billing/vat.es.md").unlink()
    problems = found(folder)
    assert [problem["path"] for problem in problems] == ["billing/vat.es.md", "billing/vat.md"]
    assert "status: archived" in problems[0]["why"]


def test_an_archived_article_and_a_translation_that_the_original_stands_in_for_have_not_vanished(folder: Path) -> None:
    (folder / "billing/vat.es.md").unlink()
    (folder / "account/reset.md").write_text(RESET.replace("title", "status: archived\ntitle"), encoding="utf-8")
    assert found(folder) == []


def test_an_article_that_is_a_draft_again_has_vanished(folder: Path) -> None:
    (folder / "account/reset.md").write_text(RESET.replace("title", "status: draft\ntitle"), encoding="utf-8")
    assert "set 'status: archived'" in found(folder)[0]["why"]


def test_a_slug_that_changed_and_an_alias_that_was_removed_are_named(folder: Path) -> None:
    team = OTHERS["plans/team.md"].replace("for-teams", "teams")
    (folder / "plans/team.md").write_text(team, encoding="utf-8")
    (folder / "account/reset.md").write_text(RESET.replace("aliases: [/old/reset.html]\n", ""), encoding="utf-8")
    alias, slug = found(folder)
    assert (alias["path"], alias["why"].split(" ")[0]) == ("account/reset.md", "/old/reset.html")
    assert (slug["path"], slug["why"].split(" ")[0]) == ("plans/team.md", "/en/articles/plans/for-teams")


def test_an_anchor_that_vanished_is_named_at_the_heading_that_replaces_it(folder: Path) -> None:
    (folder / "account/reset.md").write_text(RESET.replace("## With a code", "## With a text code"), encoding="utf-8")
    vat = OTHERS["billing/vat.md"].replace("## Within the union {#union}\n", "")
    (folder / "billing/vat.md").write_text(vat, encoding="utf-8")
    renamed, removed = found(folder)
    assert (renamed["path"], renamed["line"], renamed["code"]) == ("account/reset.md", 8, "vanished-anchor")
    assert "add {#with-a-code} after the heading #with-a-text-code" in renamed["why"]
    assert "#union of /en/articles/billing/vat existed at main and is gone" in removed["why"]


@pytest.mark.parametrize("kept", ["## With a text code {#with-a-code}", '<a id="with-a-code"></a>\n\n## By text'])
def test_an_anchor_can_be_kept(folder: Path, kept: str) -> None:
    (folder / "account/reset.md").write_text(RESET.replace("## With a code", kept), encoding="utf-8")
    assert found(folder) == []


def test_the_anchors_of_then_are_those_of_the_dialect_that_the_articles_are_written_in(tmp_path: Path) -> None:
    text = f'# A\n\n{WORDS}\n<div markdown="1">\n## Within HTML\n</div>\n'
    folder = repository(tmp_path, {"a.md": text, "site.toml": 'markdown = "python-markdown"'})
    (folder / "a.md").write_text(text.replace("## Within HTML", "## Renamed"), encoding="utf-8")
    assert [problem["code"] for problem in found(folder)] == ["vanished-anchor"]


def test_a_branch_that_lacks_the_newest_articles_has_not_lost_them(folder: Path) -> None:
    git(folder, "branch", "mine")
    write_articles(folder, {"new.md": "# New\n\nWords.\n"})
    commit(folder)
    git(folder, "checkout", "-q", "mine")
    assert found(folder) == []


@pytest.mark.parametrize("ref", ["nowhere", "--help", ""])
def test_a_commit_that_is_not_there_is_one_sentence(folder: Path, ref: str) -> None:
    result = check(folder, against=ref)
    assert isinstance(result.exception, HelpCenterError)
    assert "is not a commit" in str(result.exception)


def test_outside_a_repository_that_is_said(tmp_path: Path) -> None:
    result = check(write_articles(tmp_path / "help", OTHERS))
    assert "git repository" in str(result.exception)
