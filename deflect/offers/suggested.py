"""Articles to show before anybody asks: those that the author promotes, and popular ones with enough behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

from deflect.offers.popular import ARTICLES, Popular
from kb.render.snapshot import Entry, Snapshot
from kb.render.topics import Shelf

if TYPE_CHECKING:
    from search.rank.searcher import Searcher


@dataclass(frozen=True, slots=True)
class Suggested:
    """The author's articles, and the popular ones. No article is in both, and `popular` may be empty."""

    promoted: tuple[Entry, ...]
    popular: tuple[Entry, ...]
    is_chosen: bool  # the author has pinned some to `*`


def suggested(
    searcher: Searcher, popular: Popular, *, shelf: Shelf, lang: str, k: int, audience: frozenset[str] = frozenset()
) -> Suggested:
    """Return up to `k` articles that this person may see, in two lists.

    Promoted are the articles that `_pins.yml` pins to `*`, or else those with an `order`, some of each category in
    turn. They take half of the places if at least three articles are popular. If not, there is no list of popular
    articles, and the first articles of each category fill the other half.
    """
    seen, pinned = searcher.snapshot, searcher.collection.promoted(lang, today=date.today())
    chosen = tuple(_seen(seen, pinned, lang, audience)) or shelf.ordered(k=k)
    opened = tuple(islice(_seen(seen, popular.articles(), lang, audience), k + len(chosen)))
    if len(opened) < ARTICLES:
        return Suggested(_filled(chosen, shelf, k=k), (), is_chosen=bool(pinned))
    chosen = chosen[: k // 2]
    known = {entry.id for entry in chosen}
    rest = tuple(entry for entry in opened if entry.id not in known)
    return Suggested(chosen, rest[: k - len(chosen)], is_chosen=bool(pinned))


def _seen(snapshot: Snapshot, ids: Iterable[str], lang: str, audience: frozenset[str]) -> Iterable[Entry]:
    found = (snapshot.best(id, lang, audience=audience) for id in ids)
    return (entry for entry in found if entry)


def _filled(chosen: tuple[Entry, ...], shelf: Shelf, *, k: int) -> tuple[Entry, ...]:
    known = {entry.id: entry for entry in chosen}
    for entry in shelf.pick(k=k + len(known)):
        known.setdefault(entry.id, entry)
    return tuple(known.values())[:k]
