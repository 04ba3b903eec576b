"""Store imported events, contacts, questions and numbers of active users, and contacts that are reported live.

Imports store the history of a help desk. They can be repeated, because existing rows are skipped. A row belongs to the
person of its keys, or of the episode that it names. Past events are stored with the times at which they happened, and
an intent creates its episode. A row that cannot be stored is refused with its number and a reason; the other rows are
stored. `take_contact` stores one contact that another system reports at once: its token is valid for one call, and the
contact ends the episode that led to it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

from sqlite_utils import Database

from deflect.offers.log import append
from deflect.store.database import Row, insert
from deflect.store.events import CHANNELS
from deflect.store.people import WINDOW, kept_under, key_of_episode, link, owns
from deflect.store.writer import write


@write()
def import_events(db: Database, *, rows: Sequence[Row]) -> Row:
    """Append past events with the times at which they happened; the intent of an episode creates the episode.

    A row is `{"keys", "event"}`; without keys the event belongs to the person of its episode.
    """
    stored, refused = 0, []
    for n, row in enumerate(rows):
        event, keys = row["event"], row["keys"] or key_of_episode(db, row["event"].get("episode"))
        why = _wrong(db, event, keys)
        if why:
            refused.append({"row": n, "why": why})
        else:
            stored += append(db, kept_under(keys), event, now=event["at"])
    return {"stored": stored, "refused": refused}


@write()
def import_contacts(db: Database, *, rows: Sequence[Row], now: int) -> Row:
    """Store contacts made elsewhere; a row is `{"keys", "contact"}` and may name its `episode`."""
    stored, refused = 0, []
    for n, row in enumerate(rows):
        keys = [*row["keys"], *key_of_episode(db, row.get("episode"))]
        if keys:
            person = link(db, keys, now=row["contact"]["at"])
            stored += insert(db, "contacts", row["contact"] | {"person": person, "key": keys[0], "created": now})
        else:
            refused.append({"row": n, "why": "episode is unknown, and no other field identifies the person"})
    return {"stored": stored, "refused": refused}


@write()
def import_questions(db: Database, *, rows: Sequence[Row], now: int) -> Row:
    """Store past questions, each with the article that solved it, if any; a row is `{"keys", "question"}`."""
    stored = 0
    for row in rows:
        key = row["keys"][0] if row["keys"] else None
        person = link(db, row["keys"], now=row["question"]["at"]) if key else None
        stored += insert(db, "past_questions", row["question"] | {"person": person, "key": key, "created": now})
    return {"stored": stored}


@write()
def import_users(db: Database, *, rows: Sequence[Row]) -> Row:
    """Store the active users of each month; a later count replaces an earlier one of the same month."""
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
    """Return the reason why an event cannot be stored, or store its person and episode and return None."""
    if not keys:
        return "visitor is missing; identify the person by visitor, email or person"
    person = link(db, keys, now=event["at"])
    episode = event.get("episode")
    if event["type"] == "intent":
        _begin(db, person, kept_under(keys), event)
    if episode and not owns(db, person, episode):
        known = db.execute("SELECT 1 FROM episodes WHERE id = ?", [episode]).fetchone()
        return "episode belongs to another person" if known else "episode is unknown; put its intent into the same file"
    if episode:
        db.execute("UPDATE episodes SET last = max(last, ?) WHERE id = ?", [event["at"], episode])
    return None


def _begin(db: Database, person: str, key: str, event: Row) -> None:
    details = {name: event.get(name) or "" for name in ("page", "lang", "category")}
    times = {"started": event["at"], "last": event["at"]}
    insert(
        db,
        "episodes",
        {"id": event["episode"], "person": person, "key": key, "arm": event["arm"]}
        | {"channels": json.dumps(event["channels"])}
        | details
        | times,
    )


NAMESPACE = uuid.UUID("5b0f0c1e-9a0e-4f3a-8a53-1f2b7e0c4d11")  # for the ids of `sent` events made from contacts


@write()
def take_contact(
    db: Database, *, keys: Sequence[str], contact: Row, token: Row, now: int, episode: str | None = None
) -> Row:
    """Store a contact made elsewhere and end its episode; `replayed` is True if the token was used before."""
    if _was_used(db, token, now=now):
        return {"replayed": True, "stored": 0}
    person = link(db, [*keys, *key_of_episode(db, episode)], now=contact["at"])
    row = contact | {"person": person, "key": keys[0], "created": now}
    stored = 0 if _is_there(db, contact) else insert(db, "contacts", row)
    came_from = _came_from(db, person, contact, named=episode)
    if stored and came_from:
        fields = {"ticket": contact["ticket"], "channel": contact["channel"], "episode": came_from}
        id = str(uuid.uuid5(NAMESPACE, contact["id"]))
        append(db, keys[0], {"id": id, "type": "sent", "at": contact["at"]} | fields, now=contact["at"])
    return {"replayed": False, "stored": stored}


def _was_used(db: Database, token: Row, *, now: int) -> bool:
    """Record the use of a token. Return True if another call used it; the same call may use it again."""
    db.execute("DELETE FROM used_tokens WHERE expires < ?", [now])
    insert(db, "used_tokens", token)
    call = db.execute("SELECT call FROM used_tokens WHERE id = ?", [token["id"]]).fetchone()
    return bool(call["call"] != token["call"])


def _is_there(db: Database, contact: Row) -> bool:
    """Return True if the contact is already stored, with any channel."""
    ids = [f"{channel}:{contact['ticket']}" for channel in CHANNELS]
    return db.execute("SELECT 1 FROM contacts WHERE id IN (?, ?, ?, ?)", ids).fetchone() is not None


def _came_from(db: Database, person: str, contact: Row, *, named: str | None) -> str | None:
    """Return the episode that the contact ends: the named one, or the last one with the site's own form."""
    if named and owns(db, person, named):
        return named
    if contact["channel"] != "web":
        return None
    row = db.execute(
        """
        SELECT episodes.id FROM episodes JOIN events ON events.episode = episodes.id AND events.type = 'attempted'
        WHERE person = ? AND started BETWEEN ? AND ? ORDER BY started DESC, episodes.id LIMIT 1
        """,
        [person, contact["at"] - WINDOW, contact["at"]],
    ).fetchone()
    return str(row["id"]) if row else None
