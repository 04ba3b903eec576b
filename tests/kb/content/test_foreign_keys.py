"""Articles of Jekyll, Docusaurus, Hugo and GitHub are read without changes to their files."""

from __future__ import annotations

import pytest

from kb.content.article import Article, read
from kb.foreign.note import Note
from kb.render.render import render


def article(head: str, body: str = "Text", *, path: str = "account/reset.md") -> tuple[Article, tuple[Note, ...]]:
    """Return the article with this front matter and body, and the notes on it."""
    return read(path, f"---\ntitle: A\n{head}\n---\n{body}", default_lang="en")


def html(body: str) -> str:
    """Return the page of a body, on one line."""
    return "".join(render(article("order: 1", body)[0], addresses={}).html.split("\n"))


@pytest.mark.parametrize(
    ("head", "field", "value"),
    [
        ("redirect_from:\n  - /old/\n  - older.html", "aliases", ("/old/", "/older.html")),
        ("redirect_from: /old/", "aliases", ("/old/",)),
        ("redirect_from: https://example.com/old/", "aliases", ("/old/",)),
        ("redirect_from:", "aliases", ()),
        ("permalink: help/reset.html", "address", "/help/reset.html"),
        ("permalink: /:categories/:title/", "address", "/en/articles/account/reset"),
        ("permalink: pretty", "address", "/en/articles/account/reset"),
        ("slug: /", "address", "/en/articles/account/reset"),
        ("slug: new", "address", "/en/articles/account/new"),
        ("sidebar_position: 2.6", "order", 3),
        ("nav_order: 4", "order", 4),
        ("weight: heavy", "order", None),
        ("description: Two ways.", "summary", "Two ways."),
        ("description: Long\nsummary: Short", "summary", "Short"),
        ("categories: [billing, vat]", "category", "billing"),
        ("published: false", "status", "draft"),
        ("draft: true", "status", "draft"),
        ("draft: false", "status", "published"),
        ("locale: en-US", "lang", "en"),
        ("locale: es-MX", "lang", "es-mx"),
        ("redirect_to: /new/", "status", "archived"),
        ("redirect_to: [/new/]", "replaced_by", "/new/"),
    ],
)
def test_keys_of_other_systems_are_read_as_ours(head: str, field: str, value: object) -> None:
    assert getattr(article(head)[0], field) == value


def test_a_key_that_only_lays_a_page_out_is_noted_with_its_system() -> None:
    _, notes = article("layout: help\nsidebar_label: B\nlinkTitle: C")
    assert [note.why for note in notes] == [
        "key 'layout' belongs to Jekyll and is ignored",
        "key 'sidebar_label' belongs to Docusaurus and is ignored",
        "key 'linkTitle' belongs to Hugo and is ignored",
    ]


def test_a_value_that_means_nothing_here_is_noted() -> None:
    assert [note.key for note in article("permalink: /:title/")[1]] == ["permalink"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a {% include alert.html %}b", "a b"),
        ("{% capture x %}kept{% endcapture %}", "kept"),
        ("a{% comment %}dropped\n{{ site.x }}{% endcomment %}b", "a\nb"),
        ("{% raw %}{{ kept }} {% kept %}{% endraw %}", "{{ kept }} {% kept %}"),
        ("[x]({{ site.baseurl }}/help/)", "[x](/help/)"),
        ("{{ '/help/' | relative_url }}", "/help/"),
        ("{{ page.title }}", "A"),
        ("Write {{name}} in a macro", "Write {{name}} in a macro"),
        ("{% assign n = 1 %}{{ n }} of", " of"),
        ("`{% include a %}` and `{{ site.a }}`", "`{% include a %}` and `{{ site.a }}`"),
        ("```\n{% include a %}\n```", "```\n{% include a %}\n```"),
        ("{% highlight ruby %}\nputs 1\n{% endhighlight %}", "```ruby\nputs 1\n```"),
        ("[x]({% link a/b.md %})", "[x](a/b.md)"),
        ("{% unclosed", "{% unclosed"),
    ],
)
def test_liquid_is_dropped_and_what_it_holds_is_kept(text: str, left: str) -> None:
    assert article("order: 1", text)[0].markdown == left


def test_dropped_liquid_leaves_the_lines_of_the_file_as_they_are() -> None:
    body = article("order: 1", "{% include a.html\n   b=1\n   c=2 %}\n\n[x](y.md)")[0].markdown
    assert body.split("\n")[4] == "[x](y.md)"


def test_what_was_dropped_is_noted_once_for_each_kind_of_tag() -> None:
    _, notes = article("order: 1", "{% include a %}\n{% include b %}{% capture c %}{% endcapture %}")
    assert [(note.key, note.line) for note in notes] == [("liquid include", 5), ("liquid capture", 6)]


def test_a_list_of_the_head_that_an_include_shows_is_shown() -> None:
    one, notes = article("bring:\n  - your **card**\n  - a pen", "{% include list.html items=page.bring size='md' %}")
    page = render(one, addresses={}).html
    assert "<li>your <strong>card</strong></li>" in page
    assert [note.key for note in notes] == ["liquid include"]


@pytest.mark.parametrize("mark", ["* TOC\n{:toc}", "- Toc\n{: toc}", "[TOC]", "[[toc]]", "{:toc}"])
def test_a_table_of_contents_in_the_text_is_dropped(mark: str) -> None:
    assert article("order: 1", f"a\n\n{mark}\n\nb")[0].markdown.split() == ["a", "b"]


def test_kramdown_classes_are_dropped_and_its_ids_kept() -> None:
    assert html("A list\n{: .number-list}") == "<p>A list</p>"
    assert html("[x](http://a.b){:class='c'}").startswith('<p><a href="http://a.b"')
    assert 'id="own"' in html("## Head {:#own .no_toc}")


@pytest.mark.parametrize("opening", [":::note Title", ":::note[Title]", ":::  note Title", "::::caution[Title]"])
def test_docusaurus_admonitions_are_ours(opening: str) -> None:
    close = opening[: len(opening) - len(opening.lstrip(":"))]
    kind = "warning" if "caution" in opening else "note"
    page = html(f"{opening}\n\nText\n\n- a\n\n{close}\n\nAfter")
    assert page.startswith(f'<div class="admonition {kind}"><p class="admonition-title">Title</p><p>Text</p>')
    assert page.endswith("</div><p>After</p>")


def test_admonitions_may_hold_admonitions_and_code() -> None:
    page = html("::::tip\n\n:::note\n\n```\ncode\n```\n\n:::\n\nEnd\n\n::::\n")
    assert page.count("admonition-title") == 2
    assert "<code>code</code>" in page
    assert page.endswith("<p>End</p></div>")


def test_github_alerts_are_admonitions() -> None:
    assert 'class="admonition warning"' in html("> [!WARNING]\n> Text\n")
    assert "<blockquote>" not in html("> [!WARNING]\n> Text\n")


def test_mdx_imports_are_dropped_with_the_components_they_name() -> None:
    one, notes = article("order: 1", "import Box from '@site/box';\n\n<Box kind='x'>Inside</Box>\n\n{/* note */}After")
    assert one.markdown.split() == ["Inside", "After"]
    assert {note.key for note in notes} == {"mdx", "mdx component Box"}


def test_docusaurus_tabs_are_tabs() -> None:
    mac, win = '<TabItem value="mac" label="macOS">', '<TabItem value="win">'
    page = html(f"<Tabs>\n{mac}\n\nDo this\n\n</TabItem>\n{win}\n\nThat\n\n</TabItem>\n</Tabs>\n")
    assert "<summary>macOS</summary><p>Do this</p>" in page
    assert "<summary>win</summary><p>That</p>" in page


def test_a_fence_keeps_its_language_whatever_else_it_says() -> None:
    assert '<span class="kd">let</span>' in html('```js title="x.js" {1,3} showLineNumbers\nlet a\n```')


@pytest.mark.parametrize(
    "text", ["{%" * 100_000, "{{" * 100_000, ":::a\n" * 40_000, "<TabItem>\n" * 20_000, "{:" * 100_000]
)
def test_unclosed_marks_cost_no_more_than_their_length(text: str) -> None:
    assert article("order: 1", text)[0].markdown.count("\n") == text.count("\n")
