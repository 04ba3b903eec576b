"""Erasure: a person is removed from every table, and the files are searched for what might be left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deflect.privacy.email_keys import email_hash, normal_email
from deflect.privacy.removal import COPIES, FILES, drop_files, erase_person
from deflect.store.attachments import folder
from deflect.store.database import Store
from deflect.store.writer import opened
from kb.config import Settings

TELLING = 6  # a shorter name is found in anything


def erase(settings: Settings, person: str) -> dict[str, Any]:
    """Remove a visitor id, a verified id or an e-mail address with everything linked to it.

    Returns the rows `removed` by table, the `files` removed and those shared with somebody else's tickets, how often
    any of the person's identifiers is still `left` in the database's files, in somebody else's text for example, and
    how many `copies` each sink had carried away.
    """
    email = normal_email(person)
    with opened(settings) as (store, writer):
        sender = email_hash(store.secret("email"), email)
        wanted = [f"visitor:{person}", f"verified:{person}", sender]
        people = _people(store, wanted, email)
        theirs = {"people": json.dumps(people), "email": email}
        copies = store.rows(COPIES, theirs)
        digests = [row["digest"] for row in store.rows(FILES, theirs)]
        traces = [*([person] if len(person) >= TELLING else []), *_keys(store, people)]
        removed = writer.run(erase_person, people=theirs["people"], email=email, sender=sender)
        files = writer.run(drop_files, digests=digests, folder=str(folder(settings)))
        _clean(store)
        left = _left(settings.database, traces)
        copied = {row["sink"]: row["copies"] for row in copies}
        return {"removed": removed, "files": files, "left": left, "copies": copied}


def shown(document: dict[str, Any]) -> str:
    """Return what was removed, and what is out of our reach, as lines for a terminal."""
    lines = [f"{table}: {count} removed" for table, count in document["removed"].items() if count]
    lines = lines or ["nobody by that name was found"]
    lines += [f"files: {document['files']['removed']} removed"] if document["files"]["removed"] else []
    if shared := document["files"]["shared"]:
        lines.append(f"files: {shared} stay, since somebody else sent the same")
    lines += [f"learned questions: {document['learned']}"] if document.get("learned") else []
    lines += [
        f"{sink}: {count} delivered and out of our reach; remove them there"
        for sink, count in document["copies"].items()
    ]
    return "\n".join([*lines, f"left: {document['left']}"])


def _people(store: Store, keys: list[str], email: str) -> list[str]:
    rows = store.rows(
        """
        SELECT person FROM keys WHERE id IN (?, ?, ?)
        UNION SELECT person FROM tickets WHERE lower(trim(email)) = ? ORDER BY person
        """,
        [*keys, email],
    )
    return [row["person"] for row in rows]


def _keys(store: Store, people: list[str]) -> list[str]:
    rows = store.rows(
        "SELECT id FROM keys WHERE person IN (SELECT value FROM json_each(?)) ORDER BY id", [json.dumps(people)]
    )
    return [row["id"] for row in rows]


def _clean(store: Store) -> None:
    """Move the log into the file and cut it, so that no removed row stays there."""
    db = store.connect()
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        db.close()


def _left(database: Path, traces: list[str]) -> int:
    files = [path for path in (database, database.with_name(database.name + "-wal")) if path.exists()]
    return sum(path.read_bytes().lower().count(trace.lower().encode()) for path in files for trace in traces)
