"""Turn an e-mail into a ticket or a message of a ticket, once, or record that it was skipped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any, Literal

from sqlite_utils import Database

from deflect.mail.message import File, Mail, parse
from deflect.mail.threads import is_ours, ticket_of
from deflect.offers.episode import new_id, new_ticket_id, ways
from deflect.offers.log import append
from deflect.privacy.email_keys import email_key, normal_email
from deflect.store import attachments, clock
from deflect.store.attachments import Attachment, Refused
from deflect.store.clock import HOUR
from deflect.store.database import Row, insert
from deflect.store.people import link
from deflect.store.services import Services
from deflect.store.writer import write
from deflect.tickets.contact import receipts
from deflect.tickets.ticket_writes import keep_message, keep_ticket, reopen_ticket
from kb.config import Settings
from kb.errors import BadGeneration, NotFound, StorageFull
from kb.failures import degraded
from kb.metrics import TICKETS
from search.text.analyzer import detect

BY = "e-mail"  # the author in the audit log when an e-mail reopens a ticket
CHANNEL = "email"
NOT_OPEN = "e-mail"  # the field of a ticket that notes that e-mail is not open to this person

What = Literal["new", "reply", "machine", "known", "ours", "automatic", "later"]


@dataclass(frozen=True, slots=True)
class Taken:
    """The result for an e-mail, and its ticket if it has one. `later` means that it is not stored yet."""

    what: What
    ticket: str | None = None


def take(services: Services, raw: bytes) -> Taken:
    """Store an e-mail on disk. Taking the same e-mail again changes nothing.

    Raise NoMail if the bytes are not an e-mail, and StorageFull or Unavailable if it could not be stored.
    """
    mail = parse(raw)
    sender = email_key(services.store, mail.sender)
    row: dict[str, Any] = {"id": mail.key, "mail": mail.id or None, "sender": sender}
    if is_ours(services.store, mail.id) or normal_email(mail.sender) in own_addresses(services.settings):
        return _pass_over(services, row | {"what": "ours"})
    ticket = ticket_of(services.store, refs=mail.refs, to=mail.to, sender=sender)
    if ticket:
        try:
            return _reply(services, mail, row, ticket)
        except NotFound:  # erased just now
            pass
    if mail.kind in ("auto", "bounce"):  # an absence note or a bounce without a ticket
        return _pass_over(services, row | {"what": "automatic"})
    return _open(services, mail, row)


def own_addresses(settings: Settings) -> frozenset[str]:
    """Return the help center's own addresses. E-mails from them are not from customers."""
    given = (settings.smtp_from or settings.smtp_to, settings.mail_to.replace("+*@", "@"))
    return frozenset(normal_email(parseaddr(text)[1]) for text in given if text)


def note_of(mail: Mail, lost: Sequence[File] = ()) -> str:
    """Return the note for an e-mail that was cut or whose files were not all stored, otherwise ""."""
    said = ["The e-mail was too long, so its end was cut off."] if mail.cut else []
    if lost:
        names = ", ".join(f"{file.name} {_size(file)}" for file in lost[:20])
        more = f" and {len(lost) - 20} more" if len(lost) > 20 else ""
        were = "1 attachment was" if len(lost) == 1 else f"{len(lost)} attachments were"
        said.append(f"{were} not kept: {names}{more}.")
    return " ".join(said)


def keep_files(settings: Settings, files: Sequence[File]) -> tuple[list[Attachment], list[File]]:
    """Store files on disk, like files of the form. Return the stored files, and those refused or without room."""
    kept: list[Attachment] = []
    lost: list[File] = []
    for file in files:
        try:
            one = attachments.keep(settings, file.data, name=file.name)
            kept = list(attachments.check_all(settings, [*kept, one]))
        except (Refused, StorageFull):
            lost.append(file)
    return kept, lost


def _open(services: Services, mail: Mail, row: dict[str, Any]) -> Taken:
    settings, now, first = services.settings, clock.now(), new_id()
    lang = detect(f"{mail.subject}\n{mail.text}", usual=settings.lang) or settings.lang
    person, ticket = mail.kind == "person", new_ticket_id()
    sinks = [{"id": new_id(), "sink": sink} for sink in settings.sinks]
    files, lost = keep_files(settings, mail.files)
    answer = services.writer.run(
        open_by_mail,
        mail=row | {"what": "new"},
        keys=[email_key(services.store, mail.reply_to)],
        ticket={
            "id": ticket,
            "subject": mail.subject,
            "email": mail.reply_to,
            "name": mail.name,
            "category": "",
            "channel": CHANNEL,
            "external_id": None,
            "lang": lang,
            "page": "",
            "verified": None,
            "segment": None,
            "fields": json.dumps(_fields(services, mail, lang), sort_keys=True, ensure_ascii=False),
        },
        message=_message(mail, first, author="requester", lost=lost),
        files=attachments.rows(files, new=new_id),
        folder=str(attachments.folder(settings)),
        outbox=[*sinks, *([] if mail.quiet else receipts(settings))],
        sent={"id": new_id(), "type": "sent", "at": now, "ticket": ticket, "channel": CHANNEL} if person else None,
        most=settings.rate_mails,
        now=now,
    )
    if answer["what"] == "new":
        TICKETS.labels(CHANNEL).inc()
    return Taken(**answer)


def _reply(services: Services, mail: Mail, row: dict[str, Any], ticket: str) -> Taken:
    found = services.store.one("SELECT email FROM tickets WHERE id = ?", [ticket]) or {"email": ""}
    theirs = normal_email(found["email"]) in (normal_email(mail.sender), normal_email(mail.reply_to))
    machine = mail.kind in ("auto", "bounce")
    author = "machine" if machine else "requester" if theirs else "other"
    sinks = [] if machine else [{"id": new_id(), "sink": sink} for sink in services.settings.sinks]
    files, lost = ([], []) if machine else keep_files(services.settings, mail.files)
    answer = services.writer.run(
        reply_by_mail,
        mail=row | {"what": "machine" if machine else "reply"},
        ticket=ticket,
        message=_message(mail, new_id(), author=author, lost=lost),
        files=attachments.rows(files, new=new_id),
        folder=str(attachments.folder(services.settings)),
        outbox=sinks,
        most=services.settings.rate_mails,
        now=clock.now(),
    )
    return Taken(**answer)


def _pass_over(services: Services, row: dict[str, Any]) -> Taken:
    return Taken(**services.writer.run(pass_over_mail, mail=row, now=clock.now()))


def _message(mail: Mail, id: str, *, author: str, lost: Sequence[File]) -> dict[str, Any]:
    by = None if author == "requester" else normal_email(mail.sender)
    note = note_of(mail, lost) or None
    return {"id": id, "author": author, "channel": CHANNEL, "body": mail.text, "by": by, "note": note}


def _fields(services: Services, mail: Mail, lang: str) -> dict[str, str]:
    """Return extra fields for the agent: a sender that differs from the reply address, and a closed channel."""
    fields = {} if normal_email(mail.sender) == normal_email(mail.reply_to) else {"sent from": mail.sender}
    open_to = [way.channel for way in ways(services, lang=lang)] if _has_table(services) else [CHANNEL]
    if CHANNEL not in open_to:
        fields[NOT_OPEN] = f"not available to this person now; available: {', '.join(open_to) or 'none'}"
    return fields


def _has_table(services: Services) -> bool:
    try:
        return bool(services.current.snapshot().channels.rules)
    except BadGeneration:
        return False
    except Exception as error:  # a damaged index must not lose an e-mail
        degraded("no-channels", error)
        return False


def _size(file: File) -> str:
    return f"{max(1, round(len(file.data) / 1024)):,} KB"


@write()
def open_by_mail(
    db: Database,
    *,
    mail: Row,
    keys: Sequence[str],
    ticket: Row,
    message: Row,
    outbox: Sequence[Row],
    sent: Row | None,
    most: int,
    now: int,
    files: Sequence[Row] = (),
    folder: str = "",
) -> Row:
    """Create a ticket from an e-mail, unless it is stored already or its sender is over the hourly limit `most`.

    Its `files` are already on disk in `folder`.
    """
    if answer := _met(db, mail, most=most, now=now):
        return answer
    row = ticket | {"person": link(db, keys, now=now)}
    keep_ticket(db, row, message, outbox=outbox, files=files, folder=folder, now=now)
    if sent:
        append(db, keys[0], sent, now=now)
    return _keep(db, mail | {"ticket": ticket["id"], "message": message["id"]}, now=now)


@write()
def reply_by_mail(
    db: Database,
    *,
    mail: Row,
    ticket: str,
    message: Row,
    outbox: Sequence[Row],
    most: int,
    now: int,
    files: Sequence[Row] = (),
    folder: str = "",
) -> Row:
    """Add an e-mail to its ticket. An e-mail from a person reopens a closed ticket, one from a machine does not."""
    if answer := _met(db, mail, most=most, now=now):
        return answer
    found = db.execute("SELECT state FROM tickets WHERE id = ?", [ticket]).fetchone()
    if found is None:
        raise NotFound(f"there is no ticket {ticket}; it may have been erased")
    keep_message(db, message | {"ticket": ticket}, outbox=outbox, files=files, folder=folder, now=now)
    if message["author"] != "machine":
        db.execute("UPDATE tickets SET changed = ? WHERE id = ?", [now, ticket])
        if found["state"] == "closed":
            reopen_ticket(db, id=message["id"], ticket=ticket, who=BY, now=now)
    return _keep(db, mail | {"ticket": ticket, "message": message["id"]}, now=now)


@write()
def pass_over_mail(db: Database, *, mail: Row, now: int) -> Row:
    """Record that an e-mail was skipped on purpose."""
    return _met(db, mail, most=0, now=now) or _keep(db, mail, now=now)


def _met(db: Database, mail: Row, *, most: int, now: int) -> Row | None:
    """Return the result for an e-mail that is stored already or must wait, None if it can be taken."""
    earlier = db.execute("SELECT ticket FROM mails WHERE id = ?", [mail["id"]]).fetchone()
    if earlier:
        return {"what": "known", "ticket": earlier["ticket"]}
    sql = "SELECT count(*) AS n FROM mails WHERE sender = ? AND created > ? AND created <= ?"
    if most and db.execute(sql, [mail["sender"], now - HOUR, now + HOUR]).fetchone()["n"] >= most:
        return {"what": "later", "ticket": None}
    return None


def _keep(db: Database, mail: Row, *, now: int) -> Row:
    insert(db, "mails", mail | {"created": now})
    return {"what": mail["what"], "ticket": mail.get("ticket")}
