"""The language of a short question is detected by words that are in no article."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from search.rank.asked import UNKNOWN, ask, language_of
from search.rank.searcher import Searcher
from tests.support.shelf_of_articles import WordEmbedder, article, ids, shelf

MEANT = {"wachtwoord": "password", "vergeten": "reset", "contraseña": "password", "olvidada": "reset"}


class Interpreter(WordEmbedder):
    """Translates four foreign words."""

    recipe = "interpreter-64"
    multilingual = True

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return super().encode([" ".join(MEANT.get(word, word) for word in text.split()) for text in texts])


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    articles = [
        article("reset", "Reset your password", "Follow the link on the login page."),
        article("card", "Change your card", "Billing uses the new card at once."),
        article("export", "Export your data", "Settings hold the export as a file."),
    ]
    return shelf(tmp_path_factory.mktemp("shelf"), articles, encoder=Interpreter())


def told(searcher: Searcher, text: str, *, lang: str) -> str:
    """Return the detected language of `text`, asked on a page in `lang`. All articles are in English."""
    mask = np.ones(len(searcher.collection.documents), dtype=np.bool_)
    asked = ask(searcher.collection, text, lang=lang, mask=mask)
    assert list(asked.queries) == ["en"]
    return language_of(searcher.collection, asked)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("wachtwoord vergeten", UNKNOWN),  # Dutch, without a stop word
        ("contraseña olvidada", UNKNOWN),
        ("¿Cómo puedo cambiar mi contraseña?", "es"),  # detected by its stop words
        ("reset password", "en"),  # words of the articles
        ("reset wachtwoord", "en"),  # half of the words are known: the page's language
        ("pasword", "en"),  # a misspelling of a known word
        ("404 42", "en"),  # no words
        ("", "en"),
    ],
)
def test_what_no_article_has_is_of_another_language(searcher: Searcher, text: str, lang: str) -> None:
    assert told(searcher, text, lang="en") == lang


def test_a_language_that_no_article_is_in_stays_as_it_was_asked(searcher: Searcher) -> None:
    assert told(searcher, "wachtwoord vergeten", lang="nl") == "nl"


def test_without_vectors_across_languages_the_page_decides(tmp_path: Path) -> None:
    by_words = shelf(tmp_path, [article("reset", "Reset your password")])
    assert told(by_words, "wachtwoord vergeten", lang="en") == "en"


@pytest.mark.parametrize("text", ["wachtwoord vergeten", "contraseña olvidada"])
def test_two_foreign_words_find_the_article(searcher: Searcher, text: str) -> None:
    assert searcher.ranked_query(text, lang="en", k=1).ranked[0][0] == 2
    assert searcher.collection.documents[2].article == "reset"
    assert searcher.ranked_message("", text, lang="en", k=1).ranked[0][0] == 2


def test_words_of_the_articles_find_as_before(searcher: Searcher) -> None:
    assert ids(searcher.search("export data", lang="en"))[0] == "export"
