"""Sinks that send tickets and answers by e-mail. Every try uses the same Message-ID."""

from __future__ import annotations

import email.utils
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from deflect.delivery.delivery import Carried, Delivery, NotTaken
from deflect.delivery.letter import Letter, Style, look_of, signature, style, write
from deflect.delivery.mail_server import Server
from deflect.mail.headers import line
from deflect.store.clock import to_datetime
from deflect.tickets.accounts import FIRST
from kb.config import Settings
from kb.errors import BadSetting
from kb.strict import plain
from search.rank.current import Current

MOST_ALONG = 15_000_000  # bytes of files, 20 MB in Base64, which nearly every server accepts


@dataclass(frozen=True, slots=True)
class SmtpSink:
    """Sends a ticket to the help desk's address. Replies go to the requester."""

    server: Server
    sender: str
    to: str
    name: str = "smtp"

    @classmethod
    def from_settings(cls, settings: Settings) -> SmtpSink:
        """Return the sink that the settings describe."""
        if not settings.smtp_to:
            raise BadSetting("the sink smtp needs KB_SMTP_TO, the address of the help desk")
        return cls(Server.parse(settings.smtp_url), sender_of(settings), _usable(settings.smtp_to, "smtp_to"))

    def deliver(self, delivery: Delivery) -> str:
        """Send the ticket with its files and return its Message-ID. The text lists files that the server refuses."""
        along = _along(delivery.files)
        try:
            return self._send(delivery, along)
        except NotTaken:
            if not along:
                raise
            return self._send(delivery, {})

    def _send(self, delivery: Delivery, along: Mapping[Carried, bytes]) -> str:
        subject = f"[{delivery.ticket}] {delivery.subject}"
        message = new_message(delivery, sender=self.sender, to=self.to, subject=subject)
        message["Reply-To"] = _address(delivery.email, delivery.name)
        message.set_content(_ticket_text(delivery, along))
        for file, data in along.items():
            main, sub = file.media.split("/")
            message.add_attachment(data, maintype=main, subtype=sub, filename=file.name)
        self.server.send(message)
        return str(message["Message-ID"])


@dataclass(frozen=True, slots=True)
class ReplySink:
    """Sends an agent's answer to the requester."""

    server: Server
    sender: str
    back: str = ""
    style: Callable[[str], Style] = lambda _lang: Style("")
    name: str = "reply"

    @classmethod
    def from_settings(cls, settings: Settings, *, current: Current | None = None) -> ReplySink:
        """Return the sink that the settings describe, with the look of the site in `current`."""
        back = settings.mail_to and _usable(settings.mail_to, "mail_to")
        return cls(Server.parse(settings.smtp_url), sender_of(settings), back, styles(settings, current))

    def deliver(self, delivery: Delivery) -> str:
        """Send the answer and return its Message-ID."""
        style = self.style(delivery.lang)
        sender = with_name(self.sender, style.site)
        message = new_message(delivery, sender=sender, to=delivery.email, subject=_answer_to(delivery))
        come_back(message, delivery, self.back)
        agent = "" if delivery.by == FIRST else delivery.by  # "admin" is nobody's name
        signed = signature(agent, delivery.body, site=style.site)
        letter = Letter(delivery.body, signed=signed, quotes=delivery.earlier)
        write(message, letter, style=style, lang=delivery.lang)
        self.server.send(message)
        return str(message["Message-ID"])


def styles(settings: Settings, current: Current | None) -> Callable[[str], Style]:
    """Return the style of e-mails for each language, with the look of the site when it is asked for."""
    return lambda lang: style(look_of(current), settings, lang=lang)


def with_name(sender: str, site: str) -> str:
    """Return a sender with the name of the site, unless KB_SMTP_FROM gives it a name."""
    name, address = email.utils.parseaddr(sender)
    return sender if name or not address or not site else email.utils.formataddr((line(site), address))


def sender_of(settings: Settings) -> str:
    """Return the sender of our e-mails. Raise BadSetting if none is set."""
    sender = settings.smtp_from or settings.smtp_to
    if not sender:
        raise BadSetting("e-mail needs a sender; set KB_SMTP_FROM or KB_SMTP_TO")
    return _usable(sender, "smtp_from" if settings.smtp_from else "smtp_to")


def _usable(address: str, setting: str) -> str:
    """Return an address of the settings. Raise BadSetting now and not at the first e-mail if it cannot be used."""
    try:
        _parsed(address)
    except NotTaken as error:
        raise BadSetting(f"{setting}: {error}") from error
    return address


def new_message(delivery: Delivery, *, sender: str, to: str, subject: str) -> EmailMessage:
    """Return an e-mail with its headers. Its policy refuses line ends, so a subject cannot inject headers."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _parsed(sender)
    message["To"] = _parsed(to)
    message["Subject"] = line(subject)
    message["Date"] = email.utils.format_datetime(to_datetime(delivery.created))
    domain = _parsed(sender).domain or "localhost"
    message["Message-ID"] = f"<{delivery.id}@{domain}>"
    answers = [f"<{id}>" for id in delivery.answers]
    if answers:
        message["In-Reply-To"] = answers[-1]
    message["References"] = " ".join([f"<{delivery.thread or delivery.ticket}@{domain}>", *answers])
    message["X-Ticket"] = delivery.ticket
    return message


def come_back(message: EmailMessage, delivery: Delivery, address: str) -> None:
    """Set Reply-To to the address of the mailbox that the help center reads; `+*` in it becomes the thread."""
    if address:
        message["Reply-To"] = _parsed(address.replace("+*@", f"+{delivery.thread}@" if delivery.thread else "@"))


def _answer_to(delivery: Delivery) -> str:
    """Return the subject of an answer. An answer to an e-mail keeps its subject, because mail programs thread by it."""
    if delivery.channel != "email":
        return f"Re: {delivery.subject} [{delivery.ticket}]"
    return delivery.subject if delivery.subject[:3].lower() == "re:" else f"Re: {delivery.subject}"


def _along(files: Sequence[Carried]) -> dict[Carried, bytes]:
    """Return the bytes of the files, in order, that are on disk and fit into the e-mail."""
    along: dict[Carried, bytes] = {}
    for file in files:
        if sum(one.size for one in along) + file.size <= MOST_ALONG and (data := file.data()) is not None:
            along[file] = data
    return along


def _ticket_text(delivery: Delivery, along: Mapping[Carried, bytes]) -> str:
    facts = [
        ("Ticket", delivery.ticket),
        ("From", f"{delivery.name} <{delivery.email}>".strip()),
        ("Signed in as", delivery.verified),
        ("Segment", delivery.segment),
        ("Category", delivery.category),
    ]
    facts += [("Page", delivery.page), *((str(name), str(value)) for name, value in delivery.fields.items())]
    head = "\n".join(f"{name}: {line(value)}" for name, value in facts if value)
    trail = (
        "\n".join(
            ["Before writing, by the same account or in the same browser:", *(f"- {step}" for step in delivery.trail)]
        )
        if delivery.trail
        else ""
    )
    left = "\n".join(file.line() for file in delivery.files if file not in along)
    return "\n\n".join(part for part in (delivery.body, f"-- \n{head}", left, trail) if part) + "\n"


def _parsed(text: str) -> Address:
    name, address = email.utils.parseaddr(text)
    return _address(address or text, name)


def _address(address: str, name: str = "") -> Address:
    try:
        return Address(display_name=line(name), addr_spec=line(address))
    except (ValueError, IndexError, email.errors.MessageError) as error:
        raise NotTaken(f"the e-mail address {plain(address, longest=100)} cannot be used") from error
