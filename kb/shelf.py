"""What everybody may see of a generation in one language: articles that are for some only stand on no shelf."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from weakref import WeakKeyDictionary

from kb.snapshot import Entry, Snapshot


@dataclass(frozen=True, slots=True)
class Topic:
    """A category that holds at least one article that everybody may see."""

    name: str
    title: str
    lang: str  # of the title
    summary: str
    offers: bool
    entries: tuple[Entry, ...]

    @property
    def count(self) -> int:
        """How many articles it shows."""
        return len(self.entries)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The topics of a help center in one language, in their order, and every article by its id."""

    topics: tuple[Topic, ...]
    entries: dict[str, Entry]

    def topic(self, name: str) -> Topic | None:
        """Return the topic of that name, if it shows anything."""
        return next((topic for topic in self.topics if topic.name == name), None)

    def pick(self, ids: Iterable[str], *, k: int) -> tuple[Entry, ...]:
        """Return up to `k` articles: those of `ids` first, then some of each topic in turn."""
        chosen = {id: self.entries[id] for id in ids if id in self.entries}
        for rank in range(max((topic.count for topic in self.topics), default=0)):
            for topic in self.topics:
                if len(chosen) >= k:
                    return tuple(chosen.values())[:k]
                if rank < topic.count:
                    chosen.setdefault(topic.entries[rank].id, topic.entries[rank])
        return tuple(chosen.values())[:k]


@dataclass(frozen=True, slots=True)
class Review:
    """Where an article stands with its owner: verified on a day, or overdue since one; neither when nobody promised."""

    verified: date | None = None
    overdue: date | None = None


_shelves: WeakKeyDictionary[Snapshot, dict[str, Shelf]] = WeakKeyDictionary()
_filling = threading.Lock()


def shelf(snapshot: Snapshot, lang: str) -> Shelf:
    """Return the shelf of a generation in a language, made once for each: half a second for 10,000 articles."""
    shelves = _shelves.setdefault(snapshot, {})
    if lang not in shelves:
        with _filling:  # else each of twenty visitors fills one, and all wait ten times as long
            if lang not in shelves:
                shelves[lang] = _fill(snapshot, lang)
    return shelves[lang]


def _fill(snapshot: Snapshot, lang: str) -> Shelf:
    topics = []
    for category in snapshot.categories(lang):
        entries = tuple(entry for entry in snapshot.category_entries(category.name, lang) if for_everybody(entry))
        if entries:
            summary = category.summary or " · ".join(entry.title for entry in entries[:3])
            topics.append(Topic(category.name, category.title, category.lang, summary, category.offers, entries))
    return Shelf(tuple(topics), {entry.id: entry for topic in topics for entry in topic.entries})


def for_everybody(entry: Entry) -> bool:
    """Tell whether an article is for everybody, or only for some."""
    return not entry.audience


def review(entry: Entry, *, today: date) -> Review:
    """Return where an article stands with its owner on a day."""
    if entry.verified is None:
        return Review()
    due = entry.verified + timedelta(days=entry.review_every) if entry.review_every else None
    return Review(overdue=due) if due and due < today else Review(verified=entry.verified)
