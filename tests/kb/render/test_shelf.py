"""The articles for everyone, and the state of an article's review."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from kb.render.snapshot import Entry
from kb.render.topics import MOST_SHOWN, Review, Shelf, Topic, for_everybody, review

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


def nested() -> tuple[Topic, Topic, Topic, Shelf]:
    """Return the topics a, a/b and c with one article each, and their shelf."""
    a = Topic("a", "A", "en", "", True, (entry("a1"),))
    b = Topic("a/b", "B", "en", "", True, (entry("b1"), entry("b2")), (a,))
    c = Topic("c", "C", "en", "", True, (entry("c1"),))
    return a, b, c, Shelf((a, b, c), {})


def test_a_tree_is_open_on_the_way_to_the_page_only() -> None:
    a, b, c, whole = nested()
    first, second = whole.tree(b, entry=b.entries[1])
    assert (first.topic, first.is_open, first.is_here, first.entries) == (a, True, False, ())
    assert (second.topic, second.is_open, second.within, second.entries) == (c, False, (), ())
    (inner,) = first.within
    assert (inner.topic, inner.is_here, [e.id for e in inner.entries], inner.shown) == (b, False, ["b1", "b2"], "b2")


def test_the_page_of_a_topic_is_marked_in_the_tree() -> None:
    a, _b, _c, whole = nested()
    first, second = whole.tree(a)
    assert (first.is_here, [e.id for e in first.entries], second.is_here) == (True, ["a1"], False)


@pytest.mark.parametrize(("at", "begin"), [(0, 0), (50, 50 - MOST_SHOWN // 2), (99, 100 - MOST_SHOWN)])
def test_of_many_articles_a_tree_shows_those_around_the_page(at: int, begin: int) -> None:
    topic = Topic("a", "A", "en", "", True, tuple(entry(f"{n:02}") for n in range(100)))
    (node,) = Shelf((topic,), {}).tree(topic, entry=topic.entries[at])
    assert [int(e.id) for e in node.entries] == list(range(begin, begin + MOST_SHOWN))


def test_named_topics_come_first_and_may_be_deeper() -> None:
    a, b, c, whole = nested()
    assert whole.first(["c", "a/b", "gone"]) == (c, b, a)
    assert whole.first([]) == (a, c)


def test_a_topic_without_a_summary_is_described_by_its_first_titles() -> None:
    topic = Topic("a", "A", "en", "", True, (), titles=("Pay", "Refund"))
    assert (topic.about, topic.summary) == ("Pay · Refund", "")
    assert Topic("a", "A", "en", "Money.", True, (), titles=("Pay",)).about == "Money."
