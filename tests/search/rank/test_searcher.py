"""Behaviour of the search page, one claim per test, on a few short articles."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from search.rank.questions import QuestionEncoder
from search.rank.searcher import Searcher
from tests.support.shelf_of_articles import Part, WordEmbedder, article, ids, shelf

ARTICLES = [
    article(
        "account/reset-password",
        "Reset your password",
        "Open the login page and follow the link. We send a code to your phone.",
        parts=[Part("code", ("With a code",), "The code arrives within a minute. It works once.")],
        queries=("I forgot my login",),
    ),
    article("account/reset-password", "Restablecer la contraseña", "Abra la página de inicio de sesión.", lang="es"),
    article("account/delete", "Delete your account", "All data is removed after thirty days. Export it first."),
    article(
        "billing/vat",
        "Tax on invoices",
        "The invoice shows the tax of your country.",
        parts=[Part("refund", ("Refund",), "A wrong tax is paid back."), Part("id", ("Tax number",), "Add it below.")],
    ),
    article("billing/card", "Change your card", "Billing uses the new card at once. Error PAY_402 means: no money."),
    article("billing/refund", "Money back", "Refund takes five days. A refund of a refund is not possible."),
    article(
        "apps/export", "Export to a file", "Open Settings > Export and choose .csv or version 2.4.1 of the old format."
    ),
    article("apps/café", "Das Café finden", "Das Café öffnet um neun Uhr.", lang="de"),
    article("world/zh", "备用代码", "备用代码是给无法使用电话的用户的一个选项。", lang="zh"),
    article("world/ja", "パスワードを変更する", "新しいパスワードを設定します。", lang="ja"),
    article("world/ar", "تغيير كلمة المرور", "افتح صفحة الدخول واتبع الرابط.", lang="ar"),
    article("world/th", "เปลี่ยนรหัสผ่าน", "เปิดหน้าเข้าสู่ระบบแล้วตั้งรหัสผ่านใหม่", lang="th"),
    article("staff/rota", "Rota of the night shift", "Who works on which night.", audience=("staff",)),
    article("safety/threat", "Somebody threatens me", "Call the police first.", offers=False, category="safety"),
]


@pytest.fixture(scope="module", params=["words", "vectors"])
def searcher(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    encoder = WordEmbedder() if request.param == "vectors" else None
    return shelf(tmp_path_factory.mktemp("shelf"), ARTICLES, encoder=encoder, name=request.param)


def test_a_search_that_is_to_go_by_words_encodes_nothing_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher = shelf(tmp_path, ARTICLES, encoder=WordEmbedder())
    by_meaning = searcher.search("refund", lang="en")
    monkeypatch.setattr(QuestionEncoder, "encode", None)  # calling it fails
    found = searcher.search("refund", lang="en", degraded="rate-limited")
    assert (by_meaning.degraded, found.degraded) == (None, "rate-limited")
    assert found.hits[0].article == by_meaning.hits[0].article
    assert found.ranker.startswith("bm25-")


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("delete your account", "account/delete"),  # exact title first
        ("Reset Your PASSWORD", "account/reset-password"),  # case does not matter
        ("invoice", "billing/vat"),  # plural
        ("PAY_402", "billing/card"),  # a code, exactly
        ("2.4.1", "apps/export"),  # a version
        (".csv", "apps/export"),  # a file ending
        ("Settings > Export", "apps/export"),  # a menu path
        ("refund", "billing/refund"),  # often in the text
        ("tax refund", "billing/vat"),  # both words, one of them a heading
        ("forgot my login", "account/reset-password"),  # an author's question
        ("pasword", "account/reset-password"),  # a misspelling of a title's word
        ('"paid back"', "billing/vat"),  # a quoted phrase
        ("police", "safety/threat"),  # found on the search page, though never offered
    ],
)
def test_the_first_hit(searcher: Searcher, query: str, first: str) -> None:
    assert ids(searcher.search(query, lang="en"))[0] == first


@pytest.mark.parametrize(
    ("query", "lang", "first"),
    [
        ("cafe", "de", "apps/café"),
        ("CAFÉ", "de", "apps/café"),
        ("contrasena", "es", "account/reset-password"),
        ("备用代码", "zh", "world/zh"),
        ("代码", "zh", "world/zh"),
        ("パスワード", "ja", "world/ja"),
        ("كلمة المرور", "ar", "world/ar"),
        ("รหัสผ่าน", "th", "world/th"),
    ],
)
def test_every_language_and_script_is_found(searcher: Searcher, query: str, lang: str, first: str) -> None:
    assert ids(searcher.search(query, lang=lang))[0] == first


@pytest.mark.parametrize(("asked", "lang"), [("en-US", "en"), ("EN", "en"), ("es-MX", "es"), ("zh-Hant-TW", "zh")])
def test_a_region_s_language_is_asked_as_the_nearest_there_is(searcher: Searcher, asked: str, lang: str) -> None:
    for query in ("password", "contrasena", "备用代码"):
        assert searcher.search(query, lang=asked) == searcher.search(query, lang=lang)
        assert searcher.complete(query, lang=asked) == searcher.complete(query, lang=lang)
        assert searcher.suggest(query, query, lang=asked) == searcher.suggest(query, query, lang=lang)


def test_a_quoted_phrase_excludes_what_has_its_words_apart(searcher: Searcher) -> None:
    assert "account/reset-password" in ids(searcher.search("page link", lang="en"))
    assert "account/reset-password" not in ids(searcher.search('"page link"', lang="en"))


def test_a_quoted_misspelling_is_not_corrected(searcher: Searcher) -> None:
    assert searcher.search('"pasword"', lang="en").corrected is None


@pytest.mark.parametrize(
    ("query", "stage"),
    [
        ("invoice tax", "all"),
        ("invoice tax country unicorn", "enough"),
        ("pasword", "corrected"),
        ("unicorn", "none"),
        ("", "none"),
    ],
)
def test_the_stage_is_said(searcher: Searcher, query: str, stage: str) -> None:
    assert searcher.search(query, lang="en").stage == stage


def test_the_correction_is_said(searcher: Searcher) -> None:
    assert searcher.search("reset pasword", lang="en").corrected == "reset password"


def test_what_was_perhaps_meant_is_said_when_enough_words_are_met(searcher: Searcher) -> None:
    assert searcher.search("tax invoices cuontry", lang="en").did_you_mean == "tax invoices country"


@pytest.mark.parametrize("query", ["xyzzy", "qwertzuiop", "🎉", "???", "   ", '""'])
def test_nothing_is_found_for_what_is_nowhere(searcher: Searcher, query: str) -> None:
    assert ids(searcher.search(query, lang="en")) == []


def test_a_query_of_only_stop_words_finds_what_has_them(searcher: Searcher) -> None:
    assert ids(searcher.search("the of your", lang="en"))


def test_one_hit_an_article_in_the_asked_language_or_the_default(searcher: Searcher) -> None:
    assert [h.lang for h in searcher.search("password", lang="en").hits if h.article == "account/reset-password"] == [
        "en"
    ]
    assert [h.lang for h in searcher.search("contraseña", lang="es").hits][:1] == ["es"]
    assert [h.lang for h in searcher.search("invoices", lang="es").hits][:1] == ["en"]


def test_a_hit_leads_to_the_section_that_answers(searcher: Searcher) -> None:
    hit = searcher.search("wrong tax paid back", lang="en").hits[0]
    assert (hit.anchor, hit.heading, hit.url) == ("refund", "Refund", "/en/articles/billing/vat#refund")


def test_a_snippet_marks_the_words(searcher: Searcher) -> None:
    hit = searcher.search("invoice country", lang="en").hits[0]
    assert [fragment.text for fragment in hit.snippet if fragment.mark] == ["invoice", "country"]


def test_an_article_for_some_is_found_only_by_them(searcher: Searcher) -> None:
    assert "staff/rota" not in ids(searcher.search("rota of the night shift", lang="en"))
    assert ids(searcher.search("rota of the night shift", lang="en", audience=frozenset({"staff"})))[0] == "staff/rota"
    assert not searcher.complete("rota", lang="en").hits
    assert "staff/rota" not in {id for id, _ in searcher.suggest("rota", "night shift", lang="en").candidates}


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("pas", "account/reset-password"),
        ("reset pass", "account/reset-password"),
        ("chan ca", "billing/card"),
        ("inv", "billing/vat"),
        ("tax num", "billing/vat"),
        ("delte acc", "account/delete"),
    ],
)
def test_while_typing(searcher: Searcher, typed: str, first: str) -> None:
    assert ids(searcher.complete(typed, lang="en"))[0] == first


def test_a_finished_word_is_no_prefix(searcher: Searcher) -> None:
    assert ids(searcher.complete("pas", lang="en"))
    assert not ids(searcher.complete("pas ", lang="en"))


def test_typing_leads_to_the_heading_that_has_the_words(searcher: Searcher) -> None:
    hit = searcher.complete("tax number", lang="en").hits[0]
    assert (hit.heading, hit.anchor) == ("Tax number", "id")


def test_the_category_without_offers_is_never_offered(searcher: Searcher) -> None:
    found = searcher.suggest("Somebody threatens me", "What can I do? Somebody threatens me", lang="en")
    assert "safety/threat" not in {id for id, _ in found.candidates}
    assert searcher.suggest("Reset your password", "", lang="en", category="safety").abstained


def test_an_empty_message_gets_no_offer(searcher: Searcher) -> None:
    assert searcher.suggest("", "  ", lang="en").abstained


def test_every_card_is_at_or_above_the_floor(searcher: Searcher) -> None:
    found = searcher.suggest("password", "I cannot reset my password, the code never arrives", lang="en")
    assert found.candidates[0][0] == "account/reset-password"
    scores = [chance for _, chance in found.candidates]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 <= score <= 1.0 for score in scores)


def test_related_articles_are_others(searcher: Searcher) -> None:
    found = [hit.article for hit in searcher.related("billing/refund", lang="en")]
    assert "billing/vat" in found
    assert "billing/refund" not in found
    assert searcher.related("no/such", lang="en") == ()


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=300), lang=st.sampled_from(["en", "es", "zh", "xx"]))
@example(text="\u0300", lang="en")
def test_any_text_is_a_query(searcher: Searcher, text: str, lang: str) -> None:
    for hit in searcher.search(text, lang=lang).hits:
        assert 0.0 <= hit.score <= 1.0
        assert all(fragment.text for fragment in hit.snippet)
    searcher.complete(text, lang=lang)
    searcher.suggest(text[:20], text, lang=lang)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000,
        "password " * 2_000,
        '"' * 500,
        "((((((((((",
        "title:password AND NOT body:*",
        "password~2^10 [a TO b]",
        "\x00\x01\x02",
        "\ud800",
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "%s%n{0}",
        "../../etc/passwd",
        "‮drowssap",
        "İıſß",
    ],
)
def test_hostile_texts_are_only_texts(searcher: Searcher, text: str) -> None:
    searcher.search(text, lang="en")
    searcher.complete(text, lang="en")
    searcher.suggest(text, text, lang="en")


def test_the_same_question_gets_the_same_answer(searcher: Searcher) -> None:
    assert searcher.search("refund tax", lang="en") == searcher.search("refund tax", lang="en")
