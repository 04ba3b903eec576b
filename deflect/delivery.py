"""A delivery on its way to where agents work, and what carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from kb.errors import HelpCenterError


class DeliveryFailed(HelpCenterError):
    """A delivery that was not accepted this time; it is tried again, after `wait` seconds if the receiver asks so."""

    def __init__(self, message: str, *, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


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
    articles: tuple[tuple[str, str], ...] = ()  # titles and addresses that a receipt names
    thread: str = ""  # the ticket's number, signed: who answers by e-mail shows it
    answers: tuple[str, ...] = ()  # Message-IDs of the e-mails before this one, the one that it answers last
    again: bool = False  # not the first message of its ticket
    trail: tuple[str, ...] = ()  # what the requester searched, read and was offered, a line each


class TicketSink(Protocol):
    """Carries tickets to where agents work."""

    @property
    def name(self) -> str:
        """The name by which settings and outbox know it."""

    def deliver(self, delivery: Delivery) -> str:
        """Carry one delivery and return the id that the receiver gave it, or ""; raises DeliveryFailed."""
