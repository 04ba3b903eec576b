"""Mining: what an encoder is trained on, from solved questions and what our own ranking made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from search.index.generation import KINDS
from search.index.passage import Unit
from search.learn.learning import Solved
from search.learn.training import Triple
from search.rank.collection import Collection
from search.rank.ranking import Ranking
from search.rank.searcher import Searcher
from search.text import message

CANDIDATES = 10
SURELY_LESS = 0.95  # a wrong article that scores nearer to the right one may answer, too, and teaches nothing


def mine(searcher: Searcher, solved: Sequence[Solved]) -> list[Triple]:
    """Return each question with the passage that is nearest in the article that solved it, and one mistaken for it.

    The mistaken one is the best passage of the article that our untaught ranking puts first among those that score
    surely less. Questions whose article is gone, and those of another language than the vectors, are left out.
    """
    collection = searcher.collection
    found = []
    for one in solved:
        _, ranking, _ = searcher.rank_message(one.subject, one.body, lang=one.lang, k=CANDIDATES)
        triple = _triple(collection, ranking, one) if ranking is not None and ranking.semantic is not None else None
        if triple is not None:
            found.append(triple)
    return found


def _triple(collection: Collection, ranking: Ranking, one: Solved) -> Triple | None:
    right = next(
        (n for n, d in enumerate(collection.documents) if d.article == one.article and ranking.scores[n] >= 0), None
    )
    wrong = [number for number in ranking.order if number != right]
    if right is None or not wrong:
        return None
    less = [number for number in wrong if ranking.scores[number] < SURELY_LESS * ranking.scores[right]]
    mistaken = less[0] if less else wrong[-1]
    return Triple(
        question=message.read(one.subject, one.body).whole,
        passage=_nearest(collection, ranking, right),
        mistaken=_nearest(collection, ranking, mistaken),
        article=one.article,
        other=collection.documents[mistaken].article,
    )


def _nearest(collection: Collection, ranking: Ranking, number: int) -> str:
    """Return the text, as it is encoded, of a document's passage that is nearest to the question."""
    document = collection.documents[number]
    assert ranking.semantic is not None
    place = document.first + int(np.argmax(ranking.semantic.units[document.first : document.last]))
    anchor, heading, text = collection.units[place]
    kind = KINDS[collection.units.kinds[place]]
    return Unit(document.article, document.lang, anchor, heading, kind, text).embedded(document.title)
