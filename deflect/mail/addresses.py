"""Read the addresses of an e-mail, and the Message-IDs that it answers."""

from __future__ import annotations

import re
from email.message import Message
from email.utils import getaddresses

from deflect.mail.headers import header, line, values
from deflect.tickets.contact import LONGEST
from kb.patterns import EMAIL

ID = re.compile(r"<([^<>\s]{3,500})>")


def addresses(message: Message, *names: str) -> list[tuple[str, str]]:
    """Return the names and addresses of some headers. Addresses are parsed before names are decoded."""
    given = [value for name in names for value in values(message, name)]
    try:
        found = getaddresses([line(value) for value in given])
    except (ValueError, IndexError, TypeError, RecursionError):  # deeply nested comments
        return []
    return [pair for pair in found[:200] if len(pair[1]) <= LONGEST["email"] and EMAIL.fullmatch(pair[1])]


def refs(message: Message) -> tuple[str, ...]:
    """Return the Message-IDs that an e-mail answers, nearest first."""
    direct, thread = (ID.findall(header(message, name)) for name in ("In-Reply-To", "References"))
    return tuple(dict.fromkeys([*direct[:10], *reversed(thread[-50:])]))


def plain(message: Message, name: str) -> str:
    """Return the value of a header in lower case without surrounding space."""
    return header(message, name).strip().lower()
