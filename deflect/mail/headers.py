"""Read the headers of an e-mail: raw bytes, encoded words, and parameters such as the name of a file."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from email.message import Message

from deflect.mail.charsets import decoded

LONGEST_HEADER = 20_000  # characters
WORD = re.compile(r"=\?([^?*\s]{1,60})(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def line(text: str) -> str:
    """Return `text` on one line, without invisible characters and marks that change the direction of text."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def header(message: Message, name: str) -> str:
    """Return the first value of a header, or ""."""
    return next(iter(values(message, name)), "")


def values(message: Message, name: str) -> list[str]:
    """Return the values of a header, at most five, with encoded words as they are.

    Bytes outside ASCII are decoded like a text in the charset of the e-mail.
    """
    return [decoded(value, charset_of(message) if not value.isascii() else "") for value in _bytes(message, name)]


def words(text: str) -> str:
    """Return a header with its encoded words decoded. A word that can't be decoded stays as it is.

    Words of one charset are decoded together, because some programs split them within a character.

    >>> words("=?utf-8?q?Gr=C3?= =?utf-8?q?=B6=C3=9Fe?= =?x?b?####?=")
    'Größe =?x?b?####?='
    """
    pieces: list[tuple[str, bytes | str]] = []
    end = 0
    for found in WORD.finditer(text):
        charset, between, data = found[1].lower(), text[end : found.start()], _word(found)
        if data is None:
            continue
        follows = bool(pieces) and not between.strip()
        last = pieces[-1] if follows else ("", "")
        if isinstance(last[1], bytes) and last[0] == charset:
            pieces[-1] = (charset, last[1] + data)
        else:
            pieces += [(charset, data)] if follows else [("", between), (charset, data)]
        end = found.end()
    pieces.append(("", text[end:]))
    return "".join(piece if isinstance(piece, str) else decoded(piece, charset) for charset, piece in pieces)


def charset_of(message: Message) -> str:
    """Return the charset that an e-mail declares for its text, or ""."""
    for count, part in enumerate(message.walk()):
        if found := parameter(part, "Content-Type", "charset"):
            return found
        if count == 20:
            break
    return ""


def parameter(part: Message, field: str, name: str, *labels: str) -> str:
    """Return a parameter of a header, decoded from raw bytes, RFC 2231 or encoded words; "" if it is missing."""
    value = next(iter(_bytes(part, field)), b"")
    plain = Message()
    plain[field] = " ".join(value.decode("latin-1").split())  # one character for each byte, so that nothing is lost
    try:
        found = plain.get_param(name, header=field)
    except (ValueError, IndexError, TypeError):
        return ""
    if isinstance(found, tuple):
        return words(decoded(found[2].encode("latin-1", "replace"), found[0] or "", *labels))
    return words(decoded(found.encode("latin-1", "replace"), *labels)) if isinstance(found, str) else ""


def unpadded(data: bytes) -> bytes:
    """Decode base64 as far as it goes, without the padding, and without characters that are not base64."""
    plain = NOT_BASE64.sub(b"", data)
    plain = plain[:-1] if len(plain) % 4 == 1 else plain
    return base64.b64decode(plain + b"=" * (-len(plain) % 4))


def _bytes(message: Message, name: str) -> list[bytes]:
    found = [value for given, value in message.raw_items() if given.lower() == name.lower()][:5]
    return [str(value)[:LONGEST_HEADER].encode("utf-8", "surrogateescape") for value in found]


def _word(found: re.Match[str]) -> bytes | None:
    text = found[3].encode("utf-8", "replace")
    if found[2] in "qQ":
        return quopri.decodestring(text, header=True)
    try:
        return b"".join(unpadded(part) for part in text.split(b"=")) or (None if text.strip() else b"")
    except binascii.Error:
        return None
