"""The most opened articles."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from deflect.offers import log
from deflect.offers.popular import Popular, most_opened
from deflect.store import clock
from deflect.store.database import Store
from deflect.store.writer import DirectWriter


def opened(store: Store, visitor: str, articles: Sequence[str], *, at: int) -> None:
    """Log that a visitor opened articles."""
    events = [
        {"id": str(uuid.uuid4()), "type": "follow", "at": at, "article": id, "source": "search"} for id in articles
    ]
    DirectWriter(store).run(log.log_events, keys=[f"visitor:{visitor}"], events=events, now=at)


def test_an_article_counts_once_for_each_person(tmp_path: Path) -> None:
    store, now = Store.open(tmp_path / "x.db"), clock.now()
    opened(store, "a", ["keen", "keen", "keen", "liked"], at=now)
    opened(store, "b", ["liked"], at=now)
    assert most_opened(store, since=now - 1, k=5) == ("liked", "keen")


def test_equals_go_by_id_and_old_openings_do_not_count(tmp_path: Path) -> None:
    store, now = Store.open(tmp_path / "x.db"), clock.now()
    opened(store, "a", ["b", "a"], at=now)
    opened(store, "b", ["old"], at=now - 40 * clock.DAY)
    assert most_opened(store, since=now - 30 * clock.DAY, k=5) == ("a", "b")


def test_what_was_read_is_kept_for_five_minutes(tmp_path: Path) -> None:
    store, times = Store.open(tmp_path / "x.db"), iter([0.0, 1.0, 2.0, 400.0, 401.0])
    popular = Popular(store, timer=lambda: next(times))
    assert popular.articles() == ()
    opened(store, "a", ["a"], at=clock.now())
    assert popular.articles() == ()
    assert popular.articles() == ("a",)


def test_a_store_that_cannot_be_read_makes_nothing_popular(tmp_path: Path) -> None:
    store = Store(tmp_path / "nowhere" / "x.db")
    assert most_opened(store, since=0, k=5) == ()
