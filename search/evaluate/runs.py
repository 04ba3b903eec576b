"""TREC run files, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from search.evaluate import metrics
from search.evaluate.beir import BadCollection, Qrels

Ranked = Sequence[tuple[str, float]]
WORST = 20  # questions that are named


def write(path: Path, answers: Mapping[str, Ranked], *, tag: str) -> None:
    """Write a TREC run file; scores fall strictly, so that no reader breaks ties in its own way."""
    lines = []
    for id, ranked in answers.items():
        last = float("inf")
        for rank, (document, chance) in enumerate(ranked, 1):
            last = min(chance, last - 1e-7)
            lines.append(f"{id} Q0 {document} {rank} {last:.7f} {tag}\n")
    path.write_text("".join(lines), encoding="utf-8")


def read(path: Path) -> dict[str, list[str]]:
    """Return the documents of each question of a TREC run file, best first."""
    found: dict[str, list[tuple[float, int, str]]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        parts = line.split()
        if len(parts) != 6:
            raise BadCollection(f"{path}:{number}: a run file has six columns: query Q0 document rank score tag")
        found.setdefault(parts[0], []).append((-float(parts[4]), int(parts[3]), parts[2]))
    return {id: [document for _, _, document in sorted(rows)] for id, rows in found.items()}


def compare(
    ours: Mapping[str, Mapping[str, float]], run: Mapping[str, Sequence[str]], qrels: Qrels, *, name: str
) -> dict[str, Any]:
    """Return the paired difference to another run by measure, and the questions that lost or won most, worst first."""
    theirs = {id: metrics.measure(run.get(id, []), qrels[id]) for id in ours}
    gaps = {id: ours[id]["nDCG@10"] - theirs[id]["nDCG@10"] for id in ours}
    ranked = sorted((gap, id) for id, gap in gaps.items())
    return {
        "run": name,
        "metrics": {
            measure: metrics.rounded(
                asdict(metrics.paired([ours[id][measure] for id in ours], [theirs[id][measure] for id in ours]))
            )
            for measure in metrics.NAMES
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
