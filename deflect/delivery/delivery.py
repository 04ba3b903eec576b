"""A delivery on its way to where agents work, and what carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from deflect.store.file_kinds import readable
from kb.errors import HelpCenterError


class DeliveryFailed(HelpCenterError):
    """A delivery that was not accepted this time; it is tried again, after `wait` seconds if the receiver asks so."""

    def __init__(self, message: str, *, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class NotTaken(DeliveryFailed):
    """A delivery that the receiver will not take as it stands, such as one with files that are too large for it."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A file that goes along; its bytes are at `path`, unless they were lost, and `link` opens it for a while."""

    id: str
    name: str
    media: str
    size: int
    digest: str
    path: Path
    link: str = ""
    expires: int = 0  # seconds since 1970

    def data(self) -> bytes | None:
        """Return its bytes; None where they are not on disk any more."""
        try:
            return self.path.read_bytes()
        except OSError:
            return None

    def line(self) -> str:
        """Return what to say of it where it cannot go along itself."""
        return f"Not attached: {self.name}, {readable(self.size)}" + (f", {self.link}" if self.link else "")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message of a ticket on its way: `id` stays the same at every try, so that receivers know repeats by it."""

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
    verified: str = ""  # who wrote it, where a token of the owner's server said so
    segment: str = ""
    thread: str = ""  # the ticket's number, signed: who answers by e-mail shows it
    answers: tuple[str, ...] = ()  # Message-IDs of the e-mails before this one, the one that it answers last
    again: bool = False  # not the first message of its ticket
    files: tuple[Carried, ...] = ()  # what came with the message
    trail: tuple[str, ...] = ()  # what the requester searched, read and was offered, a line each


class TicketSink(Protocol):
    """Carries tickets to where agents work."""

    @property
    def name(self) -> str:
        """The name by which settings and outbox know it."""

    def deliver(self, delivery: Delivery) -> str:
        """Carry one delivery and return the id that the receiver gave it, or ""; raises DeliveryFailed."""
