"""The ranking learned from solved questions: its files in the index, and its features for a question.

The head maps a question's vector to the log of each article's probability. The memory holds the vectors of the solved
questions, and measures how near a question is to those that an article solved. The ranker weighs both features and the
two legs of the search. All of it holds for the vectors of one recipe, and for articles whose meaning has not changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.index import logistic
from search.index.embedder import Vectors
from search.index.logistic import Matrix

FOLDER = "_tuning"  # in the articles' repository; it is not an article, so it is neither shown nor checked
FEATURES = ("dense", "lexical", "head", "memory")
UNSEEN = 0.005  # added to the head's probabilities, for articles that have solved no question yet
NEAR = 0.3  # a solved question counts if its cosine is above this
SHARP = 20.0  # how steeply the weight of a solved question rises with its cosine
SAME = 0.99999  # cosine above which two questions have the same words
FILE, HEAD, MEMORY = "learned.json", "learned.head.npz", "learned.memory.npz"


@dataclass(frozen=True, slots=True)
class Learned:
    """The head, the memory and the weights of the ranker."""

    recipe: str  # of the vectors that it was fitted on
    articles: tuple[str, ...]  # ids, in the order of the head's columns
    centre: Vectors  # weighted mean of the questions' vectors
    head: NDArray[np.float32]  # (dimensions + 1, articles)
    memory: Vectors  # one row per solved question
    solved: NDArray[np.int32]  # the column of the article that solved each question
    weights: Mapping[str, float]  # of the ranker, by feature
    questions: int
    meant: NDArray[np.float16]  # each article's mean vector when this was learned; zeros if it had none
    counts: NDArray[np.float32] | None = None  # the weight of each row of the memory; None if all are 1

    def features(self, question: Vectors) -> dict[str, Matrix]:
        """Return the features `head` and `memory` of each article for a question's vector."""
        head = head_feature((question[None, :] - self.centre).astype(np.float64), self.head.astype(np.float64))[0]
        memory = recall(question[None, :], self.memory, self.solved, size=len(self.articles), counts=self.counts)[0]
        return {"head": head, "memory": memory}

    def nearest(self, question: Vectors) -> float:
        """Return the cosine of the nearest solved question."""
        return float(np.max(self.memory @ question, initial=0.0))

    def only(self, articles: Set[str]) -> Learned:
        """Return the learned ranking of some articles, without the others and without the questions they solved."""
        columns = np.asarray([n for n, id in enumerate(self.articles) if id in articles], dtype=np.int64)
        places = np.full(len(self.articles), -1, dtype=np.int32)
        places[columns] = np.arange(len(columns))
        rows = places[self.solved] >= 0
        return replace(
            self,
            articles=tuple(self.articles[column] for column in columns),
            head=self.head[:, columns],
            memory=self.memory[rows],
            solved=places[self.solved[rows]],
            meant=self.meant[columns],
            counts=None if self.counts is None else self.counts[rows],
        )

    @property
    def counted(self) -> NDArray[np.float32]:
        """The weight of each row of the memory, as an array in any case."""
        return np.ones(len(self.memory), dtype=np.float32) if self.counts is None else self.counts

    @property
    def fingerprint(self) -> str:
        """A hash of the whole learned ranking."""
        parts = hashlib.sha256(json.dumps([self.recipe, self.articles, dict(self.weights)]).encode())
        for array in (self.centre, self.head, self.memory, self.solved, self.meant, self.counted):
            parts.update(np.ascontiguousarray(array).tobytes())
        return parts.hexdigest()[:16]

    def save(self, folder: Path) -> None:
        """Write the learned ranking to `folder`: arrays to two files, the rest as JSON."""
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / HEAD, centre=self.centre, head=self.head, meant=self.meant)
        np.savez(folder / MEMORY, memory=self.memory, solved=self.solved, counts=self.counted)
        counts = np.bincount(self.solved, minlength=len(self.articles)).tolist()
        document = {
            "recipe": self.recipe,
            "questions": self.questions,
            "weights": dict(self.weights),
            "articles": dict(zip(self.articles, counts, strict=True)),  # number of questions that each solved
        }
        (folder / FILE).write_text(json.dumps(document, indent=1), encoding="utf-8")


def load(folder: Path) -> Learned | None:
    """Load the learned ranking in `folder`, or return None if there is none."""
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
            meant=head["meant"],
            counts=memory["counts"],
        )


def recall(
    asked: Vectors,
    memory: Vectors,
    solved: NDArray[np.int32],
    *,
    size: int,
    own: bool = False,
    counts: NDArray[np.floating[Any]] | None = None,
) -> Matrix:
    """Return the feature `memory`, (asked questions, articles): how near the questions are that each article solved.

    It is log(sum + e^(-0.6 SHARP)) / SHARP, where the sum adds count * e^(SHARP (cosine - 1)) of the article's solved
    questions with a cosine above NEAR. With `own`, `asked` is `memory`, and questions in the same words are left out.
    """
    cosines = (asked @ memory.T).astype(np.float64)
    near = np.exp(SHARP * (cosines - 1.0)) * (cosines > NEAR)
    if own:
        near[cosines > SAME] = 0.0
    if counts is not None:
        near *= counts.astype(np.float64)
    total = np.zeros((len(asked), size))
    np.add.at(total.T, solved, near.T)
    return np.asarray(np.log(total + np.exp(-0.6 * SHARP)) / SHARP, dtype=np.float64)


def head_feature(rows: Matrix, head: Matrix) -> Matrix:
    """Return the feature `head`, (questions, articles): log(probability + UNSEEN). `rows` are centred questions."""
    return np.asarray(np.log(logistic.softmax(rows @ head[:-1] + head[-1]) + UNSEEN), dtype=np.float64)
