"""Run the real `kb serve` on a free port, for tests of processes, sockets and signals."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 90.0
PORTS = range(20_000, 32_000)  # below the system's ports for outgoing connections


@dataclass
class Served:
    """A running help center: its address, data folder and supervisor process."""

    url: str
    data: Path
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> tuple[int, bytes]:
        """Return the status and body of a page."""
        return self.send("GET", path)

    def post(self, path: str, document: Any, **headers: str) -> tuple[int, bytes]:
        """Post JSON; return the status and body."""
        return self.send(
            "POST", path, data=json.dumps(document).encode(), **{"Content-Type": "application/json"} | headers
        )

    def send(self, method: str, path: str, data: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """Return the status and body of a request. Raises OSError if the connection is refused or cut."""
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except http.client.HTTPException as error:  # the answer was cut
            raise ConnectionError(str(error)) from error

    def children(self, name: str) -> list[int]:
        """Return the ids of all processes that run `kb <name>`, the parent first."""
        return [pid for pid in descendants(self.process.pid) if f"\0{name}\0" in command(pid)]

    def child(self, name: str, *, but: int = 0) -> int:
        """Wait for a process that runs `kb <name>`, other than `but`, and return its id.

        A new child has its parent's command line for a moment, so the first match is taken.
        """
        found: list[int] = []

        def there() -> bool:
            found[:] = self.children(name)[:1]
            return found not in ([], [but])

        until(there)
        return found[0]


def descendants(pid: int) -> list[int]:
    """Return the ids of all descendants of `pid`."""
    try:  # a thread lists only the children it started
        texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    direct = [int(child) for child in " ".join(texts).split()]
    return direct + [below for child in direct for below in descendants(child)]


def command(pid: int) -> str:
    """Return the command line of a process, separated by NUL; "" if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def free_port() -> int:
    """Return a free port whose next port is free too, for the demo shop."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as probe, socket.socket() as next_one, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            next_one.bind(("127.0.0.1", port + 1))
            return port


@contextmanager
def served(articles: Path, data: Path, *options: str, patience: float = PATIENCE, **settings: str) -> Iterator[Served]:
    """Run `kb serve` with `options` while the block runs; by words only and without a search limit unless set."""
    port = free_port()
    plain = {"embedder": "none", "rate_search": "0"}
    given = plain | {"articles": str(articles), "data": str(data), "port": str(port)} | settings
    environ = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
    environ |= {f"KB_{name.upper()}": value for name, value in given.items()}
    data.mkdir(parents=True, exist_ok=True)
    with (data / "serve.log").open("wb") as log:
        command = [sys.executable, "-m", "kb.cli.main", "serve", *options]
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
    """Return True if `/healthz` answers with 200."""
    try:
        return center.get("/healthz")[0] == 200
    except OSError:
        return False


def until(condition: Any, *, seconds: float = PATIENCE) -> None:
    """Wait until `condition()` is true. Raises AssertionError after `seconds`.

    An OSError or ValueError counts as false, such as a cut connection or a file that is being replaced.
    """
    end = time.monotonic() + seconds
    why: Exception | None = None
    while True:
        try:
            if condition():
                return
        except (OSError, ValueError) as error:
            why = error
        assert time.monotonic() < end, f"it did not happen in time; the last error was {why!r}"
        time.sleep(0.02)
