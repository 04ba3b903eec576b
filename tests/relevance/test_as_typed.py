"""Words find their article however they are typed: joined, split, without marks, in full and while typing.

`as_written.tsv` and `more_written.tsv` have small articles in many languages, and `as_typed.tsv` and `more_typed.tsv`
what people type to find them.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from search.rank.searcher import Searcher
from tests.support.shelf_of_articles import article, ids, shelf

HERE = Path(__file__).parent


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / f"{name}.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def written(name: str, folder: Path) -> Searcher:
    """Return a searcher over the articles of a table, by words only."""
    return shelf(folder, [article(row["article"], row["title"], row["text"], lang=row["lang"]) for row in rows(name)])


@pytest.fixture(scope="module")
def searchers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Searcher]:
    """A searcher for each pair of tables."""
    return {name: written(f"{name}_written", tmp_path_factory.mktemp(name)) for name in ("as", "more")}


@pytest.mark.parametrize(
    ("table", "row"),
    [(name, row) for name in ("as", "more") for row in rows(f"{name}_typed")],
    ids=lambda value: f"{value['lang']} {value['typed']}" if isinstance(value, dict) else value,
)
def test_what_is_typed_finds_its_article_first_in_full_and_while_typing(
    searchers: dict[str, Searcher], table: str, row: dict[str, str]
) -> None:
    searcher = searchers[table]
    assert ids(searcher.search(row["typed"], lang=row["lang"]))[:1] == [row["article"]]
    assert ids(searcher.complete(row["typed"], lang=row["lang"]))[:1] == [row["article"]]


ADDRESS = article("address", "Change your address", "Write the new one.")
LOGIN = article("login", "Log in with a passkey", "Use a passkey.")
JAPANESE = article("ja", "新しい住所を登録する", "引っ越したら登録してください。", lang="ja")


@pytest.mark.parametrize(
    ("typed", "found"), [("log in", "login"), ("Log in with", "login"), ("change your", "address")]
)
def test_an_article_in_another_language_alone_changes_nothing_while_typing(
    tmp_path: Path, typed: str, found: str
) -> None:
    alone, beside = shelf(tmp_path / "1", [ADDRESS, LOGIN]), shelf(tmp_path / "2", [ADDRESS, LOGIN, JAPANESE])
    assert ids(alone.complete(typed, lang="en")) == ids(beside.complete(typed, lang="en")) == [found]


@pytest.mark.parametrize(("typed", "first"), [("login", "joined"), ("log in", "split")])
def test_of_two_titles_the_one_with_the_words_as_typed_comes_first(tmp_path: Path, typed: str, first: str) -> None:
    both = [article("joined", "Login page", "A page."), article("split", "Log in page", "A page.")]
    searcher = shelf(tmp_path, both)
    assert sorted(ids(searcher.search(typed, lang="en"))) == ["joined", "split"]
    assert ids(searcher.search(typed, lang="en"))[0] == ids(searcher.complete(typed, lang="en"))[0] == first


SPANISH = article("es", "Olvidé mi contraseña", "Pulse el enlace.", lang="es")
RESET = article("reset", "Reset your password", "Follow the link.")


def test_a_question_of_two_languages_finds_what_each_of_them_has_while_typing(tmp_path: Path) -> None:
    assert ids(shelf(tmp_path / "1", [RESET, ADDRESS]).complete("reset contraseña", lang="en")) == ["reset"]
    beside = shelf(tmp_path / "2", [RESET, ADDRESS, SPANISH])
    assert ids(beside.complete("reset contraseña", lang="en")) == ["reset", "es"]
    assert ids(beside.complete("reset address", lang="en")) == []
