"""When each file was last changed, by one call of git for the whole folder."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

SECONDS = 10.0  # a very long history is read no further; what it did not reach has no date
_COMMIT = "\x01"


def updated(folder: Path, paths: Collection[str]) -> dict[str, datetime]:
    """Return the time of the last commit of each path below `folder`; nothing outside a repository.

    In a shallow clone the oldest commit seems to have touched every file, so it dates none.
    """
    head = _git(folder, "rev-parse", "HEAD")
    return _read(folder, head, frozenset(paths)) if head else {}


def _git(folder: Path, *words: str) -> str:
    """Return what git says, nothing outside a repository or where there is no git."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


@lru_cache(maxsize=1)
def _read(folder: Path, head: str, paths: frozenset[str]) -> dict[str, datetime]:
    """Return the dates as of the commit `head`: a process that indexes again and again reads its history once."""
    command = ["git", "-C", str(folder), "-c", "core.quotepath=off", "log", "--no-renames", "--relative", "--name-only"]
    command += ["-z", f"--format={_COMMIT}%ct %D", "--", "."]
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    except OSError:
        return {}
    missing, found = set(paths), dict[str, datetime]()
    deadline = time.monotonic() + SECONDS
    with process:
        when: datetime | None = None
        rest = b""
        while missing and time.monotonic() < deadline and (block := _next(process)):
            *names, rest = (rest + block).split(b"\0")
            for raw in names:
                name = raw.decode("utf-8", "replace").strip("\n")
                if name.startswith(_COMMIT):
                    seconds, _, refs = name[1:].partition(" ")
                    when = None if "grafted" in refs else datetime.fromtimestamp(int(seconds), UTC)
                elif name in missing:
                    missing.discard(name)
                    if when:
                        found[name] = when
        process.kill()
    return found


def _next(process: subprocess.Popen[bytes]) -> bytes:
    """Return what git has written since, waiting for the first of it."""
    return os.read(process.stdout.fileno(), 1 << 16) if process.stdout else b""
