"""Restarts under load: no request is refused, cut or answered with an error, and no ticket is lost or stored twice."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from deflect.store.database import Store
from tests.conftest import ARTICLES, write_articles
from tests.support.served import PATIENCE, Served, answers, free_port, served, until

pytestmark = pytest.mark.faults

RESTARTS = 10
TICKET = {"subject": "Help", "body": "My invoice is wrong", "email": "jo@example.com"}
OPEN = {"rate_tickets": "0", "rate_events": "0"}


class Load:
    """The answers that clients got, and their errors."""

    def __init__(self, center: Served) -> None:
        self.address = center.url.removeprefix("http://")
        self.stop = threading.Event()
        self.statuses: Counter[int] = Counter()
        self.tickets: list[str] = []
        self.errors: list[str] = []

    def keep_alive(self) -> None:
        """Read pages on one connection, and open another only when the server has announced the end of the first."""
        connection = self._connection()
        while not self.stop.wait(0.03):
            connection.request("GET", "/en/articles/billing/vat")
            self._note(connection)
        connection.close()

    def new_connections(self) -> None:
        """Read each page on a new connection."""
        while not self.stop.wait(0.03):
            with closing(self._connection()) as connection:
                connection.request("GET", "/api/v1/search?q=invoice", headers={"Connection": "close"})
                self._note(connection)

    def tell(self) -> None:
        """Post events on one connection."""
        connection = self._connection()
        while not self.stop.wait(0.03):
            event = {"id": str(uuid.uuid4()), "type": "read", "at": "2026-10-01T12:00:00Z", "article": "billing/vat"}
            self._post(connection, "/api/v1/events", {"visitor": "v", "events": [event]})
        connection.close()

    def write(self) -> None:
        """Send tickets, each under its own key."""
        connection = self._connection()
        while not self.stop.wait(0.03):
            self.tickets.append(json.loads(self._post(connection, "/api/v1/tickets", TICKET))["ticket"])
        connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.address, timeout=PATIENCE)

    def _post(self, connection: http.client.HTTPConnection, path: str, document: object) -> bytes:
        headers = {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
        connection.request("POST", path, json.dumps(document), headers)
        return self._note(connection)

    def _note(self, connection: http.client.HTTPConnection) -> bytes:
        answer = connection.getresponse()
        body = answer.read()
        self.statuses[answer.status] += 1
        if answer.status >= 400:
            raise AssertionError(f"{answer.status} {body.decode()}")
        return body

    def guarded(self, act: Callable[[], None]) -> Callable[[], None]:
        """Return an action that notes its error."""

        def run() -> None:
            try:
                act()
            except (OSError, AssertionError, http.client.HTTPException) as error:
                self.errors.append(repr(error))

        return run


@contextmanager
def load(center: Served) -> Iterator[Load]:
    """Send requests of all kinds while the block runs, and then check that none failed."""
    made = Load(center)
    acts = (made.keep_alive, made.keep_alive, made.new_connections, made.tell, made.write)
    threads = [threading.Thread(target=made.guarded(act)) for act in acts]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        made.stop.set()
        for thread in threads:
            thread.join()
    assert made.errors == []
    assert set(made.statuses) == {200, 201, 202}
    store = Store(center.data / "shortstop.db")
    stored = [row["id"] for row in store.rows("SELECT id FROM tickets")]
    store.close()
    assert sorted(stored) == sorted(made.tickets)


def state(center: Served) -> dict[str, object]:
    """Return what the supervisor wrote for `kb restart`."""
    found: dict[str, object] = json.loads((center.data / "serve.lock").read_text())
    return found


def test_ten_restarts_under_load_refuse_nothing_and_lose_nothing(tmp_path: Path) -> None:
    with served(write_articles(tmp_path / "articles", ARTICLES), tmp_path / "var", **OPEN) as center:
        with load(center) as seen:
            for number in range(1, RESTARTS + 1):
                known = len(seen.tickets)
                center.process.send_signal(signal.SIGUSR2)
                until(lambda number=number: state(center)["run"] == number)
                until(lambda known=known: len(seen.tickets) > known or seen.errors)
        assert state(center) == {"pid": center.process.pid, "run": RESTARTS, "trouble": ""}
        until(lambda: len(center.children("background")) == 1)
        until(lambda: len(center.children("web")) == 3)  # the master and its two workers


def test_a_version_that_does_not_start_leaves_the_old_one_serving(tmp_path: Path) -> None:
    articles, data = write_articles(tmp_path / "articles", ARTICLES), tmp_path / "var"
    environ = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
    environ |= {"KB_PORT": str(free_port()), "PYTHONPATH": str(Path(__file__).parents[2])}
    kb = [sys.executable, "-m", "kb.cli.main"]
    (tmp_path / "kb.toml").write_text(f'articles = "{articles}"\ndata = "{data}"\nembedder = "none"\n')
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen([*kb, "serve"], env=environ, cwd=tmp_path, stdout=log, stderr=log)
    center = Served(f"http://127.0.0.1:{environ['KB_PORT']}", data, server)
    try:
        until(lambda: answers(center))
        (tmp_path / "kb.toml").write_text("nonsense = 1\n")
        command = [*kb, "restart", "--data", str(data)]
        done = subprocess.run(command, cwd=articles, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "the new version refuses to start; see the log; the version before goes on" in done.stderr
        assert "nonsense is not a setting" in (tmp_path / "log").read_text()
        assert center.get("/en/")[0] == 200
    finally:
        server.terminate()
        server.wait(PATIENCE)


def test_a_restart_without_a_server_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kb.cli.main", "restart", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"no 'kb serve' uses {tmp_path}" in done.stderr


AS_SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.executable, [sys.executable, "-m", "kb.cli.main", "serve"])
"""


def activated(listener: socket.socket, environ: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start `kb serve` as systemd does: with a listening socket as descriptor 3."""
    fd = listener.fileno()
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-c", AS_SYSTEMD, str(fd)], env=environ, pass_fds=[fd], stdout=file, stderr=file
        )


def test_a_server_on_a_socket_of_systemd_is_stopped_and_started_without_refusing_anything(tmp_path: Path) -> None:
    articles = write_articles(tmp_path / "articles", ARTICLES)
    (tmp_path / "var").mkdir()
    environ = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
    environ |= {"KB_ARTICLES": str(articles), "KB_DATA": str(tmp_path / "var"), "KB_EMBEDDER": "none"}
    environ |= {f"KB_{name.upper()}": value for name, value in OPEN.items()} | {"KB_RATE_SEARCH": "0"}
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        port = listener.getsockname()[1]
        process = activated(listener, environ, tmp_path / "log")
        center = Served(f"http://127.0.0.1:{port}", tmp_path / "var", process)
        try:
            with load(center) as seen:
                for tickets in (5, 10):
                    until(lambda tickets=tickets: len(seen.tickets) > tickets or seen.errors)
                    process.terminate()
                    process.wait(PATIENCE)
                    process = activated(listener, environ, tmp_path / "log")
                until(lambda: len(seen.tickets) > 15 or seen.errors)
        finally:
            process.terminate()
            process.wait(PATIENCE)
    assert f"on http://127.0.0.1:{port}\n" in (tmp_path / "log").read_text()
