"""What `kb serve` prepares in a process of its own, before it starts and before it becomes a new version."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from deflect.delivery import sinks
from deflect.store.database import Store
from kb.config import Settings
from kb.errors import HelpCenterError
from kb.files import tighten
from kb.server import indexing
from kb.server.child import say
from kb.server.supervisor import NOT_INDEXED


def rehearse(settings: Settings) -> int:
    """Check the sinks, close the data folder to others, migrate the database, and index the articles by words.

    Return the exit code. Raise HelpCenterError for an unusable sink, now and not at the first ticket. Without a
    database, pages are served and nothing can be saved. The children of `kb serve` never create one, so one that
    vanishes is not replaced.
    """
    sinks.judge(settings)
    tighten(settings.data)
    try:
        Store.open(settings.database).close()
    except HelpCenterError as error:
        say(f"kb: {error}. Articles are served, but nothing can be saved.")
    try:
        indexing.refresh(settings, words_only=True, now=datetime.now(UTC))
    except (HelpCenterError, OSError, sqlite3.Error) as error:
        say(f"kb: {error}")
        return NOT_INDEXED
    return 0
