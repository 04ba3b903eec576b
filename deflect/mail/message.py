"""Parse an e-mail: sender, content, the e-mails that it answers, and the kind of its author."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from deflect.mail import kinds
from deflect.mail.addresses import ID, addresses, refs
from deflect.mail.charsets import decoded
from deflect.mail.headers import header, line, words
from deflect.mail.kinds import Kind
from deflect.mail.parts import Content, File, content
from deflect.mail.senders import Sender, is_own_list, sender_of
from deflect.tickets.contact import LONGEST, printable
from kb.errors import BadRequest

LARGEST = 25 * 2**20  # bytes of an e-mail that are read
MOST_LINES = 500_000  # that are read: no e-mail of 25 MB written by a person has more
MOST_HEADERS = 10_000  # lines before the first empty line; each header that is looked up is compared with all of them
MOST_PARTS = 5_000  # lines that may begin a part
NO_SUBJECT, NO_TEXT = "(no subject)", "(no text)"
PLAIN_ID = re.compile(r"[\w!#$%&'*+/=?^`{|}~.:-]{1,200}@[\w.:-]{1,200}", re.ASCII)  # safe to write in a header
EMPTY_LINE = re.compile(rb"\n\r?\n")
FORM = re.compile(rb"[\x21-\x39\x3b-\x7e]+[ \t]*:")  # the start of a header

NO_SENDER = "unknown@sender.invalid"  # the sender of an e-mail that names none; RFC 2606 reserves the domain


class NoMail(BadRequest):
    """The bytes are not an e-mail, or the e-mail has no sender address to answer."""

    reason = "not an e-mail"


class NoSender(NoMail):
    """The e-mail has no sender address, so that it cannot be answered."""

    reason = "no sender"


@dataclass(frozen=True, slots=True)
class Mail:
    """A parsed e-mail. The same e-mail always has the same `key`."""

    key: str
    id: str  # the Message-ID without brackets, "" if it is missing or unusual
    sender: str  # the address of the author, in From or Sender, or in another header if `via` is set
    reply_to: str  # the address for answers
    name: str
    to: tuple[str, ...]
    subject: str
    text: str
    refs: tuple[str, ...]  # Message-IDs that it answers, nearest first; for a bounce, those of the returned e-mail
    kind: Kind
    quiet: bool  # send no automatic answer
    cut: bool
    via: str = ""  # the address in From of a list or a form that passed the e-mail on, so that others name the author
    refused: tuple[str, ...] = ()  # the recipients that a bounce was not delivered to
    guessed: bool = False  # only the subject says that a program wrote it
    stamp: str = ""  # the ticket in the header that our own e-mails have
    loops: bool = False
    files: tuple[File, ...] = ()
    remarks: tuple[str, ...] = ()  # sentences about what is incomplete or can't be shown


def parse(raw: bytes, *, own: frozenset[str] = frozenset(), anyway: bool = False) -> Mail:
    """Parse the bytes of an e-mail. Raise NoMail if they are not an e-mail or have no sender address.

    `own` are our own addresses in lower case. With `anyway`, any bytes are an e-mail.
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if raw.startswith((b"From ", b">From ")):  # the separator line of mbox files
        raw = raw.partition(b"\n")[2]
    if not FORM.match(raw) and anyway:
        raw = b"Subject: \n\n" + raw
    if not FORM.match(raw):
        raise NoMail("this is not an e-mail: it doesn't start with a header")
    bounded = _bounded(raw)
    try:
        message = BytesParser(policy=compat32).parsebytes(bounded)
        inside = content(message)
    except RecursionError:  # parts nested too deeply; no mail program writes this
        message = BytesParser(policy=compat32).parsebytes(bounded, headersonly=True)
        inside = Content(decoded(bounded.partition(b"\n\n")[2][: 4 * LONGEST["body"]]), (), (), True)
    whole = printable(inside.text[: 10 * LONGEST["body"]], lines=True).strip()
    subject, body = line(words(header(message, "Subject")))[: LONGEST["subject"]], whole[: LONGEST["body"]]
    sender = _sender(message, own, anyway=anyway, text=body)
    listed = not (sender.via and sender.via.lower() in own) and not is_own_list(message, own)
    kind = kinds.kind_of(message, sender.address, text=body, listed=listed)
    id = next(iter(ID.findall(header(message, "Message-ID"))), "")
    key = [id, sender.address, subject, body] if id else [hashlib.sha256(raw).hexdigest()]
    return Mail(
        key=hashlib.sha256("\0".join(key).encode("utf-8", "replace")).hexdigest(),
        id=id if PLAIN_ID.fullmatch(id) else "",
        sender=sender.address,
        reply_to=sender.reply_to if kind == "person" or sender.via else sender.address,
        via=sender.via,
        name=sender.name[: LONGEST["name"]],
        to=tuple(a for _, a in addresses(message, "To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")),
        subject=subject or line(body)[:80] or NO_SUBJECT,
        text=body or NO_TEXT,
        refs=kinds.returned(message, text=body) if kind == "bounce" else refs(message),
        refused=kinds.refused(message, text=body) if kind == "bounce" else (),
        kind=kind,
        guessed=kind == "auto" and not kinds.is_answer(message),
        stamp=line(header(message, "X-Ticket"))[:40],
        loops=kinds.is_looping(message, own),
        quiet=kind != "person"
        or sender.address.lower() in (NO_SENDER, *own)
        or kinds.is_quiet(message, sender.address),
        cut=len(bounded) < len(raw) or len(raw) > LARGEST or len(whole) > len(body) or inside.cut,
        files=inside.files,
        remarks=inside.remarks,
    )


def _sender(message: Message, own: frozenset[str], *, anyway: bool, text: str) -> Sender:
    """Return the sender of an e-mail. A bounce needs none. Raise NoSender if another e-mail has none."""
    found = sender_of(message, own)
    if found is None and not anyway and kinds.kind_of(message, "", text=text) != "bounce":
        raise NoSender("this e-mail has no sender address, so it can't be answered")
    return found or Sender(NO_SENDER, "", NO_SENDER)


def _bounded(raw: bytes) -> bytes:
    """Return the e-mail, cut so that parsing stays cheap: a part or header takes a hundred times its bytes."""
    raw = raw[:LARGEST]
    for sign, most in ((b"\n", MOST_LINES), (b"\n--", MOST_PARTS)):
        if raw.count(sign) > most:
            raw = sign.join(raw.split(sign, most)[:most])
    end = EMPTY_LINE.search(raw)
    head = raw[: end.start()] if end else raw
    if head.count(b"\n") > MOST_HEADERS:
        raw = b"\n".join(head.split(b"\n", MOST_HEADERS)[:MOST_HEADERS]) + raw[len(head) :]
    return raw
