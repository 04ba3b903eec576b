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
from search.index import logistic
from search.index.embedder import Vectors
from search.index.logistic import Matrix

FOLDER = "_tuning"  # in the articles' repository; no article, so it is neither shown nor checked
FEATURES = ("dense", "lexical", "head", "memory")
USUAL = (5.0, 5.0, 0.6, 8.0)  # their weights while few questions say otherwise: what a thousand of a real desk gave
PENALTY = 0.1  # of the head's weights
UNSEEN = 0.005  # added to the head's probabilities: what an article that solved nothing yet may hope for
NEAR = 0.3  # cosine below which a solved question says nothing
SHARP = 20.0  # how much a nearer question says more
SAME = 0.99999  # cosine of questions in the same words
FOLDS = 5
LEAST = 30  # solved questions without which nothing is fitted
FILE, HEAD, MEMORY = "learned.json", "learned.head.npz", "learned.memory.npz"


@dataclass(frozen=True, slots=True)
class Weighed:
    """How the ranker's weights are found: on the questions from number `after` on, held near the weights `near`.

    An encoder that was fine-tuned on the first questions says too much of them.
    """

    near: Mapping[str, float]
    after: int = 0


USUALLY = Weighed(dict(zip(FEATURES, USUAL, strict=True)))


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
    meant: NDArray[np.float16]  # what each article meant then: the middle of its units' vectors, or nothing
    counts: NDArray[np.float32] | None = None  # how much each row of the memory counts; None where all count alike

    def features(self, question: Vectors) -> dict[str, Matrix]:
        """Return the head's and the memory's feature of each article for one question's vector."""
        head = _head((question[None, :] - self.centre).astype(np.float64), self.head.astype(np.float64))[0]
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
        """Write the weights to `folder`, what a person may read as JSON."""
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
            meant=head["meant"],
            counts=memory["counts"],
        )


def fit(
    questions: Vectors,
    answers: Sequence[str],
    *,
    articles: Sequence[str],
    dense: NDArray[np.float32],
    lexical: NDArray[np.float32],
    recipe: str,
    meant: NDArray[np.float16],
    weighed: Weighed = USUALLY,
    counts: Sequence[float] = (),
) -> tuple[Learned, Matrix]:
    """Return what solved questions teach, and P(article) of each of them as if it had not been learned from.

    `questions` are unit vectors, `answers` the ids of the articles that solved them, `articles` all ids that may be
    offered; `dense` and `lexical` are (questions, articles), the scores of the untaught legs; `meant` is the vector
    of each article. The ranker's weights are fitted on a head that had not seen the question (folds) and a memory
    without it, on the questions that `weighed` names. A question counts as often as `counts` says, once where it is
    not given; what is asked again in the same words is held out together.
    """
    if len(questions) < LEAST:
        raise TooFewOutcomes(f"{len(questions)} solved questions are too few to learn from; {LEAST} are needed")
    columns = {id: column for column, id in enumerate(articles)}
    solved = np.asarray([columns[id] for id in answers], dtype=np.int64)
    weigh = np.asarray(counts, dtype=np.float64) if len(counts) else np.ones(len(questions))
    centre = np.average(questions, axis=0, weights=weigh)
    rows = (questions - centre).astype(np.float64)
    unseen, folds = np.zeros((len(rows), len(articles))), _folds(questions)
    for fold in range(FOLDS):
        held = folds == fold
        if held.all():  # everybody asked in the same words
            break
        head = _fit_head(rows[~held], solved[~held], size=len(articles), counts=weigh[~held])
        unseen[held] = _head(rows[held], head)
    memory = recall(questions, questions, solved.astype(np.int32), size=len(articles), own=True, counts=weigh)
    features = np.stack([dense.astype(np.float64), lexical.astype(np.float64), unseen, memory], axis=2)
    centres = np.asarray([weighed.near[name] for name in FEATURES])
    some = np.arange(len(rows)) >= weighed.after
    weights = (
        logistic.fit_choice(features[some], solved[some], centre=centres, counts=weigh[some]) if some.any() else centres
    )
    head = _fit_head(rows, solved, size=len(articles), counts=weigh)
    learned = Learned(
        recipe=recipe,
        articles=tuple(articles),
        centre=centre.astype(np.float32),
        head=head.astype(np.float32),
        memory=questions,
        solved=solved.astype(np.int32),
        weights={name: round(float(weight), 4) for name, weight in zip(FEATURES, weights, strict=True)},
        questions=len(questions),
        meant=meant,
        counts=weigh.astype(np.float32) if len(counts) else None,
    )
    return learned, logistic.softmax(features @ weights)


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


def _folds(questions: Vectors) -> NDArray[np.int64]:
    """Return the fold of each question; the same words are in the same one."""
    known: dict[bytes, int] = {}
    return np.asarray([known.setdefault(row.tobytes(), len(known)) % FOLDS for row in questions], dtype=np.int64)


def _fit_head(rows: Matrix, solved: NDArray[np.int64], *, size: int, counts: Matrix) -> Matrix:
    """Fit the head over the articles that solved anything; the others get no weights and a bias that rules them out."""
    seen = np.unique(solved)
    own = logistic.fit_classes(rows, np.searchsorted(seen, solved), classes=len(seen), penalty=PENALTY, counts=counts)
    head = np.zeros((rows.shape[1] + 1, size))
    head[-1] = -50.0
    head[:, seen] = own
    return head


def _head(rows: Matrix, head: Matrix) -> Matrix:
    return np.asarray(np.log(logistic.softmax(rows @ head[:-1] + head[-1]) + UNSEEN), dtype=np.float64)
