"""Learning from simulated visitors of our own manual, with vectors of words."""

from __future__ import annotations

import numpy as np
import pytest

from deflect.learn.evidence import examination
from tests.learning.__main__ import page, picture, simulate
from tests.learning.trial import trial
from tests.learning.visitors import People, visit
from tests.learning.world import World, of_manual

SESSIONS = 1_000
SEEDS = 2
SAY = People(says_so=0.5)  # with so few questions, more visitors must say that they were helped


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Our own manual and the questions of its relevance tests."""
    return of_manual(
        data=tmp_path_factory.mktemp("learning"), embedder_name="tests.support.shelf_of_articles:WordEmbedder"
    )


def test_what_is_learned_is_right_and_new_articles_stay_where_they_were(world: World) -> None:
    for seed in range(SEEDS):
        ours, naive = trial(world, sessions=SESSIONS, seed=seed, ways=["as delivered", "naive counting"], people=SAY)
        assert ours.gains is not None
        assert ours.right > 0.9
        assert naive.right < 0.5  # every second opened card is wrong
        assert ours.gains["repeated questions"] > -0.01  # one of 240 questions may fall by one place
        assert ours.gains["unseen articles"] > -0.03  # about one of 20 questions falls by one place


def test_mixed_up_articles_teach_nothing_and_are_not_kept(world: World) -> None:
    for seed in range(SEEDS):
        (found,) = trial(world, sessions=SESSIONS, seed=seed, ways=["placebo"], people=SAY)
        assert found.gains is not None
        assert found.gains["repeated questions"] < -0.3
        assert not found.kept


def test_the_log_shows_where_its_visitors_look(world: World) -> None:
    everything = np.ones(len(world.articles), dtype=np.bool_)
    log = visit(world, People(), sessions=100_000, published=everything, model="position", swaps=0.2, seed=1)
    assert examination(log.seen()[0]) == pytest.approx(People().looks, abs=0.06)


def test_the_same_seed_gives_the_same_table_and_a_picture_of_it(world: World) -> None:
    one, two = (simulate(world, sizes=[300], seeds=1) for _ in range(2))
    assert page(world, one) == page(world, two)
    assert picture(one, [300]).startswith(b"<svg")
