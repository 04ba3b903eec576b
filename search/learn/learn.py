"""Learning from solved questions, and mining them for examples to fine-tune an encoder on.

To learn, each question is ranked as if nothing had been learned, which gives two scores for every article; the fit is
made over these and the vectors of the questions. To mine, each question is paired with the nearest passage of the
article that solved it, and with the best passage of an article that the ranking mistakes for it. Only articles that
score surely less are taken for mistakes: one that scores nearly as much may answer the question, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.index.embedder import Vectors
from search.index.generation import KINDS
from search.index.learned import Learned
from search.index.logistic import Matrix
from search.index.passage import Unit
from search.learn.fit import USUALLY, Examples, Weighed, fit
from search.learn.training import Triple
from search.rank.asked import ask
from search.rank.collection import Collection
from search.rank.ranking import Ranking, rank
from search.rank.searcher import Searcher
from search.text import message


@dataclass(frozen=True, slots=True)
class Solved:
    """A question of the past, and the article that solved it; `weight` is how much it counts."""

    subject: str
    body: str
    lang: str
    article: str
    weight: float = 1.0


def learn(
    searcher: Searcher,
    solved: Sequence[Solved],
    *,
    encode: Callable[[Sequence[str]], Vectors],
    weighed: Weighed = USUALLY,
) -> tuple[Learned, Matrix]:
    """Return what `solved` teaches the ranking of `searcher`, and P(article) of each question, itself not learned from.

    `encode` returns vectors of the collection's main recipe. Questions whose article is gone are left out; `weighed`
    counts those that are left. Raises TooFewOutcomes.
    """
    collection = searcher.collection
    recipe = collection.main_recipe
    articles = sorted({document.article for document in collection.documents})
    columns = {id: column for column, id in enumerate(articles)}
    known = [one for one in solved if one.article in columns]
    read = [message.read(one.subject, one.body) for one in known]
    vectors = encode([said.whole for said in read])
    dense = np.zeros((len(known), len(articles)), dtype=np.float32)
    lexical = np.zeros_like(dense)
    for row, (one, said) in enumerate(zip(known, read, strict=True)):
        mask = collection.visible(one.lang, frozenset())
        asked = ask(collection, said.whole, lang=one.lang, mask=mask, heavy=said.subject)
        ranking = rank(collection, replace(asked, vectors={recipe: vectors[row]}), k=1)
        seen = np.flatnonzero(mask)
        places = [columns[collection.documents[number].article] for number in seen]
        dense[row, places], lexical[row, places] = ranking.dense[seen], ranking.lexical.scores[seen]
    examples = Examples(
        questions=vectors,
        answers=[one.article for one in known],
        articles=articles,
        dense=dense,
        lexical=lexical,
        meant=np.stack([collection.meaning(article) for article in articles]).astype(np.float16),
        counts=[one.weight for one in known] if any(one.weight != 1.0 for one in known) else (),
    )
    return fit(examples, recipe=recipe, weighed=weighed)


CANDIDATES = 10
SURELY_LESS = 0.95  # of the right article's score


def mine(searcher: Searcher, solved: Sequence[Solved]) -> list[Triple]:
    """Return each question with the nearest passage of the article that solved it, and a mistaken one.

    The mistaken one is the best passage of the first article that scores surely less. Questions whose article is
    gone, and those that have no vectors, are left out.
    """
    collection = searcher.collection
    found = []
    for one in solved:
        _, ranking = searcher.rank_message(one.subject, one.body, lang=one.lang, k=CANDIDATES)
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
