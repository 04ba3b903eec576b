"""An article begun from a ticket: front matter that asks its question, then question and answers, all redacted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from deflect.gaps import gaps
from deflect.gaps.gaps import Question
from deflect.privacy.redaction import redact, unmarked
from deflect.store.store import Row

LONGEST = 8000  # characters of each message that are taken over


@dataclass(frozen=True, slots=True)
class Draft:
    """A Markdown file that can be saved as it is: nobody sees a draft until its status says `published`."""

    file: str
    text: str


def of_ticket(ticket: Row, messages: Sequence[Row]) -> Draft:
    """Return the draft of a ticket: its question to remove, and what agents answered to write from."""
    name = ticket["name"] or ""
    asked = _redacted(next((m["body"] for m in messages if m["author"] == "requester"), ""), name)[:LONGEST]
    answers = [_redacted(m["body"], name)[:LONGEST] for m in messages if m["author"] == "agent"]
    subject, category = _redacted(ticket["subject"], name), ticket["category"] or ""
    lang, person = ticket["lang"] or "en", ticket["person"]
    question = Question(ticket["id"], asked, lang, person, contacted=True, category=category, subject=subject)
    front = gaps.draft([question])
    parts = ["Asked by a customer (remove this before you publish):", _quoted(asked)]
    parts += answers or ["Write here what solves it."]
    return Draft(_file(category, subject, ticket["id"]), "\n\n".join([front.rstrip("\n"), *parts]) + "\n")


def _redacted(text: str, name: str) -> str:
    """Return a text without the requester's name, which no rule knows, and without what rules know.

    >>> _redacted("I am Will Kim, and I will be at jo@example.com", "Will Kim")
    'I am [name] [name], and I will be at [email]'
    """
    words = [re.escape(word) for word in re.findall(r"\w{3,}", name)]
    return redact(re.sub(rf"\b(?:{'|'.join(words)})\b", "[name]", text) if words else text)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())


def _file(category: str, subject: str, id: str) -> str:
    """Return where the file would stand below the articles folder.

    >>> _file("Account", "Where is my code?", "T1")
    'account/where-is-my-code.md'
    """
    folder, name = (re.sub(r"[^\w]+", "-", text.lower()).strip("-_")[:60] for text in (category, unmarked(subject)))
    return f"{folder or 'general'}/{name or id.lower()}.md"
