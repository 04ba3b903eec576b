"""Read the headers of an e-mail: raw values, decoded words, addresses and the Message-IDs that it answers."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from deflect.mail.text import decoded
from deflect.tickets.contact import LONGEST
from kb.patterns import EMAIL

LONGEST_HEADER = 20_000  # characters
ID = re.compile(r"<([^<>\s]{3,500})>")


def line(text: str) -> str:
    """Return `text` on one line, without invisible characters and marks that change the direction of text."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def header(message: Message, name: str) -> str:
    """Return the raw value of a header, "" if it is missing."""
    return next(iter(values(message, name)), "")


def plain(message: Message, name: str) -> str:
    """Return the value of a header in lower case without surrounding space."""
    return header(message, name).strip().lower()


def values(message: Message, name: str) -> list[str]:
    """Return the raw values of a header, at most five. Bytes outside ASCII are decoded like the text of a part."""
    found = [value for given, value in message.raw_items() if given.lower() == name.lower()][:5]
    return [decoded(value[:LONGEST_HEADER].encode("ascii", "surrogateescape"), "") for value in found]


def words(text: str) -> str:
    """Return a header with its encoded words decoded, or unchanged if they cannot be decoded."""
    if "=?" not in text:
        return text
    try:
        parts = decode_header(text)
    except (HeaderParseError, ValueError):
        return text
    return "".join(part if isinstance(part, str) else decoded(part, charset or "ascii") for part, charset in parts)


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
