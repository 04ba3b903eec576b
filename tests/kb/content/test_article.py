"""An article is read from the front matter, the first heading and the path of its file."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.content.article import Article, identity, parse, read
from kb.content.heads import MAX_BYTES
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
def test_an_address_of_another_site_is_ignored_and_not_made_one_of_ours(key: str) -> None:
    one, notes = read("account/reset.md", f"---\ntitle: A\n{key}\n---\nText", default_lang="en")
    assert (one.address, one.aliases) == ("/en/articles/account/reset", ())
    assert len(notes) == 1


@pytest.mark.parametrize("text", ["# Reset it\n\nText", "Reset it\n========\n\nText", "\n\n# Reset *it* #\n\nText"])
def test_a_file_without_a_head_is_titled_by_its_first_heading_which_is_not_repeated(text: str) -> None:
    plain = parse("reset.md", text, default_lang="en")
    assert plain.title == "Reset it"
    assert "Reset" not in plain.markdown
    assert plain.markdown.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("# Transfer {#transfer}", "Transfer"),
        ("# Transfer \\{#transfer}", "Transfer"),
        ("Transfer {#transfer}\n===", "Transfer"),
        ("# Transfer ##", "Transfer"),
        ("# C#", "C#"),
        ("C#\n==", "C#"),
    ],
)
def test_a_title_has_no_marks_of_its_heading(head: str, title: str) -> None:
    assert read("a.md", f"{head}\n\nText", default_lang="en")[0].title == title


def test_a_heading_of_level_1_further_down_titles_a_file_too_but_not_one_in_code() -> None:
    text = "Before you begin.\n\n```\n# a comment\n```\n\n## Parts\n\n# Reset it\n\nText"
    assert parse("reset.md", text, default_lang="en").title == "Reset it"


@pytest.mark.parametrize("text", ["", "Text", "## Parts\n\nText", "<h2>Parts</h2>", "#hash"])
def test_a_file_without_a_title_and_a_heading_of_level_1_is_titled_by_its_name(text: str) -> None:
    one = parse("account/reset-it.md", text, default_lang="en")
    assert (one.title, one.markdown) == ("Reset it", text)


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
        ("title: A\nstatus: new", 3, "status is 'new'; it must be draft, published or archived; it is ignored"),
        ("title: A\nreview_every: often", 3, "review_every is 'often'; it must be a span"),
        ("title: A\nverified: yesterday", 3, "verified is 'yesterday'; it must be a date"),
        ("title: A\nqueries: {a: b}", 3, "queries is 'a mapping'"),
        ("title: [A]", 2, "title is 'a list'"),
        ("title: A\naliases: [Log in]", 3, "'Log in' is not a path and becomes a name"),
        ("title: A\naliases: [../old]", 3, "'../old' does not begin with /"),
        ("title: A\naliases: [//evil.example]", 3, "beginning with /"),
        ("title: A\norder: 1.5", 3, "order is '1.5'; it must be a whole number"),
        ("title: A\nlang: klingonese", 3, "lang is 'klingonese'"),
        ("title: A\ncategory: [a, b]", 3, "category is 'a list'"),
        ("title: A\nowner: {name: ana}", 3, "owner is 'a mapping'"),
        ("title: " + "A" * 301, 2, "over 300 characters"),
        ("title: A\ntitle: B", 3, "title appears twice; the first one counts"),
        ("title: one: two", 2, "title was read as text"),
        ("title: @A", 2, "title was read as text"),
        ("title: A\nother: &x b\nmore: *x", 3, "other is ignored"),
        ("title: A\ntags: [a", 3, "tags is ignored"),
        ("- a\n- b", 2, "not a mapping and is ignored"),
    ],
)
def test_a_wrong_value_is_ignored_with_one_warning(head: str, line: int, said: str) -> None:
    one, notes = read("a.md", f"---\n{head}\n---\nno heading", default_lang="en")
    assert one.title
    assert one.status == "published"
    assert (notes[0].line, said in notes[0].why, notes[0].error) == (line, True, False)


@pytest.mark.parametrize("head", ["audience: {role: admin}", "audience: [a", "audience: a\naudience: b"])
def test_a_wrong_audience_alone_keeps_an_article_from_being_shown(head: str) -> None:
    _, notes = read("a.md", f"---\ntitle: A\n{head}\n---\n", default_lang="en")
    assert [note.error for note in notes] == [True]
    with pytest.raises(BadArticle, match="audience"):
        article(f"title: A\n{head}")


@pytest.mark.parametrize(("status", "meant"), [("drfat", "draft"), ("drafts", "draft"), ("archive", "archived")])
def test_a_draft_with_a_typing_error_stays_hidden(status: str, meant: str) -> None:
    assert article(f"title: A\nstatus: {status}").status == meant


def test_all_mistakes_of_a_head_are_said_at_once() -> None:
    _, notes = read("a.md", "---\ntitle: A\nstatus: new\norder: first\nverified: yesterday\n---\n", default_lang="en")
    assert [note.line for note in notes] == [3, 4, 5]


def test_the_lost_parts_of_a_broken_head_leave_the_others() -> None:
    one, _ = read("a.md", "---\ntitle: It's: fine\ntags:\n\t- x\norder: 2\n---\n", default_lang="en")
    assert (one.title, one.order) == ("It's: fine", 2)


def test_an_unknown_key_is_noted_with_the_nearest_known_one() -> None:
    _, notes = read("a.md", "---\ntitle: A\nsumary: B\n---\n", default_lang="en")
    assert [(note.key, note.line, note.why) for note in notes] == [
        ("sumary", 3, "key 'sumary' is unknown and ignored; did you mean 'summary'?")
    ]


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"# A\n" + b"x" * MAX_BYTES, 1, "256 KB"),
        (b"# A\n\xff\xd8\0\1", 2, "not text"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, line: int, said: str) -> None:
    with pytest.raises(BadArticle) as caught:
        parse("a.md", data, default_lang="en")
    assert (caught.value.line, said in caught.value.why) == (line, True)


@pytest.mark.parametrize(
    ("data", "title", "text"),
    [
        (b"---\ntitle: A\n\nno end", "A", "no end"),
        ("---\ntitle: Größe\n---\nText".encode("latin-1"), "Größe", "Text"),
        ("---\ntitle: Größe\n---\nText".encode("utf-16"), "Größe", "Text"),
        (b"\n<!-- licence -->\n---\ntitle: A\n---\nText", "A", "Text"),
        (b'+++\ntitle = "A"\nweight = 3\n+++\nText', "A", "Text"),
        (b'{\n "title": "A", "weight": 3}\nText', "A", "Text"),
        (b'{"title": "A"} is an object.\nText', "My file", '{"title": "A"} is an object.\nText'),
        (b'{"title": "A", "audience": ["staff"]} Text', "A", "Text"),
        (b"+++\ntitle = A\n+++\nText", "My file", "Text"),
        (b"{{ braces }}", "My file", "{{ braces }}"),
        (b"---\n\na rule\n\n---", "My file", "---\n\na rule\n\n---"),
    ],
)
def test_a_head_is_read_in_the_shapes_of_the_world(data: bytes, title: str, text: str) -> None:
    one = parse("my-file.md", data, default_lang="en")
    assert (one.title, one.markdown) == (title, text)


@pytest.mark.parametrize("head", ['+++\ntitle = "A"\nother = 1\n+++\n', '{"title": "A"}\n\n\n'])
def test_the_lines_after_any_head_are_those_of_the_file(head: str) -> None:
    one = parse("a.md", head + "Text", default_lang="en")
    above = one.markdown.split("Text")[0].count("\n")
    assert one.body_line + above == (head + "Text").split("\n").index("Text") + 1


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("C# guide.md", "/en/articles/C guide"),
        ("What is it?.md", "/en/articles/What is it"),
        ("name 100%.md", "/en/articles/name 100"),
        ("naïve café.md", "/en/articles/naïve café"),
        ("guide/_index.md", "/en/articles/guide"),
        ("i18n/de/docusaurus-plugin-content-docs/current/a/b.md", "/de/articles/docs/a/b"),
    ],
)
def test_a_file_name_is_an_address_without_what_addresses_cannot_hold(path: str, address: str) -> None:
    assert article(path=path).address == address


def test_a_name_with_a_control_character_is_refused() -> None:
    with pytest.raises(BadArticle, match="rename it"):
        article(path="a\nb.md")


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    one = parse("a.md", b"\xef\xbb\xbf---\r\ntitle: A\r\n---\r\nText\r\n", default_lang="en")
    assert (one.title, one.markdown) == ("A", "Text\n")


@given(st.binary(max_size=300), st.sampled_from([b"", b"---\n", b"---\ntitle: A\n", b"# A\n"]))
def test_no_bytes_do_anything_but_parse_or_be_refused(data: bytes, head: bytes) -> None:
    with contextlib.suppress(BadArticle):
        parse("a.md", head + data, default_lang="en")
