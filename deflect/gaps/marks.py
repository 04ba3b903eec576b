"""Gaps that agents called done or ignore.

A mark belongs to the words of a question, whoever asks: it is stored as a keyed hash of its terms, never as text. An
ignored question is in no gap. A question that is done comes back when it is asked again afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from sqlite_utils import Database

from deflect.gaps.clusters import terms_of
from deflect.gaps.gaps import Question
from deflect.store.database import Row, Store
from deflect.store.tokens import signature
from deflect.store.writer import write
from deflect.tickets.ticket_writes import audit

State = Literal["done", "ignored"]

MARKED = "SELECT id, state, created FROM gap_marks"
GAPS = """
    SELECT gap, state, who, max(created) AS created, count(*) AS questions, json_group_array(id) AS ids
    FROM gap_marks GROUP BY gap, state, who ORDER BY created DESC, gap
    """


def key(secret: str, question: Question) -> str:
    """Return the hash of a question's words, the same for every order, ending and person."""
    words = " ".join(sorted(terms_of(question.text, question.lang))) or question.text
    return signature(secret, f"gap:{words}".encode())[:32]


def still_open(store: Store, questions: Iterable[Question]) -> Iterator[Question]:
    """Yield the questions that are not ignored, and not done since they were asked."""
    marked = {row["id"]: row for row in store.rows(MARKED)}
    secret = store.secret("email") if marked else ""
    for question in questions:
        mark = marked.get(key(secret, question)) if marked else None
        if mark is None or (mark["state"] == "done" and question.at > mark["created"]):
            yield question


def marked(store: Store, questions: Iterable[Question]) -> list[Row]:
    """Return the marked gaps, latest first, each with the `text` of a question that is still kept, or ""."""
    rows = store.rows(GAPS)
    secret = store.secret("email") if rows else ""
    texts = {key(secret, question): question.text for question in questions} if rows else {}
    return [row | {"text": next((texts[id] for id in json.loads(row["ids"]) if id in texts), "")} for row in rows]


@write()
def mark_gap(db: Database, *, id: str, keys: Sequence[str], state: State, who: str, now: int) -> Row:
    """Mark the questions of a gap; `id` is that of the audit's entry, and names the gap."""
    for each in keys:
        db.execute(
            "INSERT OR REPLACE INTO gap_marks (id, state, gap, who, created) VALUES (?, ?, ?, ?, ?)",
            [each, state, id, who, now],
        )
    audit(db, id=id, who=who, did=f"call gap {state}", what=f"{len(keys)} questions", now=now)
    return {"marked": len(keys)}


@write()
def unmark_gap(db: Database, *, id: str, gap: str, who: str, now: int) -> Row:
    """Remove the marks of a gap, so that its questions count again."""
    removed = db.execute("DELETE FROM gap_marks WHERE gap = ?", [gap]).rowcount
    if removed:
        audit(db, id=id, who=who, did="show gap again", what=f"{removed} questions", now=now)
    return {"removed": removed}
