"""The fitted floor, and the scores of candidates."""

from __future__ import annotations

import numpy as np
import pytest

from search.index import logistic
from search.rank import floor

MODES = ("search", "search-words", "suggest", "suggest-words")


def candidates(*dense: float, cosine: float = 0.7) -> floor.Features:
    values = np.asarray(dense)
    of_question = dict.fromkeys((*floor.OF_QUESTION, "best_dense"), np.full(len(values), 0.3)) | {
        "cosine": np.full(len(values), cosine)
    }
    return {"dense": values, "lexical": values, "covered": values, "margin": values - values.max(), **of_question}


@pytest.mark.parametrize("mode", MODES)
def test_scores_are_probabilities_in_the_order_of_the_candidates(mode: str) -> None:
    scores = floor.calibration(mode).scores(candidates(0.6, 0.4, 0.1))
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert list(scores) == sorted(scores, reverse=True)


def test_a_stranger_scores_less_than_a_neighbour() -> None:
    fitted = floor.calibration("suggest")
    assert (
        fitted.scores(candidates(0.5, cosine=0.2)).max()
        < fitted.floor
        < fitted.scores(candidates(0.5, cosine=0.9)).max()
    )


@pytest.mark.parametrize("mode", MODES)
def test_no_candidates_have_no_scores(mode: str) -> None:
    assert len(floor.calibration(mode).scores(_none())) == 0


def _none() -> floor.Features:
    return {name: np.zeros(0) for name in ("dense", "lexical", "covered", "margin", "best_dense", *floor.OF_QUESTION)}


def test_a_logistic_fit_finds_the_odds_that_made_the_labels() -> None:
    random = np.random.default_rng(1)
    rows = random.normal(size=(20_000, 2))
    labels = random.random(20_000) < logistic.sigmoid(rows @ [2.0, -1.0] + 0.5)
    weights, bias = logistic.fit(rows, labels)
    assert weights == pytest.approx([2.0, -1.0], abs=0.1)
    assert bias == pytest.approx(0.5, abs=0.1)


def test_a_row_may_count_for_several() -> None:
    rows, labels = np.asarray([[0.0], [1.0], [1.0]]), np.asarray([False, True, False])
    twice = logistic.fit(np.vstack([rows, rows[1:2]]), np.append(labels, True))
    weighted = logistic.fit(rows, labels, weights=np.asarray([1.0, 2.0, 1.0]))
    assert np.append(*twice) == pytest.approx(np.append(*weighted))
