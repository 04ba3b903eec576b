"""Measure a ranking, read and write run files, and compare two rankings.

The measures are those of ir-measures, and run files have TREC's format, so other tools give the same numbers. Two
rankings are compared question by question. The questions are resampled ten thousand times with replacement, and the
interval contains the difference of the means in 95 of 100 resamples. If it contains zero, these questions can't tell
the two rankings apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kb.strict import whole_number
from search.evaluate.beir import BadCollection, Qrels, lines_of

NAMES = ("hit@1", "hit@3", "RR@10", "nDCG@10", "R@10")
RESAMPLES = 10_000
MOST_RANK = 10**9


def measure(ranked: Sequence[str], judged: Mapping[str, int]) -> dict[str, float]:
    """Return the measures of one question, of the documents `ranked` best first. `judged` has grades above zero.

    >>> measure(["a", "b"], {"b": 1})["RR@10"]
    0.5
    """
    ten = ranked[:10]
    places = [rank for rank, id in enumerate(ten, 1) if id in judged]
    gain = sum(judged[id] / math.log2(rank + 1) for rank, id in enumerate(ten, 1) if id in judged)
    ideal = sum(g / math.log2(rank + 1) for rank, g in enumerate(sorted(judged.values(), reverse=True)[:10], 1))
    return {
        "hit@1": float(bool(places) and places[0] == 1),
        "hit@3": float(bool(places) and places[0] <= 3),
        "RR@10": 1.0 / places[0] if places else 0.0,
        "nDCG@10": gain / ideal if ideal else 0.0,
        "R@10": len(places) / len(judged) if judged else 0.0,
    }


def mean(per_question: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each measure over all questions."""
    count = max(len(per_question), 1)
    return {name: sum(row[name] for row in per_question.values()) / count for name in NAMES}


def rounded(values: Mapping[str, float]) -> dict[str, float]:
    """Return the values rounded to the four digits that are shown."""
    return {name: round(value, 4) for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference, and the interval that contains it in 95 of 100 resamples of the questions."""

    difference: float
    low: float
    high: float


def paired(ours: Sequence[float], theirs: Sequence[float], *, seed: int = 0) -> Difference:
    """Return the mean of ours - theirs over the same questions, with its bootstrap interval."""
    gaps = np.asarray(ours) - np.asarray(theirs)
    if not len(gaps):
        return Difference(0.0, 0.0, 0.0)
    random = np.random.default_rng(seed)
    means = np.concatenate(
        [gaps[random.integers(0, len(gaps), (500, len(gaps)))].mean(axis=1) for _ in range(RESAMPLES // 500)]
    )
    low, high = np.quantile(means, (0.025, 0.975))
    return Difference(float(gaps.mean()), float(low), float(high))


Ranked = Sequence[tuple[str, float]]
WORST = 20  # questions that are listed


def write(path: Path, answers: Mapping[str, Ranked], *, tag: str) -> None:
    """Write a TREC run file. Its scores strictly decrease, so that no tool has to break ties."""
    lines = []
    for id, ranked in answers.items():
        last = float("inf")
        for rank, (document, chance) in enumerate(ranked, 1):
            last = min(chance, last - 1e-7)
            lines.append(f"{id} Q0 {document} {rank} {last:.7f} {tag}\n")
    path.write_text("".join(lines), encoding="utf-8")


def read(path: Path) -> dict[str, list[str]]:
    """Return the documents of each question in a TREC run file, best first."""
    found: dict[str, list[tuple[float, int, str]]] = {}
    for number, line in enumerate(lines_of(path), 1):
        parts = line.split()
        if len(parts) != 6:
            raise BadCollection(f"{path}:{number}: a run file has six columns: query Q0 document rank score tag")
        rank, score = whole_number(parts[3], most=MOST_RANK), _score(parts[4])
        if rank is None or not math.isfinite(score):
            raise BadCollection(f"{path}:{number}: the rank must be a whole number, and the score a finite one")
        found.setdefault(parts[0], []).append((-score, rank, parts[2]))
    return {id: [document for _, _, document in sorted(rows)] for id, rows in found.items()}


def compare(
    ours: Mapping[str, Mapping[str, float]], run: Mapping[str, Sequence[str]], qrels: Qrels, *, name: str
) -> dict[str, Any]:
    """Return the paired difference to another run by measure, and the questions with the largest losses and gains."""
    theirs = {id: measure(run.get(id, []), qrels[id]) for id in ours}
    gaps = {id: ours[id]["nDCG@10"] - theirs[id]["nDCG@10"] for id in ours}
    ranked = sorted((gap, id) for id, gap in gaps.items())
    return {
        "run": name,
        "metrics": {
            name: rounded(asdict(paired([ours[id][name] for id in ours], [theirs[id][name] for id in ours])))
            for name in NAMES
        },
        "wins": sum(gap > 0 for gap in gaps.values()),
        "losses": sum(gap < 0 for gap in gaps.values()),
        "ties": sum(gap == 0 for gap in gaps.values()),
        "worst": [_both(id, ours, theirs) for gap, id in ranked[:WORST] if gap < 0],
        "best": [_both(id, ours, theirs) for gap, id in reversed(ranked[-WORST:]) if gap > 0],
    }


def _both(
    id: str, ours: Mapping[str, Mapping[str, float]], theirs: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    return {"query": id, "ours": round(ours[id]["nDCG@10"], 4), "theirs": round(theirs[id]["nDCG@10"], 4)}


def _score(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
