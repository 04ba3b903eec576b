"""Redirects from old addresses: their final targets and their errors."""

from __future__ import annotations

import pytest

from kb.content.article import Article, parse
from kb.content.redirects import Redirect, aliases, follow, read


def lead(*pairs: tuple[str, str]) -> list[Redirect]:
    """Return redirects as lines of `_redirects.yml`."""
    return [Redirect(old, new, "_redirects.yml", line) for line, (old, new) in enumerate(pairs, 1)]


def article(path: str, alias: str) -> Article:
    """Return an article with one alias."""
    return parse(path, f"---\ntitle: A\naliases: [{alias}]\n---\n", default_lang="en")


def test_the_file_takes_lines_of_old_and_new() -> None:
    found, wrong = read("/old/: /en/articles/new\n/gone: https://example.com/x\n", articles={})
    assert [(one.old, one.new, one.line) for one in found] == [
        ("/old", "/en/articles/new", 1),
        ("/gone", "https://example.com/x", 2),
    ]
    assert not wrong


def test_the_file_takes_a_list_with_from_and_to() -> None:
    found, wrong = read("- from: /old\n  to: /new\n- from: /older\n  to: /new\n", articles={})
    assert [(one.old, one.new) for one in found] == [("/old", "/new"), ("/older", "/new")]
    assert not wrong


def test_a_target_may_be_an_articles_file() -> None:
    found, _ = read("/old: account/reset.md", articles={"account/reset.md": "/en/articles/account/reset"})
    assert found[0].new == "/en/articles/account/reset"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("old: /new", "begin it with /"),
        ("/old: javascript:alert(1)", "must be an address"),
        ("/old: //evil.example", "must be an address"),
        ("/old: /\\evil.example", "must be an address"),
        ("/old: missing.md", "which is not an article"),
        ("/admin/x: /new", "a page of the help center itself"),
        ("/en/: /new", "a page of the help center itself"),
        ("/en/search: /new", "a page of the help center itself"),
        ("a: [b", "this file is not YAML"),
        ("/old:", "must be an address"),
        ('"/old": "https://example.com/\\r\\nX: y"', "a line break"),
        ("just text", "not a mapping"),
        ("/old: [", "not YAML"),
    ],
)
def test_a_wrong_line_is_an_error_that_says_why(text: str, said: str) -> None:
    found, (wrong,) = read(text, articles={})
    assert not found
    assert (wrong.path, wrong.severity) == ("_redirects.yml", "error")
    assert said in wrong.why


def test_an_alias_leads_to_its_article() -> None:
    ends, wrong = follow(aliases([article("a.md", "/old/a.html")]), live={})
    assert ends == {"/old/a.html": "/en/articles/a"}
    assert not wrong


def test_a_chain_is_followed_to_its_end_and_named() -> None:
    ends, (wrong,) = follow(lead(("/a", "/b"), ("/b", "/c/")), live={"/c": "c.md"})
    assert ends == {"/a": "/c/", "/b": "/c/"}
    assert (wrong.code, wrong.line, wrong.severity) == ("redirect-chain", 1, "warning")
    assert "/b" in wrong.why


@pytest.mark.parametrize(
    "pairs", [[("/a", "/a")], [("/a", "/b"), ("/b", "/a")], [("/a", "/b"), ("/b", "/c"), ("/c", "/b")]]
)
def test_a_loop_is_an_error_and_leads_nowhere(pairs: list[tuple[str, str]]) -> None:
    ends, wrong = follow(lead(*pairs), live={})
    assert not ends
    assert {problem.code for problem in wrong} == {"redirect-loop"}
    assert {problem.severity for problem in wrong} == {"error"}


def test_an_articles_own_address_is_never_redirected() -> None:
    ends, (wrong,) = follow(lead(("/en/articles/a", "/b")), live={"/en/articles/a": "a.md"})
    assert not ends
    assert wrong.code == "redirect-unused"


def test_of_two_that_claim_an_address_the_first_has_it_and_the_second_is_named() -> None:
    ends, (wrong,) = follow(aliases([article("a.md", "/old"), article("b.md", "/old/")]), live={})
    assert ends == {"/old": "/en/articles/a"}
    assert (wrong.code, wrong.path) == ("duplicate-alias", "b.md")


def test_a_thousand_links_of_a_chain_end_where_they_end() -> None:
    ends, _ = follow(lead(*((f"/{n}", f"/{n + 1}") for n in range(1_000))), live={})
    assert set(ends.values()) == {"/1000"}
