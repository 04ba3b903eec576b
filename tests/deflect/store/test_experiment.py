"""Arms: stable, evenly drawn, and never moved from control to treatment by a larger holdout."""

import pytest

from deflect.store.people import arm

PEOPLE = [f"visitor:{n}" for n in range(20_000)]


def test_a_person_is_always_in_the_same_arm() -> None:
    assert {arm("visitor:7", salt="s", holdout=0.3) for _ in range(10)} in ({"control"}, {"treatment"})


@pytest.mark.parametrize("holdout", [0.0, 0.1, 0.5])
def test_the_holdout_is_the_share_of_control(holdout: float) -> None:
    share = sum(arm(person, salt="s", holdout=holdout) == "control" for person in PEOPLE) / len(PEOPLE)
    assert share == pytest.approx(holdout, abs=0.01)


def test_a_larger_holdout_keeps_everybody_who_was_in_control() -> None:
    small = {p for p in PEOPLE if arm(p, salt="s", holdout=0.1) == "control"}
    large = {p for p in PEOPLE if arm(p, salt="s", holdout=0.2) == "control"}
    assert small < large


def test_another_salt_draws_other_people() -> None:
    one, other = ({p for p in PEOPLE if arm(p, salt=s, holdout=0.5) == "control"} for s in "ab")
    assert 0.45 < len(one & other) / len(one) < 0.55
