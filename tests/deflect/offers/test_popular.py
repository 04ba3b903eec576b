"""The popular articles: those that enough people opened."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from deflect.offers import log
from deflect.offers.popular import PEOPLE, Popular, most_opened
from deflect.store import clock
from deflect.store.database import Store, insert
from deflect.store.writer import DirectWriter


def opened(store: Store, visitor: str, articles: Sequence[str], *, at: int) -> None:
    """Log that a visitor opened articles."""
    events = [
        {"id": str(uuid.uuid4()), "type": "follow", "at": at, "article": id, "source": "search"} for id in articles
    ]
    DirectWriter(store).run(log.log_events, keys=[f"visitor:{visitor}"], events=events, now=at)


def opened_by_enough(store: Store, articles: Sequence[str], *, people: int = PEOPLE) -> None:
    """Log that enough visitors opened articles just now."""
    for number in range(people):
        opened(store, f"v{number}", articles, at=clock.now())


def test_an_article_counts_once_for_each_person(tmp_path: Path) -> None:
    store, now = Store.open(tmp_path / "x.db"), clock.now()
    opened(store, "a", ["keen", "keen", "keen", "liked"], at=now)
    opened(store, "b", ["liked"], at=now)
    assert most_opened(store, since=now - 1, people=1) == ("liked", "keen")
    assert most_opened(store, since=now - 1, people=2) == ("liked",)


def test_one_who_tries_the_site_makes_nothing_popular(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "x.db")
    opened_by_enough(store, ["a"], people=PEOPLE - 1)
    opened(store, "v0", ["a"] * 20, at=clock.now())
    assert Popular(store).articles() == ()
    opened(store, "another", ["a"], at=clock.now())
    assert Popular(store).articles() == ("a",)


def test_equals_go_by_id_and_old_openings_do_not_count(tmp_path: Path) -> None:
    store, now = Store.open(tmp_path / "x.db"), clock.now()
    opened(store, "a", ["b", "a"], at=now)
    opened(store, "b", ["old"], at=now - 40 * clock.DAY)
    assert most_opened(store, since=now - 30 * clock.DAY, people=1) == ("a", "b")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([], ("much", "some")),  # 4 × 1/2 against 3 × 1/2
        ([("unhelpful", "much")], ("some", "much")),  # 4 × 1/3 against 3 × 1/2
        ([("unhelpful", "much"), ("helpful", "much")], ("much", "some")),
        ([("unhelpful", "much"), ("not_this", "some")], ("much", "some")),
        ([("solved", "some")], ("much", "some")),  # 4 × 1/2 against 3 × 2/3, in order of id
        ([("solved", "some"), ("not_this", "much")], ("some", "much")),
    ],
)
def test_articles_that_do_not_help_come_later(
    tmp_path: Path, answers: list[tuple[str, str]], expected: tuple[str, ...]
) -> None:
    store, now = Store.open(tmp_path / "x.db"), clock.now()
    for number in range(4):
        opened(store, f"v{number}", ["much", "some"][: 1 + (number < 3)], at=now)
    for type, article in answers:
        row = {"id": uuid.uuid4().hex, "type": type, "key": "visitor:v0", "article": article, "at": now}
        with closing(store.connect()) as db:
            insert(db, "events", row | {"received": now})
    assert most_opened(store, since=now - 1, people=1) == expected


def test_what_was_read_is_kept_for_five_minutes(tmp_path: Path) -> None:
    store, times = Store.open(tmp_path / "x.db"), iter([0.0, 1.0, 2.0, 400.0, 401.0])
    popular = Popular(store, timer=lambda: next(times))
    assert popular.articles() == ()
    opened_by_enough(store, ["a"])
    assert popular.articles() == ()
    assert popular.articles() == ("a",)


def test_a_store_that_cannot_be_read_makes_nothing_popular(tmp_path: Path) -> None:
    store = Store(tmp_path / "nowhere" / "x.db")
    assert most_opened(store, since=0) == ()
