"""Parse an e-mail: sender, content, the e-mails that it answers, and the kind of its author."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses
from typing import Literal

from deflect.mail.charsets import decoded
from deflect.mail.headers import header as _raw
from deflect.mail.headers import line
from deflect.mail.headers import values as _values
from deflect.mail.headers import words as _words
from deflect.mail.parts import Content, File, content
from deflect.mail.parts import children as _children
from deflect.mail.parts import payload as _payload
from deflect.tickets.contact import LONGEST, printable
from kb.errors import BadRequest
from kb.patterns import EMAIL

LARGEST = 25 * 2**20  # bytes of an e-mail that are read
MOST_LINES = 500_000  # that are read: no e-mail of 25 MB written by a person has more
MOST_PARTS = 5_000  # lines that may begin a part
NO_SUBJECT, NO_TEXT = "(no subject)", "(no text)"
ID = re.compile(r"<([^<>\s]{3,500})>")
PLAIN_ID = re.compile(r"[\w!#$%&'*+/=?^`{|}~.:-]{1,200}@[\w.:-]{1,200}", re.ASCII)  # safe to write in a header
FORM = re.compile(rb"[\x21-\x39\x3b-\x7e]+[ \t]*:")  # the start of a header

# Written by a person, sent by a list or a program, an automatic reply, or a bounce.
Kind = Literal["person", "bulk", "auto", "bounce"]


class NoMail(BadRequest):
    """The bytes are not an e-mail, or the e-mail has no sender address to answer."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A parsed e-mail. The same e-mail always has the same `key`."""

    key: str
    id: str  # the Message-ID without brackets, "" if it is missing or unusual
    sender: str  # the address in From or Sender
    reply_to: str  # the address for answers
    name: str
    to: tuple[str, ...]
    subject: str
    text: str
    refs: tuple[str, ...]  # Message-IDs that it answers, nearest first; for a bounce, those of the returned e-mail
    kind: Kind
    quiet: bool  # send no automatic answer
    cut: bool
    files: tuple[File, ...] = ()
    remarks: tuple[str, ...] = ()  # sentences about what is incomplete or can't be shown


def parse(raw: bytes) -> Mail:
    """Parse the bytes of an e-mail. Raise NoMail if they are not an e-mail or have no sender address."""
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if raw.startswith((b"From ", b">From ")):  # the separator line of mbox files
        raw = raw.partition(b"\n")[2]
    if not FORM.match(raw):
        raise NoMail("this is not an e-mail: it doesn't start with a header")
    bounded = _bounded(raw)
    try:
        message = BytesParser(policy=compat32).parsebytes(bounded)
        inside = content(message)
    except RecursionError:  # parts nested too deeply; no mail program writes this
        message = BytesParser(policy=compat32).parsebytes(bounded, headersonly=True)
        inside = Content(decoded(bounded.partition(b"\n\n")[2][: 4 * LONGEST["body"]]), (), (), True)
    people = _addresses(message, "From", "Sender")
    if not people:
        raise NoMail("this e-mail has no sender address, so it can't be answered")
    name, sender = people[0]
    whole = printable(inside.text[: 10 * LONGEST["body"]], lines=True).strip()
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
        cut=len(bounded) < len(raw) or len(raw) > LARGEST or len(whole) > len(body) or inside.cut,
        files=inside.files,
        remarks=inside.remarks,
    )


def _bounded(raw: bytes) -> bytes:
    """Return the e-mail, cut so that parsing stays cheap: a part or header takes a hundred times its bytes."""
    raw = raw[:LARGEST]
    for sign, most in ((b"\n", MOST_LINES), (b"\n--", MOST_PARTS)):
        if raw.count(sign) > most:
            raw = sign.join(raw.split(sign, most)[:most])
    return raw


def _addresses(message: Message, *names: str) -> list[tuple[str, str]]:
    """Return the names and addresses of some headers. Addresses are parsed before names are decoded."""
    values = [value for name in names for value in _values(message, name)]
    try:
        found = getaddresses([line(value) for value in values])
    except (ValueError, IndexError, TypeError, RecursionError):  # deeply nested comments
        return []
    return [pair for pair in found[:200] if len(pair[1]) <= LONGEST["email"] and EMAIL.fullmatch(pair[1])]


def _reply_to(message: Message, kind: Kind) -> str:
    """Return the Reply-To of a person's e-mail if it is a single address. A list's Reply-To reaches all members."""
    found = [address for _, address in _addresses(message, "Reply-To")]
    return found[0] if len(found) == 1 and kind == "person" else ""


def _refs(message: Message) -> tuple[str, ...]:
    direct, thread = (ID.findall(_raw(message, name)) for name in ("In-Reply-To", "References"))
    return tuple(dict.fromkeys([*direct[:10], *reversed(thread[-50:])]))


def _returned(message: Message) -> tuple[str, ...]:
    """Return the Message-ID and the thread of the e-mail that a bounce returns."""
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
    """Return the kind of sender, from the headers of RFC 3834 and RFC 3464 and from common practice."""
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
