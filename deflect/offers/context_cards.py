"""Add the articles that the owner named for a page to the offers made on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from deflect.offers.episode import Visit
from kb.content import contexts
from kb.render.snapshot import Entry
from search.rank.hit import Fragment, Hit, Suggestions

if TYPE_CHECKING:
    from search.rank.searcher import Searcher

PRIOR = 0.05  # added to the score of the page's articles: smaller than the usual difference between cards
SHORT = 4  # words; a shorter message says less than the page
MOST = 10  # hits of the page's search that are checked for articles that may be offered
CERTAIN = 1.0  # the score of articles that the owner named
BY_CONTEXT = "+context"  # suffix of the ranker's name if a context changed the cards


def with_context(searcher: Searcher, visit: Visit, found: Suggestions, *, text: str, lang: str, k: int) -> Suggestions:
    """Return the suggestions with the articles of the visit's page moved up, or added.

    Articles of the page gain `PRIOR` on their score. They are added while the message has fewer than four words. A
    category without offers gets neither.
    """
    snapshot = searcher.snapshot
    context = contexts.find(snapshot.contexts, visit.page[:500], audience=visit.claims.audience)
    topic = snapshot.category(visit.category, lang, audience=visit.claims.audience) if visit.category else None
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
    """Return the articles of a context, or the hits of its search, that forms may offer to this person."""
    audience = visit.claims.audience
    named = named_hits(searcher.snapshot, context.articles, lang=lang, audience=audience, offered=True)
    if named or not context.query:
        return named
    found = searcher.search(context.query, lang=lang, k=MOST, audience=audience).hits
    entries = {hit.article: searcher.snapshot.best(hit.article, lang, audience=audience) for hit in found}
    return [hit for hit in found if (entry := entries[hit.article]) and entry.offers]


def named_hits(
    snapshot: Any, ids: Iterable[str], *, lang: str, audience: frozenset[str], offered: bool = False
) -> list[Hit]:
    """Return the articles of these ids that this person may read; with `offered`, only those that forms may offer."""
    entries = [snapshot.best(id, lang, audience=audience) for id in ids]
    return [hit_of(entry) for entry in entries if entry and (entry.offers or not offered)]


def hit_of(entry: Entry) -> Hit:
    """Return an article that nobody searched for as a hit, with its summary as snippet."""
    snippet = (Fragment(entry.summary, False),) if entry.summary else ()
    return Hit(entry.id, entry.lang, entry.title, entry.address, "", "", snippet, CERTAIN)
