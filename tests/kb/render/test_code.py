"""Code blocks: the language after the fence, colours that can be read on light and dark, and hostile info strings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kb.content import colour
from kb.content.colour import contrast
from kb.render.code import MAX_CODE, block

STYLES = Path(__file__).parents[3] / "static/site.css"


@pytest.mark.parametrize(
    ("info", "label"),
    [
        ("python", "Python"),
        ("JS {1,3}", "JavaScript"),
        ("{.sh #id}", "Bash"),
        ("ts:line-numbers", "TypeScript"),
        ('yaml title="a.yml"', "YAML"),
        ("text", ""),
        ("mermaid-of-nobody", ""),
        ("", ""),
        ('title="only"', ""),
        ("<script>", ""),
        ("x" * 1_000, ""),
    ],
)
def test_the_language_is_what_follows_the_fence(info: str, label: str) -> None:
    assert re.findall(r'data-language="([^"]*)"', block("a\n", info)) == ([label] if label else [])


def test_an_unknown_language_is_plain_code() -> None:
    assert block("<b>\n", "nosuch") == '<div class="highlight"><pre><code>&lt;b&gt;\n</code></pre></div>\n'


def test_a_long_block_has_no_colours_but_its_language() -> None:
    html = block("x = 1\n" * MAX_CODE, "python")
    assert "<span" not in html
    assert 'data-language="Python"' in html


def test_a_title_cannot_break_out_of_its_element() -> None:
    assert "<img" not in block("a", "js title='<img src=x onerror=alert(1)>'")


def colours(scheme: int) -> dict[str, str]:
    """Return the custom properties of the light (0) or the dark (1) scheme."""
    part = STYLES.read_text().split(":root {")[scheme + 1].split("}")[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", part))


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize("name", ["k", "s", "n", "c", "f", "bad", "soft", "ink"])
def test_each_colour_of_code_has_a_contrast_of_four_and_a_half(name: str, scheme: int) -> None:
    known = colours(scheme)
    assert contrast(colour.parse(known[name]), colour.parse(known["code"])) >= 4.5
