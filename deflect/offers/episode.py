"""A person's visit to a page: the keys that identify the person, the open channels, and the contact intent."""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from deflect.privacy.email_keys import email_key
from deflect.redaction.redaction import redact, redact_address
from deflect.store.services import Services
from deflect.store.tokens import NOBODY, Claims
from kb.content.channels import Table, Way, decide
from kb.errors import BadGeneration
from kb.failures import degraded


def ways(
    services: Services, *, segment: str = "", topic: str = "", lang: str, now: datetime | None = None
) -> tuple[Way, ...]:
    """Return the channels open to a person, by verified segment, topic, language and time.

    Without an index there is no table of channels, and the contact form is open to everyone.
    """
    try:
        table = services.current.snapshot().channels
    except BadGeneration:
        table = Table()
    except Exception as error:  # a damaged index must not lose a message
        degraded("no-channels", error)
        table = Table()
    return decide(table, segment=segment, topic=topic, lang=lang, now=now or datetime.now(UTC))


LANG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")
LONGEST_TITLE = 200  # characters of a page's title that are kept
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # without characters that are easily confused on the phone


@dataclass(frozen=True, slots=True)
class Visit:
    """A person on a page. `visitor` is the random id of the browser, `episode` the id from an earlier offer."""

    visitor: str | None = None
    episode: str | None = None
    page: str = ""
    lang: str = ""
    category: str = ""
    claims: Claims = NOBODY
    agreed: bool = True  # True if the person may be recorded
    device: str = ""  # "phone" or "computer"
    title: str = ""  # of the page


def new_id() -> str:
    """Return a new id for an event, an episode, a message or a delivery."""
    return str(uuid.uuid4())


def new_ticket_id() -> str:
    """Return a new ticket id that people can read out: T and nine letters or digits, one of 10^13."""
    return "T" + "".join(secrets.choice(ALPHABET) for _ in range(9))


def keys(services: Services, *, visitor: str | None, email: str | None = None, claims: Claims = NOBODY) -> list[str]:
    """Return the keys of a person, strongest first: verified id, e-mail address, browser."""
    emails = [email_key(services.store, address) for address in (claims.email, email) if address]
    found = [*([f"verified:{claims.id}"] if claims.id else []), *emails, *([f"visitor:{visitor}"] if visitor else [])]
    return list(dict.fromkeys(found))


def page_address(text: str) -> str:
    """Return a page's address without query and fragment, which may be private; "" if it is not a web address.

    >>> page_address("https://shop.example/contact?name=Jo#form")
    'https://shop.example/contact'
    """
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return ""
    if parts.scheme not in ("", "http", "https") or "@" in parts.netloc:
        return ""
    return parts._replace(query="", fragment="").geturl()[:500]


def intent(services: Services, visit: Visit) -> dict[str, Any]:
    """Return the fields of a contact intent, which starts an episode if the person had none in the last 7 days."""
    lang = visit.lang or services.settings.lang
    open_to = ways(services, segment=visit.claims.segment, topic=visit.category, lang=lang)
    return {
        "id": new_id(),
        "fresh": new_id(),
        "holdout": services.settings.holdout,
        "page": redact_address(page_address(visit.page)),
        "lang": lang,
        "category": redact(visit.category).strip(),
        "segment": visit.claims.segment or None,
        "device": visit.device or None,
        "channels": [way.channel for way in open_to],
        "text": redact(visit.title).strip()[:LONGEST_TITLE],
    }
