"""Contexts: the owner's list of pages, and what the widget shows first on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.contexts import Context, find, load
from kb.errors import BadArticle


def write(folder: Path, text: str) -> Path:
    (folder / "_contexts.yml").write_text(text, encoding="utf-8")
    return folder


def test_entries_are_read_in_order(tmp_path: Path) -> None:
    folder = write(
        tmp_path, "- page: /checkout/*\n  articles: [billing/vat]\n  mode: ask-first\n- page: '*'\n  query: help\n"
    )
    assert load(folder) == (Context("/checkout/*", ("billing/vat",), mode="ask-first"), Context("*", query="help"))


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert load(tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("page: /x", "begin each entry"),
        ("- articles: [a]", "entry 1 has no page"),
        ("- page: /x\n  article: a", "article is unknown"),
        ("- page: /x\n  articles: a", "articles is a list"),
        ("- page: /x\n  mode: loud", "mode is one of neutral, self-service, ask-first"),
        ("- [", "this is not YAML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadArticle, match=words):
        load(write(tmp_path, text))


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
