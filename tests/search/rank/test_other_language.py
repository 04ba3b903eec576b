"""A question in another language than the page's finds the articles in its language, labelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.rank.searcher import Searcher
from tests.support.shelf_of_articles import article, ids, shelf

CONTENTS = [
    article("reset", "Reset your password", "Follow the link on the login page."),
    article("reset", "Restablecer la contraseña olvidada", "Siga el enlace de la página de acceso.", lang="es"),
    article("reset", "Passwort zurücksetzen", "Folgen Sie dem Link.", lang="de"),
    article("card", "Change your card", "Billing uses the new card at once."),
    article("card", "Cambiar la tarjeta de pago", "Se usa la tarjeta nueva.", lang="es"),
    article("train", "新幹線の予約を変更する", "前日まで変更できます。", lang="ja"),
    article("export", "Export your data", "Settings hold the export."),
    article("secret", "Secreto de empresa", "Solo para socios.", lang="es", audience=("partners",)),
]


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    """A searcher over articles in four languages, by words only."""
    return shelf(tmp_path_factory.mktemp("shelf"), CONTENTS)


@pytest.mark.parametrize(
    ("typed", "page", "found", "label"),
    [
        ("contraseña olvidada", "en", "reset", "Español"),
        ("contrasena", "en", "reset", "Español"),
        ("¿Cómo puedo cambiar la tarjeta?", "en", "card", "Español"),
        ("tarjeta", "de", "card", "Español"),
        ("passwort", "en", "reset", "Deutsch"),
        ("reset password", "es", "reset", "English"),
        ("How do I change my card?", "es", "card", "English"),
        ("新幹線", "en", "train", "日本語"),
        ("予約", "es", "train", "日本語"),
        ("contraseña olvidada", "es", "reset", ""),
        ("reset your pasword", "en", "reset", ""),
        ("password", "en", "reset", ""),
        ("Passwort zurücksetzen", "fr", "reset", "Deutsch"),
    ],
)
def test_the_language_of_the_question_is_found_and_named(
    searcher: Searcher, typed: str, page: str, found: str, label: str
) -> None:
    for results in (searcher.search(typed, lang=page), searcher.complete(typed, lang=page)):
        assert ids(results)[:1] == [found]
        assert results.hits[0].language == label
        assert results.abroad == ((label,) if label else ())


@pytest.mark.parametrize("typed", ["change", "export", "your card", "login page"])
def test_words_of_the_pages_language_stay_there(searcher: Searcher, typed: str) -> None:
    for results in (searcher.search(typed, lang="en"), searcher.complete(typed, lang="en")):
        assert results.hits
        assert {hit.lang for hit in results.hits} == {"en"}


def test_an_article_is_found_in_one_language_only(searcher: Searcher) -> None:
    assert ids(searcher.search("la contraseña olvidada", lang="en")).count("reset") == 1


def test_an_article_with_an_audience_stays_hidden_in_any_language(searcher: Searcher) -> None:
    assert ids(searcher.search("secreto de empresa", lang="en")) == []
    assert ids(searcher.search("secreto de empresa", lang="en", audience=frozenset({"partners"}))) == ["secret"]


def test_a_message_in_another_language_is_ranked_among_the_articles_of_its_language(searcher: Searcher) -> None:
    found = searcher.ranked_message("", "No puedo cambiar la tarjeta de pago en mi cuenta", lang="en", k=1).ranked
    assert searcher.collection.documents[found[0][0]].lang == "es"


def test_without_articles_in_its_language_the_page_answers(tmp_path: Path) -> None:
    alone = shelf(tmp_path, [article("reset", "Reset your password")])
    assert ids(alone.search("reset contraseña", lang="en")) == []
    assert ids(alone.search("password", lang="es")) == ["reset"]
