"""Contacts made by chat, e-mail or phone outside the help center, reported by the owner's server."""

from __future__ import annotations

import contextlib
from typing import Any

from deflect.api.http import episode_of, text_of
from deflect.history import import_writes
from deflect.offers.episode import new_id
from deflect.privacy.email_keys import email_key
from deflect.store import clock
from deflect.store.clock import MINUTE
from deflect.store.events import CHANNELS
from deflect.store.services import Services
from deflect.store.tokens import ServerCall
from kb.errors import BadRequest, Unauthorized
from kb.patterns import EMAIL

AHEAD = 5 * MINUTE  # how far the clock of the owner's server may be ahead


def take(services: Services, call: ServerCall, document: dict[str, Any]) -> int:
    """Store a contact, so that the person's episode ends as contacted. Return 1, or 0 if it is stored already."""
    now = clock.now()
    kept = services.writer.run(
        import_writes.take_contact,
        keys=_keys(services, document),
        contact=_contact(document, now=now),
        episode=episode_of(document),
        token={"id": call.id, "call": new_id(), "expires": call.expires},
        now=now,
    )
    if kept["replayed"]:
        raise Unauthorized("this token was used before; sign a new token with a new jti for each call")
    return int(kept["stored"])


def _contact(document: dict[str, Any], *, now: int) -> dict[str, Any]:
    external_id = text_of(document, "external_id", longest=200).strip()
    if not external_id or not external_id.isprintable():
        raise BadRequest("external_id is missing; send the contact's id in your system, so that it is stored only once")
    channel = document.get("channel")
    if channel not in CHANNELS:
        raise BadRequest(f"channel is not one of {', '.join(CHANNELS)}")
    return {
        "id": f"{channel}:{external_id}",
        "channel": channel,
        "ticket": external_id,
        "at": _moment(text_of(document, "at", longest=100), now=now),
    }


def _moment(text: str, *, now: int) -> int:
    with contextlib.suppress(ValueError, OverflowError):
        at = clock.from_rfc3339(text)
        if at > now + AHEAD:
            raise BadRequest("at is in the future; send the time when the contact was made")
        return min(at, now)
    raise BadRequest("at is not a time like 2026-10-01T12:00:00Z")


def _keys(services: Services, document: dict[str, Any]) -> list[str]:
    """Return the keys of the person, strongest first."""
    person = text_of(document, "person", longest=254).strip()
    email = text_of(document, "email", longest=1000).strip()
    if not person and not email:
        raise BadRequest("email and person are both missing; send at least one of them")
    if email and not EMAIL.fullmatch(email):
        raise BadRequest("email is not an e-mail address like name@example.com")
    if not person.isprintable():
        raise BadRequest("person contains unprintable characters; send the id that your tokens have as sub")
    found = [f"verified:{person}"] if person else []
    address = email or (person if EMAIL.fullmatch(person) else "")  # an id that is an address counts as both
    return [*found, email_key(services.store, address)] if address else found
