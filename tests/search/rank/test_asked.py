"""A question is split into tokens once, and its language is detected once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from search.rank.asked import ask, instead
from search.rank.searcher import Searcher
from search.text import query
from search.text.query import Text
from tests.support.shelf_of_articles import WordEmbedder, article, ids, shelf

Counted = Callable[[Any, str], list[Any]]


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    articles = [
        article("reset", "Reset your password", "Follow the link on the login page."),
        article("karte", "Karte wechseln", "Die neue Karte gilt sofort.", lang="de"),
        article("exportar", "Exportar datos", "Abra los ajustes.", lang="es"),
    ]
    return shelf(tmp_path_factory.mktemp("shelf"), articles, encoder=WordEmbedder())


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Return a function that records the calls of a function, and returns the list of their first arguments."""

    def count(home: Any, name: str) -> list[Any]:
        real, calls = getattr(home, name), []

        def noting(first: Any, *args: Any, **named: Any) -> Any:
            calls.append(first)
            return real(first, *args, **named)

        monkeypatch.setattr(home, name, noting)
        return calls

    return count


def test_a_search_cuts_its_text_and_detects_its_language_once(searcher: Searcher, counted: Counted) -> None:
    texts, detected = counted(Text, "of"), counted(query, "detect")
    assert ids(searcher.search("reset  password", lang="en")) == ["reset"]
    assert (texts, detected) == (["reset  password"], ["reset password"])


def test_a_correction_cuts_its_own_text_and_keeps_the_language(searcher: Searcher, counted: Counted) -> None:
    texts, detected = counted(Text, "of"), counted(query, "detect")
    assert searcher.search("pasword", lang="en").corrected == "password"
    assert (texts, detected) == (["pasword", "password"], ["pasword"])


def test_completing_and_searching_by_words_detect_no_language(searcher: Searcher, counted: Counted) -> None:
    detected = counted(query, "detect")
    assert ids(searcher.complete("reset pas", lang="en")) == ["reset"]
    assert ids(searcher.search("reset", lang="en", degraded="rate-limited"))[0] == "reset"
    assert detected == []


def test_a_text_has_its_words_in_the_languages_of_the_articles_that_may_answer(searcher: Searcher) -> None:
    languages = searcher.collection.langs
    assert set(ask(searcher.collection, "reset", lang="en", mask=languages != "es").queries) == {"de", "en"}
    assert ask(searcher.collection, " ", lang="en", mask=languages == "en").empty
    assert ask(searcher.collection, "reset", lang="en", mask=languages == "fr").empty


def test_other_words_keep_the_page_the_articles_and_the_vectors(searcher: Searcher) -> None:
    mask = np.ones(3, dtype=np.bool_)
    typed = ask(searcher.collection, "pasword", lang="en", mask=mask)
    other = instead(searcher.collection, typed, "password")
    assert [word.text for word in other.queries["en"].words] == ["password"]
    assert (other.page, other.lang, other.vectors) == (typed.page, typed.lang, typed.vectors)
    assert other.mask is mask


def test_the_words_of_a_subject_count_more(searcher: Searcher) -> None:
    asked = ask(
        searcher.collection, "Password\nI lost it", lang="en", mask=np.ones(3, dtype=np.bool_), heavy="PASSWORD"
    )
    assert [word.text for word in asked.queries["en"].words if word.heavy] == ["password"]
