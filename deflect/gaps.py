"""What people ask and no article answers well: grouped, diagnosed, and ranked by the contacts that an answer avoids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import yaml

from deflect.clusters import NEAR, NEAR_VECTORS, Floats, by_words, grouped, telling

Text = TypeVar("Text", bound=str)
Diagnosis = Literal["missing", "not found", "title", "content fails", "outdated"]

ADVICE = {
    "missing": "No article answers this. Write one.",
    "not found": "An article answers this and was not found. Give it these questions as 'queries:'.",
    "title": "The right article was shown and nobody opened it. Say in its title what it solves.",
    "content fails": "The article was read and people wrote to us all the same. Look at what it leaves out.",
    "outdated": "Readers say that this article is out of date. Check it against the product.",
}
HELP_RATE = 0.2  # how often an answer is taken to avoid a contact until that is measured
MOST = 2000  # questions that are compared with each other; what they cost grows with their square
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Question:
    """One question without a good answer, redacted; `article` is what went wrong, if an article did."""

    id: str
    text: str
    lang: str
    person: str
    contacted: bool
    diagnosis: Diagnosis = "missing"
    article: str = ""
    category: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions that ask the same, what is wrong, and an article's front matter that would begin to mend it."""

    label: str
    diagnosis: Diagnosis
    advice: str
    article: str
    people: int
    contacts: int
    avoided: float
    questions: tuple[str, ...]
    members: tuple[str, ...]
    draft: str


def gaps(
    questions: Sequence[Question],
    *,
    days: float,
    rate: float = HELP_RATE,
    limit: int = 50,
    vectors: Floats | None = None,
) -> list[Gap]:
    """Return the gaps, those first whose answer would avoid most contacts in 30 days; the same in any order.

    Questions are compared by `vectors`, a row of length one for each, or by their words where there are none.
    """
    if vectors is None:
        chosen = [questions[n] for n in _chosen(questions)]
        groups = grouped(by_words([q.text for q in chosen], [q.lang for q in chosen]), near=NEAR)
    else:
        order = _chosen(questions)
        chosen, groups = [questions[n] for n in order], grouped(vectors[order], near=NEAR_VECTORS)
    found = [_gap(chosen, group, days=days, rate=rate) for group in groups]
    return sorted(found, key=lambda gap: (-gap.avoided, -gap.people, gap.members))[:limit]


def _chosen(questions: Sequence[Question]) -> list[int]:
    """Return which questions are compared, in order of id: of too many those whose people wrote to us first."""
    order = sorted(range(len(questions)), key=lambda n: (not questions[n].contacted, questions[n].id))[:MOST]
    return sorted(order, key=lambda n: questions[n].id)


def _gap(questions: Sequence[Question], group: Sequence[int], *, days: float, rate: float) -> Gap:
    members = [questions[n] for n in group]
    people = len({q.person for q in members})
    contacts = len({q.person for q in members if q.contacted})
    diagnosis = _commonest([q.diagnosis for q in members])
    article = _commonest([q.article for q in members if q.diagnosis == diagnosis])
    words = telling([q.text for q in questions], [q.lang for q in questions], group)
    return Gap(
        label=", ".join(words) or _line(members[0]),
        diagnosis=diagnosis,
        advice=ADVICE[diagnosis],
        article=article,
        people=people,
        contacts=contacts,
        avoided=contacts * rate * 30 / max(days, 1.0),
        questions=tuple(dict.fromkeys(q.text.strip() for q in members))[:SHOWN],
        members=tuple(q.id for q in members),
        draft=draft(members),
    )


def draft(members: Sequence[Question]) -> str:
    """Return front matter that can be saved as it is: a draft that answers the group's own questions."""
    asked = list(dict.fromkeys(_line(q) for q in members))
    front = {
        "title": asked[0],
        "summary": "",
        "category": _commonest([q.category for q in members]) or "general",
        "queries": asked[:5],
        "owner": "",
        "status": "draft",
        "lang": _commonest([q.lang for q in members]),
    }
    return f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=110)}---\n"


def _line(question: Question) -> str:
    """Return a question in one line: its subject, or its first sentence."""
    text = question.subject or re.split(r"(?<=[.?!])\s|\n", question.text.strip())[0]
    return " ".join(text.split())[:120]


def _commonest(values: Sequence[Text]) -> Text:
    """Return what stands most often, the first of equals."""
    counts = Counter(values)
    return max(counts, key=lambda value: counts[value])
