"""Redaction removes 97 of 100 secrets and changes at most 2 of 100 harmless texts, in every part of the corpus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.redaction.corpus import PARTS, languages
from tests.support.redaction.rates import Rate, rates

MANUAL = Path("articles/support-leads/events.md")


@pytest.fixture(scope="module")
def measured() -> Sequence[Rate]:
    """The rates of all parts."""
    return rates()


def test_the_corpus_has_hundreds_of_texts_in_a_dozen_languages(measured: Sequence[Rate]) -> None:
    assert sum(rate.secrets for rate in measured) >= 400
    assert sum(rate.harmless for rate in measured) >= 400
    assert len(languages()) >= 12


@pytest.mark.parametrize("place", range(len(PARTS)))
def test_each_part_reaches_the_bar(measured: Sequence[Rate], place: int) -> None:
    rate = measured[place]
    assert rate.removed >= 0.97, [text.text for text in rate.left]
    assert rate.alarms <= 0.02, [text.text for text in rate.changed]


def test_the_manual_s_table_has_the_measured_rates(measured: Sequence[Rate]) -> None:
    manual = MANUAL.read_text(encoding="utf-8")
    assert [rate.row() for rate in measured if rate.row() not in manual] == []
