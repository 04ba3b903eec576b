"""A child that dies or hangs is noticed, and one of the version before can be watched and ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from kb.server import child
from kb.server.child import Adopted, Child
from tests.support.served import until

BEATS = "import os, sys, time\nfd = int(sys.argv[1].partition('=')[2])\n"
ALIVE = BEATS + "while True:\n    os.write(fd, b'0 \\n')\n    time.sleep(0.02)\n"
HANGS = BEATS + "os.write(fd, b'0 deflect.tickets:close\\n')\nwhile True:\n    pass\n"
PATIENT = BEATS + "os.write(fd, b'60 deflect.privacy:prune\\n')\ntime.sleep(60)\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "HUNG", 0.3)


def made(script: str) -> Child:
    """Return a started child that runs a script, after its first pulse."""
    one = Child("writer", [sys.executable, "-c", script], watched=True)
    one.start(os.environ)
    until(lambda: one.feel() or one.pulses)
    return one


def ends(one: Child) -> bool:
    """Do a supervisor's turn; return True if the child has ended."""
    one.feel()
    one.kill_if_hung()
    return one.ended()


def test_a_child_that_hangs_is_killed_and_named(capfd: pytest.CaptureFixture[str]) -> None:
    one = made(HANGS)
    until(lambda: ends(one))
    said = capfd.readouterr().err
    assert "writer hangs in deflect.tickets:close; replacing it" in said
    assert "writer exited with code -9; restarting it" in said


def test_a_stopped_child_is_killed() -> None:
    one = made(ALIVE)
    one.send(signal.SIGSTOP)
    until(lambda: ends(one))


@pytest.mark.parametrize("script", [ALIVE, PATIENT])
def test_a_child_with_a_pulse_or_with_patience_for_its_work_goes_on(script: str) -> None:
    one, began = made(script), child.time.monotonic()
    until(lambda: ends(one) or child.time.monotonic() > began + 0.6)
    assert one.running()
    one.send(signal.SIGKILL)
    until(lambda: ends(one))


def test_an_adopted_process_is_seen_to_end() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    adopted = Adopted(process.pid)
    assert adopted.poll() is None
    adopted.send_signal(signal.SIGKILL)
    until(lambda: adopted.poll() is not None)
    assert adopted.returncode == -signal.SIGKILL
    process.returncode = adopted.returncode
    assert process.stdin
    process.stdin.close()


def test_no_process_has_ended() -> None:
    assert Adopted(0).poll() == 0
