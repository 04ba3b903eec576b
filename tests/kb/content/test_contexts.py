"""Contexts: the owner's list of pages, and the articles that the widget shows first on them."""

from __future__ import annotations

import pytest

from kb.content.contexts import Context, find, read
from kb.errors import Problem


def test_entries_are_read_in_order() -> None:
    text = "- page: /checkout/*\n  articles: [billing/vat]\n  mode: ask-first\n- page: '*'\n  query: help\n"
    assert read(text) == (Context("/checkout/*", ("billing/vat",), mode="ask-first"), Context("*", query="help"))


def test_an_empty_file_has_none() -> None:
    assert read("# nothing yet\n") == ()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("page: /x", 1, "begin each entry"),
        ("\n- articles: [a]", 2, "page is missing"),
        ("- page: /x\n  article: a", 1, "key 'article' is unknown; did you mean 'articles'?"),
        ("- page: /x\n  articles: {a: b}", 1, "articles must be a list"),
        ("- page: /x\n- page: /y\n  mode: loud", 2, "mode must be one of neutral, self-service, ask-first"),
        ("- page: /x\n  articles: [billing/vta]", 1, "billing/vta is not an article; did you mean 'billing/vat'?"),
        ("- &a [*a]", 1, "cannot contain anchors and aliases"),
        ("- ]", 1, "not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int, words: str) -> None:
    problems: list[Problem] = []
    read(text, articles=["billing/vat"], problems=problems)
    assert [(p.path, p.line, p.severity) for p in problems] == [("_contexts.yml", line, "error")]
    assert words in problems[0].why


def test_a_mistake_costs_its_own_entry_only() -> None:
    assert read("- page: /x\n  mode: loud\n- page: /y\n") == (Context("/y"),)


@pytest.mark.parametrize(
    ("pattern", "page", "matches"),
    [
        ("/checkout/*", "https://shop.example/checkout/pay?step=2", True),
        ("/checkout/*", "https://shop.example/other/checkout/", False),
        ("https://shop.example/*", "https://shop.example/", True),
        ("https://shop.example/*", "https://evil.example/https://shop.example/", False),
        ("/", "https://shop.example", True),
        ("*", "http://[", False),
    ],
)
def test_a_pattern_is_of_a_path_or_of_a_whole_address(pattern: str, page: str, matches: bool) -> None:
    assert bool(find([Context(pattern)], page)) is matches


def test_a_context_for_some_is_not_for_others() -> None:
    contexts = [Context("*", query="clients", audience=frozenset({"client"})), Context("*", query="all")]
    assert find(contexts, "https://x.example/") == contexts[1]
    assert find(contexts, "https://x.example/", audience=frozenset({"client"})) == contexts[0]
