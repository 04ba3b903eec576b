"""An e-mail as it came: who wrote it, what it says, what it answers, and whether a person wrote it at all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses
from typing import Literal

from deflect.mail.text import decoded, of_html
from deflect.tickets.contact import LONGEST, printable
from kb.errors import BadRequest
from kb.patterns import EMAIL

LARGEST = 25 * 2**20  # bytes that are read of an e-mail
MOST_LINES = 500_000  # that are read, and of lines that may begin a part: what 25 MB hold at most that somebody wrote
MOST_PARTS = 5_000
LONGEST_HEADER = 20_000  # characters
NO_SUBJECT, NO_TEXT = "(no subject)", "(no text)"
ID = re.compile(r"<([^<>\s]{3,500})>")
PLAIN_ID = re.compile(r"[\w!#$%&'*+/=?^`{|}~.:-]{1,200}@[\w.:-]{1,200}", re.ASCII)  # that we may write in a header
FORM = re.compile(rb"[\x21-\x39\x3b-\x7e]+[ \t]*:")  # how a header begins

Kind = Literal["person", "bulk", "auto", "bounce"]  # who wrote: a person, a list or a machine; an answer, a bounce


class NoMail(BadRequest):
    """Bytes that are no e-mail, or one that comes from nobody who could be answered."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with an e-mail."""

    name: str
    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """What an e-mail says; `key` is the same whenever the same e-mail comes."""

    key: str
    id: str  # its Message-ID without brackets, "" where it has none, or an odd one
    sender: str  # the address that it comes from
    reply_to: str  # the address that an answer goes to
    name: str
    to: tuple[str, ...]
    subject: str
    text: str
    refs: tuple[str, ...]  # Message-IDs that it answers, the nearest first; of a bounce, those of what was returned
    kind: Kind
    quiet: bool  # no automatic answer to it, whoever wrote it
    cut: bool
    files: tuple[File, ...] = ()


def parse(raw: bytes) -> Mail:
    """Return what the bytes of an e-mail say; raises NoMail for what is no e-mail, or comes from no address."""
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if raw.startswith((b"From ", b">From ")):  # as mail servers write into files
        raw = raw.partition(b"\n")[2]
    if not FORM.match(raw):
        raise NoMail("this is not an e-mail: it doesn't start with a header")
    bounded = _bounded(raw)
    try:
        message = BytesParser(policy=compat32).parsebytes(bounded)
        text, files = _text(message), tuple(_files(message))
    except RecursionError:  # parts in parts in parts: nobody's mail program writes that
        message = BytesParser(policy=compat32).parsebytes(bounded, headersonly=True)
        text, files = decoded(bounded.partition(b"\n\n")[2][: 4 * LONGEST["body"]], "utf-8"), ()
    people = _addresses(message, "From", "Sender")
    if not people:
        raise NoMail("this e-mail has no sender address, so it can't be answered")
    name, sender = people[0]
    whole = printable(text[: 10 * LONGEST["body"]], lines=True).strip()
    subject, body = line(_words(_raw(message, "Subject")))[: LONGEST["subject"]], whole[: LONGEST["body"]]
    kind = _kind(message, sender)
    id = next(iter(ID.findall(_raw(message, "Message-ID"))), "")
    own = [id, sender, subject, body] if id else [hashlib.sha256(raw).hexdigest()]
    return Mail(
        key=hashlib.sha256("\0".join(own).encode("utf-8", "replace")).hexdigest(),
        id=id if PLAIN_ID.fullmatch(id) else "",
        sender=sender,
        reply_to=_reply_to(message, kind) or sender,
        name=line(_words(name))[: LONGEST["name"]],
        to=tuple(a for _, a in _addresses(message, "To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")),
        subject=subject or line(body)[:80] or NO_SUBJECT,
        text=body or NO_TEXT,
        refs=_returned(message) if kind == "bounce" else _refs(message),
        kind=kind,
        quiet=kind != "person" or _is_quiet(message, sender),
        cut=len(bounded) < len(raw) or len(raw) > LARGEST or len(whole) > len(body),
        files=files,
    )


def line(text: str) -> str:
    """Return `text` on one line, without what is not seen, or has other text be seen in another order."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _bounded(raw: bytes) -> bytes:
    """Return as much of an e-mail as reading it may cost: a part, or a header, takes a hundred times its bytes."""
    raw = raw[:LARGEST]
    for sign, most in ((b"\n", MOST_LINES), (b"\n--", MOST_PARTS)):
        if raw.count(sign) > most:
            raw = sign.join(raw.split(sign, most)[:most])
    return raw


def _text(part: Message) -> str:
    """Return the text of a part: of alternatives the plain one, of others one after the other."""
    if part.is_multipart() and part.get_content_maintype() != "message":
        found = [(child.get_content_type(), _text(child)) for child in _children(part)]
        said = [(kind, text) for kind, text in found if text.strip()]
        if part.get_content_subtype() == "alternative" and said:
            return next((text for kind, text in said if kind == "text/plain"), said[-1][1])
        return "\n\n".join(text for _, text in said)
    if part.get_content_type() not in ("text/plain", "text/html") or _is_file(part):
        return ""
    text = decoded(_payload(part)[: 4 * LARGEST], part.get_content_charset("") or "")
    return of_html(text) if part.get_content_subtype() == "html" else text


def _files(part: Message) -> Iterator[File]:
    if part.is_multipart() and part.get_content_maintype() != "message":
        for child in _children(part):
            yield from _files(child)
    elif part.get_content_type() == "message/rfc822":
        inner = part.get_payload(0) if part.is_multipart() else part
        title = line(_words(_raw(inner, "Subject")))[:100] if isinstance(inner, Message) else ""
        yield File(f"{title or 'message'}.eml", "message/rfc822", _bytes(inner))
    elif _is_file(part):
        name = line(_words(str(part.get_filename("") or "")))[:200]
        yield File(name or "unnamed", part.get_content_type(), _payload(part))


def _is_file(part: Message) -> bool:
    """Return True if a part is a file: it is named so, or is neither text nor what a report holds."""
    said = _raw(part, "Content-Disposition").strip().lower()
    if said.startswith("attachment"):
        return True
    kind = part.get_content_type()
    if kind in ("text/plain", "text/html"):
        return False
    return not kind.startswith(("message/", "multipart/")) and kind not in ("text/rfc822-headers", "text/calendar")


def _children(part: Message) -> list[Message]:
    found = part.get_payload()
    return [child for child in found if isinstance(child, Message)] if isinstance(found, list) else []


def _payload(part: Message) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AttributeError, TypeError):  # broken transfer encodings
        data = None
    return data if isinstance(data, bytes) else b""


def _bytes(part: object) -> bytes:
    try:
        return part.as_bytes() if isinstance(part, Message) else b""
    except (ValueError, LookupError, AttributeError, TypeError):
        return b""


def _raw(message: Message, name: str) -> str:
    return next(iter(_values(message, name)), "")


def _values(message: Message, name: str) -> list[str]:
    """Return the values of a header as they came; bytes that are no ASCII are read like those of a text."""
    found = [value for given, value in message.raw_items() if given.lower() == name.lower()][:5]
    return [decoded(value[:LONGEST_HEADER].encode("ascii", "surrogateescape"), "") for value in found]


def _words(text: str) -> str:
    """Return a header with its encoded words decoded; what cannot be decoded stays as it is."""
    if "=?" not in text:
        return text
    try:
        parts = decode_header(text)
    except (HeaderParseError, ValueError):
        return text
    return "".join(part if isinstance(part, str) else decoded(part, charset or "ascii") for part, charset in parts)


def _addresses(message: Message, *names: str) -> list[tuple[str, str]]:
    """Return names and addresses of some headers; an address is read before anything is decoded."""
    values = [value for name in names for value in _values(message, name)]
    try:
        found = getaddresses([line(value) for value in values])
    except (ValueError, IndexError, TypeError, RecursionError):  # comments in comments
        return []
    return [pair for pair in found[:200] if len(pair[1]) <= LONGEST["email"] and EMAIL.fullmatch(pair[1])]


def _reply_to(message: Message, kind: Kind) -> str:
    """Return where answers shall go, if that is one address: a list's Reply-To leads to everybody."""
    found = [address for _, address in _addresses(message, "Reply-To")]
    return found[0] if len(found) == 1 and kind == "person" else ""


def _refs(message: Message) -> tuple[str, ...]:
    direct, thread = (ID.findall(_raw(message, name)) for name in ("In-Reply-To", "References"))
    return tuple(dict.fromkeys([*direct[:10], *reversed(thread[-50:])]))


def _returned(message: Message) -> tuple[str, ...]:
    """Return the Message-ID and the thread of the e-mail that a bounce brings back."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "text/rfc822-headers":
            inner = BytesParser(policy=compat32).parsebytes(_payload(part), headersonly=True)
        elif kind == "message/rfc822" and part is not message and part.is_multipart():
            inner = _children(part)[0] if _children(part) else part
        else:
            continue
        return tuple(dict.fromkeys([*ID.findall(_raw(inner, "Message-ID")), *_refs(inner)]))
    return _refs(message)


def _kind(message: Message, sender: str) -> Kind:
    """Say what wrote an e-mail, by the headers that RFC 3834, RFC 3464 and habit have for it."""
    automatic = _raw(message, "Auto-Submitted").split(";")[0].strip().lower()
    precedence = _raw(message, "Precedence").strip().lower()
    report = message.get_content_type() == "multipart/report"
    if (report and "disposition" not in _raw(message, "Content-Type").lower()) or _local(sender) == "mailer-daemon":
        return "bounce"
    answers = automatic.startswith("auto-replied") or precedence in ("auto_reply", "auto-reply")
    if report or answers or "X-Autoreply" in message or "X-Autorespond" in message:
        return "auto"
    lists = "List-Id" in message or "List-Unsubscribe" in message or precedence in ("bulk", "list", "junk")
    return "bulk" if lists or automatic not in ("", "no") or _raw(message, "Return-Path").strip() == "<>" else "person"


def _is_quiet(message: Message, sender: str) -> bool:
    spam = _raw(message, "X-Spam-Flag").strip().lower().startswith("yes")
    nobody = re.fullmatch(r"(do-?)?no-?t?-?reply.*|postmaster|bounces?.*", _local(sender)) is not None
    return spam or nobody or "X-Auto-Response-Suppress" in message


def _local(address: str) -> str:
    return address.rpartition("@")[0].lower()
