"""A snippet is the sentence with the most words of the query, marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.rank.answers import LONGEST, snippet
from search.text.analyzer import analyzer

ENGLISH = analyzer("en")


def shown(text: str, **wanted: float) -> str:
    fragments = snippet(text, wanted=wanted, analyzer=ENGLISH)
    return "".join(f"[{f.text}]" if f.mark else f.text for f in fragments)


def test_the_sentence_with_the_most_of_the_question_is_shown_with_marks() -> None:
    text = "Open the page that lists your bank cards. Change the card there, and confirm the change with a code. Done."
    assert shown(text, card=1.0, chang=1.0) == "[Change] the [card] there, and confirm the [change] with a code."


def test_the_first_sentence_is_shown_when_nothing_matches() -> None:
    assert shown("This is the first sentence of the whole section. Another one.") == (
        "This is the first sentence of the whole section."
    )


def test_a_long_sentence_is_cut_around_the_match() -> None:
    text = "word " * 100 + "needle " + "word " * 100
    assert "[needle]" in shown(text, needl=1.0)
    assert len(shown(text, needl=1.0)) <= LONGEST + 10


def test_pairs_of_an_unspaced_script_are_marked_as_one_run() -> None:
    fragments = snippet(
        "你可以使用备用代码登录你的账户", wanted={"备用": 1, "用代": 1, "代码": 1}, analyzer=analyzer("zh")
    )
    assert [fragment.text for fragment in fragments if fragment.mark] == ["备用代码"]


CODE = '{"card": true, "limit": 5}\n$ kb card --all\nA card is charged on the first day of the month, not before it.'


def test_prose_is_shown_before_code() -> None:
    assert shown(CODE, card=1.0) == "A [card] is charged on the first day of the month, not before it."


def test_code_is_shown_if_nothing_else_matches() -> None:
    assert "[limit]" in shown(CODE, limit=1.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("::: tip Change the **card** in [Settings](/en/settings).", "Change the [card] in Settings."),
        (
            "[!NOTE] The `card` of the company is changed by its owner only.",
            "The [card] of the company is changed by its owner only.",
        ),
        (
            '!!! warning "Mind this" The card is charged at once, and not later.',
            "The [card] is charged at once, and not later.",
        ),
        (
            "- Card · 3 days · by post or by a messenger on a bicycle",
            "[Card] · 3 days · by post or by a messenger on a bicycle",
        ),
        ("Marks: {{< tip >}}, {% tip %}, ::: and tabs are the same here.", "Marks: ::: and tabs are the same here."),
    ],
)
def test_marks_of_markdown_are_not_shown(text: str, expected: str) -> None:
    assert shown(text, card=1.0) == expected


def test_a_heading_is_not_repeated() -> None:
    fragments = snippet(
        "Change your card\nOpen the page of your cards and choose another one.",
        wanted={"card": 1.0}, analyzer=ENGLISH, headings=("Change your card",),
    )  # fmt: skip
    assert "".join(f.text for f in fragments) == "Open the page of your cards and choose another one."


def test_a_joined_word_is_marked_where_it_is_written_apart() -> None:
    text = "Restart the router when the Wi-Fi of your house is gone."
    fragments = snippet(text, wanted={"wifi": 1.0, "wi fi": 1.0}, analyzer=ENGLISH)
    assert [fragment.text for fragment in fragments if fragment.mark] == ["Wi-Fi"]


@given(st.text(max_size=500), st.sets(st.sampled_from(["a", "card", "é", "备用"]), max_size=3))
def test_fragments_hold_text_of_the_section_and_none_is_empty(text: str, wanted: set[str]) -> None:
    fragments = snippet(text, wanted=dict.fromkeys(wanted, 1.0), analyzer=ENGLISH)
    assert all(fragment.text for fragment in fragments)
    assert "".join("".join(f.text for f in fragments).replace("…", "").split()) in "".join(
        text.replace("…", "").split()
    )
