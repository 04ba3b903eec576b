"""A message to be delivered, and the protocol of the sinks that deliver it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from deflect.store.file_kinds import readable
from kb.errors import HelpCenterError

PERHAPS = "perhaps sent; "  # begins the sentence of such a delivery


class DeliveryFailed(HelpCenterError):
    """The receiver did not accept a delivery. The outbox tries again, after `wait` seconds if the receiver says so."""

    def __init__(self, message: str, *, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class NotTaken(DeliveryFailed):
    """The receiver will never accept this delivery unchanged, for example because its files are too large."""


class PerhapsSent(DeliveryFailed):
    """Everything was sent, but no answer came, so the receiver may have accepted the delivery."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{PERHAPS}{message}")
        self.reason = message


@dataclass(frozen=True, slots=True)
class Carried:
    """A file of a delivery. Its bytes are at `path` unless they were lost; `link` opens it until it expires."""

    id: str
    name: str
    media: str
    size: int
    digest: str
    path: Path
    link: str = ""
    expires: int = 0  # seconds since 1970

    def data(self) -> bytes | None:
        """Return the file's bytes, or None if they are no longer on disk."""
        try:
            return self.path.read_bytes()
        except OSError:
            return None

    def line(self) -> str:
        """Return a line that names the file in a delivery that cannot include it."""
        return f"Not attached: {self.name}, {readable(self.size)}" + (f", {self.link}" if self.link else "")


@dataclass(frozen=True, slots=True)
class Earlier:
    """A message that an answer quotes."""

    who: str
    at: int  # microseconds
    body: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message of a ticket to be delivered. Its `id` is the same at every try, so receivers can detect repeats."""

    id: str
    ticket: str
    subject: str
    email: str
    name: str
    category: str
    channel: str
    lang: str
    page: str
    fields: Mapping[str, Any]
    author: str
    body: str
    created: int  # microseconds
    verified: str = ""  # the requester's id or e-mail address from a signed token
    segment: str = ""
    thread: str = ""  # the ticket's number, signed; replies by e-mail contain it
    answers: tuple[str, ...] = ()  # Message-IDs of earlier e-mails; the last is the one that this answers
    again: bool = False  # not the first message of its ticket
    files: tuple[Carried, ...] = ()  # attachments of the message
    by: str = ""  # the agent who wrote the message
    earlier: tuple[Earlier, ...] = ()  # the messages that an answer is about, latest first
    trail: tuple[str, ...] = ()  # the requester's searches, reads and offers, one line each


class TicketSink(Protocol):
    """A destination of tickets, such as a mailbox or a help desk."""

    @property
    def name(self) -> str:
        """The sink's name in KB_SINKS and in the outbox."""

    def deliver(self, delivery: Delivery) -> str:
        """Deliver a message. Return the receiver's id for it, or "". Raise DeliveryFailed if it is not accepted."""
