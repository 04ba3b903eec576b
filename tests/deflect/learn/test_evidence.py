"""Followed cards become lessons: with a small weight that fades, and not for questions with a stated solution."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deflect.history import imports
from deflect.learn import evidence
from deflect.learn.evidence import followed
from deflect.learn.tuning import split
from deflect.store.database import Store
from kb.config import Settings
from tests.support.history_log import Log

FITS, OTHER = "account/reset-password", "billing/refund"


@pytest.fixture
def store(settings: Settings, tmp_path: Path) -> Store:
    """Sixty people ask in their own words, read the fitting second card, and do not write."""
    log = Log()
    for number in range(60):
        visit(log, f"v{number}", f"locked out of {number} things", "follow", "read")
    visit(log, "sent", "this one wrote to us", "follow", "read", "sent")
    visit(log, "not", "this one said no", "follow", "read", "not_this")
    visit(log, "skim", "this one did not read", "follow")
    visit(log, "solved", "this one said so", "follow", "read", "solved")
    visit(log, "old", "locked out long ago", "follow", "read", at="2026-07-28")
    return loaded(settings, tmp_path, log)


def visit(log: Log, who: str, text: str, *did: str, at: str = "2026-09-10") -> None:
    """Add an episode with two cards on the screen, of which the second was treated as `did` says."""
    where = {"episode": f"e-{who}"}
    log.add(who, f"{at}T10:00:00Z", "intent", arm="treatment", channels=["web"], **where)
    cards = [OTHER, FITS]
    offer: dict[str, Any] = {"articles": cards, "cards": cards, "scores": [0.9, 0.8], "propensities": [0.9, 0.9]}
    log.add(who, f"{at}T10:00:01Z", "offer", abstained=False, arm="treatment", ranker="x", text=text, **offer, **where)
    for rank, article in enumerate(cards, 1):
        log.add(who, f"{at}T10:00:0{rank + 1}Z", "shown", article=article, rank=rank, **where)
    for second, what in enumerate(did, 10):
        more = {"ticket": f"T-{who}", "channel": "web"} if what == "sent" else {"article": FITS, "rank": 2}
        more |= {"source": "offer"} if what in ("follow", "read") else {}
        log.add(who, f"{at}T10:00:{second}Z", what, **more, **where)


def loaded(settings: Settings, folder: Path, log: Log) -> Store:
    """Import the log and return the store."""
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in log.events), encoding="utf-8")
    assert imports.load_events(settings, path)["bad"] == []
    return Store.open(settings.database)


def test_who_read_a_card_and_wrote_nothing_teaches_a_little(store: Store) -> None:
    found = followed(store)
    assert {(one.article, one.source) for one in found} == {(FITS, "followed")}
    assert len(found) == 61
    assert all(0 < one.weight <= evidence.WEIGHT for one in found)


def test_who_wrote_or_said_no_or_did_not_read_teaches_nothing(store: Store) -> None:
    texts = {one.body for one in followed(store)}
    assert not {text for text in texts if text.startswith("this one")}


def test_a_question_that_somebody_said_was_solved_needs_no_click(store: Store) -> None:
    assert [one.weight for one in evidence.everything(store) if one.body == "this one said so"] == [1.0]


def test_it_fades_by_half_in_45_days(store: Store) -> None:
    weights = {one.body: one.weight for one in followed(store)}
    assert weights["locked out long ago"] == pytest.approx(weights["locked out of 1 things"] / 2, rel=0.05)


def test_the_same_log_gives_the_same_lessons_and_a_time_cuts_them_off(store: Store) -> None:
    assert followed(store) == followed(store)
    assert followed(store, before=1) == []


def test_a_card_that_stood_elsewhere_than_its_offer_put_it_is_not_counted(settings: Settings, tmp_path: Path) -> None:
    log = Log()
    for number in range(60):
        visit(log, f"v{number}", f"locked out of {number} things", "follow", "read")
    for event in log.events:
        event |= {"rank": 3} if event["type"] in ("shown", "follow") else {}
    assert followed(loaded(settings, tmp_path, log)) == []


def test_the_same_words_count_once_and_a_mistaken_press_among_many_not_at_all(store: Store) -> None:
    hint = followed(store)[0]
    said = [replace(hint, id=str(n), article=FITS if n else OTHER, at=n, weight=1.0) for n in range(4)]
    assert [(one.id, one.article) for one in evidence.once([*said, hint])] == [("1", FITS)]
    assert [one.article for one in evidence.once(said[:2])] == [OTHER, FITS]  # there is no majority


def test_what_was_followed_teaches_and_never_judges(store: Store) -> None:
    hint = followed(store)[0]
    outcomes = [replace(hint, id=str(n), body=f"said {n}", at=n, weight=1.0, person="") for n in range(0, 400, 10)]
    hints = [replace(hint, id=f"h{n}", body=f"read {n}", at=n, weight=0.2, person="") for n in range(5, 400, 10)]
    earlier, later = split(sorted([*outcomes, *hints], key=lambda one: one.at))
    assert {one.weight for one in later} == {1.0}
    assert (len(earlier), len(later)) == (60, 10)
    assert max(one.at for one in earlier) < min(one.at for one in later)
