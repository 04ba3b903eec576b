"""Gaps in the content: questions without a good answer, grouped, diagnosed, ranked, and turned into drafts.

Questions that ask the same are grouped by their vectors and words, or by their words alone. A group gets the name of
the question that most people asked in the same words, and the most frequent diagnosis of its questions. Groups are
sorted by the number of people with a contact, most first. The tickets that an article would save are estimated from
this number and from the share of offers that solved the problem. Each gap has a draft: a Markdown file with the group's
questions in its front matter, still without a text. An agent can get such a draft from a single ticket too, with the
question and the agents' answers, redacted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import yaml

from deflect.gaps.clusters import Floats, by_words, combined, grouped, limits, together, wordings
from deflect.redaction.redaction import MARK, redact, unmarked
from deflect.report.statistics import Interval, poisson
from deflect.store.database import Row
from search.text.analyzer import analyzer

Text = TypeVar("Text", bound=str)
Diagnosis = Literal["missing", "not found", "title", "content fails", "outdated"]

ADVICE = {
    "missing": "No article answers this. Write one.",
    "not found": "An article answers this, but people didn't find it. Add these questions to its 'queries:'.",
    "title": "The right article was shown, but no one opened it. Name the problem that it solves in its title.",
    "content fails": "People read the article and still wrote to us. Add what it leaves out.",
    "outdated": "Readers say this article is out of date. Check it against the product.",
}
LEAST_DAYS, LEAST_CONTACTS = 7, 5  # a full week, and enough people to project to a month
MOST = 2000  # questions that are compared with each other; the cost grows with their square
SHOWN = 3
TELLING = 3  # words of a title that says more than "Question" or "Help please"
NAMELESS = "A question"  # the title if redaction removed the whole text


@dataclass(frozen=True, slots=True)
class Question:
    """One question without a good answer, redacted, with the article at fault and its ticket, if there are any."""

    id: str
    text: str
    lang: str
    person: str
    contacted: bool
    diagnosis: Diagnosis = "missing"
    article: str = ""
    category: str = ""
    subject: str = ""
    at: int = 0
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Help:
    """The share of answers that make a ticket unnecessary, with its interval, and the source of that share."""

    share: Interval
    known: str


ASSUMED = Help(Interval(0.2, 0.2, 0.2), "assuming that one in five readers then doesn't write")


@dataclass(frozen=True, slots=True)
class Avoided:
    """Contacts that an answer would avoid in 30 days, with an interval and the assumption behind it."""

    value: float
    low: float
    high: float
    given: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions that ask the same, the diagnosis, and the draft of an article that would answer them.

    `avoided` is None when too few people wrote, or too few days passed, for an estimate.
    """

    label: str
    diagnosis: Diagnosis
    advice: str
    article: str
    people: int
    contacts: int
    avoided: Avoided | None
    questions: tuple[str, ...]
    members: tuple[str, ...]
    tickets: tuple[str, ...]
    draft: str


def gaps(
    questions: Sequence[Question],
    *,
    days: float,
    help: Help = ASSUMED,
    limit: int = 50,
    encode: Callable[[Sequence[str]], Floats] | None = None,
    encoded: int = MOST,
) -> list[Gap]:
    """Return the gaps, sorted by their people with a contact, most first; the order of `questions` does not matter.

    `days` is the length of the period, and `help` the share of answers that make a ticket unnecessary. Questions are
    compared by their words, and also by the vectors of `encode`, one unit row for each text, if there are no more than
    `encoded` wordings.
    """
    chosen = _chosen(questions)
    same = wordings([q.text for q in chosen], [q.lang for q in chosen])
    terms = [wording.terms for wording in same]
    rows, near, joined = by_words(terms), limits(terms, "words"), None
    if encode and 0 < len(same) <= encoded:
        vectors = encode([chosen[wording.members[0]].text for wording in same])
        rows, near = combined(vectors, rows), limits(terms, "vectors")
    else:
        joined = together(terms)
    found = [
        _gap([[chosen[n] for n in same[w].members] for w in group], days=days, help=help)
        for group in grouped(rows, near=near, together=joined)
    ]
    return sorted(found, key=lambda gap: (-gap.contacts, -gap.people, gap.members))[:limit]


def worded(avoided: Avoided | None) -> str:
    """Return the estimate as a sentence with its interval and assumption, or the reason for having no estimate."""
    if avoided is None:
        return f"Not enough data for an estimate: it takes {LEAST_CONTACTS} people who wrote and {LEAST_DAYS} days"
    value, low, high = (f"{n:.0f}" if n >= 10 else f"{n:.1f}" for n in (avoided.value, avoided.low, avoided.high))
    return f"An article could save about {value} tickets a month ({low}–{high}), {avoided.given}"


def _chosen(questions: Sequence[Question]) -> list[Question]:
    """Return the questions to compare, in order of id; above MOST, those with a contact first."""
    first = sorted(questions, key=lambda q: (not q.contacted, q.id))[:MOST]
    return sorted(first, key=lambda q: q.id)


def _gap(group: Sequence[Sequence[Question]], *, days: float, help: Help) -> Gap:
    """Return the gap of a group of wordings, each with its questions."""
    members = [q for wording in group for q in wording]
    by_people = sorted(group, key=lambda wording: -len({q.person for q in wording}))
    typical = [_typical(wording) for wording in by_people]
    contacts = len({q.person for q in members if q.contacted})
    diagnosis = _commonest([q.diagnosis for q in members])
    return Gap(
        label=_line(typical[0]),
        diagnosis=diagnosis,
        advice=ADVICE[diagnosis],
        article=_commonest([q.article for q in members if q.diagnosis == diagnosis]),
        people=len({q.person for q in members}),
        contacts=contacts,
        avoided=_avoided(contacts, days=days, help=help),
        questions=tuple(dict.fromkeys(q.text.strip() for q in typical))[:SHOWN],
        members=tuple(q.id for q in members),
        tickets=tuple(dict.fromkeys(q.ticket for q in members if q.ticket)),
        draft=draft([*typical, *members]),
    )


def _typical(wording: Sequence[Question]) -> Question:
    """Return the question that most people asked letter by letter, which is seldom one with a typing error."""
    people: dict[str, set[str]] = {}
    for question in wording:
        people.setdefault(question.text.strip().casefold(), set()).add(question.person)
    return max(wording, key=lambda q: (len(people[q.text.strip().casefold()]), -len(q.text)))


def _avoided(contacts: int, *, days: float, help: Help) -> Avoided | None:
    if days < LEAST_DAYS or contacts < LEAST_CONTACTS:
        return None
    wrote, share, months = poisson(contacts), help.share, days / 30
    low, high = wrote.low * share.low / months, wrote.high * share.high / months
    return Avoided(contacts * share.value / months, low, high, help.known)


def draft(members: Sequence[Question]) -> str:
    """Return the front matter of a draft for a group's questions, the most typical first."""
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
    """Return a question in one line: its subject or first sentence of three words, or else the first with a word."""
    sentences = (question.subject, *re.split(r"(?<=[.?!])\s|\n", question.text.strip()))
    plain = [text for text in (_plain(text, question.lang) for text in sentences) if re.search(r"\w", text)]
    return next((text for text in plain if len(text.split()) >= TELLING), plain[0] if plain else NAMELESS)[:120]


def _plain(text: str, lang: str) -> str:
    """Return a text without the marks of redaction and the stopwords just before them.

    >>> _plain("Refund for [email], please", "en")
    'Refund, please'
    """
    known = analyzer(lang)
    *before, last = MARK.split(text)
    words: list[str] = []
    for part in before:
        words += part.split()
        while words and known.is_stopword(words[-1].lower()):
            words.pop()
    return re.sub(r"\s+([.,;:?!])", r"\1", " ".join([*words, *last.split()])).strip(" ,;:")


def _commonest(values: Sequence[Text]) -> Text:
    """Return the most frequent value; of equals, the first."""
    counts = Counter(values)
    return max(counts, key=lambda value: counts[value])


LONGEST = 8000  # characters that are copied from each message


@dataclass(frozen=True, slots=True)
class Draft:
    """A Markdown file with a draft; visitors do not see it until its status is `published`."""

    file: str
    text: str


def of_ticket(ticket: Row, messages: Sequence[Row]) -> Draft:
    """Return the draft of a ticket: the question, to be removed later, and the agents' answers as raw material."""
    name = ticket["name"] or ""
    asked = _redacted(next((m["body"] for m in messages if m["author"] == "requester"), ""), name)[:LONGEST]
    answers = [_redacted(m["body"], name)[:LONGEST] for m in messages if m["author"] == "agent"]
    subject, category = (_redacted(ticket[field] or "", name) for field in ("subject", "category"))
    lang, person = ticket["lang"] or "en", ticket["person"]
    question = Question(ticket["id"], asked, lang, person, contacted=True, category=category, subject=subject)
    front = draft([question])
    parts = ["Asked by a customer (remove this before you publish):", _quoted(asked)]
    parts += answers or ["Write the solution here."]
    return Draft(_file(category, subject, ticket["id"]), "\n\n".join([front.rstrip("\n"), *parts]) + "\n")


def _redacted(text: str, name: str) -> str:
    """Return a redacted text, also without the requester's name, which redaction by rules cannot find.

    >>> _redacted("I am Will Kim, and I will be at jo@example.com", "Will Kim")
    'I am [name] [name], and I will be at [email]'
    """
    words = [re.escape(word) for word in re.findall(r"\w{3,}", name)]
    return redact(re.sub(rf"\b(?:{'|'.join(words)})\b", "[name]", text) if words else text)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())


def _file(category: str, subject: str, id: str) -> str:
    """Return the path of the file below the articles folder.

    >>> _file("Account", "Where is my code?", "T1")
    'account/where-is-my-code.md'
    """
    folder, name = (re.sub(r"[^\w]+", "-", text.lower()).strip("-_")[:60] for text in (category, unmarked(subject)))
    return f"{folder or 'general'}/{name or id.lower()}.md"
