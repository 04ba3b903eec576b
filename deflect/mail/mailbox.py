"""Read e-mails from a mailbox over IMAP. An e-mail is marked as read, or moved, only after it is stored."""

from __future__ import annotations

import base64
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from deflect.mail.message import LARGEST, NoMail
from kb.config import Settings
from kb.connections import why
from kb.errors import BadSetting, HelpCenterError
from kb.strict import plain

TIMEOUT = 20.0  # seconds
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SAFE = re.compile(r"[\x20-\x25\x27-\x7e]*")  # characters of a folder's name that IMAP doesn't encode

Take = Callable[[bytes], bool]  # stores an e-mail and returns True if it did; raises NoMail for unusable bytes


class MailboxFailed(HelpCenterError):
    """The mailbox cannot be read. The message gives the reason and never contains the password."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mailbox of KB_IMAP_URL: imaps://, or imap:// with STARTTLS unless the server is on this machine."""

    host: str
    port: int
    tls: bool
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    done: str = ""

    @classmethod
    def from_settings(cls, settings: Settings) -> Mailbox:
        """Return the mailbox from the settings. Raise BadSetting, whose message never contains the password."""
        try:
            parts = urlsplit(settings.imap_url)
            port = parts.port
        except ValueError as error:
            raise BadSetting("imap_url is not a URL like imaps://user@host/INBOX") from error
        if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username:
            raise BadSetting("imap_url is not a URL like imaps://user@host/INBOX")
        password = settings.imap_password or unquote(parts.password or "")
        if not password:
            raise BadSetting("imap_url needs a password; set KB_IMAP_PASSWORD to the mailbox's password")
        tls = parts.scheme == "imaps"
        folder = unquote(parts.path.strip("/")) or "INBOX"
        user = unquote(parts.username)
        return cls(parts.hostname, port or (993 if tls else 143), tls, user, password, folder, settings.imap_done)

    @contextmanager
    def opened(self, *, readonly: bool = False) -> Iterator[imaplib.IMAP4]:
        """Yield a connection with the folder selected. Raise MailboxFailed with the server's error."""
        try:
            client = self._connect()
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            raise MailboxFailed(self._said(error)) from error
        try:
            self._log_in(client)
            _ok(*client.select(quoted(self.folder), readonly=readonly))
            if self.done:  # fail before taking an e-mail that could not be moved
                _ok(*client.status(quoted(self.done), "(UIDNEXT)"))
            yield client
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            raise MailboxFailed(self._said(error)) from error
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                client.logout()

    def waiting(self) -> int:
        """Return the number of unread e-mails, without changing the mailbox."""
        with self.opened(readonly=True) as client:
            return len(_unread(client))

    def read(self, take: Take) -> tuple[int, int]:
        """Pass each unread e-mail to `take`. Return how many are done and how many stay unread for the next run.

        An e-mail is marked after it is stored. If the process is killed in between, the e-mail is read again, and
        `take` recognises it. Bytes that are not an e-mail are marked as read and flagged, so that a person can look
        at them. Any other error of `take` stops the run.
        """
        settled = 0
        with self.opened() as client:
            unread = _unread(client)
            for uid in unread:
                raw = _fetch(client, uid)
                if raw is None:  # removed in the meantime
                    settled += 1
                    continue
                try:
                    kept = take(raw)
                except NoMail:
                    _ok(*client.uid("STORE", uid, "+FLAGS", r"(\Seen \Flagged)"))
                    settled += 1
                    continue
                if kept:
                    self._settle(client, uid)
                    settled += 1
        return settled, len(unread) - settled

    def _connect(self) -> imaplib.IMAP4:
        if self.tls:
            return imaplib.IMAP4_SSL(self.host, self.port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT)
        client = imaplib.IMAP4(self.host, self.port, timeout=TIMEOUT)
        if "STARTTLS" in client.capabilities and self.host not in LOOPBACK:
            client.starttls(ssl.create_default_context())
        elif self.host not in LOOPBACK:
            raise ValueError("the server offers no TLS, so the password would be sent unencrypted; use imaps://")
        return client

    def _log_in(self, client: imaplib.IMAP4) -> None:
        try:
            if "AUTH=PLAIN" in client.capabilities:
                client.authenticate("PLAIN", lambda _: f"\0{self.user}\0{self.password}".encode())
            else:
                client.login(_string(self.user), self.password)
        except imaplib.IMAP4.error as error:
            raise ValueError(
                "the server refused the user name or password; check KB_IMAP_URL and KB_IMAP_PASSWORD"
            ) from error

    def _settle(self, client: imaplib.IMAP4, uid: str) -> None:
        """Mark an e-mail as read, and move it if a folder is set. Without MOVE it is copied and then deleted."""
        _ok(*client.uid("STORE", uid, "+FLAGS", r"(\Seen)"))
        if not self.done:
            return
        able = b" ".join(_bytes(_ok(*client.capability()))).split()  # the server may offer more after login
        if b"MOVE" in able:
            _ok(*client.uid("MOVE", uid, quoted(self.done)))
            return
        _ok(*client.uid("COPY", uid, quoted(self.done)))
        _ok(*client.uid("STORE", uid, "+FLAGS", r"(\Deleted)"))
        if b"UIDPLUS" in able:
            _ok(*client.uid("EXPUNGE", uid))

    def _said(self, error: Exception) -> str:
        who = f"{self.host}:{self.port}"
        if isinstance(error, OSError) and not isinstance(error, imaplib.IMAP4.error):
            return why(error, who=who)
        text = str(error).replace(self.password, "…") if self.password else str(error)
        return f"{who}: {plain(text, longest=250)}"


def quoted(folder: str) -> str:
    """Return a folder's name in IMAP's modified UTF-7, quoted (RFC 3501, section 5.1.3).

    >>> quoted("INBOX"), quoted("Größe & mehr")
    ('"INBOX"', '"Gr&APYA3w-e &- mehr"')
    """
    parts = re.findall(r"&|[\x20-\x25\x27-\x7e]+|[^\x20-\x7e]+", folder)
    return _string("".join("&-" if part == "&" else part if SAFE.fullmatch(part) else _utf7(part) for part in parts))


def _utf7(text: str) -> str:
    return "&" + base64.b64encode(text.encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"


def _string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unread(client: imaplib.IMAP4) -> list[str]:
    found = _ok(*client.uid("SEARCH", "UNSEEN", "UNDELETED"))
    return b" ".join(_bytes(found)).decode("ascii", "replace").split()


def _fetch(client: imaplib.IMAP4, uid: str) -> bytes | None:
    """Return an e-mail without marking it. Fetch one byte above the limit, so that the parser can see it was cut."""
    answer = _ok(*client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST + 1}>)"))
    return next((part[1] for part in answer if isinstance(part, tuple) and len(part) > 1), None)


def _ok(status: str, answer: Sequence[object]) -> Sequence[object]:
    if status != "OK":
        raise imaplib.IMAP4.error(b" ".join(_bytes(answer)).decode("utf-8", "replace"))
    return answer


def _bytes(answer: Sequence[object]) -> list[bytes]:
    return [part for part in answer if isinstance(part, bytes)]
