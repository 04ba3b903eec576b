"""Learn from solved questions, and mine them for examples to fine-tune an encoder on.

To learn, each question is ranked without learning, which gives two scores for every article. The head, the memory and
the weights of the ranker are fitted on these scores and the vectors of the questions. The head is a
multinomial regression from a question's vector to the article that solved it. The memory compares a question with the
solved ones. Both are too accurate on the questions that they were fitted on to be weighed by them. So the ranker's
weights are fitted with a head that has not seen the question (five folds) and a memory without it. Questions in the
same words are held out together. The head that is kept is then fitted on all questions. While there are few questions,
a penalty keeps the weights near the usual ones.

To mine, each question is paired with the nearest passage of the article that solved it, and with the nearest passage of
an article that the ranking mistakes for it. Articles that score clearly less are preferred as mistakes, because an
article that scores nearly as much may answer the question, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kb.errors import HelpCenterError
from search.index import logistic
from search.index.embedder import Vectors
from search.index.generation import KINDS
from search.index.learned import FEATURES, Learned, head_feature, recall
from search.index.logistic import Matrix
from search.index.passage import Passage
from search.learn.training import Triple
from search.rank.asked import ask
from search.rank.collection import Collection
from search.rank.ranking import Ranking, rank
from search.rank.searcher import Searcher
from search.text import message

USUAL = (5.0, 5.0, 0.6, 8.0)  # weights while there are few questions; fitted to a thousand messages of a real help desk
PENALTY = 0.1  # of the head's weights
FOLDS = 5
LEAST = 30  # least number of solved questions to learn from
CANDIDATES = 10  # best articles of a question, among which a mistaken one is chosen
SURELY_LESS = 0.95  # share of the right article's score


@dataclass(frozen=True, slots=True)
class Weighed:
    """How the ranker's weights are fitted: on questions from number `after` on, kept near the weights `near`.

    `after` leaves out questions that the encoder was fine-tuned on, because it scores them too well.
    """

    near: Mapping[str, float]
    after: int = 0


USUALLY = Weighed(dict(zip(FEATURES, USUAL, strict=True)))


class TooFewOutcomes(HelpCenterError):
    """Not enough solved questions to learn from."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A past question, the article that solved it, and the weight of the pair."""

    subject: str
    body: str
    lang: str
    article: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Examples:
    """Solved questions in rows and articles in columns, with the scores of the ranking before learning."""

    questions: Vectors  # unit vectors
    answers: Sequence[str]  # the article that solved each question
    articles: Sequence[str]  # the ids of all articles, in the order of the columns
    dense: NDArray[np.float32]  # (questions, articles)
    lexical: NDArray[np.float32]  # (questions, articles)
    meant: NDArray[np.float16]  # the vector of each article
    counts: Sequence[float] = ()  # the weight of each question; empty if all are 1

    @property
    def solved(self) -> NDArray[np.int32]:
        """The column of the article that solved each question."""
        columns = {id: column for column, id in enumerate(self.articles)}
        return np.asarray([columns[id] for id in self.answers], dtype=np.int32)


def learn(
    searcher: Searcher,
    solved: Sequence[Solved],
    *,
    encode: Callable[[Sequence[str]], Vectors],
    weighed: Weighed = USUALLY,
) -> tuple[Learned, Matrix]:
    """Return the ranking learned from `solved`, and P(article) of each question by a head and memory without it.

    `encode` returns vectors of the collection's main recipe. Questions whose article is gone are left out;
    `weighed.after` counts the others. Raise TooFewOutcomes if there are fewer than LEAST.
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


def fit(examples: Examples, *, recipe: str, weighed: Weighed = USUALLY) -> tuple[Learned, Matrix]:
    """Return the ranking learned from the examples, and P(article) of each question by a head and memory without it.

    P is (questions, articles). `recipe` is that of the vectors. Raise TooFewOutcomes if there are fewer than LEAST.
    """
    questions, solved, size = examples.questions, examples.solved, len(examples.articles)
    if len(questions) < LEAST:
        raise TooFewOutcomes(f"{len(questions)} solved questions are too few to learn from; {LEAST} are needed")
    counts = np.asarray(examples.counts, dtype=np.float64) if len(examples.counts) else np.ones(len(questions))
    centre = np.average(questions, axis=0, weights=counts)
    rows = (questions - centre).astype(np.float64)
    unseen = _unseen(rows, solved, size=size, counts=counts, folds=_folds(questions))
    memory = recall(questions, questions, solved, size=size, own=True, counts=counts)
    legs = examples.dense.astype(np.float64), examples.lexical.astype(np.float64)
    features = np.stack([*legs, unseen, memory], axis=2)
    weights = _fit_weights(features, solved, counts=counts, weighed=weighed)
    learned = Learned(
        recipe=recipe,
        articles=tuple(examples.articles),
        centre=centre.astype(np.float32),
        head=_fit_head(rows, solved, size=size, counts=counts).astype(np.float32),
        memory=questions,
        solved=solved,
        weights={name: round(float(weight), 4) for name, weight in zip(FEATURES, weights, strict=True)},
        questions=len(questions),
        meant=examples.meant,
        counts=counts.astype(np.float32) if len(examples.counts) else None,
    )
    return learned, logistic.softmax(features @ weights)


def _unseen(rows: Matrix, solved: NDArray[np.int32], *, size: int, counts: Matrix, folds: NDArray[np.int64]) -> Matrix:
    """Return the feature `head` of each question, by a head that was fitted on the other folds."""
    found = np.zeros((len(rows), size))
    for fold in range(FOLDS):
        held = folds == fold
        if held.all():  # all questions are in the same words
            break
        head = _fit_head(rows[~held], solved[~held], size=size, counts=counts[~held])
        found[held] = head_feature(rows[held], head)
    return found


def _folds(questions: Vectors) -> NDArray[np.int64]:
    """Return the fold of each question. Questions in the same words share a fold."""
    known: dict[bytes, int] = {}
    return np.asarray([known.setdefault(row.tobytes(), len(known)) % FOLDS for row in questions], dtype=np.int64)


def _fit_weights(features: Matrix, solved: NDArray[np.int32], *, counts: Matrix, weighed: Weighed) -> Matrix:
    centre = np.asarray([weighed.near[name] for name in FEATURES])
    some = np.arange(len(features)) >= weighed.after
    if not some.any():
        return centre
    return logistic.fit_choice(features[some], solved[some].astype(np.int64), centre=centre, counts=counts[some])


def _fit_head(rows: Matrix, solved: NDArray[np.int32], *, size: int, counts: Matrix) -> Matrix:
    """Fit the head on articles that solved a question. Others get zero weights and a bias that rules them out."""
    seen = np.unique(solved)
    labels = np.searchsorted(seen, solved)
    own = logistic.fit_classes(rows, labels, classes=len(seen), penalty=PENALTY, counts=counts)
    head = np.zeros((rows.shape[1] + 1, size))
    head[-1] = -50.0
    head[:, seen] = own
    return head


def mine(searcher: Searcher, solved: Sequence[Solved]) -> list[Triple]:
    """Return each question with the nearest passage of the article that solved it, and a mistaken passage.

    The mistaken passage is the nearest one of the first article that scores less than SURELY_LESS times the right
    one, or else of the last candidate. Questions whose article is gone, and those without vectors, are left out.
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
    """Return the encoded text of the passage of a document that is nearest to the question."""
    document = collection.documents[number]
    assert ranking.semantic is not None
    place = document.first + int(np.argmax(ranking.semantic.passages[document.first : document.last]))
    anchor, heading, text = collection.passages[place]
    kind = KINDS[collection.passages.kinds[place]]
    return Passage(document.article, document.lang, anchor, heading, kind, text).embedded(document.title)
