"""`python -m tests.learning`: measure the gains of learning from logs, with simulated visitors and real judgments.

Prints a table. With `--write ARTICLE`, it also puts the table between the article's markers and draws its picture.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from deflect.report import charts
from deflect.report.statistics import mean_interval
from tests.learning.trial import WAYS, Result, Way, trial
from tests.learning.visitors import Model
from tests.learning.world import World, of_folder, of_manual

SIZES = (1_000, 10_000, 100_000, 1_000_000)
GROUPS = ("new questions", "unseen articles", "repeated questions")
BLOCK = re.compile(r"(<!-- learning -->\n).*?(<!-- /learning -->)", re.DOTALL)
PICTURE = "learning-proof.svg"
RUNS: tuple[tuple[str, Model, float, tuple[Way, ...]], ...] = (
    ("by position", "position", 0.05, WAYS),
    ("cascade", "cascade", 0.05, ("as delivered",)),
    ("by position, no swaps", "position", 0.0, ("as delivered",)),
)

Runs = dict[tuple[str, int, Way], list[Result]]  # clicks, sessions, way -> one result per seed


def main() -> None:
    """Simulate, print the table, and write it if asked."""
    options = argparse.ArgumentParser(prog="python -m tests.learning")
    options.add_argument("--data", type=Path, help="a BEIR folder with train and dev; our own manual where not given")
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--sizes", type=lambda text: [int(float(size)) for size in text.split(",")], default=SIZES)
    options.add_argument("--var", type=Path, default=Path("var"), help="where models, vectors and results are kept")
    options.add_argument(
        "--results", default="learning.json", help="file in it that a run which was stopped goes on from"
    )
    options.add_argument("--write", type=Path, help="article that takes the result, between its markers")
    given = options.parse_args()
    folder = given.data or (Path(os.environ["EVAL"]) / "thunderbird" if os.environ.get("EVAL") else None)
    if folder is None:
        print("EVAL is not set: our own manual is small, and its figures show little", file=sys.stderr)
    world = of_folder(folder, data=given.var) if folder else of_manual(data=given.var)
    runs = simulate(world, sizes=given.sizes, seeds=given.seeds, kept=given.var / given.results)
    text = page(world, runs)
    print(text)
    if given.write:
        article = given.write.read_text(encoding="utf-8")
        given.write.write_text(BLOCK.sub(lambda m: f"{m[1]}\n{text}\n\n{m[2]}", article), encoding="utf-8")
        (given.write.parent.parent / "pictures" / PICTURE).write_bytes(picture(runs, given.sizes))


def simulate(world: World, *, sizes: Sequence[int], seeds: int, kept: Path | None = None) -> Runs:
    """Return the results of all runs, sizes and seeds; results in the file `kept` are not simulated again."""
    known = json.loads(kept.read_text()) if kept and kept.is_file() else {}
    found: Runs = {}
    for sessions in sizes:
        for clicks, model, swaps, ways in RUNS:
            for seed in range(seeds):
                name = f"{world.name}, {clicks}, {sessions}, {seed}"
                if name not in known:
                    results = trial(world, sessions=sessions, seed=seed, model=model, swaps=swaps, ways=ways)
                    known[name] = [asdict(one) for one in results]
                    if kept:
                        kept.write_text(json.dumps(known))
                for one in known[name]:
                    found.setdefault((clicks, sessions, one["way"]), []).append(Result(**one))
            print(f"{sessions:,} sessions, clicks {clicks}: done", file=sys.stderr, flush=True)
    return found


def page(world: World, runs: Runs) -> str:
    """Return the table, with a row for each way of learning and size."""
    head = (
        f"{world.name}: {len(world.asked):,} questions, {len(world.articles)} articles. "
        f"Gains in RR@10 over a ranking that has learned nothing, mean of {max(map(len, runs.values()))} seeds and "
        "95 % interval; *kept*: seeds in which `kb tune` keeps it; *lessons*: their number, and how many are right."
    )
    columns = ("Sessions", "Way", *(group.capitalize() for group in GROUPS), "Kept", "Lessons")
    rows = [columns, ("---",) * len(columns)]
    rows += [(f"{n:,}", _name(clicks, way), *_cells(found)) for (clicks, n, way), found in runs.items()]
    return "\n".join([head, "", *(f"| {' | '.join(row)} |" for row in rows)])


def _name(clicks: str, way: Way) -> str:
    return way if clicks == RUNS[0][0] else clicks.removeprefix(f"{RUNS[0][0]}, ")


def _cells(found: Sequence[Result]) -> list[str]:
    judged = [one.kept for one in found if one.kept is not None]
    nothing = "not judged" if found[0].way == "naive counting" else "too few outcomes"
    kept = f"{sum(judged)} of {len(judged)}" if judged else nothing
    many, right = (
        sum(values) / len(found) for values in zip(*((one.lessons, one.right) for one in found), strict=True)
    )
    return [*(_gain(found, group) for group in GROUPS), kept, f"{many:,.0f}, {right:.0%}"]


def _gain(found: Sequence[Result], group: str) -> str:
    values = [one.gains[group] for one in found if one.gains is not None]
    if not values:
        return "too few lessons"
    mean = mean_interval(values)
    return f"{mean.value:+.3f} [{mean.low:+.3f}, {mean.high:+.3f}]"


def picture(runs: Runs, sizes: Sequence[int]) -> bytes:
    """Return a chart of gains by number of sessions, with a line for each way and group in LINES."""
    series = {f"{way}, {group}": [_mean(runs, n, way, group) for n in sizes] for way, group in LINES}
    return charts.gains([f"{n:,}" for n in sizes], series, of="sessions")


LINES: tuple[tuple[Way, str], ...] = (
    ("as delivered", "repeated questions"),
    ("as delivered", "new questions"),
    ("naive counting", "new questions"),
    ("naive counting", "repeated questions"),
    ("as delivered", "unseen articles"),
)


def _mean(runs: Runs, sessions: int, way: Way, group: str) -> float | None:
    found = [one.gains[group] for one in runs.get(("by position", sessions, way), ()) if one.gains is not None]
    return sum(found) / len(found) if found else None


if __name__ == "__main__":
    main()
