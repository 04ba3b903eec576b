"""Origins whose pages may post events and tickets: those of the settings, and those that an agent allowed."""

from __future__ import annotations

import re

from deflect.store.services import Services
from deflect.store.store import Row, Store
from kb.errors import BadRequest, HelpCenterError

ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,200}(:\d{1,5})?|https?://\[[0-9a-f:.]{2,45}\](:\d{1,5})?")


def normal(text: str) -> str:
    """Return an origin as browsers send it; raises BadRequest for what is none.

    >>> normal("https://Shop.example/")
    'https://shop.example'
    """
    origin = text.strip().rstrip("/").lower()
    if not ORIGIN.fullmatch(origin):
        raise BadRequest("that is no origin; it is scheme, host and port, such as https://shop.example.com")
    return origin


def is_allowed(services: Services, origin: str) -> bool:
    """Say whether the owner allows pages of `origin`, by the settings or by what an agent allowed since."""
    if origin in {listed.rstrip("/").lower() for listed in services.settings.origins}:
        return True
    try:
        return services.store.one("SELECT 1 FROM allowed_origins WHERE id = ?", [origin]) is not None
    except HelpCenterError:
        return False  # while the database cannot be read, what cannot be proved is not allowed


def allowed(store: Store) -> list[Row]:
    """Return the origins that agents allowed, by name."""
    return store.rows("SELECT id AS origin, who, created FROM allowed_origins ORDER BY id")
