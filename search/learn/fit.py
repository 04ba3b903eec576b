"""Fitting what is learned from solved questions: the head, the memory and the weights of the ranker over all.

The head is a multinomial regression from a question's vector to the article that solved it; the memory compares a
question with the solved ones. Both know the questions that they were fitted on too well to be weighed by them. So the
ranker's weights are fitted on a head that had not seen the question (five folds) and on a memory without it. The head
that is kept is then fitted on all questions. Questions in the same words are held out together. While there are few
questions, a penalty holds the weights near the usual ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.errors import HelpCenterError
from search.index import logistic
from search.index.embedder import Vectors
from search.index.learned import FEATURES, Learned, head_feature, recall
from search.index.logistic import Matrix

USUAL = (5.0, 5.0, 0.6, 8.0)  # weights while few questions say otherwise: fitted to a thousand messages of a real desk
PENALTY = 0.1  # of the head's weights
FOLDS = 5
LEAST = 30  # solved questions without which nothing is fitted


@dataclass(frozen=True, slots=True)
class Weighed:
    """How the ranker's weights are found: on the questions from number `after` on, held near the weights `near`.

    An encoder that was fine-tuned on the first questions scores them too well.
    """

    near: Mapping[str, float]
    after: int = 0


USUALLY = Weighed(dict(zip(FEATURES, USUAL, strict=True)))


class TooFewOutcomes(HelpCenterError):
    """Not enough solved questions to learn from."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Solved questions in rows, articles in columns, as the ranking scores them while nothing is learned."""

    questions: Vectors  # unit vectors
    answers: Sequence[str]  # the article that solved each question
    articles: Sequence[str]  # all that may be offered
    dense: NDArray[np.float32]  # (questions, articles)
    lexical: NDArray[np.float32]  # (questions, articles)
    meant: NDArray[np.float16]  # the vector of each article
    counts: Sequence[float] = ()  # how often each question counts; none: once

    @property
    def solved(self) -> NDArray[np.int32]:
        """The column of the article that solved each question."""
        columns = {id: column for column, id in enumerate(self.articles)}
        return np.asarray([columns[id] for id in self.answers], dtype=np.int32)


def fit(examples: Examples, *, recipe: str, weighed: Weighed = USUALLY) -> tuple[Learned, Matrix]:
    """Return what the examples teach, and P(article) of each question as if it had not been learned from.

    `recipe` is that of their vectors. Raises TooFewOutcomes.
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
    """Return the head's feature of each question by a head that was fitted on the other folds."""
    found = np.zeros((len(rows), size))
    for fold in range(FOLDS):
        held = folds == fold
        if held.all():  # everybody asked in the same words
            break
        head = _fit_head(rows[~held], solved[~held], size=size, counts=counts[~held])
        found[held] = head_feature(rows[held], head)
    return found


def _folds(questions: Vectors) -> NDArray[np.int64]:
    """Return the fold of each question; the same words are in the same one."""
    known: dict[bytes, int] = {}
    return np.asarray([known.setdefault(row.tobytes(), len(known)) % FOLDS for row in questions], dtype=np.int64)


def _fit_weights(features: Matrix, solved: NDArray[np.int32], *, counts: Matrix, weighed: Weighed) -> Matrix:
    centre = np.asarray([weighed.near[name] for name in FEATURES])
    some = np.arange(len(features)) >= weighed.after
    if not some.any():
        return centre
    return logistic.fit_choice(features[some], solved[some].astype(np.int64), centre=centre, counts=counts[some])


def _fit_head(rows: Matrix, solved: NDArray[np.int32], *, size: int, counts: Matrix) -> Matrix:
    """Fit the head over the articles that solved anything; the others get no weights and a bias that rules them out."""
    seen = np.unique(solved)
    labels = np.searchsorted(seen, solved)
    own = logistic.fit_classes(rows, labels, classes=len(seen), penalty=PENALTY, counts=counts)
    head = np.zeros((rows.shape[1] + 1, size))
    head[-1] = -50.0
    head[:, seen] = own
    return head
