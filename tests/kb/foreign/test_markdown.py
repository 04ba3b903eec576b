"""What other systems write in Markdown is shown as they show it, and nothing in code is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.content.article import read
from kb.content.dialect import NAMES, Dialect
from kb.render.render import render

CASES = Path(__file__).parent / "cases"
FILES = {
    "Other note.md": "/en/articles/other",
    "x.md": "/en/articles/x",
    "img/a.webp": "/files/img/a.webp",
    "pic.png": "/files/pic.png",
}
TABLE = '<div class="table" role="group" tabindex="0" aria-label="A"><table><thead>'
ASIDE = '<div class="admonition {}"><p class="admonition-title">{}</p>'
TABS = '<div class="tabs"><details class="tab" open><summary>{}</summary><p>{}</p></details></div>'


both = pytest.mark.parametrize("dialect", NAMES)


def html(body: str, path: str = "a.md", dialect: Dialect = "commonmark") -> str:
    """Return the page of a body, on one line."""
    article, _ = read(path, f"---\ntitle: A\n---\n{body}", default_lang="en")
    return "".join(render(article, addresses=FILES, dialect=dialect).html.split("\n"))


@both
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (
            "01-html-block-blank-line",
            "<details><summary>More</summary><p>Use <strong>bold</strong>.</p><ul><li>one</li><li>two</li></ul>"
            '<div class="highlight" data-language="Bash"><pre tabindex="0"><code>ls</code></pre></div></details>',
        ),
        (
            "02-bare-iframe-word",
            '<p>Paste the &lt;iframe&gt; code into the page. Then save it.</p><h2 id="next-part">'
            '<a class="anchor" href="#next-part">Next part</a></h2><p>These words are on no page and in no index.</p>',
        ),
        (
            "03-angle-placeholder-is-a-tag",
            "as cp &lt;source file&gt; &lt;target file&gt; or put &lt;link&gt; here.</p>",
        ),
        ("04-table-under-paragraph", "<p>Intro text</p>" + TABLE + "<tr><th>A</th><th>B</th></tr></thead>"),
        ("05-pipe-in-code-in-table", "<td><code>c | d</code></td>"),
        (
            "06-unclosed-fence",
            '<p>Text</p><div class="highlight"><pre tabindex="0"><code>code **x**</code></pre></div>',
        ),
        ("07-hard-break-backslash", "<p>one<br>two</p>"),
        ("08-heading-id-without-space", '<h2 id="top-picks"><a class="anchor" href="#top-picks">Top picks</a></h2>'),
        ("09-nbsp-after-hash-and-dash", ">Heading</a></h2><ul><li>item</li></ul>"),
        ("10-tabitem-over-lines", TABS.format("Windows", "text a")),
        ("11-tabitem-one-line", TABS.format("A", "text a")),
        ("13-mdx-global-component", "<p>Text</p><p>More</p>"),
        ("14-useBaseUrl", '<img src="/files/img/a.webp" alt="Add VAT"'),
        ("15-admonition-in-details", f"<summary>S</summary>{ASIDE.format('note', 'Note')}<p>care</p></div></details>"),
        (
            "16-iframe-video",
            '<a href="https://www.youtube.com/embed/abc" rel="noopener noreferrer">▶ youtube.com/embed',
        ),
        (
            "19-wikilink",
            '<p>See <a href="/en/articles/other#part">the part</a> <img src="/files/pic.png" alt="" width="300"',
        ),
    ],
)
def test_the_cases_are_shown_right(name: str, shown: str, dialect: Dialect) -> None:
    text = (CASES / f"{name}.mdx").read_text(encoding="utf-8").split("---\n", 2)[2]
    page = html(text, "a.mdx", dialect)
    assert shown in page
    assert "%%" not in page
    assert "^abc" not in page


MDX = [
    (
        '<Aside type="caution" title="Mind">Careful *now*</Aside>',
        ASIDE.format("warning", "Mind") + "<p>Careful <em>now",
    ),
    (":::note[Title]\n\nText\n\n:::", ASIDE.format("note", "Title") + "<p>Text</p></div>"),
    ("<Steps>\n\n1. One\n2. Two\n\n</Steps>", "<ol><li>One</li><li>Two</li></ol>"),
    ('<CardGrid>\n  <Card title="One">\n    Text\n  </Card>\n</CardGrid>', "<p><strong>One</strong></p><p>Text</p>"),
    ('<LinkCard title="Go" href="x.md" description="More" />', '<a href="/en/articles/x">Go</a>: More'),
    ('New <Badge text="Beta" /> here', "<p>New Beta here</p>"),
    ('<Link to="x.md">there</Link>', '<a href="/en/articles/x">there</a>'),
    ("import img from './pic.png';\n\n<img src={img} alt=\"P\" />", '<img src="/files/pic.png" alt="P"'),
    ('<img src={require("./pic.png").default} />', '<img src="/files/pic.png"'),
    ('<Th sources={{light: useBaseUrl("/img/a.webp"), dark: x}} alt="T" />', '<img src="/files/img/a.webp" alt="T"'),
    ('export const v = "1.2";\n\n{v} of {frontMatter.title}{/* a\nb */}', "<p>1.2 of A"),
    ("export function f() {\n  return 1;\n}\n\nText", "<p>Text</p>"),
    ("{items.map((i) => <li>{i.name}</li>)}\n\nText", "<p>Text</p>"),
    ("Use {`a`} and `{b}`", "<p>Use <code>a</code> and <code>{b}</code></p>"),
    (
        '<Tabs>\n  <TabItem label="A">\n    text\n\n    - l\n  </TabItem>\n</Tabs>',
        "<p>text</p><ul><li>l</li></ul></details>",
    ),
    ('import Box from "./box";\n\nUse `<Box>` in <Box>it</Box>', "<p>Use <code>&lt;Box&gt;</code> in it</p>"),
    ("<Box>\n\n```jsx\n<Box>{x}</Box>\n```\n\n</Box>", "&lt;Box&gt;{x}&lt;/Box&gt;"),
]


def test_a_component_of_vitepress_is_told_by_its_attributes_and_a_placeholder_is_text() -> None:
    text = 'See <VideoLink href="x.md" kind="b">the video</VideoLink> of <Name>.'
    assert '<p>See <a href="/en/articles/x">the video</a> of &lt;Name&gt;.</p>' in html(text)


MDX_HTML = [  # as MDX reads it: no empty lines are needed, and nothing is code for its indentation
    ("<p>\n**Type:** `string`\n</p>", "<p><strong>Type:</strong> <code>string</code></p>"),
    ("<p>Use **this**</p>\nText", "<p>Use <strong>this</strong></p><p>Text</p>"),
    (
        "<details>\n<summary>Show **it**</summary>\n\n1. One\n\n   ```js\n   x\n   ```\n</details>\nEnd",
        "<details><summary>Show <strong>it</strong></summary><ol><li><p>One</p><div",
    ),
    ("<details><summary>S</summary>\n```js\nx\n```\n</details>", "<details><summary>S</summary><div"),
    ("<div>\n      <div>\n            - **a**\n      </div>\n</div>\n# B", "<div><div><ul><li><strong>a</strong></li>"),
    ("<ul>\n  <li>[a](x.md)</li>\n</ul>", '<ul><li><a href="/en/articles/x">a</a></li></ul>'),
    (
        "<table>\n  <tr>\n    <td>\n      *x*\n    </td>\n  </tr>\n</table>",
        "<td><p><em>x</em></p></td></tr></tbody></table>",
    ),
    (
        "1. One\n   <details>\n   <summary>S</summary>\n   **b**\n   </details>\n2. Two",
        "<details><summary>S</summary><p><strong>b</strong></p></details></li><li><p>Two</p></li></ol>",
    ),
    ("- <p>[a](x.md) **b**</p>", '<ul><li><a href="/en/articles/x">a</a> <strong>b</strong></li></ul>'),
    ("<Box>\n" * 120 + "Text" + "\n</Box>" * 120, "<p>Text</p>"),
]


@pytest.mark.parametrize(("text", "shown"), MDX_HTML)
def test_html_in_mdx_holds_markdown(text: str, shown: str) -> None:
    assert shown in html(text, "a.mdx")


@both
@pytest.mark.parametrize(("text", "shown"), MDX)
def test_a_component_leaves_what_it_holds(text: str, shown: str, dialect: Dialect) -> None:
    # Highlighting puts elements around the parts of code.
    assert shown.replace(" ", "") in re_plain(html(text, "a.mdx", dialect)).replace(" ", "")


def re_plain(page: str) -> str:
    """Return a page without the elements of highlighted code."""
    for name in ("p", "nt", "o", "nx", "err", ""):
        page = page.replace(f'<span class="{name}">', "")
    return page.replace("</span>", "")


OTHERS = [
    # Hugo
    ("{{< note >}}\nText **b**\n{{< /note >}}", ASIDE.format("note", "Note") + "<p>Text <strong>b</strong></p></div>"),
    ('{{% tabs %}}\n{{% tab "Mac" %}}\nDo\n{{% /tab %}}\n{{% /tabs %}}', TABS.format("Mac", "Do")),
    ('[x]({{< ref "x.md#a" >}})', '<a href="/en/articles/x#a">x</a>'),
    ("a{{< unknown b=1 >}}gone{{< /unknown >}}c {{< lone />}}d", "<p>ac d</p>"),
    ('{{< figure src="pic.png" alt="P" >}}', '<img src="/files/pic.png" alt="P"'),
    ("{{< youtube abc >}}", '<a href="https://www.youtube.com/watch?v=abc"'),
    ('`{{< ref "x" >}}` {{</* ref */>}}', '<code>{{&lt; ref "x" &gt;}}</code> {{&lt; ref &gt;}}'),
    # GitBook and Jekyll
    ('{% hint style="info" %}\nText\n{% endhint %}', ASIDE.format("info", "Info") + "<p>Text</p></div>"),
    ('{% tabs %}\n{% tab title="A" %}\nIn A\n{% endtab %}\n{% endtabs %}', TABS.format("A", "In A")),
    ('{% embed url="https://y.be/1" %}', '<a href="https://y.be/1"'),
    ('{% include note.html content="Watch **out**" %}', "<p>Watch <strong>out</strong></p></div>"),
    ('{% include image.html url="pic.png" alt="P" %}', '<img src="/files/pic.png" alt="P"'),
    ("## Head \\{#own}\n\nText", '<h2 id="own"><a class="anchor" href="#own">Head</a></h2>'),
    ("## Head\n{: #own .big}\n\nText", '<h2 id="own">'),
    # Obsidian
    ("![[pic.png|A picture]]", '<img src="/files/pic.png" alt="A picture"'),
    (
        "[[other note]] [[Other note#A b|t]] [[#Here]]",
        '<a href="/en/articles/other#a-b">t</a> <a href="#here">Here</a>',
    ),
    ("![[Other note#Part]]", '<a href="/en/articles/other#part">Other note &gt; Part</a>'),
    ("a %%hidden%% ==marked== b", "<p>a  <mark>marked</mark> b</p>"),
    ("Text ^abc123\n\n%%\nhidden\n%%\n\nb", "<p>Text</p><p>b</p>"),
    ("> [!tip]- Fold\n> text\n> > [!note] In\n> > deep", ASIDE.format("note", "In") + "<p>deep</p></div></div>"),
    # MkDocs and VitePress
    ('[Go](x.md){ .md-button } :material-check: ![](pic.png){ width="300" }', '<a href="/en/articles/x">Go</a>  <img'),
    ("!!! tip\n\n    :material-check: In", "<p>In</p></div>"),
    ('--8<-- "snip.md"\n\nText', "<p>Text</p>"),
    ("::: code-group\n\n```sh [npm]\nnpm\n```\n\n:::\n\nEnd", "<code>npm</code></pre></div><p>End</p>"),
    ("- item\n\n  :::tip\n  in list\n  :::\n\n- two", "<p>in list</p></div></li><li><p>two</p></li></ul>"),
    ("[a](pathname:///files/f.pdf)", '<a href="/files/f.pdf">a</a>'),
]


@both
@pytest.mark.parametrize(("text", "shown"), OTHERS)
def test_what_other_systems_write_is_shown_as_they_show_it(text: str, shown: str, dialect: Dialect) -> None:
    assert shown in html(text, dialect=dialect)


@pytest.mark.parametrize(
    "text",
    [
        "press <Tab> and <Account name>",
        "2 == 3 == 4",
        "`[[a]]` and ``{{< b >}}``",
        "    [[code]] {{< x >}}",
        "- a\n\n      [[code]] %%x%%",
        "```\n[[code]]\n<Tabs>\n```",
        "> ```\n> {{< x >}} [[y]]\n> ```",
        "1. a\n\n   ~~~\n   %%x%% ==y==\n   ~~~",
        "[[1]](x.md)",
        "100%% of %%",
        "{name} and {{name}}",
        "x ^2",
    ],
)
def test_code_and_plain_text_are_left_as_they_are(text: str) -> None:
    assert read("a.md", f"---\ntitle: A\n---\n{text}", default_lang="en")[0].markdown == text


@pytest.mark.parametrize(
    "text",
    [
        "{{<" * 60_000,
        "<A b=" * 40_000,
        "<A {" * 40_000,
        "{" * 200_000,
        "[[" * 90_000,
        "%%a " * 50_000,
        "==a" * 60_000,
        "`" * 200_000,
        "`a``b" * 40_000,
        "<Tab>\n" * 30_000,
    ],
)
@pytest.mark.parametrize("path", ["a.md", "a.mdx"])
def test_unclosed_marks_cost_no_more_than_their_length(text: str, path: str) -> None:
    article, _ = read(path, f"---\ntitle: A\n---\n{text}", default_lang="en")
    assert article.title == "A"


@pytest.mark.parametrize(
    "text",
    [
        "<Tabs>\n<TabItem\n  label='A'\n>\n\na\n\n</TabItem>\n</Tabs>\n\n[end](y.md)",
        "```\ncode\n\n\n```\n\n{/* a\nb */}\n\n[end](y.md)",
        "{{< note >}}\n`a`\n{{< /note >}}\n\n[end](y.md)",
        "%%\na\n%%\n\n[end](y.md)",
        "{{< unknown >}}\n\n```\ncode\n```\n\n{{< /unknown >}}\n\n[end](y.md)",
        '{{% details "More" %}}\na\n{{% /details %}}\n\n[end](y.md)',
        "<iframe src='x'>\n\n```\ncode\n```\n\n</iframe>\n\n[end](y.md)",
        "export const a = `b\nc`;\n\n[end](y.md)",
        "{/* `a\nb` */}\n\n[end](y.md)",
        "<Unknown a={`b\nc`} />\n\n[end](y.md)",
        "<LinkCard title='a\nb' href='y.md' />\n\n[end](y.md)",
        "A {'b\nc'} and {`d\ne`}\n\n[end](y.md)",
        "--8<--\n`a\nb`\n--8<--\n\n[end](y.md)",
    ],
)
def test_lines_after_what_was_translated_are_those_of_the_file(text: str) -> None:
    article, _ = read("a.mdx", f"---\ntitle: A\n---\n{text}", default_lang="en")
    assert article.markdown.split("\n").index("[end](y.md)") == text.split("\n").index("[end](y.md)")
