"""Propose synonyms from repeated searches, and the removal of pins that change nothing or are never opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from deflect.redaction.redaction import unmarked
from deflect.store.clock import DAY, MINUTE
from deflect.store.database import Row, Store
from search.rank.collection import PROMOTED
from search.rank.searcher import Searcher
from search.text.analyzer import analyzer
from search.text.query import normal

PEOPLE = 3  # people needed who replaced one word by the other
PAUSE = 10 * MINUTE  # after a longer pause, the second search counts as another question
UNUSED = 20  # searches for a pinned query, none of which opened its article
PERIOD = 180 * DAY  # older searches are ignored

# Each visitor's searches and the results opened from them, in order; texts were redacted when they were stored.
STEPS = """
    SELECT events.key, events.type, events.received, coalesce(json_extract(events.data, '$.lang'), :lang) AS lang,
           events.article, coalesce(event_texts.text, '') AS text
    FROM events LEFT JOIN event_texts ON event_texts.event = events.id
    WHERE events.received >= :first
      AND (events.type = 'search' OR (events.type = 'follow' AND events.source = 'search'))
    ORDER BY events.key, events.received, events.at, events.id
    """


@dataclass(frozen=True, slots=True)
class ProposedSynonym:
    """Two words of a language, and the number of people for whom only one of them led to an opened hit."""

    lang: str
    words: tuple[str, str]
    people: int


@dataclass(frozen=True, slots=True)
class UselessPin:
    """A pin that can be removed, and the reason."""

    lang: str
    query: str
    articles: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class _Tried:
    person: str
    lang: str
    text: str
    at: int
    opened: frozenset[str]


def synonyms(searcher: Searcher, store: Store, *, now: int, lang: str) -> list[ProposedSynonym]:
    """Return pairs of words, if enough people replaced one by the other and then opened a hit.

    Existing synonyms, forms of one word, and corrections of a typing error are left out.
    """
    people: dict[tuple[str, tuple[str, str]], set[str]] = defaultdict(set)
    for one, two in _again(_tried(store, now=now, lang=lang)):
        pair = _replaced(one.text, two.text, lang=two.lang)
        if pair is not None:
            people[two.lang, pair].add(one.person)
    found = [ProposedSynonym(lang, pair, len(who)) for (lang, pair), who in people.items() if len(who) >= PEOPLE]
    new = [one for one in found if not _known(searcher, one)]
    return sorted(new, key=lambda one: (one.lang, -one.people, one.words))


def pins(searcher: Searcher, store: Store, *, now: int, lang: str) -> list[UselessPin]:
    """Return the pins whose articles come first without them, and the pins that people see but never open."""
    tried: dict[tuple[str, str], list[_Tried]] = defaultdict(list)
    for one in _tried(store, now=now, lang=lang):
        tried[one.lang, normal(one.text)].append(one)
    found = []
    for pin in searcher.collection.manifest.extra.get("pins", ()):
        if pin["query"] == PROMOTED:  # no search
            continue
        wanted = tuple(pin["articles"])
        searches = tried[pin["lang"], normal(pin["query"])]
        if _untouched(searcher, pin["query"], lang=pin["lang"])[: len(wanted)] == wanted:
            found.append(UselessPin(pin["lang"], pin["query"], wanted, "it comes first without its pin"))
        elif len(searches) >= UNUSED and not any(one.opened & set(wanted) for one in searches):
            why = f"{len(searches)} searches, and no one opened it"
            found.append(UselessPin(pin["lang"], pin["query"], wanted, why))
    return sorted(found, key=lambda one: (one.lang, one.query))


def _untouched(searcher: Searcher, query: str, *, lang: str) -> tuple[str, ...]:
    """Return the articles for a query, ranked without pins."""
    documents, collection = searcher.collection.documents, searcher.collection
    _, ranking = searcher.rank_query(query, lang=lang, k=10)
    mask = collection.visible(lang, frozenset())
    titled = [n for n in collection.titles.get(normal(query), ()) if mask[n]]
    order = ranking.order if ranking is not None else ()
    return tuple(dict.fromkeys(documents[n].article for n in (*titled, *order)))


def _tried(store: Store, *, now: int, lang: str) -> list[_Tried]:
    """Return every search with the articles opened from it."""
    rows = store.rows(STEPS, {"first": now - PERIOD, "lang": lang})
    return [one for key, steps in groupby(rows, key=lambda row: str(row["key"])) for one in _of_person(key, steps)]


def _of_person(key: str, steps: Iterator[Row]) -> Iterator[_Tried]:
    search: Row | None = None
    opened: set[str] = set()
    for row in (*steps, None):
        if row is not None and row["type"] == "follow":
            opened.add(row["article"] or "")
            continue
        if search is not None and unmarked(search["text"]).strip():
            yield _Tried(key, search["lang"], unmarked(search["text"]), search["received"], frozenset(opened))
        search, opened = row, set()


def _again(tried: Sequence[_Tried]) -> Iterator[tuple[_Tried, _Tried]]:
    """Yield pairs of a person's consecutive searches, where only the second led to an opened article."""
    for one, two in pairwise(tried):
        same = one.person == two.person and one.lang == two.lang and two.at - one.at <= PAUSE
        if same and not one.opened and two.opened:
            yield one, two


def _replaced(before: str, after: str, *, lang: str) -> tuple[str, str] | None:
    """Return the one replaced word and its replacement in alphabetical order, or None."""
    first, second = normal(before).split(), normal(after).split()
    gone, come = [w for w in first if w not in second], [w for w in second if w not in first]
    if len(gone) != 1 or len(come) != 1 or len(first) != len(second):
        return None
    one, two = gone[0], come[0]
    terms = analyzer(lang).terms
    if not (one.isalpha() and two.isalpha()) or set(terms(one)) & set(terms(two)) or _typing_error(one, two):
        return None
    return (one, two) if one < two else (two, one)


def _typing_error(one: str, two: str) -> bool:
    """Return True if two words are one edit apart, or up to two edits if both are long."""
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(two, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1] <= (2 if min(len(one), len(two)) > 5 else 1)


def _known(searcher: Searcher, one: ProposedSynonym) -> bool:
    return any(set(one.words) <= set(group) for group in searcher.collection.synonyms(one.lang))
