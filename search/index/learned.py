"""What was learned from solved questions, as an index keeps it and a ranking reads it.

A head gives each article the log of its probability for a question's vector. A memory holds the vectors of the solved
questions and says how near those are that an article solved. The ranker weighs both with the two legs of the ranking.
All of it counts for the vectors of one recipe only, and for articles that still mean what they meant then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.index import logistic
from search.index.embedder import Vectors
from search.index.logistic import Matrix

FOLDER = "_tuning"  # in the articles' repository; no article, so it is neither shown nor checked
FEATURES = ("dense", "lexical", "head", "memory")
UNSEEN = 0.005  # added to the head's probabilities, for articles that solved nothing yet
NEAR = 0.3  # cosine below which a solved question says nothing
SHARP = 20.0  # how much a nearer question says more
SAME = 0.99999  # cosine of questions in the same words
FILE, HEAD, MEMORY = "learned.json", "learned.head.npz", "learned.memory.npz"


@dataclass(frozen=True, slots=True)
class Learned:
    """The head, the memory and the weights."""

    recipe: str  # of the vectors that it was fitted on; others mean nothing to it
    articles: tuple[str, ...]  # by their ids, in the order of the head's columns
    centre: Vectors  # what all questions have in common
    head: NDArray[np.float32]  # (dimensions + 1, articles)
    memory: Vectors  # one row a solved question
    solved: NDArray[np.int32]  # which article solved it
    weights: Mapping[str, float]  # of the ranker, by feature
    questions: int
    meant: NDArray[np.float16]  # what each article meant then: the middle of its passages' vectors, or nothing
    counts: NDArray[np.float32] | None = None  # how much each row of the memory counts; None where all count alike

    def features(self, question: Vectors) -> dict[str, Matrix]:
        """Return the head's and the memory's feature of each article for one question's vector."""
        head = head_feature((question[None, :] - self.centre).astype(np.float64), self.head.astype(np.float64))[0]
        memory = recall(question[None, :], self.memory, self.solved, size=len(self.articles), counts=self.counts)[0]
        return {"head": head, "memory": memory}

    def nearest(self, question: Vectors) -> float:
        """Return the cosine of the nearest solved question."""
        return float(np.max(self.memory @ question, initial=0.0))

    @property
    def counted(self) -> NDArray[np.float32]:
        """How much each row of the memory counts, also where all count alike."""
        return np.ones(len(self.memory), dtype=np.float32) if self.counts is None else self.counts

    @property
    def fingerprint(self) -> str:
        """A hash of all of it."""
        parts = hashlib.sha256(json.dumps([self.recipe, self.articles, dict(self.weights)]).encode())
        for array in (self.centre, self.head, self.memory, self.solved, self.meant, self.counted):
            parts.update(np.ascontiguousarray(array).tobytes())
        return parts.hexdigest()[:16]

    def save(self, folder: Path) -> None:
        """Write it to `folder`: arrays in two files, the rest as JSON."""
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / HEAD, centre=self.centre, head=self.head, meant=self.meant)
        np.savez(folder / MEMORY, memory=self.memory, solved=self.solved, counts=self.counted)
        counts = np.bincount(self.solved, minlength=len(self.articles)).tolist()
        document = {
            "recipe": self.recipe,
            "questions": self.questions,
            "weights": dict(self.weights),
            "articles": dict(zip(self.articles, counts, strict=True)),  # how many questions each solved
        }
        (folder / FILE).write_text(json.dumps(document, indent=1), encoding="utf-8")


def load(folder: Path) -> Learned | None:
    """Return what `save` wrote to `folder`, or None where there is nothing."""
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
    """Return, for each asked question and article, how near the questions are that the article solved.

    With `own` the rows of `asked` are those of `memory`, and none recalls itself or its own words.
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
    """Return, for each centred question, the log of the head's probability of each article."""
    return np.asarray(np.log(logistic.softmax(rows @ head[:-1] + head[-1]) + UNSEEN), dtype=np.float64)
