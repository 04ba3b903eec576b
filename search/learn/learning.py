"""Learning from questions that were solved: what the untaught ranking makes of each, and the fit over all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from search.index import learned
from search.index.embedder import Vectors
from search.index.learned import USUALLY, Learned, Weighed
from search.index.logistic import Matrix
from search.rank.ranking import Question, parsed, rank
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

    `encode` gives vectors of the collection's main recipe; whoever calls may keep them. Questions whose article is
    gone are left out; `weighed` counts those that are left.
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
        langs = collection.langs_of(mask)
        queries = parsed(collection, said.whole, langs=langs, heavy=said.subject)
        question = Question(one.lang, queries, {recipe: vectors[row]})
        ranking = rank(collection, question, mask=mask, k=1)
        seen = np.flatnonzero(mask)
        places = [columns[collection.documents[number].article] for number in seen]
        dense[row, places], lexical[row, places] = ranking.dense[seen], ranking.lexical.scores[seen]
    return learned.fit(
        vectors,
        [one.article for one in known],
        articles=articles,
        dense=dense,
        lexical=lexical,
        recipe=recipe,
        meant=np.stack([collection.meaning(article) for article in articles]).astype(np.float16),
        weighed=weighed,
        counts=[one.weight for one in known] if any(one.weight != 1.0 for one in known) else (),
    )
