"""Dates and contents from git, and empty results where git fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kb.content import git
from tests.conftest import repository

FILES = {"pay.md": "---\ntitle: Pay\n---\nText.\n"}


def test_the_output_of_git_is_returned_as_it_is(tmp_path: Path) -> None:
    folder = repository(tmp_path, FILES)
    assert git.output(folder, "rev-parse", "--show-prefix") == b"help/\n"
    assert git.output(folder, "log", "--format=%s") == b"a change\n"


def test_a_command_that_fails_says_nothing(tmp_path: Path) -> None:
    assert git.output(tmp_path, "rev-parse", "HEAD") == b""
    assert git.output(repository(tmp_path, FILES), "rev-parse", "nowhere") == b""  # git prints it before it fails


def test_where_there_is_no_git_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = repository(tmp_path, FILES)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git.output(folder, "rev-parse", "HEAD") == b""
    assert git.commits(folder, ["pay.md"]) == {}
    assert git.contents(folder, [("HEAD", "pay.md")]) == {}


def test_a_command_that_takes_too_long_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\necho early\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert git.output(tmp_path, "log", timeout=0.2) == b""


def test_files_are_returned_as_they_were_at_a_commit(tmp_path: Path) -> None:
    folder = repository(tmp_path, FILES)
    (folder / "pay.md").write_text("changed")
    assert git.contents(folder, [("HEAD", "none.md"), ("HEAD", "pay.md")]) == {
        ("HEAD", "pay.md"): FILES["pay.md"].encode()
    }
