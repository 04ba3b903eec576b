"""The lock of a data folder holds whatever is removed from it, and only sockets that are meant for us are taken."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from kb.errors import HelpCenterError
from kb.files import try_locked
from kb.server import handover
from kb.server.handover import DataTaken, Handover, alone, passed_sockets


def test_a_folder_is_locked_although_its_lock_file_is_removed(tmp_path: Path) -> None:
    with alone(tmp_path) as lock:
        lock.tell()
        (tmp_path / "serve.lock").unlink()
        with pytest.raises(DataTaken), alone(tmp_path):
            pass
    with alone(tmp_path):
        pass


def test_a_removed_lock_file_is_made_again_with_what_it_said(tmp_path: Path) -> None:
    with alone(tmp_path) as lock:
        lock.run = 3
        lock.tell("a reason")
        (tmp_path / "serve.lock").unlink()
        lock.renew()
        said = json.loads((tmp_path / "serve.lock").read_text())
        assert said == {"pid": os.getpid(), "run": 3, "trouble": "a reason"}
        with try_locked(tmp_path / "serve.lock") as free:
            assert not free


def test_a_server_of_an_older_version_is_not_disturbed(tmp_path: Path) -> None:
    with try_locked(tmp_path / "serve.lock"), pytest.raises(DataTaken), alone(tmp_path):
        pass


@pytest.mark.parametrize("environ", [{}, {"LISTEN_FDS": "1", "LISTEN_PID": "1"}, {"LISTEN_FDS": "x"}])
def test_sockets_of_another_process_are_not_ours(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert passed_sockets() == []


def pass_socket(family: socket.AddressFamily, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pass a socket to this process, as systemd does."""
    with socket.socket(family) as passed:
        monkeypatch.setattr(handover, "FIRST", os.dup(passed.fileno()))
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))


def test_a_socket_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pass_socket(socket.AF_INET, monkeypatch)
    (found,) = passed_sockets()
    assert found.family == socket.AF_INET
    found.close()
    assert passed_sockets() == []


def test_a_socket_that_is_not_of_tcp_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pass_socket(socket.AF_UNIX, monkeypatch)
    with pytest.raises(HelpCenterError, match="not of TCP"):
        passed_sockets()


def test_what_is_handed_over_is_received_once(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Handover((4, 5), 3, 10, 11, (12,), run=2)
    monkeypatch.setenv(handover.NAME, given.text())
    assert Handover.received() == given
    assert Handover.received() is None
