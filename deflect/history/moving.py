"""What is written when a help desk moves in: events, contacts and questions of the past; each may come again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlite_utils import Database

from deflect.offers.writes import append, insert
from deflect.store.people import keys_of_episode, link, owns
from deflect.store.store import Row


def import_events(db: Database, *, rows: Sequence[Row]) -> Row:
    """Append past events as if they had come in when they happened; the intent of an episode makes the episode.

    A row is `{"keys", "event"}`; without keys the event is of whoever the episode is.
    """
    stored, refused = 0, []
    for n, row in enumerate(rows):
        event, keys = row["event"], row["keys"] or keys_of_episode(db, row["event"].get("episode"))
        why = _wrong(db, event, keys)
        if why:
            refused.append({"row": n, "why": why})
        else:
            stored += append(db, keys[-1], event, now=event["at"])
    return {"stored": stored, "refused": refused}


def import_contacts(db: Database, *, rows: Sequence[Row], now: int) -> Row:
    """Keep contacts made elsewhere; a row is `{"keys", "contact"}`, and may name the `episode` that it belongs to."""
    stored, refused = 0, []
    for n, row in enumerate(rows):
        keys = [*row["keys"], *keys_of_episode(db, row.get("episode"))[:1]]
        if keys:
            person = link(db, keys, now=row["contact"]["at"])
            stored += insert(db, "contacts", row["contact"] | {"person": person, "created": now})
        else:
            refused.append({"row": n, "why": "episode is unknown, and nothing else says who it was"})
    return {"stored": stored, "refused": refused}


def import_questions(db: Database, *, rows: Sequence[Row], now: int) -> Row:
    """Keep past questions with the article that solved each, if one did; a row is `{"keys", "question"}`."""
    stored = 0
    for row in rows:
        person = link(db, row["keys"], now=row["question"]["at"]) if row["keys"] else None
        stored += insert(db, "past_questions", row["question"] | {"person": person, "created": now})
    return {"stored": stored}


def import_users(db: Database, *, rows: Sequence[Row]) -> Row:
    """Keep how many people used the product in a month; a later count of the same month takes its place."""
    for row in rows:
        db.execute(
            """
            INSERT INTO active_users (id, at, users) VALUES (:id, :at, :users)
            ON CONFLICT (id) DO UPDATE SET users = excluded.users
            """,
            row,
        )
    return {"stored": len(rows)}


def _wrong(db: Database, event: Row, keys: Sequence[str]) -> str | None:
    """Return why an event cannot be kept, or None after its person and episode are there."""
    if not keys:
        return "visitor is missing; name who it was by visitor, email or person"
    person = link(db, keys, now=event["at"])
    episode = event.get("episode")
    if event["type"] == "intent":
        _begin(db, person, event)
    if episode and not owns(db, person, episode):
        known = db.execute("SELECT 1 FROM episodes WHERE id = ?", [episode]).fetchone()
        return "episode is another person's" if known else "episode is unknown; its intent belongs in the same file"
    if episode:
        db.execute("UPDATE episodes SET last = max(last, ?) WHERE id = ?", [event["at"], episode])
    return None


def _begin(db: Database, person: str, event: Row) -> None:
    details = {name: event.get(name) or "" for name in ("page", "lang", "category")}
    times = {"started": event["at"], "last": event["at"]}
    insert(
        db,
        "episodes",
        {"id": event["episode"], "person": person, "arm": event["arm"], "channels": json.dumps(event["channels"])}
        | details
        | times,
    )
