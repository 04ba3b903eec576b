"""Simulate visitors whose true deflection is known, from their problems, patience and channels.

`python -m tests.support.simulator` prints how far off the usual formulas are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deflect.report.effect import EXPECTED
from deflect.report.statistics import any_day_factor, difference_error, newcombe

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """Probabilities of visitors who begin a message and get an offer."""

    solvable: float = 0.35  # an article solves the problem
    finds_alone: float = 0.15  # finds that article without an offer
    notices: float = 0.6  # looks at the cards and opens one
    curious: float = 0.3  # opens a card although no article solves the problem
    says_so: float = 0.4  # presses "This solved it" when it did
    gives_up: float = 0.12  # leaves without help and without writing
    switches: float = 0.15  # calls a day later instead of sending the form
    comes_back: float = 0.05  # writes later because the article had not solved it

    @property
    def net(self) -> float:
        """The true net deflection: the contact rate of the control arm minus that of the treatment arm."""
        return self.contact(self.finds_alone) - self.contact(1 - (1 - self.finds_alone) * (1 - self.notices))

    def contact(self, found: float) -> float:
        """Return the true share of contacts within 7 days if a share `found` of the solvable find the article."""
        solved = self.solvable * found
        return (1 - solved) * (1 - self.gives_up) + solved * self.comes_back


@dataclass(frozen=True)
class Runs:
    """Counts by run; the last three are of the treatment arm, for the vendors' formulas."""

    n: int
    control: Counts
    treatment: Counts
    said_solved: Counts
    attributed: Counts
    silent: Counts


def simulate(world: World, *, runs: int, n: int, seed: int) -> Runs:
    """Return the counts of `runs` runs with `n` visitors in each arm."""
    random = np.random.default_rng(seed)

    def chance(p: float) -> NDArray[np.bool_]:
        return random.random((runs, n), dtype=np.float32) < p

    def live(*, offered: bool) -> tuple[Counts, Counts, Counts, Counts]:
        solvable, noticed = chance(world.solvable), chance(world.notices) & offered
        solved = solvable & (chance(world.finds_alone) | noticed)
        opened = (solvable & noticed) | (chance(world.curious) & ~solvable & offered)
        contacts = np.where(solved, chance(world.comes_back), ~chance(world.gives_up))
        in_visit = contacts & ~solved & ~chance(world.switches)  # visitors who believe it is solved come back later
        kept = solved & noticed & ~contacts & chance(world.says_so)
        found = (contacts, kept, opened & ~in_visit, ~in_visit)
        return tuple(what.sum(axis=1) for what in found)  # type: ignore[return-value]

    control, *_ = live(offered=False)
    return Runs(n, control, *live(offered=True))


def covered(world: World, *, runs: int, n: int, seed: int) -> float:
    """Return the share of runs whose interval of net deflection contains the truth."""
    found = simulate(world, runs=runs, n=n, seed=seed)
    gaps = [newcombe(c, n, t, n) for c, t in zip(found.control.tolist(), found.treatment.tolist(), strict=True)]
    return float(np.mean([gap.low <= world.net <= gap.high for gap in gaps]))


def false_alarms(*, runs: int, days: int, a_day: int, rate: float, seed: int) -> tuple[float, float]:
    """Return the shares of false alarms of daily looks without an effect: with the any-day and the plain interval."""
    random = np.random.default_rng(seed)
    arms = [np.cumsum(random.binomial(a_day, rate, (runs, days)), axis=1).tolist() for _ in range(2)]
    alarms = [[False, False] for _ in range(runs)]
    for run in range(runs):
        for day in range(days):
            n, one, two = a_day * (day + 1), arms[0][run][day], arms[1][run][day]
            gap, error = abs(one - two) / n, difference_error(one, n, two, n)
            alarms[run][0] |= gap > error * any_day_factor(2 * n, expected=EXPECTED)
            alarms[run][1] |= gap > 1.96 * error
    careful, plain = np.mean(alarms, axis=0)
    return float(careful), float(plain)


def formulas(world: World, *, seed: int = 0) -> dict[str, float]:
    """Return each formula's result for a million visitors, whose true deflection is `world.net`."""
    n = 1_000_000
    found = simulate(world, runs=1, n=n, seed=seed)
    return {
        "net deflection": float(found.control[0] - found.treatment[0]) / n,
        "confirmed deflection": float(found.said_solved[0]) / n,
        "attributed deflection (followed and not sent)": float(found.attributed[0]) / n,
        "silence counted as success (not sent)": float(found.silent[0]) / n,
    }


def main() -> None:
    """Print each formula's result and its ratio to the truth."""
    world = World()
    print(f"true net deflection {world.net:.1%}")
    for name, value in formulas(world).items():
        print(f"{name:48} {value:6.1%}  {value / world.net:5.2f} times the truth")
    print(f"interval holds the truth in {covered(world, runs=1000, n=2000, seed=1):.1%} of 1,000 runs")
    careful, plain = false_alarms(runs=1000, days=60, a_day=150, rate=0.8, seed=2)
    print(f"daily looks, no effect: false alarms {careful:.1%} any-day interval, {plain:.1%} plain interval")


if __name__ == "__main__":
    main()
