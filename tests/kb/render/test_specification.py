"""The examples of the specifications of CommonMark and of GitHub's Markdown, under both renderers.

CommonMark's text comes from npm (`make npm`). GitHub's is in no package: KB_GFM_SPEC names the file, if you have it.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

import pytest

from kb.render import code, markdown, sanitise
from tests.support import specification
from tests.support.specification import Example, normal

# Where we differ on purpose, by the beginning of the example's text.
DIFFERENT = {
    "words in angle brackets that are no HTML are text": (
        "<Warning>", "[foo]: <bar>(baz)", "[link](<foo\n", '[foo <bar attr="](', '[foo <bar attr="][', "<a><bab>",
        "<a/><b2/>", "<a  /><b2", "Foo <responsive-image", "</a></foo >",
    ),
    "a non-breaking blank after a mark is a blank": ("*\xa0a",),
    "addresses are links, as on GitHub": ("< http", "http://example.com\n", "https://example.com\n", "foo@bar.example"),
    "tasks have a character instead of a form control": ("- [ ] foo", "- [x] foo\n  - [ ] bar"),
    "links by ftp are text, since no browser opens them": ("http://commonmark.org\n\n(Visit https",),
    "comments are as in CommonMark 0.31": ("foo <!-- not a comment -- two",),
    "of tags in a block of HTML that are not allowed, the sanitiser decides": ("<strong> <title> <style>",),
}  # fmt: skip
LEAST = {"commonmark": 638, "gfm": 653}  # of 652, of 673
LEAST_PYTHON_MARKDOWN = 455  # of 652


TAGS_WITHOUT_END = ('<div id="foo"\n*hi*', "<div class\nfoo", "<div *???")  # browsers read no text in them


def specified(path: Path) -> tuple[Example, ...]:
    """Return the examples in a file, or skip the test."""
    if not path.is_file():
        pytest.skip(f"{path.name} is not here; 'make npm' installs CommonMark's, KB_GFM_SPEC names GitHub's")
    return specification.examples(path)


@pytest.fixture(autouse=True)
def plain_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write code blocks as the specification does, without colours."""

    def block(text: str, info: str) -> str:
        language = (info.split() or [""])[0]
        named = f' class="language-{escape(language)}"' if language else ""
        return f"<pre><code{named}>{escape(text)}</code></pre>\n"

    monkeypatch.setattr(code, "block", block)


def on_purpose(example: Example) -> bool:
    """Return True if we differ from an example on purpose."""
    return any(example.text.startswith(begin) for begins in DIFFERENT.values() for begin in begins)


@pytest.mark.parametrize(("name", "path"), [("commonmark", specification.COMMONMARK), ("gfm", specification.GFM)])
def test_the_examples_render_as_specified_but_where_we_differ_on_purpose(name: str, path: Path) -> None:
    examples = specified(path)
    wrong = [e for e in examples if normal(markdown.convert(e.text, dialect="commonmark")) != normal(e.html)]
    print(f"{name}: {len(examples) - len(wrong)} of {len(examples)} as specified, {len(wrong)} different on purpose")
    assert [(example.number, example.text) for example in wrong if not on_purpose(example)] == []
    assert len(examples) - len(wrong) >= LEAST[name]


def test_a_share_renders_as_specified_under_python_markdown() -> None:
    examples = specified(specification.COMMONMARK)
    right = 0
    for example in examples:
        html = markdown.convert(example.text, dialect="python-markdown")
        html = re.sub(r'<div class="highlight"[^>]*>(<pre>)(?:<span></span>)?', r"\1", html).replace(
            "</pre></div>", "</pre>"
        )
        right += normal(html) == normal(example.html)
    print(f"Python-Markdown: {right} of {len(examples)} as specified")
    assert right >= LEAST_PYTHON_MARKDOWN


@pytest.mark.parametrize("path", [specification.COMMONMARK, specification.GFM])
def test_sanitising_loses_no_text_but_that_of_elements_that_are_not_allowed(path: Path) -> None:
    lost = []
    for example in specified(path):
        if example.text.startswith(TAGS_WITHOUT_END):
            continue
        html = markdown.convert(example.text, dialect="commonmark")
        shown = specification.words(sanitise.clean(html))
        missing = [word for word in specification.words(html) if word not in shown]
        if missing and not sanitise.lost(html):
            lost.append((example.number, missing))
    assert lost == []
