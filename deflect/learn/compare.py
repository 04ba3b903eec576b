"""Compare two rankings on the same later outcomes: questions won and lost, and the gain with its interval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from deflect.learn.installed import text_of
from deflect.learn.lessons import Lesson
from kb import progress
from search.evaluate import metrics
from search.rank.ranking import System
from search.rank.searcher import Searcher

CARDS = 3
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """The result for one question: the rank of the article that solved it (0 below the tenth), and the offer."""

    rank: int
    offered: bool  # an offer cleared the floor

    @property
    def worth(self) -> float:
        """The reciprocal rank."""
        return 1 / self.rank if self.rank else 0.0

    @property
    def right(self) -> bool:
        """True if the offer contained the article."""
        return self.offered and 0 < self.rank <= CARDS


def judge(searcher: Searcher, asked: Sequence[Lesson], *, system: System, label: str) -> list[Judged]:
    """Rank articles for every question, and find the rank of the article that solved it."""
    report = progress.reporter(label)
    found = []
    for done, lesson in enumerate(asked, 1):
        ranked = searcher.ranked_message(lesson.subject, lesson.body, lang=lesson.lang, k=10, system=system)
        ids = [searcher.collection.documents[number].article for number, _ in ranked.ranked]
        rank = ids.index(lesson.article) + 1 if lesson.article in ids else 0
        found.append(Judged(rank, bool(ranked.cards(CARDS, floor=searcher.settings.floor_suggest))))
        report(done, len(asked))
    return found


def gain(after: Sequence[Judged], before: Sequence[Judged]) -> metrics.Difference:
    """Return the gain in reciprocal rank, with the interval of the paired difference."""
    return metrics.paired([one.worth for one in after], [one.worth for one in before])


def compared(
    searcher: Searcher, asked: Sequence[Lesson], before: Sequence[Judged], after: Sequence[Judged]
) -> dict[str, Any]:
    """Return the report to keep, with figures but without questions."""
    return {
        "before": hits(before),
        "after": hits(after),
        "gain": {"RR@10": asdict(gain(after, before))},
        "offered": {"before": _offers(before), "after": _offers(after)},
        "won": sum(a.worth > b.worth for a, b in zip(after, before, strict=True)),
        "lost": sum(a.worth < b.worth for a, b in zip(after, before, strict=True)),
        "by": _by(searcher, asked, before, after),
    }


def hits(judged: Sequence[Judged]) -> dict[str, float]:
    """Return hit@1 and hit@3."""
    return {f"hit@{k}": round(sum(0 < one.rank <= k for one in judged) / len(judged), 4) for k in (1, 3)}


def examples(
    asked: Sequence[Lesson], before: Sequence[Judged], after: Sequence[Judged]
) -> dict[str, list[dict[str, Any]]]:
    """Return the questions whose article rose or fell most; they are printed, but never stored in git."""
    rows = sorted(
        zip(before, after, asked, strict=True), key=lambda row: (row[0].worth - row[1].worth, text_of(row[2]))
    )
    return {
        "most_won": [_example(*row) for row in rows[:EXAMPLES] if row[1].worth > row[0].worth],
        "most_lost": [_example(*row) for row in rows[::-1][:EXAMPLES] if row[1].worth < row[0].worth],
    }


def _example(before: Judged, after: Judged, lesson: Lesson) -> dict[str, Any]:
    return {"question": text_of(lesson)[:200], "article": lesson.article, "before": before.rank, "after": after.rank}


def _offers(judged: Sequence[Judged]) -> dict[str, float]:
    offers = [one for one in judged if one.offered]
    return {
        "coverage": round(len(offers) / len(judged), 4),
        "right": round(sum(one.right for one in offers) / max(len(offers), 1), 4),
    }


def _by(
    searcher: Searcher, asked: Sequence[Lesson], before: Sequence[Judged], after: Sequence[Judged]
) -> list[dict[str, Any]]:
    """Return hit@1 and hit@3 before and after by category and by language."""
    category = {document.article: document.category for document in searcher.collection.documents}
    rows: dict[str, list[int]] = defaultdict(list)
    for number, lesson in enumerate(asked):
        rows[f"category {category[lesson.article]}"].append(number)
        rows[f"language {lesson.lang}"].append(number)
    return [
        {
            "what": what,
            "n": len(numbers),
            "before": hits([before[n] for n in numbers]),
            "after": hits([after[n] for n in numbers]),
        }
        for what, numbers in sorted(rows.items())
    ]
