"""An article is read from the front matter, the first heading and the path of its file."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.content.article import MAX_BYTES, Article, identity, parse, read
from kb.errors import BadArticle


def article(head: str = "title: A", body: str = "Text", *, path: str = "account/reset.md") -> Article:
    """Return the article with this front matter and body."""
    return parse(path, f"---\n{head}\n---\n{body}", default_lang="en")


def test_every_key_of_the_contract_is_read() -> None:
    full = article(
        """title: Reset your password
summary: Two ways back.
category: sign-in
queries:
  - I forgot my password
  - login code never arrives
aliases: [/old/reset.html]
owner: identity-team
review_every: 180d
verified: 2026-10-01
status: published
publish_at: 2026-10-01T09:00+02:00
expire_at: 2027-01-01
audience: [client, freelancer]
order: 3"""
    )
    assert full.title == "Reset your password"
    assert full.category == "sign-in"
    assert full.queries == ("I forgot my password", "login code never arrives")
    assert full.aliases == ("/old/reset.html",)
    assert (full.owner, full.review_every, full.verified) == ("identity-team", 180, date(2026, 10, 1))
    assert full.publish_at == datetime(2026, 10, 1, 7, tzinfo=UTC)
    assert full.expire_at == datetime(2027, 1, 1, tzinfo=UTC)
    assert full.audience == ("client", "freelancer")
    assert (full.status, full.order) == ("published", 3)
    assert len(full.revision) == 12


def test_what_is_not_said_comes_from_the_path() -> None:
    plain = article()
    assert (plain.id, plain.lang, plain.category) == ("account/reset", "en", "account")
    assert plain.address == "/en/articles/account/reset"
    assert plain.status == "published"
    assert plain.audience == ()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("reset.md", ("reset", "en")),
        ("reset.es.md", ("reset", "es")),
        ("reset._es.md", ("reset", "es")),
        ("reset.pt-BR.md", ("reset", "pt-br")),
        ("es/account/reset.md", ("account/reset", "es")),
        ("zh/reset.md", ("reset", "zh")),
        ("node.js.md", ("node.js", "en")),
        ("v1.2.md", ("v1.2", "en")),
        ("account/es/reset.md", ("account/es/reset", "en")),
        ("billing/.es.md", ("billing/.es", "en")),
    ],
)
def test_id_and_language_come_from_the_path(path: str, expected: tuple[str, str]) -> None:
    assert identity(path, default_lang="en") == expected


def test_a_top_folder_with_a_category_file_is_no_language() -> None:
    assert identity("it/printers.md", default_lang="en", folders={"it"}) == ("it/printers", "en")


def test_lang_is_believed_only_where_the_path_says_nothing() -> None:
    assert article("title: A\nlang: de").lang == "de"
    assert article("title: A\nlang: de", path="a.es.md").lang == "es"
    assert article("title: A\nlang: de", path="en/a.md").lang == "en"


def test_articles_at_the_top_are_general() -> None:
    assert article(path="a.md").category == "general"


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("slug: new", "/en/articles/account/new"),
        ("slug: /elsewhere/new", "/en/articles/elsewhere/new"),
        ("permalink: /help/reset/", "/help/reset/"),
    ],
)
def test_slug_and_permalink_say_the_address(key: str, address: str) -> None:
    assert article(f"title: A\n{key}").address == address


@pytest.mark.parametrize("key", ["permalink: //evil.com/x", "aliases: [//evil.com/x]", "permalink: '\\evil.com'"])
def test_an_address_of_another_site_is_refused_and_not_made_one_of_ours(key: str) -> None:
    with pytest.raises(BadArticle, match="beginning with"):
        article(f"title: A\n{key}")


@pytest.mark.parametrize("text", ["# Reset it\n\nText", "Reset it\n========\n\nText", "\n\n# Reset *it* #\n\nText"])
def test_a_file_without_a_head_is_titled_by_its_first_heading_which_is_not_repeated(text: str) -> None:
    plain = parse("reset.md", text, default_lang="en")
    assert plain.title == "Reset it"
    assert "Reset" not in plain.markdown
    assert plain.markdown.count("\n") == text.count("\n")


def test_a_heading_further_down_titles_a_file_too_but_not_one_in_code() -> None:
    text = "Before you begin.\n\n```\n# a comment\n```\n\n## Reset it\n\nText"
    assert parse("reset.md", text, default_lang="en").title == "Reset it"


def test_a_first_heading_that_repeats_the_title_is_dropped_and_another_is_not() -> None:
    assert "Reset" not in article("title: Reset it", "# Reset it!\n\nText").markdown
    assert "# Others" in article("title: Reset it", "# Others\n\nText").markdown


def test_body_lines_are_those_of_the_file() -> None:
    one = article("title: A", "\nSee [b](b.md)")
    assert one.body_line == 4
    assert one.markdown.split("\n")[1] == "See [b](b.md)"


@pytest.mark.parametrize(
    ("head", "line", "said"),
    [
        ("summary: no title", 1, "title is missing; add 'title: …'"),
        ("title: A\nstatus: publishd", 3, "status is 'publishd'; it must be draft, published or archived"),
        ("title: A\nreview_every: often", 3, "review_every is 'often'; it must be a span"),
        ("title: A\nverified: yesterday", 3, "verified is 'yesterday'; it must be a date"),
        ("title: A\nqueries: {a: b}", 3, "queries is 'a mapping'"),
        ("title: [A]", 2, "title is 'a list'"),
        ("title: A\naliases: [old.html]", 3, "beginning with /"),
        ("title: A\naliases: [//evil.example]", 3, "beginning with /"),
        ("title: A\norder: first", 3, "order is 'first'; it must be a whole number"),
        ("title: A\nlang: klingonese", 3, "lang is 'klingonese'"),
        ("title: " + "A" * 301, 2, "over 300 characters"),
    ],
)
def test_a_wrong_value_says_line_value_and_what_it_takes(head: str, line: int, said: str) -> None:
    with pytest.raises(BadArticle) as caught:
        article(head, "no heading")
    assert caught.value.line == line
    assert said in caught.value.why


def test_all_mistakes_of_a_head_are_said_at_once() -> None:
    with pytest.raises(BadArticle) as caught:
        article("title: A\nstatus: publishd\norder: first\nverified: yesterday")
    assert (caught.value.line, caught.value.why.split(". ")) == (
        3,
        [
            "status is 'publishd'; it must be draft, published or archived",
            "Line 4: order is 'first'; it must be a whole number",
            "Line 5: verified is 'yesterday'; it must be a date such as 2026-10-01",
        ],
    )


def test_a_missing_title_names_the_key_that_was_meant() -> None:
    with pytest.raises(BadArticle, match=r"line 2: key 'titel' is unknown and ignored; did you mean 'title'\?"):
        article("titel: Reset it", "no heading")


def test_an_unknown_key_is_noted_with_the_nearest_known_one() -> None:
    _, notes = read("a.md", "---\ntitle: A\nsumary: B\n---\n", default_lang="en")
    assert [(note.key, note.line, note.why) for note in notes] == [
        ("sumary", 3, "key 'sumary' is unknown and ignored; did you mean 'summary'?")
    ]


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"---\ntitle: A\n\nno end", 1, "not closed"),
        (b"---\ntitle: A\n---\n\n\xff", 5, "not UTF-8"),
        (b"# A\n" + b"x" * MAX_BYTES, 1, "256 KB"),
        (b"", 1, "title is missing"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, line: int, said: str) -> None:
    with pytest.raises(BadArticle) as caught:
        parse("a.md", data, default_lang="en")
    assert (caught.value.line, said in caught.value.why) == (line, True)


@pytest.mark.parametrize("path", ["a?b.md", "a#b.md", "a%2e.md", "a\\b.md", "a\nb.md"])
def test_a_name_that_no_address_can_hold_is_refused(path: str) -> None:
    with pytest.raises(BadArticle, match="rename it"):
        article(path=path)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    one = parse("a.md", b"\xef\xbb\xbf---\r\ntitle: A\r\n---\r\nText\r\n", default_lang="en")
    assert (one.title, one.markdown) == ("A", "Text\n")


@given(st.binary(max_size=300), st.sampled_from([b"", b"---\n", b"---\ntitle: A\n", b"# A\n"]))
def test_no_bytes_do_anything_but_parse_or_be_refused(data: bytes, head: bytes) -> None:
    with contextlib.suppress(BadArticle):
        parse("a.md", head + data, default_lang="en")
