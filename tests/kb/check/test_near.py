"""A dead link names the file that it probably means, and Markdown that readers see as source is named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb.check import lint, source_shown
from kb.check.near import Names
from kb.content import library

PATHS = ["account/reset.md", "billing/refund.md", "billing/img/lamp.png", "old/refund.md", "guide/index.md"]


@pytest.mark.parametrize(
    ("source", "target", "meant"),
    [
        ("account/reset.md", "billing/refund.md", "../billing/refund.md"),
        ("old/x.md", "../refund", "refund.md"),
        ("billing/refund.md", "/help/rest/", "../account/reset.md"),
        ("account/reset.md", "img/lamp.png", "../billing/img/lamp.png"),
        ("account/reset.md", "../guides/", "../guide/index.md"),
        ("account/reset.md", "reset.md", ""),
        ("account/reset.md", "zebra.md", ""),
    ],
)
def test_a_dead_link_names_the_nearest_file(source: str, target: str, meant: str) -> None:
    said = Names(PATHS).meant(target, source=source)
    assert said == (f"; did you mean '{meant}'?" if meant else "")


def problems(folder: Path, files: dict[str, str]) -> list[str]:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return [
        f"{p.path}:{p.line}: {p.why}" for p in lint.check(library.load(folder), now=datetime(2026, 1, 1, tzinfo=UTC))
    ]


def test_a_dead_link_a_dead_wiki_link_and_a_dead_anchor_say_what_was_meant(tmp_path: Path) -> None:
    text = "# A\n\n[x](c.md) [[Chapter too]] [y](b/chapter-two.md#frist)"
    found = problems(tmp_path, {"a.md": text, "b/chapter-two.md": "# Two\n\n## First\n\nText", "b/c.md": "# C\n\nText"})
    assert found == [
        "a.md:3: there is no heading #frist in b/chapter-two.md; did you mean 'first'?",
        "a.md:3: links to Chapter too, which does not exist; did you mean 'b/chapter-two.md'?",
        "a.md:3: links to c.md, which does not exist; did you mean 'b/c.md'?",
    ]


def test_markdown_that_is_shown_as_source_is_named_with_its_line(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, {"a.md": "# A\n\nText\n\n<p>\n**bold**\n</p>\n"})
    assert problem.startswith("a.md:6: bold text is shown as source: **bold**")


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        ("<p>Use **bold** text</p>", "bold text"),
        ("<p>[a](./b.md)</p>", "a link or picture"),
        ("<p>![[a.png]]</p>", "a wiki link"),
        ("<p>:::note</p>", "a block"),
        ("<p>!!! note</p>", "a block"),
        ("<blockquote><p>[!TIP] x</p></blockquote>", "a block"),
        ("<h2>Head {#id}</h2>", "attributes"),
        ("<p>&lt;div class='x'&gt;</p>", "HTML"),
        ("<p>&lt;Tabs&gt;</p>", "a component"),
        ("<p>a | b\n|---|---|</p>", "a table"),
        ("<p>## Head</p>", "a heading"),
        ("<p>```sh ls</p>", "a code fence"),
        ("<p>{{&lt; ref x &gt;}}</p>", "a template tag"),
    ],
)
def test_markdown_that_readers_see_outside_code_has_its_kind(html: str, kind: str) -> None:
    assert [name for name, _ in source_shown.find(html)] == [kind]


@pytest.mark.parametrize(
    "html",
    [
        *("<p>2 ** 3 ** 4</p>", "<p>{name} [1] a|b #1</p>", "<pre>**x**</pre>", "<p>a &lt; B &gt; c</p>"),
        *("<th>#</th><th>Name</th>", "<p>__tests__/a.js, a &lt;ul&gt;</p>"),
    ],
)
def test_plain_text_and_code_are_no_source(html: str) -> None:
    assert source_shown.find(html) == []
