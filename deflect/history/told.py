"""What the owner's server tells is written here: contacts made elsewhere, each kept once, by tokens that count once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlite_utils import Database

from deflect.offers.writes import append, insert
from deflect.store.events import CHANNELS
from deflect.store.people import WINDOW, keys_of_episode, link, owns
from deflect.store.store import Row

NAMESPACE = uuid.UUID("5b0f0c1e-9a0e-4f3a-8a53-1f2b7e0c4d11")  # of the ids of `sent` events made of contacts


def take_contact(
    db: Database, *, keys: Sequence[str], contact: Row, token: Row, now: int, episode: str | None = None
) -> Row:
    """Keep a contact made elsewhere, and end the episode that it came from; say whether the token was used before."""
    if _was_used(db, token, now=now):
        return {"replayed": True, "stored": 0}
    person = link(db, [*keys, *keys_of_episode(db, episode)[:1]], now=contact["at"])
    stored = 0 if _is_there(db, contact) else insert(db, "contacts", contact | {"person": person, "created": now})
    came_from = _came_from(db, person, contact, named=episode)
    if stored and came_from:
        fields = {"ticket": contact["ticket"], "channel": contact["channel"], "episode": came_from}
        id = str(uuid.uuid5(NAMESPACE, contact["id"]))
        append(db, keys[0], {"id": id, "type": "sent", "at": contact["at"]} | fields, now=contact["at"])
    return {"replayed": False, "stored": stored}


def _was_used(db: Database, token: Row, *, now: int) -> bool:
    """Note a token's use; the same call, sent again because its answer was lost, is no second use."""
    db.execute("DELETE FROM used_tokens WHERE expires < ?", [now])
    insert(db, "used_tokens", token)
    call = db.execute("SELECT call FROM used_tokens WHERE id = ?", [token["id"]]).fetchone()
    return bool(call["call"] != token["call"])


def _is_there(db: Database, contact: Row) -> bool:
    """Say whether the contact is known, whatever channel it was said to come by, or however it was imported."""
    ids = [f"{channel}:{contact['ticket']}" for channel in CHANNELS]
    return db.execute("SELECT 1 FROM contacts WHERE id IN (?, ?, ?, ?)", ids).fetchone() is not None


def _came_from(db: Database, person: str, contact: Row, *, named: str | None) -> str | None:
    """Return the episode that ended in the contact: the one named, or the one whose foreign form was submitted last."""
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
