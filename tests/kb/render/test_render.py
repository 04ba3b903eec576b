"""Rendering an article in each dialect: the HTML of its Markdown, the removed parts, and hostile text."""

from __future__ import annotations

import contextlib
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.content.article import Article, parse
from kb.content.dialect import Dialect
from kb.content.links import Addresses
from kb.errors import BadArticle
from kb.render import limits
from kb.render.render import Rendered, render
from kb.render.sanitise import TAGS
from tests.support.attacks import texts, what_could_run

OTHERS = ("account/reset.md", "account/reset.es.md", "account/codes.md", "billing/vat.md")


DIALECTS: tuple[Dialect, ...] = ("commonmark", "python-markdown")
_now: list[Dialect] = ["commonmark"]


@pytest.fixture(scope="module", params=DIALECTS, autouse=True)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Run every test of this contract with each renderer."""
    _now[0] = request.param
    return _now[0]


def article(body: str, *, path: str = "account/page.md", title: str = "Page") -> Article:
    """Return an article with this body."""
    return parse(path, f"---\ntitle: {title}\n---\n{body}", default_lang="en")


def page(body: str, *, path: str = "account/page.md", title: str = "Page") -> Rendered:
    """Return the page of a body, beside four other articles and an image."""
    one = article(body, path=path, title=title)
    others = [parse(other, "# Other", default_lang="en") for other in OTHERS]
    files = ["account/img/a.png", "top.pdf"]
    return render(one, addresses=Addresses([one, *others], files=files), dialect=_now[0])


def html(body: str) -> str:
    """Return the HTML of a body on one line."""
    return page(body).html.replace("\n", "")


@pytest.mark.parametrize("text", texts())
def test_nothing_that_could_run_is_left_of_an_attack(text: str) -> None:
    for body in (text, f"# Head\n\n{text}\n\n## Next", f"- item\n\n    {text}"):
        assert what_could_run(page(body).html, allowed=TAGS) == []


def test_there_are_hundreds_of_attacks() -> None:
    assert len(set(texts())) > 300


@given(st.text(alphabet=st.sampled_from("<>\"'=/ abjhsx:()[]!#*_`|{}&;\n\t-123."), max_size=120))
def test_nothing_that_could_run_is_left_of_any_text(text: str) -> None:
    assert what_could_run(page(text).html, allowed=TAGS) == []


def test_a_title_cannot_break_out_of_a_tables_label() -> None:
    table = page("|a|\n|-|\n|b|", title="'\"><script>alert(1)</script>'").html
    assert what_could_run(table, allowed=TAGS) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("**b** *i* ~~s~~ ==m==", "<strong>b</strong> <em>i</em> <del>s</del> <mark>m</mark>"),
        ("x^2^", "x<sup>2</sup>"),
        ("++ctrl+s++", '<span class="keys"><kbd>Ctrl</kbd><span>+</span><kbd>S</kbd></span>'),
        ("C++ and i++nonsense++", "<p>C++ and i++nonsense++</p>"),
        ('=== "A"\n\n    a\n\n===! "B"\n    b', '<summary>A</summary><p>a</p></details></div><div class="tabs">'),
        ("> [!CAUTION]\n> Text", 'warning"><p class="admonition-title">Warning</p><p>Text</p></div>'),
        ("1. a\n\n    !!! note\n\n        b\n\n2. c", '<p>b</p></div></li><li><p>c</p></li></ol>'),
        ("<details>\n<summary>S</summary>\n\n**b**\n\n</details>", "</summary><p><strong>b</strong></p></details>"),
        ("<table>\n<tr>\n<td>\n\n*a*\n\n</td>\n</tr>\n</table>", "<p><em>a</em></p></td></tr></tbody></table>"),
        ("<center>\n\n*a*\n\n</center>", "<p><em>a</em></p>"),
        ("<details>\n<summary>S</summary>\n\n:::note\n\nb\n\n:::\n\n</details>", '<p>b</p></div></details>'),
        ("Paste the <iframe> code. Then save.", "<p>Paste the &lt;iframe&gt; code. Then save.</p>"),
        ("<iframe> is a tag.\n\nNext", "<p>&lt;iframe&gt; is a tag.</p><p>Next</p>"),
        ("cp <source file> or <link> here", "<p>cp &lt;source file&gt; or &lt;link&gt; here</p>"),
        ("Put it above </body> or in <head>.", "<p>Put it above &lt;/body&gt; or in &lt;head&gt;.</p>"),
        ("Add <script>…</script> to it", "<p>Add &lt;script&gt;…&lt;/script&gt; to it</p>"),
        ("<style>\nb { color: red }\n</style>\n\nNext", "<p>Next</p>"),
        ("a <iframe src=x></iframe> b", "<p>a  b</p>"),
        ("- a\n\xa0\xa0- b\n- [x]\xa0c", '<ul><li>a<ul><li>b</li></ul></li><li class="task">☑ c</li></ul>'),
        ("<your name>\n\nNext", "<p>&lt;your name&gt;</p><p>Next</p>"),
        ("Enter <code> and <b>go</b>", "<p>Enter &lt;code&gt; and <b>go</b></p>"),
        ("Text\n| A | B |\n|---|---|\n| 1 | 2 |", '<p>Text</p><div class="table"'),
        ("| A |\n|---|\n| `c \\| d` |", "<td><code>c | d</code></td>"),
        ("Text\n\n```\ncode **x**", '<code>code **x**</code></pre>'),
        ("- a\n\n  ```\n  x\n\nNext **b**", "<p>Next <strong>b</strong></p>"),
        ("```\na\n`````\n*b*", "<p><em>b</em></p>"),
        ("\\<account\\> \\$5 \\& \\| \\~x\\~", "<p>&lt;account&gt; $5 &amp; | ~x~</p>"),
        (":tada: at 10:30:45 :material-clock:{ .lg } `:tada:`", "<p>🎉 at 10:30:45  <code>:tada:</code></p>"),
        ("Text (1)\n{ .annotate }", "<p>Text (1)</p>"),
        ("<Steps>\n\n**a**\n\n</Steps>\n<Other />", "<p><strong>a</strong></p>"),
        ("``` title=\"A b\"\n=== \"C\"\n\n    ``` c\n    x\n    ```\n```", '<span class="filename">A b</span>'),
        ('```ts:line-numbers {1}\nx\n```', 'data-language="TypeScript"'),
        ("1. a\n\n    ```\n    b\n\n2. c **d**", "<strong>d</strong>"),
        ("one\\\ntwo", "<p>one<br>two</p>"),
        ("[a](https://x.example (T)) ![b](img/a.png (U))", 'title="T"'),
        ("[a](https://x.example (T)) ![b](img/a.png (U))", 'title="U"'),
        ("[a]\n\n[a]: https://x.example (T)", 'title="T"'),
        ("## Head{#id}", '<h2 id="id"><a class="anchor" href="#id">Head</a></h2>'),
        ("##\xa0Head\n\n-\xa0item\n\n1.\xa0one", '<ul><li>item</li></ul><ol><li>one</li></ol>'),
        ("```\n-\xa0a\n```", "<code>-&nbsp;a</code>"),
        ("Text\n{: #id }", '<p id="id">Text</p>'),
        ("![b](img/a.png){ width=30 }", 'alt="b" width="30"'),
        ("a_b@c.example www.x.example/a", '<a href="mailto:a_b@c.example" rel="noopener noreferrer">a_b@c.example</a>'),
        ("```python title=\"a.py\"\n```", '<span class="filename">a.py</span>'),
        ("```nosuchlanguage\n<b>\n```", '<div class="highlight"><pre tabindex="0"><code>&lt;b&gt;</code></pre>'),
        ("!!! tip\n    Text", '<div class="admonition tip"><p class="admonition-title">Tip</p><p>Text</p></div>'),
        ("??? note \"More\"\n    Text", '<details class="note"><summary>More</summary><p>Text</p></details>'),
        ("- [ ] a\n- [x] b", '<ul><li class="task">☐ a</li><li class="task">☑ b</li></ul>'),
        ("Term\n: Meaning", "<dl><dt>Term</dt><dd>Meaning</dd></dl>"),
        ("*[VAT]: value added tax\n\nVAT", '<p><abbr title="value added tax">VAT</abbr></p>'),
        ("Click <account name> now", "<p>Click &lt;account name&gt; now</p>"),
        ("#hashtag", "<p>#hashtag</p>"),
        ("```\n<b>\n```", '<pre tabindex="0"><code>&lt;b&gt;</code></pre>'),
        ("`<b>`", "<p><code>&lt;b&gt;</code></p>"),
    ],
)  # fmt: skip
def test_markdown_becomes(body: str, expected: str) -> None:
    assert expected in html(body)


@pytest.mark.parametrize(
    ("body", "github", "mkdocs"),
    [
        ("H~2~O", "H<del>2</del>O", "H<sub>2</sub>O"),
        ("<div>\n</div>\n**b**", "<div></div>**b**", "<div></div><p><strong>b</strong></p>"),
        ('<div markdown="1">\n**b**\n</div>', "<div>**b**</div>", "<div><p><strong>b</strong></p></div>"),
    ],
)
def test_the_dialects_differ(body: str, github: str, mkdocs: str) -> None:
    assert (github if _now[0] == "commonmark" else mkdocs) in html(body)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("这是**「重要」**的事", "这是<strong>「重要」</strong>的事"),
        ("句。**实操：**给", "句。<strong>实操：</strong>给"),
        ("**サポート（無料）**です", "<strong>サポート（無料）</strong>です"),
        ("*한국어(서울)*입니다", "<em>한국어(서울)</em>입니다"),
        ("2 * 3 * 4 和 5 * 6", "2 * 3 * 4 和 5 * 6"),
        ("文 ** 字 **", "文 ** 字 **"),
    ],
)
def test_emphasis_needs_no_spaces_where_the_script_has_none(text: str, shown: str) -> None:
    assert _now[0] == "python-markdown" or f"<p>{shown}</p>" in html(text)


def test_an_admonition_without_a_title_has_one_in_the_articles_language() -> None:
    assert "Advertencia</p>" in page("!!! warning\n    Text", path="a.es.md").html
    assert "Aviso legal</p>" in page('!!! warning "Aviso legal"\n    Text', path="a.es.md").html
    assert "Warning</p>" in page("!!! warning\n    Text", path="a.ko.md").html


def test_code_is_highlighted_by_classes_and_by_no_style() -> None:
    code = html("```python\nimport os\n```")
    assert '<div class="highlight" data-language="Python"><pre tabindex="0">' in code
    assert '<span class="kn">import</span>' in code
    assert "style" not in code


def test_tabs_are_details_that_work_without_a_script() -> None:
    tabs = html('=== "macOS"\n\n    Do *this*.\n\n=== "Windows"\n\n    Do that.\n')
    assert tabs == (
        '<div class="tabs"><details class="tab" open><summary>macOS</summary><p>Do <em>this</em>.</p></details>'
        '<details class="tab"><summary>Windows</summary><p>Do that.</p></details></div>'
    )


def test_a_table_scrolls_in_a_frame_that_is_named_and_reachable() -> None:
    table = html("## Codes\n\n|a|b|\n|:-:|--:|\n|1|2|")
    assert '<div class="table" role="group" tabindex="0" aria-label="Codes"><table>' in table
    assert '<th class="center">a</th><th class="right">b</th>' in table
    assert table.endswith("</table></div>")


def test_the_cells_of_a_row_are_kept_apart_in_the_text_that_is_searched() -> None:
    text = page("|Code|It means|\n|-|-|\n|E1|Paid twice.|\n||Late|\n").sections[0].text
    assert text == "Code · It means\nE1 · Paid twice.\nLate"


def test_an_empty_table_head_is_left_out() -> None:
    assert "<th" not in html("| | |\n|-|-|\n|1|2|")


def test_footnotes_lead_there_and_back() -> None:
    notes = html("Text[^1]\n\n[^1]: Note")
    assert '<sup id="fnref:1"><a class="footnote-ref" href="#fn:1">1</a></sup>' in notes
    assert '<li id="fn:1">' in notes


def test_headings_begin_at_the_second_level_and_leave_none_out() -> None:
    headings = re.findall(r"<(h\d) ", html("# A\n\n### B\n\n# C\n\n###### D"))
    assert headings == ["h2", "h3", "h2", "h3"]


def test_a_body_that_begins_lower_begins_at_the_second_level_too() -> None:
    assert re.findall(r"<(h\d) ", html("### A\n\n#### B")) == ["h2", "h3"]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Can't sign in?", "cant-sign-in"),
        ("With a code {#code}", "code"),
        ("¿Qué es el IVA?", "qué-es-el-iva"),
        ("如何登录", "如何登录"),
        ("**Bold** `code` [link](x)", "bold-code-link"),
        ("???", "section"),
        ("kb-main", "main"),
        ("A {#kb-main}", "a"),
    ],
)
def test_a_heading_has_an_anchor_of_its_words_or_its_own(heading: str, anchor: str) -> None:
    assert page(f"Text\n\n## {heading}").sections[1].anchor == anchor


def test_equal_headings_have_different_anchors_always_in_the_same_order() -> None:
    anchors = [section.anchor for section in page("## A\n\n## A\n\n## A-1\n\n## a").sections]
    assert anchors == ["a", "a-1", "a-1-1", "a-2"]


def test_a_heading_links_to_itself_unless_it_holds_a_link() -> None:
    assert '<h2 id="a"><a class="anchor" href="#a">A</a></h2>' in html("## A")
    assert 'class="anchor"' not in html("## See [x](http://x.example)")


def test_sections_hold_their_text_and_the_path_of_headings_above() -> None:
    rendered = page("Lead.\n\n## Invoices\n\nOne *two*.\n\n### VAT\n\n- a\n- b\n\n|x|y|\n|-|-|\n|1|2|\n\n## End\n")
    assert [(s.anchor, s.path, s.level, s.text) for s in rendered.sections] == [
        ("", (), 1, "Lead."),
        ("invoices", ("Invoices",), 2, "One two."),
        ("vat", ("Invoices", "VAT"), 3, "a\nb\nx · y\n1 · 2"),
        ("end", ("End",), 2, ""),
    ]


def test_a_heading_within_html_begins_a_section() -> None:
    rendered = page("Lead\n\n<details>\n<summary>S</summary>\n\n## Part\n\nWords\n\n</details>\n\n## End\n\nMore")
    assert [(s.anchor, s.text) for s in rendered.sections] == [("", "Lead\nS"), ("part", "Words"), ("end", "More")]


@pytest.mark.parametrize(
    ("target", "href", "kind"),
    [
        ("reset.md", "/en/articles/account/reset", "article"),
        ("./reset.md#code", "/en/articles/account/reset#code", "article"),
        ("../billing/vat.md", "/en/articles/billing/vat", "article"),
        ("reset", "/en/articles/account/reset", "article"),
        ("reset.html", "/en/articles/account/reset", "article"),
        ("reset.es.md", "/es/articles/account/reset", "article"),
        ("/en/articles/billing/vat/", "/en/articles/billing/vat", "article"),
        ("/old/kb/vat", "/en/articles/billing/vat", "guessed"),
        ("img/a.png", "/files/account/img/a.png", "file"),
        ("/top.pdf", "/files/top.pdf", "file"),
        ("../top.pdf", "/files/top.pdf", "file"),
        ("#code", "#code", "anchor"),
        ("/en/contact", "/en/contact", "page"),
        ("/es/contact/", "/es/contact", "page"),
        ("/contact/?subject=a", "/en/contact?subject=a", "page"),
        ("/en", "/en/", "page"),
        ("mailto:a@b.example", "mailto:a@b.example", "outside"),
        ("https://x.example/?a=1&b=2#c", "https://x.example/?a=1&amp;b=2#c", "outside"),
        ("//x.example/", "//x.example/", "outside"),
    ],
)
def test_a_link_leads(target: str, href: str, kind: str) -> None:
    rendered = page(f"[x]({target})")
    assert f' href="{href}"' in rendered.html
    assert [link.kind for link in rendered.links] == [kind]
    assert ('rel="noopener noreferrer"' in rendered.html) == (kind == "outside")


@pytest.mark.parametrize("target", ["../../etc/passwd", "../../../account/img/a.png", "%2e%2e/%2e%2e/x"])
def test_a_link_out_of_the_folder_leads_nowhere(target: str) -> None:
    rendered = page(f"[x]({target})")
    assert "href" not in rendered.html
    assert rendered.links[0].kind == "missing"


def test_a_link_that_is_no_address_leads_nowhere() -> None:
    assert page("<a href='http://['>x</a>").html == "<p><a>x</a></p>"


def test_a_link_to_an_article_prefers_the_readers_language() -> None:
    assert 'href="/es/articles/account/reset"' in page("[x](reset.md)", path="account/page.es.md").html
    assert 'href="/en/articles/billing/vat"' in page("[x](../billing/vat.md)", path="account/page.es.md").html
    assert 'href="/es/articles/account/reset"' in page("[x](reset.md)", path="es/account/page.md").html


def test_links_and_images_know_their_line() -> None:
    rendered = page("\n[a](reset.md)\n\n![b](img/a.png)\n\nText [c](reset.md)\nand <a href='reset.md'>d</a>")
    assert [link.line for link in rendered.links] == [5, 9, 10]
    assert [image.line for image in rendered.images] == [7]


def test_an_image_is_loaded_late_and_tells_nobody_who_reads() -> None:
    own = html("![Alt](img/a.png)")
    assert own == '<p><img src="/files/account/img/a.png" alt="Alt" loading="lazy" decoding="async"></p>'
    assert 'referrerpolicy="no-referrer"' in html("![Alt](https://x.example/a.png)")


def test_of_a_missing_image_its_text_is_shown() -> None:
    assert html("![The menu](gone.png)") == "<p>The menu</p>"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "![" * 20_000,
        "[a](b " * 20_000,
        "> " * 3_000 + "a",
        "\n".join("  " * depth + "- a" for depth in range(300)),
        "<div>" * 40_000,
        "<b>" * 40_000,
        "<a " * 40_000,
        "*_" * 60_000,
        "`a " * 60_000,
        "```\n" * 40_000,
        "[^1]" * 40_000,
        "a\n: b\n" * 20_000,
        "!!! a\n" * 30_000,
        "".join(f"*[a{n}]: x\n" for n in range(12_000)),
        "==a" * 60_000,
        "<iframe>\n\n" * 20_000,
    ],
)
def test_text_made_to_be_slow_is_refused_soon_and_by_name(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECONDS", 0.3)
    refused = pytest.raises(BadArticle, match=r"account/page\.md:4: the (text|HTML)[^;]*; ")
    with refused if _now[0] == "python-markdown" else contextlib.suppress(BadArticle):
        page(text)  # markdown-it takes linear time for some of them


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("> " * 3_000 + "a", "nested"),
        ("- " * 300 + "a", "nested"),
        ("".join("    " * depth + "!!! note\n" for depth in range(150)), "nested"),
        (f"[a]: {'x' * 100_000}\n\n" + "[a] " * 40_000, "repeats|takes|formatting"),
        (f"*[a]: {'x' * 100_000}\n\n" + "a " * 5_000, "repeats|takes"),
        (f"|{'a|' * 1_000}\n|{'-|' * 1_000}\n" + "|\n" * 50_000, "columns"),
        (f"|{'a|' * 100}\n|{'-|' * 100}\n" + "|\n" * 50_000, "cells"),
        ("```\n" * 40_000, "fences"),
        ("<b" * 40_000, "without '>'"),
        ("<div>" * 40_000, "nested"),
    ],
)
def test_text_that_would_grow_is_refused_by_name(text: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if "takes" in why:
        monkeypatch.setattr(limits, "SECONDS", 0.3)
    with pytest.raises(BadArticle, match=why):
        page(text)


@pytest.mark.parametrize(
    "text",
    ["![" * 2_000 + "](x)" * 2_000, "<code> " * 30_000, "<video> " * 30_000, "a_b@c.example " * 5_000, "{#" * 50_000],
)
def test_text_that_repeats_is_refused_or_rendered(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECONDS", 0.3)
    with contextlib.suppress(BadArticle):
        page(text)


def test_after_a_refused_text_the_next_is_rendered_as_ever() -> None:
    with pytest.raises(BadArticle):
        page("> " * 3_000 + "a")
    assert html("*a*") == "<p><em>a</em></p>"


def test_threads_render_at_once_without_mixing() -> None:
    bodies = {number: f"## Head {number}\n\nText[^1] {number}\n\n[^1]: Note {number}" for number in range(40)}
    alone = {number: html(body) for number, body in bodies.items()}
    together: dict[int, str] = {}
    threads = [threading.Thread(target=lambda n=n: together.update({n: html(bodies[n])})) for n in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_the_same_text_gives_the_same_page() -> None:
    body = '## A\n\n## A\n\n[^1]\n\n[^1]: x\n\n=== "t"\n    x\n'
    assert page(body) == page(body)


def test_elements_that_are_not_shown_are_named() -> None:
    assert page("<iframe src=x></iframe><video></video>").lost == {"iframe", "video"}
