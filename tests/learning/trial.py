"""Run one seed: make a log, learn from it as the product does, and judge the result on questions outside the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from deflect.learn import evidence, tuning
from deflect.learn.evidence import FITS, SOURCE, WEIGHT
from deflect.learn.lessons import Lesson
from search.evaluate import metrics
from search.index.learned import Learned
from search.learn.learn import Examples, TooFewOutcomes, fit
from tests.learning.visitors import Log, Model, People, visit
from tests.learning.world import Numbers, World

Way = Literal["as delivered", "solved only", "naive counting", "placebo"]
WAYS: tuple[Way, ...] = ("as delivered", "solved only", "naive counting", "placebo")
UNPUBLISHED = 0.15  # share of the articles that are published only after learning
MOST = 400  # judged questions of a group at most


@dataclass(frozen=True, slots=True)
class Result:
    """The gains of one way of learning in RR@10, by group of questions; None if there were too few lessons.

    `kept` is the decision of `kb tune`; None if there were too few outcomes to judge by.
    """

    way: Way
    lessons: int
    right: float  # share of the lessons with the judged article
    gains: dict[str, float] | None
    kept: bool | None


def trial(
    world: World,
    *,
    sessions: int,
    seed: int,
    model: Model = "position",
    swaps: float = 0.05,
    ways: Sequence[Way] = WAYS,
    people: People = People(),  # noqa: B008  # frozen
) -> list[Result]:
    """Return the results of all ways of learning from the same log."""
    random = np.random.default_rng(seed)
    published = np.ones(len(world.articles), dtype=np.bool_)
    answering = np.unique(world.label)
    published[random.choice(answering, round(UNPUBLISHED * len(answering)), replace=False)] = False
    log = visit(world, people, sessions=sessions, published=published, model=model, swaps=swaps, seed=seed)
    groups = {name: random.permutation(rows)[:MOST] for name, rows in _groups(world, log, published).items()}
    return [_result(world, way, lessons(world, log, way, seed=seed), published, groups) for way in ways]


def lessons(world: World, log: Log, way: Way, *, seed: int) -> list[Lesson]:
    """Return the lessons of a log, each question and article once, oldest first."""
    if way == "naive counting":
        return _naive(world, log)
    said = _said(world, log)
    if way == "solved only":
        return said
    found = sorted([*said, *_followed(world, log, said)], key=lambda one: (one.at, one.id))
    if way == "placebo":
        mixed = np.random.default_rng(seed).permutation([one.article for one in found])
        found = [
            _lesson(world, *_row(one), at=one.at, article=a, weight=one.weight)
            for one, a in zip(found, mixed, strict=True)
        ]
    return found


def _said(world: World, log: Log) -> list[Lesson]:
    """Return a lesson for each question and article that a visitor marked as solved, at the first such time."""
    when, slot = np.nonzero(log.solved)
    pairs = zip(when.tolist(), log.question[when].tolist(), log.article[when, slot].tolist(), strict=True)
    return evidence.once(_lesson(world, row, column, at=at) for at, row, column in pairs)


def _followed(world: World, log: Log, said: Sequence[Lesson]) -> list[Lesson]:
    """Return the click model's further lessons, as `deflect.learn.evidence` computes them from a real log."""
    seen, keys = log.seen()
    chances = evidence.fitting(seen, looked=evidence.examination(seen))
    known = {_row(one)[0] for one in said}
    last = np.zeros(len(keys), dtype=np.int64)
    np.maximum.at(last, seen.pair[seen.kept], np.flatnonzero(seen.kept) // evidence.SLOTS)
    return [
        _lesson(
            world, int(keys[n] // 10_000), int(keys[n] % 10_000), at=int(last[n]), weight=WEIGHT * float(chances[n])
        )
        for n in np.flatnonzero(chances >= FITS)
        if int(keys[n] // 10_000) not in known
    ]


def _naive(world: World, log: Log) -> list[Lesson]:
    """Return every opened card as a lesson; a question's lessons are weighted by their share of its clicks."""
    when, slot = np.nonzero(log.opened)
    keys, counts = np.unique(log.question[when] * 10_000 + log.article[when, slot], return_counts=True)
    total = np.bincount(keys // 10_000, weights=counts)
    return [
        _lesson(world, int(k // 10_000), int(k % 10_000), at=0, weight=float(count / total[k // 10_000]))
        for k, count in zip(keys, counts, strict=True)
    ]


def _result(
    world: World, way: Way, found: Sequence[Lesson], published: np.ndarray, groups: dict[str, Numbers]
) -> Result:
    right = float(np.mean([world.asked[_row(one)[0]].article == one.article for one in found])) if found else 0.0
    taught = _learn(world, found, published)
    kept = _kept(world, found, published) if way != "naive counting" else None  # clicks are not outcomes
    gains = taught and {name: float(_gains(world, rows, taught).mean()) for name, rows in groups.items()}
    return Result(way, len(found), right, gains or None, kept)


def _learn(world: World, found: Sequence[Lesson], published: np.ndarray) -> Learned | None:
    """Fit as `search.learn.learn.learn` does, but on scores that are computed once."""
    rows = np.asarray([_row(one)[0] for one in found], dtype=np.int64)
    try:
        return fit(
            Examples(
                questions=world.vectors[rows],
                answers=[one.article for one in found],
                articles=[id for id, there in zip(world.articles, published, strict=True) if there],
                dense=world.dense[rows][:, published],
                lexical=world.lexical[rows][:, published],
                meant=np.zeros((int(published.sum()), 1), dtype=np.float16),
                counts=[one.weight for one in found],
            ),
            recipe=world.searcher.collection.main_recipe,
        )[0]
    except TooFewOutcomes:
        return None


def _kept(world: World, found: Sequence[Lesson], published: np.ndarray) -> bool | None:
    """Return True if `kb tune` would keep it: learned from earlier outcomes, and clearly better on later ones.

    Returns None with too few outcomes. All ways are judged on the true articles, even the placebo, which learned from
    shuffled ones.
    """
    earlier, later = tuning.split(found)
    taught = _learn(world, earlier, published) if len(later) >= tuning.LEAST_HELD else None
    if taught is None:
        return None
    rows = np.asarray([_row(one)[0] for one in later], dtype=np.int64)
    gains = _gains(world, rows, taught)
    return metrics.paired(gains.tolist(), [0.0] * len(gains)).low > 0


def _gains(world: World, rows: Numbers, taught: Learned) -> np.ndarray:
    """Return the growth of the judged article's reciprocal rank for each question."""
    return _worth(world.ranks(rows, taught)) - _worth(world.untaught(rows))


def _worth(ranks: Numbers) -> np.ndarray:
    return np.where(ranks <= 10, 1.0 / ranks, 0.0)


def _groups(world: World, log: Log, published: np.ndarray) -> dict[str, Numbers]:
    there = published[world.label]
    return {
        "new questions": np.flatnonzero(~world.known & there),
        "unseen articles": np.flatnonzero(~there),
        "repeated questions": np.unique(log.question),
    }


def _lesson(world: World, row: int, column: int, *, at: int, weight: float = 1.0, article: str | None = None) -> Lesson:
    asked, id = world.asked[row], article or world.articles[column]
    source = "visitor" if weight == 1.0 else SOURCE
    return Lesson(f"{row} {column}", asked.subject, asked.body, asked.lang, id, "", source, at, weight)


def _row(lesson: Lesson) -> tuple[int, int]:
    row, column = lesson.id.split()
    return int(row), int(column)
