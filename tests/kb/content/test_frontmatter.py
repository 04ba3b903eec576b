"""Front matter is read without YAML's type guesses, and refused if it could take too much time or memory."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.content.frontmatter import MAX_CHARACTERS, MAX_DEPTH, load, split
from kb.errors import BadArticle


def test_head_and_body_are_parted_with_the_line_where_the_body_begins() -> None:
    assert split("---\ntitle: A\n---\n\nText") == ("title: A", "\nText", 4)


@pytest.mark.parametrize("text", ["", "Text", "----\na\n----\n", "Text\n---\na: b\n---\n", "---\nan open rule\n"])
def test_a_file_that_does_not_begin_with_a_closed_head_is_all_body(text: str) -> None:
    assert split(text) == (None, text, 1)


def test_values_are_text_so_that_norwegian_is_no_boolean_and_a_year_no_number() -> None:
    head = load("a.md", "lang: no\ntitle: 2024\nstatus: on\nverified: 2026-01-02")
    assert head.values == {"lang": "no", "title": "2024", "status": "on", "verified": "2026-01-02"}


def test_nothing_is_none_and_quoted_nothing_is_text() -> None:
    assert load("a.md", "a:\nb: ~\nc: null\nd: '~'").values == {"a": None, "b": None, "c": None, "d": "~"}


def test_keys_know_the_line_of_the_file_they_stand_on() -> None:
    assert load("a.md", "title: A\n\nqueries:\n  - one\nowner: x").lines == {"title": 2, "queries": 4, "owner": 6}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("title: A\nsummary: &x b\nowner: *x", 3, "anchors and aliases"),
        ("title: 'unclosed", 2, "not YAML"),
        ("title: one: two", 2, "in quotes"),
        ("title: A\n\torder: 1", 3, "indent with spaces, not tabs"),
        ("title: [A", 3, "close the bracket"),
        ("title: @A", 2, "begins with @"),
        ("title: 'it's'", 2, "contains quotes in the other kind of quotes"),
        ("title: A\ntitle: B", 3, "twice"),
        ("- a\n- b", 2, "not a mapping"),
        ("? [a]\n: b", 2, "a key is not text"),
        ("a: !!python/object/apply:os.system [x]\n" + "b: " + "[" * 99, 3, "nested more than"),
        ("a: \0", 2, "not YAML"),
        ("a: " + "x" * MAX_CHARACTERS, 2, "characters"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(BadArticle, match=r"a\.md") as caught:
        load("a.md", text)
    assert caught.value.line == line
    assert said in caught.value.why


def test_a_billion_laughs_are_not_even_begun() -> None:
    laughs = "a: &a [x]\n" + "\n".join(
        f"{b}: &{b} [{', '.join(f'*{a}' for _ in range(9))}]" for a, b in zip("abcdefg", "bcdefgh", strict=True)
    )
    with pytest.raises(BadArticle, match="aliases"):
        load("a.md", laughs)


def test_a_tag_makes_no_object() -> None:
    assert load("a.md", "a: !!python/object/apply:os.system ['id']").values == {"a": ["id"]}


def test_lists_may_be_nested_up_to_the_limit() -> None:
    depth = MAX_DEPTH - 1
    load("a.md", "a: " + "[" * depth + "]" * depth)


@given(st.text(max_size=200))
def test_no_text_does_anything_but_load_or_be_refused(text: str) -> None:
    with contextlib.suppress(BadArticle):
        load("a.md", text)
