"""Articles that belong to the page on which somebody writes: they come first among equals, and first of all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from deflect.offers.episode import Visit
from kb.content import contexts
from search.rank.hit import Fragment, Hit, Suggestions

if TYPE_CHECKING:
    from search.rank.searcher import Searcher

PRIOR = 0.05  # of probability that an article gains on a page that it belongs to: less than what cards differ by
SHORT = 4  # words; fewer say less than the page does
MOST = 10  # hits of a page's search that are looked at for such as forms may offer
CERTAIN = 1.0  # the score of what the owner named
BY_CONTEXT = "+context"  # after the name of the ranker where a context changed the cards


def with_context(searcher: Searcher, visit: Visit, found: Suggestions, *, text: str, lang: str, k: int) -> Suggestions:
    """Return what was found with the articles of the visit's page: put first among equals, or filled in.

    They are filled in while next to nothing is typed, and never where a category has no offers.
    """
    snapshot = searcher.snapshot
    context = contexts.find(snapshot.contexts, visit.page[:500], audience=visit.claims.audience)
    topic = snapshot.category(visit.category, lang) if visit.category else None
    if context is None or (topic and not topic.offers):
        return found
    cards = sorted(found.cards, key=lambda card: -(card.score + PRIOR * (card.article in context.articles)))
    if len(re.findall(r"\w+", text)) < SHORT:
        known = {card.article for card in cards}
        cards += [hit for hit in of_context(searcher, context, lang=lang, visit=visit) if hit.article not in known]
    if tuple(cards[:k]) == found.cards:
        return found
    return replace(found, abstained=False, cards=tuple(cards[:k]), ranker=f"{found.ranker}{BY_CONTEXT}")


def of_context(searcher: Searcher, context: contexts.Context, *, lang: str, visit: Visit) -> list[Hit]:
    """Return the articles that a context names and that forms may offer to this person, or what its search finds."""
    audience = visit.claims.audience
    named = named_hits(searcher.snapshot, context.articles, lang=lang, audience=audience, offered=True)
    if named or not context.query:
        return named
    found = searcher.search(context.query, lang=lang, k=MOST, audience=audience).hits
    entries = {hit.article: searcher.snapshot.best(hit.article, lang) for hit in found}
    return [hit for hit in found if (entry := entries[hit.article]) and entry.offers]


def named_hits(
    snapshot: Any, ids: Iterable[str], *, lang: str, audience: frozenset[str], offered: bool = False
) -> list[Hit]:
    """Return the articles of these ids that are there for this person, and only those that may be `offered`."""
    entries = [snapshot.best(id, lang) for id in ids]
    return [
        Hit(e.id, e.lang, e.title, e.address, "", "", (Fragment(e.summary, False),) if e.summary else (), CERTAIN)
        for e in entries
        if e and not (e.audience and audience.isdisjoint(e.audience)) and (e.offers or not offered)
    ]
