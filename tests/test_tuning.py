"""Tuning learns from earlier outcomes, is judged on later ones, and is kept only when it is surely better."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deflect import lessons, tuning
from deflect.lessons import Lesson
from kb.config import Settings
from kb.errors import BadSetting
from kb.indexing import refresh
from search.learned import TooFewOutcomes
from tests.conftest import write_articles

NOW = datetime(2026, 11, 1, tzinfo=UTC)
# What people call a thing, and what the article calls it: nothing but outcomes can bring the two together.
SLANG = {"password": "zugang", "invoice": "beleg", "refund": "geldher", "parcel": "paketchen", "coupon": "gutschein"}


def lesson(number: int, person: str) -> Lesson:
    """Return an outcome of the given place in time."""
    return Lesson(str(number), "", "text", "en", "vat", person, "test", number)


def test_the_latest_quarter_judges_and_nobody_is_on_both_sides() -> None:
    past = [lesson(n, person="p7" if n % 9 == 0 else f"p{n + 100}") for n in range(40)]
    earlier, later = tuning.split(past)
    assert [one.at for one in earlier] == list(range(30))
    assert {one.at for one in later} == set(range(30, 40)) - {36}


@pytest.fixture
def taught(tmp_path: Path) -> Settings:
    """A help center whose visitors use other words than its articles, with a year of solved tickets."""
    articles = {f"{name}.md": f"# {name}\n\nAll about the {name} and what to do.\n" for name in SLANG}
    settings = Settings(
        articles=write_articles(tmp_path / "articles", articles),
        data=tmp_path / "var",
        embedder="tests.shelf_of_articles:WordEmbedder",
    )
    draw = random.Random(1)
    rows = []
    for number in range(400):
        article = draw.choice(sorted(SLANG))
        text = f"hello where is my {SLANG[article]} number {draw.randrange(1000)} please"
        rows.append({"text": text, "article": article, "date": f"2025-{1 + number // 40:02}-{1 + number % 28:02}"})
    history = tmp_path / "past.jsonl"
    history.write_text("\n".join(map(json.dumps, rows)))
    refresh(settings, words_only=False, now=NOW)
    lessons.load(settings, history)
    return settings


def test_what_is_surely_better_is_kept_and_ranks_from_the_next_index_on(taught: Settings) -> None:
    report = tuning.tune(taught)
    assert report["gain"]["RR@10"]["low"] > 0
    assert report["kept"]
    built = refresh(taught, words_only=False, now=NOW)
    assert built["built"]
    from search.current import Current

    found = Current(taught).get().ranked_message("", "where is my geldher", lang="en", k=1, system="learned")
    searcher = Current(taught).get()
    assert [searcher.collection.documents[n].article for n, _ in found.ranked] == ["refund"]
    assert searcher.ranker.startswith("learned-")


def test_the_same_outcomes_give_the_same_bytes_and_no_question_goes_to_git(taught: Settings) -> None:
    folder = taught.articles / tuning.FOLDER
    tuning.tune(taught)
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    tuning.tune(taught)
    assert first == {file.name: file.read_bytes() for file in folder.iterdir()}
    assert b"geldher" not in first[tuning.FILE]


def test_a_dry_run_keeps_nothing(taught: Settings) -> None:
    assert tuning.tune(taught, dry_run=True)["kept"] is False
    assert not (taught.articles / tuning.FOLDER).exists()


def test_outcomes_that_teach_nothing_are_not_kept(taught: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    real = lessons.lessons

    def shuffled(*arguments: object, **options: object) -> list[Lesson]:
        past = real(*arguments, **options)  # type: ignore[arg-type]
        articles = [one.article for one in past]
        random.Random(2).shuffle(articles)
        return [replace(one, article=article) for one, article in zip(past, articles, strict=True)]

    monkeypatch.setattr(tuning, "lessons", shuffled)
    assert tuning.tune(taught)["kept"] is False


def test_without_vectors_it_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(BadSetting, match="run 'kb index'"):
        tuning.tune(settings)


def test_too_few_outcomes_say_how_to_get_more(taught: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "lessons", lambda _store: [])
    with pytest.raises(TooFewOutcomes, match="kb outcomes import"):
        tuning.tune(taught)
