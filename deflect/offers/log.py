"""Events that the server writes itself; none of them ever fails or delays a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deflect.offers import refusal
from deflect.offers.episode import keys, new_id
from deflect.privacy.redaction import redact
from deflect.store import clock
from deflect.store.services import Services
from kb.errors import HelpCenterError

if TYPE_CHECKING:
    from search.rank.hit import Results

LONGEST_TEXT = 2000  # characters of redacted text kept with an event


def record_search(services: Services, visitor: str | None, text: str, results: Results) -> bool:
    """Log that a search ran: redacted text, hits, stage and ranker; say whether that was kept."""
    fields = {"hits": len(results.hits), "stage": results.stage, "ranker": results.ranker, "lang": results.lang}
    return record(services, visitor, "search", text=text, **fields)


def record(services: Services, visitor: str | None, type: str, *, text: str = "", **fields: Any) -> bool:
    """Log one event of any type of the catalogue, its text redacted; say whether it was kept: nothing of nobody is.

    >>> record(services(), visitor, "read", article="account/reset-password")  # doctest: +SKIP
    """
    if visitor is None:
        return False
    now = clock.now()
    document = {"id": new_id(), "type": type, "at": clock.to_rfc3339(now)} | fields
    try:
        row = refusal.parse(document, by_client=False) | {"at": now}
        kept = services.writer.call(
            "log_event", keys=keys(services, visitor=visitor), event=with_text(row, text), now=now
        )
    except (refusal.Refused, HelpCenterError):
        return False
    return bool(kept["stored"])


def with_text(row: dict[str, Any], text: str) -> dict[str, Any]:
    """Return the event with its text, redacted and cut."""
    return row | {"text": redact(text).strip()[:LONGEST_TEXT]} if text.strip() else row
