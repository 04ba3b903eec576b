"""A mail server on loopback that is told, phase by phase, what to answer and when."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

ANSWERS = {
    "greeting": "220 mail",
    "EHLO": "250 mail",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "end": "250 taken",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


@dataclass
class Post:
    """The answers by phase; a phase in `silent` waits for `release` first, one in `cut` closes the connection.

    `taken` has the texts whose end arrived, whatever was answered.
    """

    answers: dict[str, str] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    cut: frozenset[str] = frozenset()
    taken: list[bytes] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        """The address for KB_SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}"


@contextmanager
def post_office(post: Post) -> Iterator[Post]:
    """Run the server while the block runs, a thread for each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    post.port = listener.getsockname()[1]
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=_converse, args=(post, connection)))
            threads[-1].start()

    door = threading.Thread(target=accept)
    door.start()
    try:
        yield post
    finally:
        post.release.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        door.join()
        for thread in threads:
            thread.join()


def _converse(post: Post, connection: socket.socket) -> None:
    with connection, suppress(OSError), connection.makefile("rb") as lines:

        def said(phase: str) -> bool:
            if phase in post.silent:
                post.release.wait(30)
            if phase in post.cut:
                return False
            connection.sendall((ANSWERS | post.answers).get(phase, "500 what").encode() + b"\r\n")
            return True

        if not said("greeting"):
            return
        while line := lines.readline():
            verb = line[:4].upper().decode("ascii", "replace")
            if not said(verb) or verb == "QUIT":
                return
            if verb == "DATA" and (ANSWERS | post.answers)["DATA"].startswith("354"):
                text = b""
                while not text.endswith(b"\r\n.\r\n"):
                    if not (more := lines.readline()):
                        return
                    text += more
                post.taken.append(text)
                if not said("end"):
                    return
