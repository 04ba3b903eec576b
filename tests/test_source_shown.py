"""The measure of `python -m tests.bench.source_shown`: Markdown that readers see outside code."""

from __future__ import annotations

import pytest

from tests.bench.source_shown import source_shown


@pytest.mark.parametrize(
    ("html", "marks"),
    [
        ("<p>Use <strong>bold</strong> and 2 ** 3</p>", set()),
        ("<p>Use **bold** text</p>", {"**"}),
        ("<p>[a](b.md)</p>", {"]("}),
        ("<pre><code>**a** ::: [[b]]</code></pre>", set()),
        ("<p>:::note</p>", {":::"}),
        ("<h2>Head {#id}</h2>", {"{#"}),
        ("<p>&lt;div class=x&gt;</p>", {"<tag"}),
        ("<p>a | b\n|---|---|</p>", {"|---|"}),
        ("<p>## Head</p>", {"##"}),
        ("<p>```sh ls</p>", {"```"}),
        ("<p>!!! note</p><p>[!TIP] x</p>", {"!!!"}),
        ("<p>{{&lt; ref x &gt;}}</p>", {"{%"}),
    ],
)
def test_a_mark_counts_where_readers_see_it(html: str, marks: set[str]) -> None:
    assert source_shown(html) == marks
