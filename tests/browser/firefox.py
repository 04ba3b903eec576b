"""Drive Firefox by WebDriver BiDi over a minimal WebSocket: open a page, type, and evaluate expressions."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
LISTENING = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")
QUIET = """
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("extensions.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,");
user_pref("toolkit.telemetry.enabled", false);
"""
PATIENCE = 60.0


class Firefox:
    """A running Firefox with one tab. Commands that fail raise AssertionError."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire, self.buffer, self.last, self.tab, self.said = wire, b"", 0, "", list[str]()

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its result; console lines that arrive meanwhile are added to `said`."""
        self.last += 1
        self._write(json.dumps({"id": self.last, "method": method, "params": params}).encode())
        while (answer := self._read()).get("id") != self.last:
            if answer.get("method") == "log.entryAdded":
                self.said.append(str(answer["params"]["text"]))
        assert answer["type"] == "success", f"{method}: {answer.get('message')}"
        found: dict[str, Any] = answer["result"]
        return found

    def begin(self) -> None:
        """Open the session and use its first tab."""
        self.send("session.new", capabilities={})
        self.tab = self.send("browsingContext.getTree")["contexts"][0]["context"]
        self.send("session.subscribe", events=["log.entryAdded"])

    def goto(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        self.send("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page: a string, number, boolean or None."""
        answer = self.send("script.evaluate", expression=expression, target={"context": self.tab}, awaitPromise=True)
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return answer["result"].get("value")

    def type(self, text: str) -> None:
        """Press the keys of a text in the focused element."""
        keys = [{"type": kind, "value": letter} for letter in text for kind in ("keyDown", "keyUp")]
        self.send("input.performActions", context=self.tab, actions=[{"type": "key", "id": "keys", "actions": keys}])

    def wait(self, expression: str) -> None:
        """Wait until an expression in the page is true."""
        end = time.monotonic() + PATIENCE
        while not self.evaluate(f"!!({expression})"):
            assert time.monotonic() < end, f"it did not happen in time: {expression}"
            time.sleep(0.05)

    def _write(self, text: bytes) -> None:
        size = bytes([0x80 | len(text)]) if len(text) < 126 else struct.pack(">BH", 0xFE, len(text))
        mask = os.urandom(4)
        self.wire.sendall(b"\x81" + size + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(text)))

    def _read(self) -> dict[str, Any]:
        whole = b""
        while True:
            first, size = struct.unpack(">BB", self._take(2))
            if size > 125:
                size = struct.unpack(">H" if size == 126 else ">Q", self._take(2 if size == 126 else 8))[0]
            part = self._take(size)
            assert first & 0x0F != 8, "Firefox closed the connection"
            whole += part if first & 0x0F < 8 else b""
            if first & 0x80 and whole:
                document: dict[str, Any] = json.loads(whole)
                return document

    def _take(self, size: int) -> bytes:
        while len(self.buffer) < size:
            more = self.wire.recv(1 << 16)
            assert more, "Firefox is gone"
            self.buffer += more
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """Run headless Firefox on a fresh profile while the block runs."""
    assert FIREFOX is not None
    (profile / "user.js").write_text(QUIET, encoding="utf-8")
    command = [FIREFOX, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", str(profile)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        lines = b""
        while (found := LISTENING.search(lines)) is None:
            line = process.stderr.readline()
            assert line, lines.decode("utf-8", "replace")
            lines += line
        with _connected(found[1].decode()) as wire:
            browser = Firefox(wire)
            browser.begin()
            yield browser
    finally:
        process.terminate()
        process.wait(PATIENCE)
        process.stderr.close()


@contextmanager
def _connected(address: str) -> Iterator[socket.socket]:
    """Yield a socket after the handshake of the WebSocket."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), PATIENCE) as wire:  # type: ignore[arg-type]
        key = base64.b64encode(os.urandom(16)).decode()
        head = ("GET /session HTTP/1.1", f"Host: {parts.netloc}", "Upgrade: websocket", "Connection: Upgrade")
        rest = (f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", "")
        wire.sendall("\r\n".join((*head, *rest)).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += wire.recv(1)
        assert b" 101 " in answer, answer.decode()
        yield wire
