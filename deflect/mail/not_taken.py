"""The e-mails that became no ticket, each with its reason, for 30 days; an agent can take any of them."""

from __future__ import annotations

from deflect.mail.originals import read_raw
from deflect.mail.take import Taken, take
from deflect.store.database import Row, Store
from deflect.store.services import Services
from kb.errors import NotFound

REASONS = {
    "automatic": "An absence note, a bounce or another automatic e-mail that belongs to no ticket",
    "ours": "Sent by this help center itself",
    "loop": "Came back to us, or passed too many servers",
    "later": "Its sender is over the hourly limit; it is taken once the limit allows",
    "no sender": "Names no sender, so nobody could be answered",
    "not an e-mail": "Can't be read as an e-mail",
}
LISTED = """
    SELECT id, what, address, name, subject, created, original IS NOT NULL AS kept FROM mails
    WHERE ticket IS NULL AND (:reason = '' OR what = :reason) ORDER BY created DESC, id LIMIT :limit OFFSET :offset
    """


def find(store: Store, *, reason: str = "", limit: int = 50, offset: int = 0) -> list[Row]:
    """Return e-mails that were not taken, latest first, all or those with one reason."""
    return store.rows(LISTED, {"reason": reason, "limit": limit, "offset": offset})


def counts(store: Store) -> dict[str, int]:
    """Count the e-mails that were not taken by their reason."""
    rows = store.rows("SELECT what, count(*) AS n FROM mails WHERE ticket IS NULL GROUP BY what ORDER BY what")
    return {row["what"]: row["n"] for row in rows}


def take_listed(services: Services, id: str, *, by: str) -> Taken:
    """Make a ticket, or a reply to one, of an e-mail that was not taken. Doing it again returns the same ticket.

    Raise NotFound if it is no longer listed or its original was not kept.
    """
    row = services.store.one("SELECT id, ticket, original, seal FROM mails WHERE id = ?", [id])
    if row is None:
        raise NotFound("this e-mail is no longer listed; it was removed after 30 days or erased")
    if row["ticket"]:
        return Taken("known", row["ticket"])
    raw = read_raw(services.settings, row)
    return take(services, raw, by=by, listed={name: row[name] for name in ("id", "original", "seal")})
