"""Lists nested by CommonMark's rules are re-indented for Python-Markdown, which needs four spaces."""

from __future__ import annotations

import re

import pytest

from kb.render.lists import normalise
from kb.render.python_markdown import convert


def html(text: str) -> str:
    """Return the HTML of a text on one line, without the tags of paragraphs."""
    return re.sub(r"</?p>|\n *", "", convert(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("- a\n  - b\n    - c\n- d", "<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li></ul>"),
        ("- a\n    - b", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        ("1. a\n   - b\n2. c", "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>"),
        ("1. a\n  - b", "<ol><li>a<ul><li>b</li></ul></li></ol>"),
        ("1) a\n2) b", "<ol><li>a</li><li>b</li></ol>"),
        ("Text:\n- a\n- b", "Text:<ul><li>a</li><li>b</li></ul>"),
        ("Text:\n1. a", "Text:<ol><li>a</li></ol>"),
        ("In\n1986. A year", "In1986. A year"),
        ("- a\n1. b", "<ul><li>a</li></ul><ol><li>b</li></ol>"),
        ("- a\ngoes on\n- b", "<ul><li>agoes on</li><li>b</li></ul>"),
        ("- a\n\n  more\n- b", "<ul><li>amore</li><li>b</li></ul>"),
        ("> - a\n>   - b", "<blockquote><ul><li>a<ul><li>b</li></ul></li></ul></blockquote>"),
        ("- a\n\nAfter", "<ul><li>a</li></ul>After"),
        ("* * *", "<hr>"),
        ("- **b**", "<ul><li><strong>b</strong></li></ul>"),
        ("-5 degrees", "-5 degrees"),
    ],
)
def test_a_list_nests_as_its_author_sees_it(text: str, expected: str) -> None:
    assert html(text) == expected


@pytest.mark.parametrize("indent", [3, 4])
def test_a_fence_in_an_item_is_code_of_that_item(indent: int) -> None:
    pad = " " * indent
    page = html(f"1. a\n\n{pad}```\n{pad}code\n{pad}```\n\n{pad}more\n2. b")
    assert "<code>code</code>" in page
    assert "more</li><li>b</li>" in page


def test_a_fence_right_under_an_item_is_its_code_too() -> None:
    page = convert("- a\n  ```\n  code\n    deeper\n  ```\n- b")
    assert page.count("<li>") == 2
    assert "<code>code\n  deeper\n</code>" in page


@pytest.mark.parametrize("indent", [6, 8])
def test_indented_code_in_an_item_is_code_by_either_count(indent: int) -> None:
    assert "<code>code</code>" in html("- a\n\n" + " " * indent + "code")


def test_lists_in_admonitions_and_tabs_nest_too() -> None:
    for opening in ("!!! note", '=== "Tab"', '??? note "Title"'):
        assert "<li>a<ul><li>b</li></ul></li>" in html(f"{opening}\n    - a\n      - b")


def test_what_is_no_list_stays_as_it_is() -> None:
    lines = ["# Head", "", "Text", "goes on", "", "    code", "", "| a | b |", "|---|---|"]
    assert normalise(lines) == lines


def test_four_thousand_items_in_each_other_end() -> None:
    normalise(["  " * depth + "- a" for depth in range(400)])
