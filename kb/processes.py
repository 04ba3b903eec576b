"""The processes of one `kb serve` know each other by a word in their environment that nobody else has."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from contextlib import suppress
from pathlib import Path

NAME = "SHORTSTOP_FAMILY"


def founded() -> dict[str, str]:
    """Return the environment variable with which a new family is begun."""
    return {NAME: secrets.token_hex(16)}


def word() -> str:
    """Return the word of the family that this process belongs to, nothing outside of any."""
    return os.environ.get(NAME, "")


def running() -> dict[str, int]:
    """Return how many processes of this family run, by the command that each was started with."""
    sign = f"{NAME}={word()}".encode()
    found: Counter[str] = Counter()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended, or is somebody else's
            if sign in (folder / "environ").read_bytes().split(b"\0"):
                _, _, after = (folder / "cmdline").read_bytes().partition(b"kb.cli.main\0")
                found[after.split(b"\0")[0].decode("ascii", "replace") or "other"] += 1
    return dict(found)
