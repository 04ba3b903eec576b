"""Hand an e-mail to a mail server, with the patience that RFC 5321 asks for in each phase (section 4.5.3.2).

A server may take minutes to accept an e-mail whose text it has received. Sending it again after a short wait would
deliver it many times. So an answer that doesn't come after the end of the text means *perhaps sent*, an answer of 500
to 599 means never, and any other failure means that the e-mail was not sent and can be tried again soon.
"""

from __future__ import annotations

import errno
import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from deflect.delivery.delivery import DeliveryFailed, NotTaken, PerhapsSent
from kb.connections import why
from kb.errors import BadSetting
from kb.outbound import ended_after
from kb.strict import plain

CONNECT = 30.0  # seconds to connect and to agree on TLS
GREETING = 300.0
COMMAND = 300.0
DATA = 120.0  # until the server asks for the text
BLOCK = 180.0  # for each block of the text
END = 600.0  # until the server has accepted the text
QUIT = 10.0
WHOLE = 1800.0  # for all together, also if the server sends a byte now and then
BLOCK_SIZE = 64 * 1024
MOST_SAID = 1 << 20  # bytes of answers in a session
LOGIN = (530, 534, 535, 538)  # the server wants another login: not the e-mail's fault
HOST = re.compile(r"[\w.:-]{1,253}")


@dataclass(frozen=True, slots=True)
class Server:
    """The mail server of KB_SMTP_URL: smtp://, with STARTTLS if the server offers it, or smtps://."""

    host: str
    port: int
    tls: bool
    user: str
    password: str = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Server:
        """Parse a URL. Raise BadSetting without quoting the URL, which may contain a password."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadSetting("smtp_url is not an address; write it like smtp://user:password@host:587") from error
        if parts.scheme not in ("smtp", "smtps") or not HOST.fullmatch(parts.hostname or "") or port == 0:
            raise BadSetting("smtp_url must be smtp://host:port or smtps://host:port")
        tls = parts.scheme == "smtps"
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname or "", port or (465 if tls else 25), tls, user, password)

    @property
    def who(self) -> str:
        """The host with its port, for messages."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def send(self, message: EmailMessage) -> None:
        """Send a message.

        Raise NotTaken if the server will never accept it, PerhapsSent if it may have, otherwise DeliveryFailed.
        """
        try:
            client = self._client()
            try:
                self._log_in(client)
                client.send_message(message)
                _say_goodbye(client)
            finally:
                client.close()
        except _NoLogin as error:
            raise DeliveryFailed(f"{self.who} offers no login that we can use; see KB_SMTP_URL") from error
        except smtplib.SMTPAuthenticationError as error:
            raise DeliveryFailed(f"{self.host} refused the user name and password ({error.smtp_code})") from error
        except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
            raise self._refused(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise self._refused(code, said, "the recipient was refused: ") from error
        except smtplib.SMTPNotSupportedError as error:
            raise NotTaken(f"{self.who} does not take addresses with letters outside ASCII") from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise DeliveryFailed(_why(error, who=self.who)) from error

    def _client(self) -> smtplib.SMTP:
        """Return a connection to the server, which has greeted us."""
        if self.tls:
            return _TlsClient(self.host, self.port, timeout=CONNECT, context=ssl.create_default_context())
        return _Client(self.host, self.port, timeout=CONNECT)

    def _log_in(self, client: smtplib.SMTP) -> None:
        client.ehlo_or_helo_if_needed()
        if not self.tls and client.has_extn("starttls"):
            client.starttls(context=ssl.create_default_context())
            client.ehlo_or_helo_if_needed()
        if self.user:
            try:
                client.login(self.user, self.password)
            except smtplib.SMTPNotSupportedError as error:
                raise _NoLogin(str(error)) from error

    def _refused(self, code: int, said: bytes | str, about: str = "") -> DeliveryFailed:
        never = 500 <= code <= 599 and code not in LOGIN
        return (NotTaken if never else DeliveryFailed)(f"{self.who}: {about}{_answer(code, said)}")


class _NoLogin(smtplib.SMTPException):
    """The server offers no login, or none that we know."""


class _Lines:
    """The lines of a server's answers, of at most MOST_SAID bytes in a session."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._said = file, 0

    def readline(self, most: int) -> bytes:
        """Return the next line. Raise OSError if the server says more than a mail server has to say."""
        line = self._file.readline(most)
        self._said += len(line)
        if self._said > MOST_SAID:
            raise OSError(errno.EMSGSIZE, f"it said more than {MOST_SAID:,} bytes")
        return line

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Client(smtplib.SMTP):
    """A connection whose patience depends on the phase. It ends after WHOLE seconds."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        made.settimeout(GREETING)
        self._who, self._end = f"{host}:{port}", ended_after(WHOLE, lambda: self.sock or made)
        return made

    def close(self) -> None:
        """Close the connection, and stop counting its time."""
        if end := vars(self).get("_end"):
            end.cancel()
        super().close()

    def getreply(self) -> tuple[int, bytes]:
        """Return the next answer of the server."""
        if self.file is None and self.sock is not None:
            self.file = _Lines(self.sock.makefile("rb"))
        return super().getreply()

    def ehlo(self, name: str = "") -> tuple[int, bytes]:
        """Introduce this machine. The server has greeted us, so the patience is that of commands from now on."""
        self._wait(COMMAND)
        return super().ehlo(name)

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send the text of an e-mail, and return the server's answer. Raise PerhapsSent if it doesn't come."""
        self._wait(DATA)
        code, said = self.docmd("DATA")
        if code != 354:
            raise smtplib.SMTPDataError(code, said)
        self._wait(BLOCK)
        text = re.sub(rb"(?m)^\.", b"..", msg).removesuffix(b"\r\n") + b"\r\n"
        for first in range(0, len(text), BLOCK_SIZE):
            self.send(text[first : first + BLOCK_SIZE])
        self.send(b".\r\n")
        self._wait(END)
        try:
            code, said = self.getreply()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise PerhapsSent(f"{_why(error, who=self._who)} after it had received the whole e-mail") from error
        if not (200 <= code <= 299 or 400 <= code <= 599):
            raise PerhapsSent(f"{self._who} answered with something unreadable: {_text(said)}")
        return (250 if code <= 299 else code), said

    def _wait(self, seconds: float) -> None:
        if self.sock is not None:
            self.sock.settimeout(seconds)


class _TlsClient(_Client, smtplib.SMTP_SSL):
    """The same over TLS from the start."""


def _say_goodbye(client: smtplib.SMTP) -> None:
    """End the session. The e-mail is accepted already, so nothing that happens here matters."""
    if client.sock is not None:
        client.sock.settimeout(QUIT)
    with suppress(smtplib.SMTPException, OSError):
        client.quit()


def _why(error: Exception, *, who: str) -> str:
    """Return why a session failed; smtplib hides the error of the connection behind its own."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{who}: {_answer(error.smtp_code, error.smtp_error)}"
    hidden = error.__context__ if isinstance(error, smtplib.SMTPServerDisconnected) else None
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return why(hidden if isinstance(hidden, OSError) else ConnectionError(), who=who)
    if isinstance(error, smtplib.SMTPException):
        return f"{who}: {plain(error, longest=200)}"
    return why(error, who=who)


def _answer(code: int, said: bytes | str) -> str:
    """Return an answer as a server gave it; smtplib's code for one without a number is -1."""
    return f"{code} {_text(said)}" if 200 <= code <= 599 else f"the answer is unreadable ({_text(said) or 'no text'})"


def _text(said: bytes | str) -> str:
    return plain(said.decode("utf-8", "replace") if isinstance(said, bytes) else said, longest=200)
