"""Find the person behind an e-mail whose From was rewritten by a mailing list, a website's form or a forwarder.

Google Groups, Mailman and others write their own address into From, because the sender's domain forbids them to use
its own (DMARC). The person is then named in another header. Anybody can write such a header, so it is only read if From
is our own address or that of the list, and the address in From is kept as `via`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr

from deflect.mail.addresses import addresses, plain
from deflect.mail.headers import line, values, words
from deflect.privacy.email_keys import normal_email
from deflect.tickets.contact import LONGEST
from kb.patterns import EMAIL

NAMED = ("X-Original-From", "X-Google-Original-From", "X-Original-Sender", "Reply-To")
ENVELOPE = ("X-MailFrom", "X-Envelope-From", "Resent-From", "Return-Path")
LISTS = ("List-Id", "List-Post", "Mailing-list", "X-Google-Group-Id", "X-Mailman-Version", "X-BeenThere", "List-Help")
# "Cy via Help", also as German, Spanish, Portuguese, Italian, Polish, Dutch and Japanese lists write it.
_VIA = re.compile(
    r"""^['"“‘„«(]*(?P<name>.+?)['"”’“»)]*\s+\(?"""
    r"(?:via|über|a través de|por medio de|através de|tramite|przez|par|经由|経由)\b.*$",
    re.IGNORECASE,
)
_SPELT = re.compile(r"^(\S+)(?:\s+at\s+|\s*\(at\)\s*|\s*\[at\]\s*)(\S+\.\S+)$", re.IGNORECASE)
_SRS = re.compile(
    r"^(?:SRS0|[^@\s]+\+SRS|SRS1[=+-][^@]*=)[=+-][^=@]+=[^=@]+=(?P<domain>[^=@]+)=(?P<local>[^@]+)@", re.I
)
_BATV = re.compile(r"^(?:prvs|msprvs1?)=[^=@]+=(?P<address>.+)$", re.IGNORECASE)
_MUNGED = re.compile(
    r"^(?P<local>[^=@]+)=(?:40)?(?P<domain>[^=@]+\.[^=@]+)@[^@]*(?:dmarc|list|forward)[^@]*$", re.IGNORECASE
)
_BOUNCES = re.compile(
    r"(?:.*[-+.])?(?:bounces?|owner|admin|request|nobody|www-data|apache|root|mailer-daemon)(?:[-+].*)?"
)


@dataclass(frozen=True, slots=True)
class Sender:
    """The author of an e-mail, the address for answers, and the address in From if that is another one."""

    address: str
    name: str
    reply_to: str
    via: str = ""


def sender_of(message: Message, own: frozenset[str]) -> Sender | None:
    """Return the sender of an e-mail, None if it has none. `own` are our own addresses."""
    people = addresses(message, "From", "Sender")
    if not people:
        return None
    name, address = line(words(people[0][0])), people[0][1]
    away = own | {normal_email(a) for a in (address, *_list_addresses(message))}
    replies = [pair for pair in addresses(message, "Reply-To") if normal_email(pair[1]) not in own]
    if not _is_rewritten(message, name, address, own):
        return Sender(address, name, replies[0][1] if len(replies) == 1 else address)
    found = _person(message, name, address, away)
    if found is None:
        return Sender(address, name, address)
    author, title = found
    wanted = [a for _, a in replies if normal_email(a) not in away]
    return Sender(author, title or _before_via(name), wanted[0] if wanted else author, via=address)


def is_own_list(message: Message, own: frozenset[str]) -> bool:
    """Return True if one of our own addresses is the mailing list that the e-mail came by."""
    named = " ".join(plain(message, name) for name in LISTS)
    forms = (form for address in own for form in (address, address.replace("@", ".")))
    return any(re.search(rf"(?<![\w.@-]){re.escape(form)}(?![\w.@-])", named) for form in forms)


def _is_rewritten(message: Message, name: str, address: str, own: frozenset[str]) -> bool:
    """Return True if From is our own address, the address of a mailing list, or a form of the author's address."""
    if normal_email(address) in own or _plain(address) != address:
        return True
    a_list = any(name in message for name in LISTS)
    return a_list and (_VIA.match(name) is not None or normal_email(address) in _list_addresses(message))


def _person(message: Message, name: str, address: str, away: frozenset[str]) -> tuple[str, str] | None:
    """Return the address and the name of the author that the other headers name."""
    named = [(_plain(a), line(words(title))) for given in NAMED for title, a in addresses(message, given)]
    spelt = [(_spelt(_before_via(name)), ""), (_plain(address), "")]
    envelope = [(a, "") for given in ENVELOPE for a in _envelope(message, given)]
    found = ((a, title) for a, title in (*named, *spelt, *envelope) if a and normal_email(a) not in away)
    return next(found, None)


def _envelope(message: Message, name: str) -> list[str]:
    """Return the senders in a header that servers write, without addresses that only collect bounces."""
    given = [_plain(parseaddr(line(value))[1]) for value in values(message, name)]
    return [a for a in given if _is_address(a) and not _BOUNCES.fullmatch(a.rpartition("@")[0].lower())]


def _list_addresses(message: Message) -> frozenset[str]:
    found = re.findall(r"<mailto:([^<>?\s]+)", plain(message, "List-Post"))
    return frozenset(normal_email(a) for a in [*found, *(a for _, a in addresses(message, "X-BeenThere"))])


def _before_via(name: str) -> str:
    """Return a name without the list that it came by.

    >>> _before_via("'Cy Customer' via Help"), _before_via("Cy Customer")
    ('Cy Customer', 'Cy Customer')
    """
    found = _VIA.match(name)
    return found["name"].strip(" '\"“”‘’„«»") if found else name


def _spelt(text: str) -> str:
    """Return the address that a name contains, as in "cy at buyer.example"."""
    found = _SPELT.match(text)
    address = f"{found[1]}@{found[2]}" if found else text
    return address if _is_address(address) else ""


def _plain(address: str) -> str:
    """Return the author's address from the form that a forwarder (SRS, BATV) or a list (DMARC) gave it.

    >>> _plain("SRS0=HHH=TT=buyer.example=cy@forwarder.example"), _plain("cy=40buyer.example@dmarc.ietf.org")
    ('cy@buyer.example', 'cy@buyer.example')
    """
    batv = _BATV.match(address)
    address = batv["address"] if batv else address
    found = _SRS.match(address) or _MUNGED.match(address)
    other = f"{found['local']}@{found['domain']}" if found else address.removesuffix(".invalid")
    return other if _is_address(other) else address


def _is_address(text: str) -> bool:
    return len(text) <= LONGEST["email"] and EMAIL.fullmatch(text) is not None
