"""What every request needs, made once by `kb.site.app` and handed along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import current_app

from deflect.store.limits import Limiter
from deflect.store.store import Store
from deflect.store.writer import Writer
from kb.config import Settings

if TYPE_CHECKING:
    from search.rank.current import Current

EXTENSION = "shortstop"


@dataclass(frozen=True, slots=True)
class Services:
    """Settings, the current index, the store to read, the writer to write, and the rate limits."""

    settings: Settings
    current: Current
    store: Store
    writer: Writer
    limiter: Limiter


def services() -> Services:
    """Return the services of the application that answers this request."""
    found: Services = current_app.extensions[EXTENSION]
    return found
