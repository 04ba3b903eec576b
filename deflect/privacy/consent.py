"""Consent: where visitors are asked first, nothing is noted of those who have not agreed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deflect.store.services import Services

ASK = "ask"
GIVEN = "given"  # what a page says in `consent` once its visitor agreed
WHY = "this visitor has not agreed that anything is noted; a page says so with consent: given"


def asks(services: Services) -> bool:
    """Say whether visitors are asked before anything is noted of them."""
    return services.settings.consent == ASK


def has_agreed(services: Services, document: Mapping[str, Any]) -> bool:
    """Say whether something may be noted of whoever sent this document."""
    return not asks(services) or document.get("consent") == GIVEN
