"""A desk that reads and sends e-mails, and what its agents and requesters do."""

from __future__ import annotations

from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

from deflect.delivery.outbox import deliver
from deflect.delivery.sinks import sink
from deflect.store import clock
from deflect.store.clock import SECOND
from deflect.store.database import Row
from deflect.store.services import Services
from deflect.tickets import queries, ticket_writes
from tests.support.fakes import make_services
from tests.support.mails import mail
from tests.support.receivers import Mailbox

SETTINGS = {"smtp_from": "Help <help@shop.example>", "mail_to": "help+*@shop.example", "title": "Shop"}


def with_mail(folder: Path, box: Mailbox, **more: Any) -> Services:
    """Return services that send and read e-mails."""
    given = SETTINGS | {"smtp_url": box.url, "receipts": True, "url": "https://help.example"}
    return make_services(folder, **(given | more))


def only(services: Services) -> Row:
    """Return the only ticket."""
    (row,) = services.store.rows("SELECT * FROM tickets")
    return row


def said(services: Services, ticket: str | None) -> list[tuple[str, str]]:
    """Return the authors and texts of a ticket."""
    return [(row["author"], row["body"]) for row in queries.messages(services.store, ticket or "")]


def carry(services: Services) -> None:
    """Send what is due."""
    find = partial(sink, current=services.current)
    deliver(services.settings, services.store, services.writer, now=clock.now() + SECOND, find=find)


def answer(services: Services, ticket: str | None, text: str = "Look here.") -> None:
    """Answer a ticket by e-mail."""
    message = {"id": f"m-{text}", "ticket": ticket, "author": "agent", "channel": "email", "body": text}
    outbox = [{"id": "11111111-1111-4111-8111-111111111111", "sink": "reply"}]
    services.writer.run(ticket_writes.add_message, message=message, outbox=outbox, who="ann", now=clock.now())
    carry(services)


def shut(services: Services, ticket: str | None) -> None:
    """Close a ticket with an article."""
    services.writer.run(
        ticket_writes.close_ticket, id="c1", ticket=ticket, article="account/reset", who="ann", now=clock.now()
    )


def reply_to(sent: EmailMessage, text: str = "It still fails.", **headers: str) -> bytes:
    """Return a reply to an e-mail of ours."""
    return mail(
        text, id="<r1@example.com>", subject=f"Re: {sent['Subject']}", In_Reply_To=sent["Message-ID"], **headers
    )
