"""Visitors as the experiment and the reports count them, and their episodes.

Keys that are seen together count as one, which keeps its first arm, so that nobody changes arm by typing an address or
signing in. Most keys are unproven: a browser is shared, an address is typed by anyone. So this decides neither who is
shown to agents as one person (`deflect.tickets.identity`) nor what is erased (`deflect.privacy.belongings`).
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from typing import Literal

from sqlite_utils import Database

from deflect.store.clock import DAY
from deflect.store.database import Row

Arm = Literal["treatment", "control"]


def arm(person: str, *, salt: str, holdout: float) -> Arm:
    """Return the arm of `person`. A share of `holdout` is in the control arm.

    Raising the holdout only moves people from treatment to control, never back.

    >>> arm("visitor:a", salt="s", holdout=0.0)
    'treatment'
    """
    return "control" if position(person, salt=salt) < holdout else "treatment"


def position(person: str, *, salt: str) -> float:
    """Return a number in [0, 1) for `person`, evenly distributed and the same on every machine."""
    digest = hashlib.sha256((salt + person).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


VERIFIED, EMAIL, VISITOR = "verified:", "email:", "visitor:"
WINDOW = 7 * DAY  # an episode starts with a contact intent if the person had none in the 7 days before


def link(db: Database, keys: Sequence[str], *, now: int) -> str:
    """Return the person of `keys`, given strongest first. Creates the person, or merges several into one.

    A merge keeps the older person, and so the first arm. People with different verified ids are never merged, even if
    they share a browser or an address, because the owner's server distinguishes them.
    """
    known = {key: row for key in keys if (row := _person(db, key))}
    people = sorted({(row["created"], row["person"]) for row in known.values()})
    if keys[0].startswith(VERIFIED) and keys[0] not in known:  # a new verified id, perhaps on another person's browser
        people = [(created, person) for created, person in people if not _is_verified(db, person)]
    if not people:
        person = keys[0]
        db.execute("INSERT OR IGNORE INTO people (id, created) VALUES (?, ?)", [person, now])
    elif sum(_is_verified(db, person) for _, person in people) > 1:
        person = next(known[key]["person"] for key in keys if key in known)
    else:
        person = people[0][1]
        for _, other in people[1:]:
            _merge(db, other, into=person)
    for key in keys:
        if key not in known:
            db.execute("INSERT INTO keys (id, person, created) VALUES (?, ?, ?)", [key, person, now])
    return str(person)


def key_of_episode(db: Database, episode: str | None) -> list[str]:
    """Return the key that an episode was begun under, an empty list if it is unknown."""
    rows = db.execute("SELECT key FROM episodes WHERE id = ? AND key IS NOT NULL", [episode])
    return [row[0] for row in rows.fetchall()]


def kept_under(keys: Sequence[str]) -> str:
    """Return the key to store an event under: the last one, usually the browser's, but a verified id comes before it.

    Several people may share a browser.
    """
    return keys[0] if keys[0].startswith(VERIFIED) else keys[-1]


def begin_episode(
    db: Database,
    person: str,
    *,
    key: str,
    episode: str | None,
    fresh: str,
    holdout: float,
    now: int,
    page: str,
    lang: str,
    category: str,
    channels: Sequence[str],
) -> Row:
    """Return the current episode, or a new one with the id `fresh`. The row has the `id`, the `arm` and `new`."""
    going_on = db.execute(
        """
        SELECT id, arm FROM episodes WHERE person = ? AND started BETWEEN ? AND ?
        ORDER BY id = ? DESC, started DESC, id LIMIT 1
        """,
        [person, now - WINDOW + 1, now + DAY, episode],  # one from further ahead was begun by a wrong clock
    ).fetchone()
    if going_on:
        db.execute("UPDATE episodes SET last = max(last, ?) WHERE id = ?", [now, going_on[0]])
        return {"id": going_on[0], "arm": going_on[1], "new": False}
    drawn: Arm = "control" if _place(db, person) < holdout else "treatment"
    db.execute(
        """
        INSERT INTO episodes (id, person, key, arm, channels, page, lang, category, started, last)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [fresh, person, key, drawn, json.dumps(list(channels)), page, lang, category, now, now],
    )
    return {"id": fresh, "arm": drawn, "new": True}


def owns(db: Database, person: str, episode: str) -> bool:
    """Return True if the episode belongs to this person."""
    return db.execute("SELECT 1 FROM episodes WHERE id = ? AND person = ?", [episode, person]).fetchone() is not None


def salt(db: Database) -> str:
    """Return the secret that the draw of arms depends on."""
    return str(db.execute("SELECT value FROM secrets WHERE name = 'salt'").fetchone()[0])


def _person(db: Database, key: str) -> Row | None:
    row = db.execute(
        "SELECT keys.person, people.created FROM keys JOIN people ON people.id = keys.person WHERE keys.id = ?", [key]
    ).fetchone()
    return dict(row) if row else None


def _is_verified(db: Database, person: str) -> bool:
    sql = "SELECT 1 FROM keys WHERE person = ? AND id LIKE ? || '%'"
    return db.execute(sql, [person, VERIFIED]).fetchone() is not None


def _place(db: Database, person: str) -> float:
    """Return a person's place in the draw of arms: the kept one of somebody who got another id, or that of the id."""
    row = db.execute("SELECT drawn FROM people WHERE id = ?", [person]).fetchone()
    return float(row[0]) if row and row[0] is not None else position(person, salt=salt(db))


REFERRING = ("keys", "episodes", "tickets", "contacts", "past_questions")  # the tables with the column `person`


def leave(db: Database, people: Sequence[str], *, gone: Sequence[str], fresh: str) -> int:
    """Remove the people to whom no row refers, and return their number.

    One who stays and whose id is among the keys `gone` gets another id, made from the random `fresh`, but keeps the
    place in the draw, and with it the arm.
    """
    removed = 0
    for person in people:
        if not any(db.execute(f"SELECT 1 FROM {table} WHERE person = ?", [person]).fetchone() for table in REFERRING):
            removed += db.execute("DELETE FROM people WHERE id = ?", [person]).rowcount
        elif person in gone:
            other = str(uuid.uuid5(uuid.UUID(fresh), person))
            sql = "INSERT OR IGNORE INTO people (id, created, drawn) SELECT ?, created, ? FROM people WHERE id = ?"
            db.execute(sql, [other, _place(db, person), person])
            _merge(db, person, into=other)
    return removed


def _merge(db: Database, person: str, *, into: str) -> None:
    for table in REFERRING:
        db.execute(f"UPDATE {table} SET person = ? WHERE person = ?", [into, person])
    db.execute("DELETE FROM people WHERE id = ?", [person])
