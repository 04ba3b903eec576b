"""Find the processes of one `kb serve`, which share a random word in their environment, and see if a process runs."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from contextlib import suppress
from pathlib import Path

NAME = "SHORTSTOP_FAMILY"


def founded() -> dict[str, str]:
    """Return the environment variable that starts a new family of processes."""
    return {NAME: secrets.token_hex(16)}


def word() -> str:
    """Return the word of this process's family, or "" if it has none."""
    return os.environ.get(NAME, "")


def running() -> dict[str, int]:
    """Return the number of running processes of this family by command."""
    sign = f"{NAME}={word()}".encode()
    found: Counter[str] = Counter()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or belongs to another user
            if sign in (folder / "environ").read_bytes().split(b"\0"):
                _, _, after = (folder / "cmdline").read_bytes().partition(b"kb.cli.main\0")
                found[after.split(b"\0")[0].decode("ascii", "replace") or "other"] += 1
    return dict(found)


def identity(pid: int) -> str:
    """Return a name that no other process has, also after its number is used again. Return "" if it has ended."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if words[0] in "ZX" else f"{pid}.{words[19]}"  # the time of its start, in ticks since the system's


def is_running(identity_of: str) -> bool:
    """Return True if the process with this identity still runs."""
    pid = identity_of.partition(".")[0]
    return pid.isdecimal() and identity(int(pid)) == identity_of
