"""Tuning learns from earlier outcomes, is evaluated on later ones, and is kept only if it is reliably better."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deflect.learn import compare, evidence, installed, lessons, tuning
from deflect.learn.lessons import Lesson
from deflect.privacy import erasure
from kb.cli import main
from kb.config import Settings
from kb.errors import BadSetting
from kb.server.indexing import refresh
from search.evaluate import metrics
from search.index.learned import Learned
from search.index.vectors import VectorCache
from search.learn.learn import Solved, TooFewOutcomes
from search.rank.current import Current
from search.rank.searcher import Searcher
from tests.conftest import write_articles
from tests.support.shelf_of_articles import WordEmbedder

NOW = datetime(2026, 11, 1, tzinfo=UTC)
# People's word for a thing, and the article's word: only outcomes can connect the two.
SLANG = {"password": "zugang", "invoice": "beleg", "refund": "geldher", "parcel": "paketchen", "coupon": "gutschein"}


def lesson(number: int, person: str = "", text: str = "") -> Lesson:
    """Return an outcome at the given position in time."""
    return Lesson(str(number), "", f"text {text or number}", "en", "vat", person, "test", number)


def test_the_latest_quarter_judges_and_nobody_is_on_both_sides() -> None:
    past = [lesson(n, person="p7" if n % 9 == 0 else f"p{n + 100}") for n in range(40)]
    earlier, later = tuning.split(past)
    assert [one.at for one in earlier] == list(range(30))
    assert {one.at for one in later} == set(range(30, 40)) - {36}


def test_a_question_that_was_asked_before_in_the_same_words_judges_nothing() -> None:
    past = [lesson(n, text="same" if n in (3, 35) else "") for n in range(40)]
    assert {one.at for one in tuning.split(past)[1]} == set(range(30, 40)) - {35}


def test_what_an_encoder_was_trained_on_judges_nothing() -> None:
    assert [one.at for one in tuning.split([lesson(n) for n in range(40)], after=34)[1]] == list(range(35, 40))


@pytest.fixture
def taught(tmp_path: Path) -> Settings:
    """A help center whose visitors use other words than its articles, with a year of solved tickets."""
    articles = {f"{name}.md": f"# {name}\n\nAll about the {name} and what to do.\n" for name in SLANG}
    settings = Settings(
        articles=write_articles(tmp_path / "articles", articles),
        data=tmp_path / "var",
        embedder="tests.support.shelf_of_articles:WordEmbedder",
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
    assert {row["what"] for row in report["by"]} == {"category general", "language en"}
    assert report["most_won"]
    assert report["kept"]
    built = refresh(taught, words_only=False, now=NOW)
    assert built["built"]
    found = Current(taught).get().ranked_message("", "where is my geldher", lang="en", k=1, system="learned")
    searcher = Current(taught).get()
    assert [searcher.collection.documents[n].article for n, _ in found.ranked] == ["refund"]
    assert searcher.ranker.startswith("learned-")


def test_the_same_outcomes_give_the_same_bytes_and_no_question_goes_to_git(taught: Settings) -> None:
    folder = taught.articles / installed.FOLDER
    tuning.tune(taught)
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    tuning.tune(taught)
    assert first == {file.name: file.read_bytes() for file in folder.iterdir()}
    assert b"geldher" not in first[installed.FILE]


def test_a_dry_run_keeps_nothing(taught: Settings) -> None:
    assert tuning.tune(taught, dry_run=True)["kept"] is False
    assert not (taught.articles / installed.FOLDER).exists()


def test_outcomes_that_teach_nothing_are_not_kept(taught: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    real = evidence.everything

    def shuffled(*arguments: object, **options: object) -> list[Lesson]:
        past = real(*arguments, **options)  # type: ignore[arg-type]
        articles = [one.article for one in past]
        random.Random(2).shuffle(articles)
        return [replace(one, article=article) for one, article in zip(past, articles, strict=True)]

    monkeypatch.setattr(tuning, "everything", shuffled)
    assert tuning.tune(taught)["kept"] is False


def test_what_it_is_judged_on_it_was_not_trained_on(taught: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    real, trained, judged = tuning.learn, [], []

    def learning(searcher: Any, known: Sequence[Solved], **options: Any) -> Any:
        trained.append({one.body for one in known})
        return real(searcher, known, **options)

    monkeypatch.setattr(tuning, "learn", learning)
    monkeypatch.setattr(compare, "gain", lambda _after, _before: metrics.Difference(0.0, 0.0, 0.0))
    ranked = Searcher.ranked_message

    def asking(self: Searcher, subject: str, body: str, **options: Any) -> Any:
        judged.append(body)
        return ranked(self, subject, body, **options)

    monkeypatch.setattr(Searcher, "ranked_message", asking)
    assert tuning.tune(taught)["kept"] is False  # the reported gain is zero
    assert len(trained) == 1
    assert judged
    assert not trained[0] & set(judged)


def test_outcomes_that_came_after_the_tuning_are_not_learned_unjudged(taught: Settings, tmp_path: Path) -> None:
    tuning.tune(taught)
    before = served(taught)
    late = tmp_path / "late.jsonl"
    late.write_text(json.dumps({"text": "where is my geldher", "article": "coupon", "date": "2026-10-30"}))
    lessons.load(taught, late)
    assert served(taught).fingerprint == before.fingerprint


def learn_of_jo(taught: Settings, folder: Path) -> None:
    """Learn a question that one known person asked."""
    mine = folder / "mine.jsonl"
    row = {"text": "my very own paketchen", "article": "parcel", "date": "2025-01-01", "email": "jo@example.com"}
    mine.write_text(json.dumps(row))
    lessons.load(taught, mine)
    tuning.tune(taught)


def test_erasing_a_person_takes_their_question_out_of_the_memory_and_its_vector_from_the_disk(
    taught: Settings, tmp_path: Path
) -> None:
    learn_of_jo(taught, tmp_path)
    with_me = served(taught)
    erasure.erase(taught, "jo@example.com")
    without = served(taught)
    assert len(without.memory) == len(with_me.memory) - 1
    cache = VectorCache(next((taught.data / "vectors").glob("questions-*")), recipe=WordEmbedder.recipe, dimensions=64)
    fresh = WordEmbedder()
    cache.encode(["my very own paketchen"], embedder=fresh)
    assert fresh.encoded == ["my very own paketchen"]  # it was not kept


def test_kb_erase_builds_the_index_without_their_question_and_keeps_no_older_one(
    taught: Settings, tmp_path: Path
) -> None:
    learn_of_jo(taught, tmp_path)
    before = len(served(taught).memory)
    environ = {"KB_ARTICLES": str(taught.articles), "KB_DATA": str(taught.data), "KB_EMBEDDER": taught.embedder}
    done = CliRunner().invoke(main.kb, ["erase", "--person", "jo@example.com", "--json"], env=environ)
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["left"], said["learned"]) == (0, "the index was rebuilt without them")
    found = Current(taught).get()
    assert found.learned is not None
    assert len(found.learned.memory) == before - 1
    generations = [path.name for path in taught.generations.iterdir() if path.is_dir() and not path.is_symlink()]
    assert generations == [found.generation]


def test_an_article_that_says_something_else_forgets_what_it_solved_and_a_typing_error_forgets_nothing(
    taught: Settings,
) -> None:
    tuning.tune(taught)
    write_articles(taught.articles, {"parcel.md": "# parcel\n\nAll about the parcel and what too do.\n"})
    assert changed(taught) == frozenset()
    write_articles(taught.articles, {"parcel.md": "# Opening hours\n\nOur shops open at nine on weekdays.\n"})
    assert changed(taught) == {"parcel"}
    report = tuning.tune(taught)
    assert report["reset"] == ["parcel"]
    kept = json.loads((taught.articles / installed.FOLDER / installed.FILE).read_text())
    assert kept["articles"]["parcel"] == 0
    assert kept["articles"]["coupon"] > 0
    assert tuning.tune(taught)["reset"] == ["parcel"]  # and it stays removed


def served(settings: Settings) -> Learned:
    """Return the learned ranking, as the next index will have it."""
    refresh(settings, words_only=False, now=NOW)
    found = Current(settings).get().learned
    assert found is not None
    return found


def changed(settings: Settings) -> frozenset[str]:
    searcher = Current(settings).get() if refresh(settings, words_only=False, now=NOW) else None
    assert searcher is not None
    assert searcher.learned is not None
    return searcher.collection.changed(searcher.learned)


def test_without_vectors_it_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(BadSetting, match="run 'kb index'"):
        tuning.tune(settings)


def test_too_few_outcomes_say_how_to_get_more(taught: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "everything", lambda _store: [])
    with pytest.raises(TooFewOutcomes, match="kb outcomes import"):
        tuning.tune(taught)
