"""The topics of a help center: its categories in one language, with the articles for everyone.

A topic is a category with at least one such article, in itself or in a category below. Articles with an audience are
not in topics. All topics of a language form a shelf. Filling a shelf takes half a second for 10,000 articles, so
`Topics` keeps the shelves of a generation while it is in use.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice, zip_longest
from weakref import WeakKeyDictionary

from kb.content.categories import Category
from kb.render.snapshot import Entry, Snapshot

MOST_SHOWN = 40  # articles of a topic in the tree


@dataclass(frozen=True, slots=True)
class Topic:
    """A category with at least one article for everyone, in itself or in a category below."""

    name: str
    title: str
    lang: str  # of the title
    summary: str
    offers: bool
    entries: tuple[Entry, ...]
    above: tuple[Topic, ...] = ()  # its parents, outermost first
    below: int = 0  # articles in categories below
    titles: tuple[str, ...] = ()  # the first ones in it

    @property
    def about(self) -> str:
        """Its summary, or the first titles in it."""
        return self.summary or " · ".join(self.titles)

    @property
    def count(self) -> int:
        """The number of its articles, including those in categories below."""
        return len(self.entries) + self.below

    @property
    def way(self) -> tuple[Topic, ...]:
        """Its parents, outermost first, and itself."""
        return (*self.above, self)

    def neighbours(self, entry: Entry) -> tuple[Entry | None, Entry | None]:
        """Return the articles before and after `entry`, None at either end."""
        at = next((number for number, other in enumerate(self.entries) if other.id == entry.id), None)
        if at is None:
            return None, None
        return (self.entries[at - 1] if at else None), next(iter(self.entries[at + 1 : at + 2]), None)


@dataclass(frozen=True, slots=True)
class Node:
    """A topic in the tree beside a page. Only the topics on the way to the page are open."""

    topic: Topic
    is_open: bool
    is_here: bool  # the page is the topic's own
    within: tuple[Node, ...] = ()
    entries: tuple[Entry, ...] = ()
    shown: str = ""  # the id of the article on the page


@dataclass(frozen=True, slots=True)
class Shelf:
    """The topics of a help center in one language, parents before children, and every article by its id."""

    topics: tuple[Topic, ...]
    entries: dict[str, Entry]

    def topic(self, name: str) -> Topic | None:
        """Return the topic of that name, or None."""
        return next((topic for topic in self.topics if topic.name == name), None)

    def within(self, topic: Topic | None) -> tuple[Topic, ...]:
        """Return the direct children of a topic, or the outermost topics."""
        return tuple(other for other in self.topics if other.above[-1:] == (topic.way[-1:] if topic else ()))

    def tree(self, here: Topic, *, entry: Entry | None = None) -> tuple[Node, ...]:
        """Return the tree beside the page of a topic or of one of its articles."""
        return tuple(self._node(topic, here, entry) for topic in self.within(None))

    def _node(self, topic: Topic, here: Topic, entry: Entry | None) -> Node:
        is_open = topic in here.way
        within = tuple(self._node(one, here, entry) for one in self.within(topic)) if is_open else ()
        return Node(
            topic=topic,
            is_open=is_open,
            is_here=topic == here and entry is None,
            within=within,
            entries=_around(topic.entries, entry) if topic == here else (),
            shown=entry.id if entry else "",
        )

    def first(self, names: Sequence[str]) -> tuple[Topic, ...]:
        """Return the outermost topics: those of `names` first, in that order; a deeper one of them comes as well."""
        places = {name: at for at, name in enumerate(names)}
        chosen = [topic for topic in self.topics if topic.name in places or not topic.above]
        return tuple(sorted(chosen, key=lambda topic: places.get(topic.name, len(places))))

    def all_of(self, topic: Topic) -> tuple[Entry, ...]:
        """Return the articles of a topic and of the topics below it."""
        return tuple(entry for other in self.topics if topic in other.way for entry in other.entries)

    def pick(self, *, k: int) -> tuple[Entry, ...]:
        """Return up to `k` articles, some of each topic in turn."""
        return tuple(islice(_in_turn(topic.entries for topic in self.topics), k))

    def ordered(self, *, k: int) -> tuple[Entry, ...]:
        """Return up to `k` articles that have an `order`, some of each topic in turn."""
        ordered = ([entry for entry in topic.entries if entry.order is not None] for topic in self.topics)
        return tuple(islice(_in_turn(ordered), k))


@dataclass(frozen=True, slots=True)
class Review:
    """The state of an article's review: verified on a day, overdue since a day, or neither."""

    verified: date | None = None
    overdue: date | None = None


class Topics:
    """The shelves of an application, by generation and language; they are dropped with their generation."""

    def __init__(self) -> None:
        self._shelves: WeakKeyDictionary[Snapshot, dict[str, Shelf]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def shelf(self, snapshot: Snapshot, lang: str) -> Shelf:
        """Return the shelf of a generation in a language; it is filled on first use."""
        shelves = self._shelves.setdefault(snapshot, {})
        if lang not in shelves:
            with self._lock:  # without it, twenty visitors would fill twenty shelves and wait ten times as long
                if lang not in shelves:
                    shelves[lang] = _fill(snapshot, lang)
        return shelves[lang]


def _fill(snapshot: Snapshot, lang: str) -> Shelf:
    places = {name: at for at, name in enumerate(snapshot.look.site.topics)}
    categories = sorted(snapshot.categories(lang), key=lambda one: places.get(one.name, len(places)))
    shown = {category.name: snapshot.category_entries(category.name, lang) for category in categories}
    topics = tuple(_topics(categories, shown, ()))
    return Shelf(topics, {entry.id: entry for topic in topics for entry in topic.entries})


def _topics(
    categories: Sequence[Category], shown: Mapping[str, tuple[Entry, ...]], above: tuple[Topic, ...]
) -> Iterator[Topic]:
    """Yield the direct children of the last topic in `above`, each followed by the topics below it."""
    place = f"{above[-1].name}/" if above else ""
    for category in categories:
        if not category.name.startswith(place) or "/" in category.name.removeprefix(place):
            continue
        entries = shown[category.name]
        inner = [other for other in categories if other.name.startswith(f"{category.name}/") and shown[other.name]]
        if entries or inner:
            titles = [*(entry.title for entry in entries), *(other.title for other in inner)][:3]
            topic = Topic(
                name=category.name,
                title=category.title,
                lang=category.lang,
                summary=category.summary,
                offers=category.offers,
                entries=entries,
                above=above,
                below=sum(len(shown[other.name]) for other in inner),
                titles=tuple(titles),
            )
            yield topic
            yield from _topics(categories, shown, topic.way)


def _around(entries: tuple[Entry, ...], entry: Entry | None) -> tuple[Entry, ...]:
    """Return the articles that a tree shows: all, or of many those around the article on the page."""
    at = next((number for number, other in enumerate(entries) if entry and other.id == entry.id), 0)
    begin = max(0, min(at - MOST_SHOWN // 2, len(entries) - MOST_SHOWN))
    return entries[begin : begin + MOST_SHOWN]


def _in_turn(lists: Iterable[Sequence[Entry]]) -> Iterator[Entry]:
    """Yield the first of each list, then the second of each, and so on."""
    return (entry for row in zip_longest(*lists) for entry in row if entry is not None)


def for_everybody(entry: Entry) -> bool:
    """Return True if an article is for everyone, not only for an audience."""
    return not entry.audience


def review(entry: Entry, *, today: date) -> Review:
    """Return the state of an article's review on a day."""
    if entry.verified is None:
        return Review()
    due = entry.verified + timedelta(days=entry.review_every) if entry.review_every else None
    return Review(overdue=due) if due and due < today else Review(verified=entry.verified)
