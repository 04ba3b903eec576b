"""The report's numbers for simulated people with known behaviour."""

import numpy as np
import pytest

from deflect.report.effect import experiment
from deflect.report.outcomes import Ended
from deflect.report.statistics import episodes_an_arm, newcombe
from tests.support.simulator import World, covered, false_alarms, formulas, simulate

WORLDS = {
    "as delivered": World(),
    "nothing is solvable": World(solvable=0.0),
    "patient people": World(gives_up=0.02, switches=0.4),
    "impatient people": World(gives_up=0.5, comes_back=0.2),
}


@pytest.mark.parametrize("name", WORLDS)
def test_the_interval_holds_the_truth_in_94_to_96_of_100_runs(name: str) -> None:
    # Five thousand runs: with one thousand, chance alone leaves the band in every seventh try.
    assert 0.94 <= covered(WORLDS[name], runs=5000, n=1000, seed=1) <= 0.96


def test_looking_every_day_raises_a_false_alarm_in_at_most_5_of_100() -> None:
    careful, plain = false_alarms(runs=1000, days=60, a_day=150, rate=0.8, seed=2)
    assert careful <= 0.05
    assert plain > 0.15  # the plain interval misleads if it is checked every day


def test_the_true_effect_is_what_the_arms_differ_by() -> None:
    assert formulas(World())["net deflection"] == pytest.approx(World().net, abs=0.002)
    assert World(notices=0.0).net == 0.0


def test_the_usual_formulas_are_off_and_by_how_much_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    found = formulas(world)
    with capsys.disabled():
        print()
        for name, value in found.items():
            print(f"  {name}: {value:.1%}, {value / world.net:.2f} times the truth")
    assert found["confirmed deflection"] < world.net < found["attributed deflection (followed and not sent)"]
    assert found["silence counted as success (not sent)"] > 2 * world.net


def test_help_that_nobody_can_use_still_counts_as_attributed_but_not_as_net() -> None:
    hopeless = World(solvable=0.0)
    found = formulas(hopeless)
    assert hopeless.net == 0.0
    assert found["net deflection"] == pytest.approx(0.0, abs=0.002)
    assert found["attributed deflection (followed and not sent)"] > 0.05


def test_the_power_line_finds_the_effect_four_times_in_five() -> None:
    random, n = np.random.default_rng(3), episodes_an_arm(0.80, 0.05)
    arms = zip(random.binomial(n, 0.80, 1000).tolist(), random.binomial(n, 0.75, 1000).tolist(), strict=True)
    assert 0.77 <= np.mean([newcombe(one, n, two, n).low > 0 for one, two in arms]) <= 0.83


def test_the_report_s_number_holds_the_truth_where_people_come_twice() -> None:
    """Return `effect.experiment` for people with the same problem twice, each counting as little more than one."""
    world = World()
    found = simulate(world, runs=200, n=300, seed=5)
    held = 0
    for control, treatment in zip(found.control.tolist(), found.treatment.tolist(), strict=True):
        episodes = [
            ended(arm, number // 2, contacted=number // 2 < contacts)
            for arm, contacts in (("control", control), ("treatment", treatment))
            for number in range(600)
        ]
        net = next(n for n in experiment(episodes, holdout=0.5, connected=True) if n.name == "net deflection")
        held += net.low <= world.net <= net.high
    assert 0.92 <= held / 200 <= 0.98


def ended(arm: str, person: int, *, contacted: bool) -> Ended:
    """Return an episode in which an offer cleared the floor."""
    return Ended(
        **dict.fromkeys(("id", "page", "lang", "category", "segment", "device"), ""),
        person=f"{arm} {person}", arm=arm, channels=("web",), holdout=0.5, started=0,
        outcome="contacted" if contacted else "left without reading",
        offered=True, shown=True, followed=False, not_this=False, said_solved=False, attempted=False,
        sent_in_visit=contacted, contact_after=1 if contacted else None,
    )  # fmt: skip


def test_the_same_seed_gives_the_same_people() -> None:
    one, two = (simulate(World(), runs=2, n=50, seed=9) for _ in range(2))
    assert (one.treatment == two.treatment).all()
