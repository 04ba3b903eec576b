"""The receipt that a requester gets by e-mail: number, what happens next, articles; nothing that was typed is in it."""

from __future__ import annotations

from collections.abc import Sequence

from kb.i18n import catalogue, interface_language

SINK = "receipt"  # the name under which the outbox carries it; not to be chosen in KB_SINKS
SUBJECT = "We have your message"
ARRIVED = "Your message to %(site)s has arrived. Its number is %(ticket)s."
NEXT = "A person reads it and answers to this address. To add something, answer this e-mail."
MEANWHILE = "These articles may help in the meantime:"
NOT_YOU = "If you did not write to us, somebody else gave your address. You need not do anything."
SENTENCES = (SUBJECT, ARRIVED, NEXT, MEANWHILE, NOT_YOU)


def subject(ticket: str, *, lang: str) -> str:
    """Return the subject in the nearest language that the interface speaks.

    >>> subject("T7K2M9QXRB", lang="en")
    'We have your message [T7K2M9QXRB]'
    """
    return f"{_said(SUBJECT, lang)} [{ticket}]"


def text(ticket: str, *, site: str, lang: str, articles: Sequence[tuple[str, str]] = ()) -> str:
    """Return the text; `articles` are titles with their whole addresses."""
    parts = [_said(ARRIVED, lang) % {"site": site, "ticket": ticket}, _said(NEXT, lang)]
    if articles:
        parts.append("\n".join([_said(MEANWHILE, lang), *(f"- {title}\n  {address}" for title, address in articles)]))
    return "\n\n".join([*parts, _said(NOT_YOU, lang)]) + "\n"


def _said(sentence: str, lang: str) -> str:
    return str(catalogue(interface_language(lang)).gettext(sentence))
