"""The articles for everyone, and the state of an article's review."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from kb.render.snapshot import Entry
from kb.render.topics import Review, Shelf, Topic, for_everybody, review

TODAY = date(2026, 6, 1)


def entry(id: str = "a", **over: object) -> Entry:
    """Return an ordinary article."""
    plain = Entry(
        id=id, lang="en", title=id, summary="", category="general", address=f"/en/articles/{id}", revision="0",
        updated=None, owner="", review_every=None, verified=None, audience=(), offers=True,
        status="published", path=f"{id}.md", queries=(), order=None, replaced_by="",
    )  # fmt: skip
    return replace(plain, **over)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verified", "every", "expected"),
    [
        (None, None, Review()),
        (None, 30, Review()),
        (date(2026, 5, 20), None, Review(verified=date(2026, 5, 20))),
        (date(2026, 5, 20), 30, Review(verified=date(2026, 5, 20))),
        (date(2026, 5, 2), 30, Review(verified=date(2026, 5, 2))),  # due today is not overdue
        (date(2026, 5, 1), 30, Review(overdue=date(2026, 5, 31))),
    ],
)
def test_an_article_is_verified_until_its_review_is_overdue(
    verified: date | None, every: int | None, expected: Review
) -> None:
    assert review(entry(verified=verified, review_every=every), today=TODAY) == expected


def test_an_article_with_an_audience_is_not_for_everybody() -> None:
    assert for_everybody(entry())
    assert not for_everybody(entry(audience=("client",)))


def shelf(*topics: str) -> Shelf:
    """Return a shelf with a topic for each text, and in it an article for each letter."""
    made = tuple(Topic(letters, letters, "en", "", True, tuple(entry(id) for id in letters)) for letters in topics)
    return Shelf(made, {e.id: e for topic in made for e in topic.entries})


def test_articles_are_picked_from_the_topics_in_turn() -> None:
    assert [e.id for e in shelf("abc", "de").pick(k=4)] == ["a", "d", "b", "e"]


def test_no_more_is_picked_than_there_is() -> None:
    assert len(shelf("ab", "c").pick(k=10)) == 3
    assert shelf().pick(k=3) == ()


def test_articles_with_an_order_are_the_author_s_first() -> None:
    topics = tuple(
        Topic(name, name, "en", "", True, (entry(f"{name}1", order=1), entry(f"{name}2", order=2), entry(f"{name}3")))
        for name in "xy"
    )
    assert [e.id for e in Shelf(topics, {}).ordered(k=9)] == ["x1", "y1", "x2", "y2"]
