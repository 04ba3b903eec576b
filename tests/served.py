"""The real `kb serve` on a free port, for tests that must see processes, sockets and signals."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 90.0


@dataclass
class Served:
    """A running help center: its address, its folder and its supervisor."""

    url: str
    data: Path
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body of a page."""
        return self.send("GET", path)

    def post(self, path: str, document: Any, **headers: str) -> tuple[int, bytes]:
        """Return status and body of a post of JSON."""
        return self.send(
            "POST", path, data=json.dumps(document).encode(), **{"Content-Type": "application/json"} | headers
        )

    def send(self, method: str, path: str, data: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """Return status and body of a request; a refused or cut connection is an OSError."""
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def children(self, name: str) -> list[int]:
        """Return the process ids of the supervisor's children that run `kb <name>`."""
        return [pid for pid in descendants(self.process.pid) if f"\0{name}\0" in command(pid)]


def descendants(pid: int) -> list[int]:
    """Return the ids of all processes below `pid`."""
    try:  # each thread has those that it started
        texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    direct = [int(child) for child in " ".join(texts).split()]
    return direct + [below for child in direct for below in descendants(child)]


def command(pid: int) -> str:
    """Return the command line of a process, its parts separated by NUL."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(articles: Path, data: Path, *options: str, patience: float = PATIENCE, **settings: str) -> Iterator[Served]:
    """Run `kb serve` with `options` until the block is left; words only and no limit of searches unless set."""
    port = free_port()
    plain = {"embedder": "none", "rate_search": "0"}
    given = plain | {"articles": str(articles), "data": str(data), "port": str(port)} | settings
    environ = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
    environ |= {f"KB_{name.upper()}": value for name, value in given.items()}
    data.mkdir(parents=True, exist_ok=True)
    with (data / "serve.log").open("wb") as log:
        command = [sys.executable, "-m", "kb.cli", "serve", *options]
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    center = Served(f"http://127.0.0.1:{port}", data, process)
    try:
        until(lambda: answers(center) or process.poll() is not None, seconds=patience)
        assert process.poll() is None, (data / "serve.log").read_text()
        yield center
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(center: Served) -> bool:
    """Tell whether the help center answers searches."""
    try:
        return center.get("/healthz")[0] == 200
    except OSError:
        return False


def until(condition: Any, *, seconds: float = PATIENCE) -> None:
    """Wait until `condition()` is true; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
