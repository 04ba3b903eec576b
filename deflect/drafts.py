"""An article begun from a ticket: front matter that asks its question, then question and answers, all redacted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from deflect import gaps
from deflect.gaps import Question
from deflect.redaction import redact, unmarked
from deflect.store import Row

LONGEST = 8000  # characters of each message that are taken over


@dataclass(frozen=True, slots=True)
class Draft:
    """A Markdown file that can be saved as it is: nobody sees a draft until its status says `published`."""

    file: str
    text: str


def of_ticket(ticket: Row, messages: Sequence[Row]) -> Draft:
    """Return the draft of a ticket: its question to remove, and what agents answered to write from."""
    asked = redact(next((m["body"] for m in messages if m["author"] == "requester"), ""))[:LONGEST]
    answers = [redact(m["body"])[:LONGEST] for m in messages if m["author"] == "agent"]
    subject, category = redact(ticket["subject"]), ticket["category"] or ""
    lang, person = ticket["lang"] or "en", ticket["person"]
    question = Question(ticket["id"], asked, lang, person, contacted=True, category=category, subject=subject)
    front = gaps.draft([question])
    parts = ["Asked by a customer (remove this before you publish):", _quoted(asked)]
    parts += answers or ["Write here what solves it."]
    return Draft(_file(category, subject, ticket["id"]), "\n\n".join([front.rstrip("\n"), *parts]) + "\n")


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())


def _file(category: str, subject: str, id: str) -> str:
    """Return where the file would stand below the articles folder.

    >>> _file("Account", "Where is my code?", "T1")
    'account/where-is-my-code.md'
    """
    folder, name = (re.sub(r"[^\w]+", "-", text.lower()).strip("-_")[:60] for text in (category, unmarked(subject)))
    return f"{folder or 'general'}/{name or id.lower()}.md"
