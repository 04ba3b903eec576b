"""In a help center of five articles, matching articles are found, and other queries find nothing."""

from __future__ import annotations

import pytest

from search.rank.searcher import Searcher
from tests.support.shelf_of_articles import Part, WordEmbedder, article, ids, shelf

FIVE = [
    article("reset", "Reset your password", "Open the login page and follow the link in the mail."),
    article("card", "Change your credit card", "The next invoice uses the new card at once."),
    article("vat", "VAT on invoices", "The invoice shows the tax of your country.", parts=[Part("id", ("Id",), "x")]),
    article("export", "Export your data", "A file with all projects comes by mail.", queries=("download everything",)),
    article("delete", "Delete your account", "All projects are removed at once. The login ends.", parts=[
        Part("invoice", ("Last invoice",), "It comes after a month."),
    ]),
]  # fmt: skip
NONSENSE = ["xqzv wrtp", "recipe for apple pie", "penguins eat fish in winter", "42", "?", "🐧"]
LITTLE = ["how do I", "what is it", "the", "is the your", "of the"]


@pytest.fixture(scope="module", params=["words", "vectors"])
def searcher(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    encoder = WordEmbedder() if request.param == "vectors" else None
    return shelf(tmp_path_factory.mktemp("five"), FIVE, encoder=encoder, name=request.param)


@pytest.mark.parametrize("query", NONSENSE)
def test_nonsense_finds_nothing_in_any_mode(searcher: Searcher, query: str) -> None:
    assert ids(searcher.search(query, lang="en")) == []
    assert ids(searcher.complete(query, lang="en")) == []
    assert searcher.suggest("", query, lang="en").cards == ()


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("password", "reset"),
        ("credit card", "card"),
        ("my data", "export"),
        ("delete account", "delete"),
        ("tax", "vat"),
    ],
)
def test_what_is_there_comes_first(searcher: Searcher, query: str, first: str) -> None:
    assert ids(searcher.search(query, lang="en"))[0] == first


@pytest.mark.parametrize("query", ["password 🐧", "👍🏽 password", "→ password", "credit card 😀"])
def test_an_emoji_beside_words_is_not_missed(searcher: Searcher, query: str) -> None:
    found = searcher.search(query, lang="en")
    assert (found.stage, ids(found)[0]) == ("all", "card" if "card" in query else "reset")


@pytest.mark.parametrize("query", LITTLE)
def test_nothing_but_stop_words_is_never_offered_anything(searcher: Searcher, query: str) -> None:
    assert searcher.suggest("", query, lang="en").cards == ()
    assert searcher.suggest(query, query, lang="en").abstained


@pytest.mark.parametrize("query", LITTLE)
def test_stop_words_find_only_articles_that_have_them(searcher: Searcher, query: str) -> None:
    words = set(query.split())
    texts = {content.article.id: f"{content.article.title} {content.article.markdown}".lower() for content in FIVE}
    for id in ids(searcher.search(query, lang="en")):
        assert words & set(texts[id].replace(".", "").split())


def test_no_card_stands_beside_a_sure_one_without_a_reason(searcher: Searcher) -> None:
    cards = [card.article for card in searcher.suggest("Password", "Reset your password", lang="en").cards]
    assert cards[:1] == ["reset"]
    assert "card" not in cards


def test_a_word_in_a_heading_counts_more_than_in_the_text(tmp_path_factory: pytest.TempPathFactory) -> None:
    two = [
        article("body", "About billing", "The refund comes soon.", parts=[Part("a", ("Taxes",), "They are paid.")]),
        article("head", "About money", "It comes soon.", parts=[Part("a", ("Refund",), "They are paid.")]),
    ]
    assert ids(shelf(tmp_path_factory.mktemp("two"), two).search("refund", lang="en"))[0] == "head"


def test_a_rare_word_counts_more_than_common_ones(tmp_path_factory: pytest.TempPathFactory) -> None:
    many = [article(f"a{n}", f"Change setting {n}", "The page shows how to change the setting.") for n in range(8)]
    rare = article("rare", "Printing", "A label printer needs a driver.")
    found = shelf(tmp_path_factory.mktemp("many"), [*many, rare]).search("change setting printer", lang="en")
    assert ids(found)[0] == "rare"
