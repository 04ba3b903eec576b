"""The command line: JSON documents, exit codes, and one-line errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from deflect.store.database import Store
from kb.cli import desk, main
from kb.config import Settings
from kb.errors import HelpCenterError


@pytest.fixture
def environ(settings: Settings) -> dict[str, str]:
    """The environment of a help center with five articles and an empty database."""
    Store.open(settings.database).close()
    return {"KB_ARTICLES": str(settings.articles), "KB_DATA": str(settings.data), "KB_EMBEDDER": "none"}


def run(environ: dict[str, str], *arguments: str, text: str = "") -> Result:
    """Run `kb` with these arguments."""
    return CliRunner().invoke(main.kb, list(arguments), env=environ, input=text, catch_exceptions=True)


def document(environ: dict[str, str], *arguments: str) -> Any:
    """Return the JSON document that a command prints."""
    result = run(environ, *arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def process(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `kb` in a separate process."""
    whole = {key: value for key, value in os.environ.items() if not key.startswith("KB_")} | environ
    return subprocess.run(
        [sys.executable, "-m", "kb.cli.main", *arguments], env=whole, capture_output=True, text=True, check=False
    )


def test_search_prints_the_document_of_the_api(environ: dict[str, str]) -> None:
    found = document(environ, "search", "forgot my password", "--json")
    assert {"query", "lang", "stage", "degraded", "ranker", "hits"} <= set(found)
    assert found["degraded"] == "no-vectors"
    assert found["hits"][0]["article"] == "account/reset-password"
    assert set(found["hits"][0]) == {
        "article",
        "lang",
        "title",
        "url",
        "anchor",
        "heading",
        "snippet",
        "score",
        "language",
    }


@pytest.mark.parametrize("wrong", [("-k", "0"), ("-k", "51"), ("--lang", "!!")])
def test_a_number_or_language_that_the_api_refuses_is_wrong_usage(environ: dict[str, str], wrong: tuple[str]) -> None:
    assert run(environ, "search", "password", *wrong).exit_code == 2


def test_output_that_cannot_be_written_is_one_line_and_exit_code_1(environ: dict[str, str]) -> None:
    command = [sys.executable, "-m", "kb.cli.main", "search", "password", "--json"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command, env=os.environ | environ, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (ended.returncode, ended.stderr) == (1, "kb: No space left on device\n")


def test_a_delivery_that_is_not_there_cannot_be_retried(environ: dict[str, str]) -> None:
    result = run(environ, "outbox", "retry", "nope")
    assert result.exit_code == 2
    assert "nope is not pending or dead; run 'kb outbox' to list the ids" in result.output
    assert run(environ, "outbox", "retry").exit_code == 0


def test_what_can_be_exported_is_what_the_export_knows(environ: dict[str, str]) -> None:
    from deflect.privacy.export import QUERIES

    assert set(desk.EXPORTS) == set(QUERIES)
    assert all(kind in run(environ, "export", "--help").output for kind in QUERIES)


def test_setting_the_password_prints_one_document_and_never_the_password(environ: dict[str, str]) -> None:
    result = run(environ, "admin", "password", "--json", text="correct horse battery\n")
    assert json.loads(result.stdout)["user"] == "admin"
    assert "horse" not in result.output


def test_agents_are_added_listed_given_a_password_and_removed(environ: dict[str, str]) -> None:
    added = run(environ, "admin", "add", "Ana López", "--email", "ana@example.com", "--json", text="a long secret\n")
    assert json.loads(added.stdout)["role"] == "agent"
    assert [row["name"] for row in document(environ, "admin", "list", "--json")] == ["Ana López"]
    assert run(environ, "admin", "password", "ana lópez", text="another secret\n").exit_code == 0
    assert "Ana López can no longer log in" in run(environ, "admin", "remove", "ana@example.com").output
    assert "No one can log in" in run(environ, "admin", "list").output
    assert "secret" not in added.output


@pytest.mark.parametrize("arguments", [("remove", "Zoe"), ("password", "Zoe"), ("add", "a@b")])
def test_what_cannot_be_done_with_an_agent_is_one_line(environ: dict[str, str], arguments: tuple[str, ...]) -> None:
    done = run(environ, "admin", *arguments, text="a long secret\n")
    assert isinstance(done.exception, HelpCenterError)
    assert "\n" not in str(done.exception)


def test_suggest_prints_the_document_of_offers_without_an_episode(environ: dict[str, str]) -> None:
    found = document(environ, "suggest", "--subject", "invoice", "--body", "Where is VAT on my invoice?", "--json")
    assert set(found) == {"abstained", "degraded", "ranker", "cards"}


def test_a_category_without_offers_gets_none(environ: dict[str, str]) -> None:
    found = document(environ, "suggest", "--body", "somebody threatens me", "--category", "safety", "--json")
    assert found["abstained"] is True
    assert found["cards"] == []


def test_index_says_that_it_is_up_to_date(environ: dict[str, str]) -> None:
    assert document(environ, "index", "--words", "--json")["built"] is False


def test_outbox_is_empty_at_first(environ: dict[str, str]) -> None:
    assert document(environ, "outbox", "--json") == []


def test_export_prints_csv_with_a_head(environ: dict[str, str]) -> None:
    result = run(environ, "export", "tickets")
    assert result.exit_code == 0, result.output
    assert "subject" in result.stdout.splitlines()[0]


def test_the_password_is_read_from_standard_input(environ: dict[str, str]) -> None:
    result = run(environ, "admin", "password", text="correct horse battery\n")
    assert result.exit_code == 0, result.output
    assert "correct horse" not in result.output


def test_doctor_names_what_is_wrong_and_exits_with_1(environ: dict[str, str], tmp_path: Path) -> None:
    result = run(environ | {"KB_ARTICLES": str(tmp_path / "missing")}, "doctor")
    assert result.exit_code == 1
    assert "set KB_ARTICLES" in result.output


def test_wrong_usage_exits_with_2(environ: dict[str, str]) -> None:
    assert run(environ, "search").exit_code == 2
    assert run(environ, "fly").exit_code == 2


def test_a_wrong_setting_is_one_line_and_exit_code_1(environ: dict[str, str]) -> None:
    done = process(environ | {"KB_PROT": "1"}, "outbox")
    assert done.returncode == 1
    assert done.stderr == "kb: KB_PROT in the environment is not a setting; did you mean KB_PORT?\n"


def test_without_an_index_search_says_what_to_do(environ: dict[str, str], tmp_path: Path) -> None:
    done = process(environ | {"KB_DATA": str(tmp_path / "empty")}, "search", "vat")
    assert done.returncode == 1
    assert "kb index" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from kb.cli.main import kb; kb(['--help'], standalone_mode=False); "
        "print(sorted({'torch', 'numpy', 'flask', 'whoosh'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_period_that_ends_before_it_begins_is_refused(environ: dict[str, str]) -> None:
    done = process(environ, "report", "--from", "2026-12-01", "--to", "2026-11-01")
    assert (done.returncode, done.stderr) == (1, "kb: the period from 2026-12-01 to 2026-11-01 ends before it begins\n")


def test_a_period_that_has_not_begun_is_refused(environ: dict[str, str]) -> None:
    done = process(environ, "report", "--from", "2090-01-01")
    assert (done.returncode, done.stderr) == (1, "kb: the period from 2090-01-01 to now ends before it begins\n")


@pytest.mark.parametrize("command", [("report",), ("export", "tickets")])
def test_a_folder_without_a_database_does_not_pass_for_an_empty_one(
    environ: dict[str, str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = process(environ, *command, "--data", str(tmp_path / "vra"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"kb: {tmp_path}/vra has no database; set --data")
    assert not (tmp_path / "vra").exists()


def test_one_day_is_a_period(environ: dict[str, str]) -> None:
    assert run(environ, "report", "--from", "2026-11-01", "--to", "2026-11-01").exit_code == 0


@pytest.mark.parametrize("group", ["admin", "outbox"])
def test_the_help_of_a_group_cuts_no_sentence(environ: dict[str, str], group: str) -> None:
    assert "..." not in run(environ, group, "--help").stdout.partition("Commands:")[2]


def visible(group: click.Group, *above: str) -> list[tuple[str, ...]]:
    """Return all commands that are not hidden."""
    found: list[tuple[str, ...]] = []
    for name, command in group.commands.items():
        if not command.hidden:
            found += visible(command, *above, name) if isinstance(command, click.Group) else [(*above, name)]
    return found


def test_help_lists_each_command_by_who_uses_it_with_a_whole_sentence(environ: dict[str, str]) -> None:
    grouped = [name for names in main.GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(name for name, command in main.kb.commands.items() if not command.hidden)
    text = run(environ, "--help").output
    assert "..." not in text.replace("[ARGS]...", "")
    assert all(f"\n{title}:\n" in text for title in main.GROUPS)
    assert all(len(command.get_short_help_str(200)) < 100 for command in main.kb.commands.values())


@pytest.mark.parametrize("command", visible(main.kb), ids=" ".join)
def test_the_help_of_each_command_has_an_example(environ: dict[str, str], command: tuple[str, ...]) -> None:
    assert f"Example: kb {' '.join(command)}" in run(environ, *command, "--help").output
