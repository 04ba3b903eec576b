"""Files that several processes use: locks, atomic writes and hard links."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kb.files import (
    folder_written_aside,
    link_or_copy,
    locked,
    locked_unless,
    loose,
    replace_folder,
    tighten,
    try_locked,
    written_aside,
)

HOLD = """
import sys
from pathlib import Path
from kb.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from kb.files import folder_written_aside, written_aside
target = Path(sys.argv[1])
if target.is_dir():
    with folder_written_aside(target) as work:
        (work / "half").write_text("new")
        os.kill(os.getpid(), signal.SIGKILL)
with written_aside(target) as file:
    file.write(b"ne")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


class Stop(Exception):
    """Ends a block in the middle."""


@contextmanager
def another_holds(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Hold a lock in another process, which ends with the block."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def killed_while_writing(target: Path) -> None:
    assert subprocess.run([sys.executable, "-c", KILLED, str(target)], check=False).returncode == -signal.SIGKILL


def stopped_while_writing(target: Path, *, shared: bool) -> None:
    with written_aside(target, shared=shared) as file:
        file.write(b"ne")
        raise Stop


def stopped_while_filling(target: Path) -> None:
    with folder_written_aside(target) as work:
        (work / "half").touch()
        raise Stop


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_lock_that_another_process_holds_is_refused_until_that_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "made" / "a.lock"
    with another_holds(path) as process:
        with try_locked(path) as ours:
            assert not ours
        process.kill()
        process.wait()
        with try_locked(path) as ours:
            assert ours


def test_a_lock_that_another_process_holds_is_waited_for(tmp_path: Path) -> None:
    path, got = tmp_path / "a.lock", threading.Event()

    def wait() -> None:
        with locked(path):
            got.set()

    with another_holds(path) as process:
        thread = in_thread(wait)
        assert not got.wait(0.2)
        process.kill()
        thread.join(10)
        assert got.is_set()


def test_a_lock_is_free_again_after_its_block_whether_that_ends_well_or_not(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with pytest.raises(Stop), locked(path):
        raise Stop
    with locked(path), try_locked(path) as ours:
        assert not ours
    with try_locked(path) as ours:
        assert ours


def test_waiting_for_a_lock_ends_with_it_or_when_told_to_stop(tmp_path: Path) -> None:
    path, stop, results = tmp_path / "a.lock", threading.Event(), list[bool]()

    def wait() -> None:
        with locked_unless(path, stop) as ours:
            results.append(ours)

    with another_holds(path):
        thread = in_thread(wait)
        stop.set()
        thread.join(10)
        assert results == [False]
    stop.clear()
    wait()
    assert results == [False, True]


def test_a_locked_file_can_be_read_and_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with locked(tmp_path / "a") as file:
        assert os.pread(file, 3, 0) == b"old"
        os.pwrite(file, b"new", 0)
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.parametrize("shared", [False, True])
def test_a_file_is_replaced_at_the_end_of_the_block(tmp_path: Path, shared: bool) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with written_aside(path, shared=shared) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["a.json"]


@pytest.mark.parametrize("shared", [False, True])
def test_an_error_leaves_the_old_file_and_no_other(tmp_path: Path, shared: bool) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(Stop):
        stopped_while_writing(path, shared=shared)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.json"]


def test_a_kill_leaves_the_old_file_and_the_next_writer_clears_up(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    killed_while_writing(path)
    assert path.read_text() == "old"
    assert names(tmp_path) == [".a.json.part", "a.json"]
    with written_aside(path) as file:
        file.write(b"n")
    assert path.read_text() == "n"
    assert names(tmp_path) == ["a.json"]


def test_a_new_file_has_the_rights_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    with written_aside(tmp_path / "aside") as file:
        file.write(b"x")
    assert (tmp_path / "aside").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_folder_is_replaced_at_the_end_of_the_block(tmp_path: Path) -> None:
    target = tmp_path / "models" / "one"
    with folder_written_aside(target) as work:
        (work / "first").write_text("1")
        assert not target.exists()
    with folder_written_aside(target) as work:
        assert names(work) == []
        (work / "second").write_text("2")
        assert names(target) == ["first"]
    assert names(target) == ["second"]
    assert names(target.parent) == ["one"]


def test_an_error_leaves_the_old_folder_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "old").touch()
    with pytest.raises(Stop):
        stopped_while_filling(tmp_path / "one")
    assert names(tmp_path) == ["one"]
    assert names(tmp_path / "one") == ["old"]


def test_a_kill_leaves_the_old_folder_and_a_hidden_one(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "old").touch()
    killed_while_writing(tmp_path / "one")
    hidden, kept = names(tmp_path)
    assert hidden.startswith(".one-")
    assert kept == "one"
    assert names(tmp_path / "one") == ["old"]


def test_a_finished_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    replace_folder(tmp_path / "new", tmp_path / "old")
    replace_folder(tmp_path / "old", tmp_path / "deep" / "down")
    assert names(tmp_path) == ["deep"]
    assert names(tmp_path / "deep" / "down") == ["new"]


def test_a_link_is_a_second_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a").samefile(tmp_path / "b")


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM, errno.EMLINK])
def test_where_the_disk_has_no_links_a_file_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    (tmp_path / "a").write_text("x")
    monkeypatch.setattr("os.link", refuse)
    link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "x"
    assert (tmp_path / "a").stat().st_nlink == 1


def test_a_private_process_shares_only_what_it_says(tmp_path: Path) -> None:
    code = f"""
import os
from pathlib import Path
from kb.files import keep_private, shared_with_others
os.umask(0o022)
keep_private()
place = Path({str(tmp_path)!r})
(place / "private").touch()
with shared_with_others():
    (place / "shared").touch()
(place / "again").touch()
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"private": 0o600, "shared": 0o644, "again": 0o600}


def test_a_loose_folder_is_tightened_but_not_what_its_links_lead_to(tmp_path: Path) -> None:
    (tmp_path / "other").touch(0o644)
    folder = tmp_path / "folder"
    (folder / "in").mkdir(parents=True, mode=0o755)
    (folder / "in/file").touch(0o666)
    (folder / "link").symlink_to(tmp_path / "other")
    for path, mode in (
        (tmp_path / "other", 0o644),
        (folder, 0o755),
        (folder / "in", 0o755),
        (folder / "in/file", 0o666),
    ):
        path.chmod(mode)
    assert len(list(loose(folder))) == 3
    tighten(folder)
    assert list(loose(folder)) == []
    assert (tmp_path / "other").stat().st_mode & 0o777 == 0o644
