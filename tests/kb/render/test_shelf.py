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


def test_what_people_open_comes_first_and_the_topics_fill_up_in_turn() -> None:
    assert [e.id for e in shelf("abc", "de").pick(["e", "b"], k=4)] == ["e", "b", "a", "d"]


def test_what_is_no_longer_there_is_not_picked() -> None:
    assert [e.id for e in shelf("ab").pick(["gone", "b"], k=2)] == ["b", "a"]


def test_no_more_is_picked_than_there_is() -> None:
    assert len(shelf("ab", "c").pick([], k=10)) == 3
    assert shelf().pick(["a"], k=3) == ()
