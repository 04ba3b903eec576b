"""One episode down to its events, with texts as they were redacted when they were written."""

from __future__ import annotations

import json
from dataclasses import dataclass

from deflect.report.outcomes import Ended, ended
from deflect.store.people import WINDOW
from deflect.store.store import Row, Store

STEPS = """
    SELECT events.id, type, article, rank, source, reason, revision, events.received AS at, data,
           coalesce(text, '') AS text
    FROM events JOIN keys ON keys.id = events.key LEFT JOIN event_texts ON event_texts.event = events.id
    WHERE keys.person = :person AND events.received >= :start AND events.received <= :end
      AND (episode IS NULL OR episode = :episode)
    ORDER BY events.received, events.at, events.id LIMIT 500
    """

TICKETS = """
    SELECT id AS ticket, channel, created AS at FROM tickets
    WHERE person = :person AND created >= :start AND created <= :end
    UNION ALL SELECT ticket, channel, at FROM contacts WHERE person = :person AND at >= :start AND at <= :end
    ORDER BY 3, 1
    """


@dataclass(frozen=True, slots=True)
class Detail:
    """An episode with its outcome, its events and the contacts within its window."""

    episode: Ended
    steps: tuple[Row, ...]
    contacts: tuple[Row, ...]


def detail(store: Store, id: str, *, now: int) -> Detail | None:
    """Return an episode with what happened in its seven days, or None where there is none."""
    row = store.one("SELECT person, started FROM episodes WHERE id = ?", [id])
    if row is None:
        return None
    nearby = ended(store, start=row["started"] - WINDOW, end=row["started"] + 1, now=now)
    own = [e for e in nearby if e.person == row["person"] and e.started <= row["started"]]
    if not own:
        return None
    episode = own[-1]  # a second episode of the same person is part of the first
    period = {"person": episode.person, "start": episode.started, "end": episode.started + WINDOW, "episode": id}
    steps = tuple(step | {"data": json.loads(step["data"] or "{}")} for step in store.rows(STEPS, period))
    contacts = {key: period[key] for key in ("person", "start", "end")}
    return Detail(episode, steps, tuple(store.rows(TICKETS, contacts)))
