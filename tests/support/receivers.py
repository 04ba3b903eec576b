"""Receivers on loopback: one for webhooks, and a real mail server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import SMTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from aiosmtpd import smtp
from aiosmtpd.controller import Controller

from tests.support.served import free_port


@dataclass
class Desk:
    """The webhooks that a receiver got; `answers` maps a request's number to the status of its answer."""

    answers: Callable[[int], int] = lambda n: 200
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def ids(self) -> list[str]:
        """Return the webhook-id of each request."""
        return [head["webhook-id"] for head, _ in self.got]


@contextmanager
def webhook_desk(desk: Desk | None = None) -> Iterator[Desk]:
    """Run a receiver of webhooks while the block runs."""
    kept = desk or Desk()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # the sender was killed in the middle of the message
                return
            kept.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(kept.answers(len(kept.got)))
            for name, value in kept.headers.items():
                self.send_header(name, value)
            answer = b'{"id": 4711}'
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}/hook?x=1"
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Mailbox:
    """The e-mails that a server accepted; if `refuse` is set, it is the answer to every e-mail."""

    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    refuse: str = ""
    most: int = 0  # bytes of an e-mail at most; 0 means no limit
    url: str = ""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        """Accept or refuse an e-mail."""
        if self.refuse:
            return self.refuse
        if self.most and len(envelope.content) > self.most:
            return "552 too large"
        parsed: Message = BytesParser(policy=SMTP).parsebytes(envelope.content)
        self.mails.append(cast(EmailMessage, parsed))
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        return "250 taken"


def text_of(mail: EmailMessage) -> str:
    """Return the plain text of an e-mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html_of(mail: EmailMessage) -> str:
    """Return the HTML of an e-mail."""
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


class Noting(Controller):
    """Knows its connections, since `stop()` leaves open those that a client has just left."""

    def __init__(self, box: Mailbox, port: int) -> None:
        super().__init__(box, hostname="127.0.0.1", port=port)
        self.sessions: list[smtp.SMTP] = []

    def factory(self) -> smtp.SMTP:
        """Return what talks to a new client, and note it."""
        self.sessions.append(super().factory())  # type: ignore[no-untyped-call]
        return self.sessions[-1]

    async def close(self) -> None:
        """Accept nobody anymore, and hang up."""
        for _ in range(5):
            await asyncio.sleep(0)  # asyncio loses whom it is just accepting when the server closes
        if self.server is not None:
            self.server.close()
        for session in self.sessions:
            if session.transport is not None:
                session.transport.close()
        while any(session.transport is not None for session in self.sessions):
            await asyncio.sleep(0)


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Run a mail server while the block runs."""
    box = Mailbox()
    port = free_port()
    controller = Noting(box, port)
    controller.start()
    box.url = f"smtp://127.0.0.1:{port}"
    try:
        yield box
    finally:
        asyncio.run_coroutine_threadsafe(controller.close(), controller.loop).result(10)
        controller.stop()
