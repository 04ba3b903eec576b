"""A model learned from solved questions changes the ranking, is stored and is served."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from search.index import build, learned, logistic
from search.index.learned import Learned, recall
from search.learn.learn import Solved, TooFewOutcomes, learn
from search.rank.searcher import Searcher
from tests.support.shelf_of_articles import WordEmbedder, article, shelf

ARTICLES = [
    article("reset", "Reset your password", "Open the login page and follow the link."),
    article("vat", "Tax on invoices", "The invoice shows the tax of your country."),
    article("card", "Change your card", "Billing uses the new card at once."),
    article("new", "Travel abroad", "Roaming works in every country of the union."),
]
# Questions say "locked out" and "charged twice", which are in no article.
SAID = {"reset": "I am locked out again {n}", "vat": "why so much more to pay {n}", "card": "you charged me twice {n}"}
SOLVED = [Solved("", text.format(n=n), "en", id) for n in range(20) for id, text in SAID.items()]


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    return shelf(tmp_path_factory.mktemp("shelf"), ARTICLES, encoder=WordEmbedder())


@pytest.fixture(scope="module")
def taught(searcher: Searcher) -> Learned:
    return learn(searcher, SOLVED, encode=WordEmbedder().encode)[0]


def first(searcher: Searcher, text: str, weights: Learned | None) -> str:
    searcher.learned = weights
    found = searcher.ranked_message("", text, lang="en", k=3, system="learned")
    return searcher.collection.documents[found.ranked[0][0]].article


@pytest.mark.parametrize(("text", "answer"), [("I am locked out", "reset"), ("they charged me twice", "card")])
def test_words_that_no_article_has_lead_to_what_solved_them(
    searcher: Searcher, taught: Learned, text: str, answer: str
) -> None:
    assert first(searcher, text, taught) == answer


def test_an_article_that_solved_nothing_yet_is_found_by_what_it_says(searcher: Searcher, taught: Learned) -> None:
    assert first(searcher, "roaming and travel abroad in the union", taught) == "new"


def test_an_article_that_was_published_after_learning_keeps_its_first_place(searcher: Searcher, tmp_path: Path) -> None:
    before = shelf(tmp_path, [one for one in ARTICLES if one.article.id != "new"], encoder=WordEmbedder())
    older = learn(before, SOLVED, encode=WordEmbedder().encode)[0]
    assert "new" not in older.articles
    for text in ("you charged me for roaming", "I am locked out of roaming in every country"):
        assert first(searcher, text, None) == "new"
        assert first(searcher, text, older) == "new"


def test_without_what_was_learned_the_ranking_is_the_untaught_one(searcher: Searcher) -> None:
    searcher.learned = None
    untaught = searcher.ranked_message("", "tax on my invoice", lang="en", k=3, system="hybrid").ranked
    assert searcher.ranked_message("", "tax on my invoice", lang="en", k=3, system="learned").ranked == untaught


def test_what_is_kept_is_what_was_fitted(taught: Learned, tmp_path: Path) -> None:
    taught.save(tmp_path)
    loaded = learned.load(tmp_path)
    assert loaded is not None
    assert loaded.fingerprint == taught.fingerprint
    assert loaded.questions == len(SOLVED)


def test_nothing_kept_is_nothing_learned(tmp_path: Path) -> None:
    assert learned.load(tmp_path) is None


def test_questions_of_an_article_that_is_gone_are_left_out(searcher: Searcher, taught: Learned) -> None:
    gone = [Solved("", "something else", "en", "gone")]
    assert learn(searcher, [*SOLVED, *gone], encode=WordEmbedder().encode)[0].fingerprint == taught.fingerprint


def test_too_few_questions_teach_nothing(searcher: Searcher) -> None:
    with pytest.raises(TooFewOutcomes, match="30"):
        learn(searcher, SOLVED[:10], encode=WordEmbedder().encode)


def test_a_question_does_not_recall_itself() -> None:
    memory, solved = np.eye(2, dtype=np.float32), np.asarray([0, 1], dtype=np.int32)
    others = recall(memory, memory, solved, size=2, own=True)
    assert others == pytest.approx(np.full((2, 2), -0.6), abs=1e-6)
    assert recall(memory, memory, solved, size=2)[0, 0] == pytest.approx(0.0, abs=1e-4)


def test_what_was_learned_is_served_by_the_generation_that_holds_it(taught: Learned, tmp_path: Path) -> None:
    path = build.build_from_contents(
        ARTICLES, tmp_path / "index", name="one", default_lang="en", embedder=WordEmbedder(), cache=tmp_path / "vectors"
    )
    taught.save(path)
    opened = Searcher.open(path, settings=shelf(tmp_path, ARTICLES).settings, encoder=WordEmbedder())
    assert opened.ranker == "learned-one"


def test_classes_are_fitted_as_their_odds_are() -> None:
    random = np.random.default_rng(2)
    rows = random.normal(size=(4000, 3))
    true = np.asarray([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]])
    labels = np.asarray([random.choice(3, p=p) for p in logistic.softmax(rows @ true)])
    found = logistic.fit_classes(rows, labels, classes=3, penalty=0.1)[:-1]
    assert found - found.mean(axis=1, keepdims=True) == pytest.approx(true - true.mean(axis=1, keepdims=True), abs=0.2)


def test_a_choice_is_fitted_as_its_odds_are() -> None:
    random = np.random.default_rng(3)
    features = random.normal(size=(5000, 6, 2))
    chances = logistic.softmax(features @ np.asarray([1.5, -0.5]))
    chosen = np.asarray([random.choice(6, p=p) for p in chances])
    assert logistic.fit_choice(features, chosen, centre=np.zeros(2)) == pytest.approx([1.5, -0.5], abs=0.1)
