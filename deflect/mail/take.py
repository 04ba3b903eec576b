"""Turn an e-mail into a ticket or a message of a ticket, once, or list it with the reason why it was not taken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Literal

from deflect.mail.mail_writes import LATER, TAKEN, THANKS, list_mail, open_by_mail, reply_by_mail
from deflect.mail.message import LARGEST, NO_SENDER, Mail, NoMail, parse
from deflect.mail.originals import keep_raw
from deflect.mail.parts import File
from deflect.mail.threads import is_ours, proves, ticket_of
from deflect.offers.episode import new_id, new_ticket_id, ways
from deflect.privacy.email_keys import email_key, normal_email
from deflect.store import attachments, clock
from deflect.store.attachments import Attachment, Refused
from deflect.store.clock import HOUR
from deflect.store.database import Row
from deflect.store.services import Services
from deflect.tickets.contact import receipts
from deflect.tickets.thanks import is_thanks
from kb.config import Settings
from kb.errors import BadGeneration, NotFound, StorageFull
from kb.failures import degraded
from kb.metrics import TICKETS
from search.text.analyzer import detect

CHANNEL = "email"
NOT_OPEN = "e-mail"  # the field of a ticket that notes that e-mail is not open to this person
LARGEST_WAITING = 1_000_000  # bytes of an e-mail that waits and whose original is kept, so that a flood fits
EARLIER = "SELECT ticket, what, original, seal FROM mails WHERE id = ?"

What = Literal["new", "reply", "machine", "known", "ours", "automatic", "loop", "later"]


@dataclass(frozen=True, slots=True)
class Taken:
    """The result for an e-mail, and its ticket if it has one. `later` means that it is offered again and not taken."""

    what: What
    ticket: str | None = None


def take(services: Services, raw: bytes, *, by: str = "", listed: Row | None = None) -> Taken:
    """Store an e-mail on disk. Taking the same e-mail again changes nothing.

    `by` is the agent who takes an e-mail that was `listed` as not taken; it then becomes a ticket or a reply in any
    case. Raise NoMail if the bytes are not an e-mail, and StorageFull or Unavailable if it could not be stored.
    """
    try:
        mail = parse(raw, own=own_addresses(services.settings), anyway=bool(by))
    except NoMail as error:
        _list_unreadable(services, raw, error.reason)
        raise
    row = _row(services, mail)
    earlier = services.store.one(EARLIER, [row["id"]])
    if listed is None and earlier and earlier["what"] != LATER:
        return Taken("known", earlier["ticket"])
    reason = "" if by else "ours" if is_ours(services.store, mail) else "loop" if mail.loops else ""
    if not by and not reason and _is_over(services, row):
        return Taken(LATER) if earlier else _wait(services, mail, row, raw)
    row |= listed or _kept(earlier) or keep_raw(services.settings, raw)
    return _leave(services, mail, row, reason) if reason else _stored(services, mail, row, by=by)


def _stored(services: Services, mail: Mail, row: Row, *, by: str) -> Taken:
    ticket = ticket_of(services.store, mail)
    if ticket:
        try:
            return _reply(services, mail, row, ticket, by=by)
        except NotFound:  # erased just now
            pass
    if mail.kind in ("auto", "bounce") and not by:  # an absence note or a bounce without a ticket
        return _leave(services, mail, row, "automatic")
    return _open(services, mail, row, by=by)


def own_addresses(settings: Settings) -> frozenset[str]:
    """Return the help center's own addresses. E-mails from them are not from customers."""
    given = (settings.smtp_from or settings.smtp_to, settings.mail_to.replace("+*@", "@"))
    return frozenset(normal_email(parseaddr(text)[1]) for text in given if text)


def note_of(mail: Mail, lost: Sequence[File] = (), *, own: frozenset[str] = frozenset()) -> str:
    """Return the note for an e-mail that was cut, can't be answered, or whose files were not all stored, or ""."""
    said = ["The e-mail was too long, so its end was cut off."] if mail.cut else []
    said += mail.remarks
    if mail.sender == NO_SENDER:
        said.append("It names no sender, so it can't be answered.")
    elif normal_email(mail.reply_to) in own:
        said.append("It came from our own address and names nobody else, so an answer would come back to us.")
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


def _open(services: Services, mail: Mail, row: Row, *, by: str) -> Taken:
    settings, now, first = services.settings, clock.now(), new_id()
    lang = detect(f"{mail.subject}\n{mail.text}", usual=settings.lang) or settings.lang
    person, ticket = mail.kind == "person" or by, new_ticket_id()
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
        message=_message(services, mail, first, author="requester", lost=lost),
        files=attachments.rows(files, new=new_id),
        folder=str(attachments.folder(settings)),
        outbox=[*sinks, *([] if mail.quiet else receipts(settings))],
        sent={"id": new_id(), "type": "sent", "at": now, "ticket": ticket, "channel": CHANNEL} if person else None,
        most=settings.rate_mails,
        now=now,
        by=by,
    )
    if answer["what"] == "new":
        TICKETS.labels(CHANNEL).inc()
    return Taken(**answer)


def _reply(services: Services, mail: Mail, row: Row, ticket: str, *, by: str) -> Taken:
    found = services.store.one("SELECT email, name, subject FROM tickets WHERE id = ?", [ticket])
    found = found or {"email": "", "name": "", "subject": ""}
    machine = _is_machine(mail, found) and not by
    author = "machine" if machine else "requester" if _is_requester(services, mail, found, ticket) else "other"
    direct = not (machine or by or mail.via) and normal_email(found["email"]) == normal_email(mail.sender)
    proven = direct and proves(services.store, ticket=ticket, refs=mail.refs, to=mail.to)
    sinks = [] if machine else [{"id": new_id(), "sink": sink} for sink in services.settings.sinks]
    files, lost = ([], []) if mail.kind == "bounce" else keep_files(services.settings, mail.files)
    thanks = all(file.beside for file in mail.files) and is_thanks(mail.text, name=mail.name or found["name"] or "")
    mark = ("bounce" if mail.kind == "bounce" else "automatic") if machine else THANKS if thanks else None
    answer = services.writer.run(
        reply_by_mail,
        mail=row | {"what": "machine" if machine else "reply"},
        ticket=ticket,
        message=_message(services, mail, new_id(), author=author, lost=lost) | {"mark": mark},
        files=attachments.rows(files, new=new_id),
        folder=str(attachments.folder(services.settings)),
        outbox=sinks,
        proven=proven,
        most=services.settings.rate_mails,
        now=clock.now(),
        by=by,
    )
    return Taken(**answer)


def _is_machine(mail: Mail, ticket: Row) -> bool:
    """Return True for an absence note or a bounce. A subject that the ticket has, too, does not prove an absence."""
    return mail.kind == "bounce" or (mail.kind == "auto" and not (mail.guessed and mail.subject == ticket["subject"]))


def _is_requester(services: Services, mail: Mail, ticket: Row, id: str) -> bool:
    """Return True if the sender is the ticket's requester, or opened the ticket by the same way.

    A name in another header than From only counts if our own address passed the e-mail on. Reply-To never counts.
    """
    via = email_key(services.store, mail.via) if mail.via else None
    direct = not mail.via or normal_email(mail.via) in own_addresses(services.settings)
    if direct and normal_email(ticket["email"]) == normal_email(mail.sender):
        return True
    sql = "SELECT 1 AS found FROM mails WHERE ticket = ? AND what = 'new' AND sender = ? AND via IS ?"
    return services.store.one(sql, [id, email_key(services.store, mail.sender), via]) is not None


def _row(services: Services, mail: Mail) -> Row:
    """Return the columns of an e-mail by which it is recognised."""
    sender, via = email_key(services.store, mail.sender), email_key(services.store, mail.via) if mail.via else None
    return {"id": mail.key, "mail": mail.id or None, "sender": sender, "via": via}


def _kept(earlier: Row | None) -> Row:
    """Return the original that was kept when the e-mail had to wait."""
    found = {name: earlier[name] for name in ("original", "seal")} if earlier else {}
    return found if found.get("original") else {}


def _is_over(services: Services, row: Row) -> bool:
    """Return True if the sender is over the hourly limit. The write checks it again."""
    most = services.settings.rate_mails
    now = clock.now()
    found = services.store.one(TAKEN, [row["sender"], now - HOUR, now + HOUR]) if most else None
    return found is not None and bool(found["n"] >= most)


def _wait(services: Services, mail: Mail, row: Row, raw: bytes) -> Taken:
    """List an e-mail that is offered again later. The original of a large one is not kept, so that a flood fits."""
    small = len(raw) <= LARGEST_WAITING
    return _leave(services, mail, row | (keep_raw(services.settings, raw) if small else {}), LATER)


def _leave(services: Services, mail: Mail, row: Row, reason: str) -> Taken:
    """List an e-mail with the reason why it is not taken."""
    listed = row | {"what": reason, "address": mail.sender, "name": mail.name, "subject": mail.subject}
    return Taken(**services.writer.run(list_mail, mail=listed, now=clock.now()))


def _list_unreadable(services: Services, raw: bytes, reason: str) -> None:
    row = {"id": _digest(raw), "mail": None, "sender": "", "via": None, "what": reason}
    if services.store.one(EARLIER, [row["id"]]) is None:
        row |= keep_raw(services.settings, raw)
        services.writer.run(list_mail, mail=row | {"address": "", "name": "", "subject": ""}, now=clock.now())


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw[:LARGEST]).hexdigest()


def _message(services: Services, mail: Mail, id: str, *, author: str, lost: Sequence[File]) -> Row:
    by = None if author == "requester" else normal_email(mail.sender)
    note = note_of(mail, lost, own=own_addresses(services.settings)) or None
    return {"id": id, "author": author, "channel": CHANNEL, "body": mail.text, "by": by, "note": note}


def _fields(services: Services, mail: Mail, lang: str) -> dict[str, str]:
    """Return extra fields for the agent: other addresses than the reply address, and a closed channel."""
    fields = {} if normal_email(mail.sender) == normal_email(mail.reply_to) else {"sent from": mail.sender}
    fields |= {"passed on by": mail.via} if mail.via else {}
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
