"""The receipt that a requester gets by e-mail: the ticket's number, the next steps and articles that may help.

The address is not verified, so a receipt repeats none of the requester's text and names only articles for everybody.
Articles are chosen when the receipt is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from deflect.delivery.delivery import Delivery
from deflect.delivery.letter import Letter, Style, write
from deflect.delivery.mail_server import Server
from deflect.delivery.smtp import come_back, new_message, sender_of, styles, with_name
from deflect.offers.episode import Visit
from deflect.offers.offer import suggest
from deflect.tickets.ticket_writes import RECEIPT
from kb.config import Settings
from kb.failures import degraded
from kb.i18n import speech
from search.rank.current import Current
from search.text import message as messages

PATIENCE = 10.0  # seconds that a receipt waits for its articles
Choose = Callable[[Delivery], Sequence[tuple[str, str]]]
SUBJECT = "We've received your message"
ARRIVED = "We've received your message to %(site)s. Your ticket number is %(ticket)s."
NEXT = "We'll reply to this address. To add anything, reply to this e-mail."
MEANWHILE = "These articles may help in the meantime:"
NOT_YOU = "If this wasn't you, ignore this e-mail."
SENTENCES = (SUBJECT, ARRIVED, NEXT, MEANWHILE, NOT_YOU)


@dataclass(frozen=True, slots=True)
class ReceiptSink:
    """Sends a receipt to the requester."""

    server: Server
    sender: str
    choose: Choose
    style: Callable[[str], Style]
    back: str = ""
    name: str = RECEIPT

    @classmethod
    def from_settings(cls, settings: Settings, *, current: Current) -> ReceiptSink:
        """Return the sink that the settings describe."""
        return cls(
            server=Server.parse(settings.smtp_url),
            sender=sender_of(settings),
            choose=partial(articles_for, current, settings),
            style=styles(settings, current),
            back=settings.mail_to,
        )

    def deliver(self, delivery: Delivery) -> str:
        """Send the receipt and return its Message-ID."""
        ticket, lang = delivery.ticket, delivery.lang
        style = self.style(lang)
        sender = with_name(self.sender, style.site)
        message = new_message(delivery, sender=sender, to=delivery.email, subject=subject(ticket, lang=lang))
        come_back(message, delivery, self.back)
        message["Auto-Submitted"] = "auto-replied"  # RFC 3834: prevents automatic answers
        message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
        found = letter(ticket, site=style.site, lang=lang, articles=self.choose(delivery))
        write(message, found, style=style, lang=lang)
        self.server.send(message)
        return str(message["Message-ID"])


def articles_for(current: Current, settings: Settings, delivery: Delivery) -> Sequence[tuple[str, str]]:
    """Return the titles and addresses of the articles that a receipt names.

    Their addresses need KB_URL, because no request supplies the public address here. An e-mail has no topic, so it gets
    no articles if its best match belongs to a topic without offers.
    """
    if not settings.url:
        return ()
    visit = Visit(lang=delivery.lang, category=delivery.category)
    asked = {"subject": delivery.subject, "body": delivery.body}
    found, _ = suggest(current, settings, visit, **asked, patience=PATIENCE)
    if not found.cards or (delivery.channel == "email" and _is_sensitive(current, delivery)):
        return ()
    return [(card.title, settings.url.rstrip("/") + card.url) for card in found.cards]


def _is_sensitive(current: Current, delivery: Delivery) -> bool:
    """Return True if the best match of a message belongs to a topic without offers, or if the search fails."""
    said = messages.read(delivery.subject, delivery.body)
    try:
        searcher = current.get()
        best = searcher.search(said.whole[:300], lang=delivery.lang, k=1).hits[:1]
        entries = [searcher.snapshot.best(hit.article, delivery.lang) for hit in best]
    except Exception as error:  # the receipt goes without articles
        degraded("no-receipt-articles", error)
        return True
    return any(entry is None or not entry.offers for entry in entries)


def subject(ticket: str, *, lang: str) -> str:
    """Return the subject in the interface language nearest to `lang`.

    >>> subject("T7K2M9QXRB", lang="en")
    "We've received your message [T7K2M9QXRB]"
    """
    return f"{_said(SUBJECT, lang)} [{ticket}]"


def letter(ticket: str, *, site: str, lang: str, articles: Sequence[tuple[str, str]] = ()) -> Letter:
    """Return what a receipt says; `articles` are titles and absolute addresses."""
    parts = [_said(ARRIVED, lang) % {"site": site, "ticket": ticket}, _said(NEXT, lang)]
    parts += [_said(MEANWHILE, lang)] if articles else []
    return Letter("\n\n".join(parts), links=articles, after=_said(NOT_YOU, lang))


def _said(sentence: str, lang: str) -> str:
    return speech(lang).gettext(sentence)
