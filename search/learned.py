"""What solved questions teach: a head from question to article, a memory of the questions, and a ranker over all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.errors import HelpCenterError
from search import logistic
from search.embedder import Vectors
from search.logistic import Matrix

FEATURES = ("dense", "lexical", "head", "memory")
USUAL = (5.0, 5.0, 0.6, 8.0)  # their weights while few questions say otherwise: what a thousand of a real desk gave
ALONE = (13.0, 7.0)  # of the first two where nothing else is known, fitted to the same thousand
PENALTY = 0.1  # of the head's weights
UNSEEN = 0.005  # added to the head's probabilities: what an article that solved nothing yet may hope for
NEAR = 0.3  # cosine below which a solved question says nothing
SHARP = 20.0  # how much a nearer question says more
FOLDS = 5
LEAST = 30  # solved questions without which nothing is fitted
FILE, HEAD, MEMORY = "learned.json", "learned.head.npz", "learned.memory.npz"


class TooFewOutcomes(HelpCenterError):
    """Not enough solved questions to learn from."""


@dataclass(frozen=True, slots=True)
class Learned:
    """The weights: all of them numbers that can be kept, read and compared."""

    recipe: str  # of the vectors that it was fitted on; others mean nothing to it
    articles: tuple[str, ...]  # by their ids, in the order of the head's columns
    centre: Vectors  # what all questions have in common
    head: NDArray[np.float32]  # (dimensions + 1, articles)
    memory: Vectors  # one row a solved question
    solved: NDArray[np.int32]  # which article solved it
    weights: Mapping[str, float]  # of the ranker, by feature
    questions: int

    def features(self, question: Vectors) -> dict[str, Matrix]:
        """Return the head's and the memory's feature of each article for one question's vector."""
        head = _head((question[None, :] - self.centre).astype(np.float64), self.head.astype(np.float64))[0]
        memory = recall(question[None, :], self.memory, self.solved, size=len(self.articles))[0]
        return {"head": head, "memory": memory}

    def nearest(self, question: Vectors) -> float:
        """Return the cosine of the nearest solved question."""
        return float(np.max(self.memory @ question, initial=0.0))

    @property
    def fingerprint(self) -> str:
        """A hash of all of it."""
        parts = hashlib.sha256(json.dumps([self.recipe, self.articles, dict(self.weights)]).encode())
        for array in (self.centre, self.head, self.memory, self.solved):
            parts.update(np.ascontiguousarray(array).tobytes())
        return parts.hexdigest()[:16]

    def save(self, folder: Path) -> None:
        """Write the weights to `folder`, what a person may read as JSON."""
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / HEAD, centre=self.centre, head=self.head)
        np.savez(folder / MEMORY, memory=self.memory, solved=self.solved)
        counts = np.bincount(self.solved, minlength=len(self.articles)).tolist()
        document = {
            "recipe": self.recipe,
            "questions": self.questions,
            "weights": dict(self.weights),
            "articles": dict(zip(self.articles, counts, strict=True)),  # how many questions each solved
        }
        (folder / FILE).write_text(json.dumps(document, indent=1), encoding="utf-8")


def load(folder: Path) -> Learned | None:
    """Return the weights that `save` wrote to `folder`, or None where there are none."""
    if not (folder / FILE).is_file():
        return None
    document: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    with np.load(folder / HEAD) as head, np.load(folder / MEMORY) as memory:
        return Learned(
            recipe=document["recipe"],
            articles=tuple(document["articles"]),
            centre=head["centre"],
            head=head["head"],
            memory=memory["memory"],
            solved=memory["solved"],
            weights=document["weights"],
            questions=document["questions"],
        )


def fit(
    questions: Vectors,
    answers: Sequence[str],
    *,
    articles: Sequence[str],
    dense: NDArray[np.float32],
    lexical: NDArray[np.float32],
    recipe: str,
) -> tuple[Learned, Matrix]:
    """Return what solved questions teach, and P(article) of each of them as if it had not been learned from.

    `questions` are unit vectors, `answers` the ids of the articles that solved them, `articles` all ids that may be
    offered; `dense` and `lexical` are (questions, articles), the scores of the untaught legs. The ranker's weights
    are fitted on a head that had not seen the question (folds) and a memory without it.
    """
    if len(questions) < LEAST:
        raise TooFewOutcomes(f"{len(questions)} solved questions are too few to learn from; {LEAST} are needed")
    columns = {id: column for column, id in enumerate(articles)}
    solved = np.asarray([columns[id] for id in answers], dtype=np.int64)
    centre = questions.mean(axis=0)
    rows = (questions - centre).astype(np.float64)
    unseen = np.zeros((len(rows), len(articles)))
    for fold in range(FOLDS):
        held = np.arange(len(rows)) % FOLDS == fold
        unseen[held] = _head(rows[held], _fit_head(rows[~held], solved[~held], size=len(articles)))
    memory = recall(questions, questions, solved.astype(np.int32), size=len(articles), own=True)
    features = np.stack([dense.astype(np.float64), lexical.astype(np.float64), unseen, memory], axis=2)
    weights = logistic.fit_choice(features, solved, centre=np.asarray(USUAL))
    head = _fit_head(rows, solved, size=len(articles))
    learned = Learned(
        recipe=recipe,
        articles=tuple(articles),
        centre=centre.astype(np.float32),
        head=head.astype(np.float32),
        memory=questions,
        solved=solved.astype(np.int32),
        weights={name: round(float(weight), 4) for name, weight in zip(FEATURES, weights, strict=True)},
        questions=len(questions),
    )
    return learned, logistic.softmax(features @ weights)


def recall(asked: Vectors, memory: Vectors, solved: NDArray[np.int32], *, size: int, own: bool = False) -> Matrix:
    """Return, for each asked question and article, how near the questions are that the article solved.

    With `own` the rows of `asked` are those of `memory`, and none recalls itself.
    """
    cosines = (asked @ memory.T).astype(np.float64)
    near = np.exp(SHARP * (cosines - 1.0)) * (cosines > NEAR)
    if own:
        np.fill_diagonal(near, 0.0)
    total = np.zeros((len(asked), size))
    np.add.at(total.T, solved, near.T)
    return np.asarray(np.log(total + np.exp(-0.6 * SHARP)) / SHARP, dtype=np.float64)


def _fit_head(rows: Matrix, solved: NDArray[np.int64], *, size: int) -> Matrix:
    """Fit the head over the articles that solved anything; the others get no weights and a bias that rules them out."""
    seen = np.unique(solved)
    own = logistic.fit_classes(rows, np.searchsorted(seen, solved), classes=len(seen), penalty=PENALTY)
    head = np.zeros((rows.shape[1] + 1, size))
    head[-1] = -50.0
    head[:, seen] = own
    return head


def _head(rows: Matrix, head: Matrix) -> Matrix:
    return np.asarray(np.log(logistic.softmax(rows @ head[:-1] + head[-1]) + UNSEEN), dtype=np.float64)
