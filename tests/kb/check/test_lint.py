"""The findings of `kb check` and their lines, and correct articles without findings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb.check import check as checks
from kb.check import lint
from kb.content import library
from kb.content.dialect import Choice
from kb.errors import Problem
from kb.render import render
from tests.conftest import write_articles

NOW = datetime(2026, 11, 1, tzinfo=UTC)
OTHER = {
    "account/reset.md": "---\ntitle: Reset\n---\nText\n\n## With a code {#code}\n",
    "account/a.png": "",
    "top.pdf": "",
}
USES = "\n\n[f](../top.pdf) ![What it shows](a.png)\n"


def check(folder: Path, files: dict[str, str], **options: object) -> list[Problem]:
    """Return the problems of files."""
    return list(lint.check(library.load(write_articles(folder, files)), now=NOW, **options))  # type: ignore[arg-type]


def found(folder: Path, body: str, head: str = "title: Page") -> list[tuple[str, int, str]]:
    """Return code, line and severity of the problems of an article beside another article and two files."""
    files = OTHER | {"account/page.md": f"---\n{head}\n---\n{body}{USES}"}
    return [(problem.code, problem.line, problem.severity) for problem in check(folder, files)]


@pytest.mark.parametrize(
    "body",
    [
        "[x](reset.md) [x](reset.md#code) [x](/en/articles/account/reset#code) [x](#here)\n\n## Here",
        "[x](https://nobody.example/) [x](mailto:a@b.example) [x](/en/contact) [x](../top.pdf)",
        '<img src="a.png" alt=""> decorates',
        "Text[^1]\n\n[^1]: Note",
    ],
)
def test_nothing_is_found_in_what_is_right(tmp_path: Path, body: str) -> None:
    assert found(tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        ("\n[x](missing.md)", ("broken-link", 5, "error")),
        ("[x](../../etc/passwd)", ("broken-link", 4, "error")),
        ("[x]()", ("broken-link", 4, "error")),
        ("[x](/pricing/)", ("broken-link", 4, "warning")),
        ("\n\n[x](reset.md#cod)", ("broken-anchor", 6, "warning")),
        ("[x](#nowhere)", ("broken-anchor", 4, "warning")),
        ("[x](/old/kb/reset)", ("foreign-link", 4, "warning")),
        ("![x](gone.png)", ("missing-image", 4, "error")),
        ("![x](/static/gone.png)", ("missing-image", 4, "warning")),
        ("![](a.png)", ("alt", 4, "warning")),
        ("![a.png](a.png)", ("alt", 4, "warning")),
        ("![screenshot](a.png)", ("alt", 4, "warning")),
        ("![x](http://a.example/a.png)", ("insecure-image", 4, "warning")),
        ("\n<iframe src=x></iframe>", ("not-shown", 5, "warning")),
    ],
)
def test_what_is_wrong_in_a_text_is_found_on_its_line(tmp_path: Path, body: str, finding: tuple[str, int, str]) -> None:
    assert found(tmp_path, body) == [finding]


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("title: Reset", "duplicate-title"),
        ("title: Page\nreview_every: 30d", "review"),
        ("title: Page\nreview_every: 30d\nverified: 2026-10-01", "review"),
        ("title: Page\nstatus: archived\nreplaced_by: nothing", "broken-link"),
        ("title: Page\nsumary: S", "not-used"),
    ],
)
def test_what_is_wrong_in_a_head_is_found(tmp_path: Path, head: str, code: str) -> None:
    assert [finding[0] for finding in found(tmp_path, "Text", head)] == [code]


def test_a_review_that_is_due_today_is_not_overdue(tmp_path: Path) -> None:
    assert found(tmp_path, "Text", "title: Page\nreview_every: 31d\nverified: 2026-10-01") == []


def test_the_owner_is_told_how_long_a_review_is_overdue(tmp_path: Path) -> None:
    head = "title: A\nowner: identity-team\nreview_every: 30d\nverified: 2026-09-01"
    (problem,) = check(tmp_path, {"a.md": f"---\n{head}\n---\nText"})
    assert problem.why == "review has been overdue since 2026-10-01 (31 days); ask identity-team"


def test_a_broken_anchor_names_the_nearest_heading(tmp_path: Path) -> None:
    (problem,) = check(tmp_path, {"a.md": "# A\n\n[x](#with-code)\n\n## With a code\n"})
    assert problem.why == "there is no heading #with-code here; did you mean 'with-a-code'?"


def test_a_link_to_an_article_that_cannot_be_read_is_not_said_to_lead_nowhere(tmp_path: Path) -> None:
    problems = check(tmp_path, {"a.md": "# A\n\n[x](b/c.md#d)", "b/c.md": "---\ntitle: C\naudience: {a: b}\n---\n"})
    assert [str(p) for p in problems if p.path == "a.md"] == [
        "a.md:3: links to b/c.md, which cannot be read; fix that file first"
    ]


def test_a_link_to_a_draft_is_named(tmp_path: Path) -> None:
    (problem,) = check(tmp_path, {"a.md": "# A\n\n[x](b.md)", "b.md": "---\ntitle: B\nstatus: draft\n---\n"})
    assert "links to b.md, which is not published" in problem.why


def test_a_link_to_an_old_address_names_the_new_one(tmp_path: Path) -> None:
    (problem,) = check(tmp_path, {"a.md": "# A\n\n[x](/old)", "b.md": "---\ntitle: B\naliases: [/old]\n---\nText"})
    assert problem.why == "/old redirects to /en/articles/b; link to that address"


def test_files_that_no_article_uses_are_named(tmp_path: Path) -> None:
    assert [(p.code, p.path) for p in check(tmp_path, {"a.md": "# A\n\nText", "b.png": ""})] == [
        ("unused-file", "b.png")
    ]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("Text\n\n```python\nprint(1)\n\n## Next\n", 5),
        ("```\na\n```\n\n~~~~ text\n~~~\n```\n", 7),
        ("```\na\n``` b\n", 3),
        ("```\na\n ```` \n", None),
        ("- item\n\n  ```\n  a\n  ```\n\n````md\n```\n````\n", None),
        ("``` code ``` in a sentence\n\nText", None),
    ],
)
def test_a_fence_that_is_not_closed_is_named_where_it_begins(tmp_path: Path, body: str, line: int | None) -> None:
    wrong = [p for p in check(tmp_path, {"a.md": f"# A\n\n{body}"}) if p.code == "open-fence"]
    assert [problem.line for problem in wrong] == ([line] if line else [])


def test_a_picture_of_the_stylesheet_is_used(tmp_path: Path) -> None:
    css = "body { background: url( '/files/brand/a%20b.png?1' ) }\nh1 { background: url(/files/brand/c.png) }"
    files = {"site.toml": 'stylesheet = "own.css"', "own.css": css, "brand/a b.png": "", "brand/c.png": "", "d.png": ""}
    assert [p.path for p in check(tmp_path, {"a.md": "# A\n\nText"} | files)] == ["d.png"]


@pytest.mark.parametrize("text", ['logo = "logo.sgv"', 'logo = "logo.svg', 'lgo = "logo.svg"'])
def test_a_picture_that_site_toml_may_mean_is_not_to_be_removed(tmp_path: Path, text: str) -> None:
    wrong = check(tmp_path, {"a.md": "# A\n\nText", "logo.svg": "<svg/>", "a.zip": "", "site.toml": text})
    assert [(p.path, p.severity) for p in wrong] == [("a.zip", "warning"), ("site.toml", "error")]


def test_an_article_that_cannot_be_rendered_or_has_no_text_is_named(tmp_path: Path) -> None:
    wrong = check(tmp_path, {"a.md": "# A\n\n" + "> " * 3_000 + "a", "b.md": "# B"})
    assert [(p.code, p.path, p.severity) for p in wrong] == [("render", "a.md", "error"), ("empty", "b.md", "warning")]


def test_a_redirect_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    wrong = check(tmp_path, {"a.md": "# A\n\nText", "_redirects.yml": "/old: /nowhere\n/older: /en/articles/a\n"})
    assert [problem.why for problem in wrong] == ["/old redirects to /nowhere, which is not a page of this help center"]


def test_links_of_another_help_center_are_one_finding(tmp_path: Path) -> None:
    files = {f"a{n}.md": f"# A{n}\n\n[x](/en-US/kb/a{(n + 1) % 9}#w_with-a-code)\n\n## With a code" for n in range(9)}
    (problem,) = check(tmp_path, files)
    assert (problem.code, problem.count) == ("foreign-link", 9)


def test_a_question_whose_article_is_not_among_the_first_three_is_an_error(tmp_path: Path) -> None:
    asked: list[tuple[str, str, str]] = []

    def find(query: str, lang: str, article: str) -> Sequence[str]:
        asked.append((query, lang, article))
        return {"good": ["x", "y", "a"], "bad": ["x", "y", "z", "a"], "none": []}[query]

    wrong = check(tmp_path, {"a.md": "---\ntitle: A\nqueries:\n  - good\n  - bad\n  - none\n---\nText"}, find=find)
    assert asked == [("good", "en", "a"), ("bad", "en", "a"), ("none", "en", "a")]
    assert [(problem.line, problem.severity) for problem in wrong] == [(5, "error"), (6, "error")]
    assert "after x, y, z" in wrong[0].why


def test_a_second_check_renders_nothing_and_finds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = OTHER | {"a.md": "# A\n\n[x](missing.md)\n\n![](gone.png)\n\n<iframe>", "b.md": "# B\n\n" + "> " * 3_000}
    first = check(tmp_path / "articles", files, cache=tmp_path / "var" / "checks.json")
    monkeypatch.setattr(render, "render", lambda *_, **__: pytest.fail("rendered again"))
    assert check(tmp_path / "articles", files, cache=tmp_path / "var" / "checks.json") == first


def test_a_new_article_mends_a_link_though_the_text_was_kept(tmp_path: Path) -> None:
    cache = tmp_path / "checks.json"
    assert [p.code for p in check(tmp_path / "a", {"a.md": "# A\n\n[x](b.md)"}, cache=cache)] == ["broken-link"]
    assert check(tmp_path / "a", {"b.md": "# B\n\nText"}, cache=cache) == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"recipe": 1, "articles": {"a": 1}}'])
def test_a_cache_that_is_not_ours_is_written_anew(tmp_path: Path, content: bytes) -> None:
    cache = tmp_path / "checks.json"
    cache.write_bytes(content)
    assert check(tmp_path / "a", {"a.md": "# A\n\nText"}, cache=cache) == []
    assert json.loads(cache.read_text(encoding="utf-8"))["articles"]


SOME = (
    Problem("a.md", 3, "an image has no text", "alt"),
    Problem("a.md", 5, "an image has no text", "alt"),
    Problem("b, c.md", 1, "100% wrong:\nyes", "link", "error"),
    Problem("c.md", 2, "key 'x' is unknown", "not-used", count=7),
    Problem("d.md", 2, "/x is no page", "link"),
    Problem("e.md", 4, "/x is no page", "link"),
)


def test_text_says_errors_first_and_what_is_alike_once() -> None:
    assert checks.format_text(SOME).split("\n") == [
        "error: b, c.md:1: 100% wrong:",
        "yes",
        "warning: a.md:3: an image has no text (and on line 5)",
        "warning: c.md:2: key 'x' is unknown (7 files)",
        "warning: d.md:2: /x is no page (2 times in 2 files)",
        "1 error, 5 warnings",
    ]
    assert checks.format_text(()) == "No problems found."


def test_every_error_is_said_with_its_own_file() -> None:
    alike = [Problem(path, 1, "title is missing", "article", "error") for path in ("a.md", "b.md")]
    assert checks.format_text(alike).split("\n")[:2] == [
        "error: a.md:1: title is missing",
        "error: b.md:1: title is missing",
    ]


def test_json_is_one_document_with_every_finding() -> None:
    document = json.loads(checks.format_json(checks.Report(SOME, Choice())))
    assert (document["errors"], document["warnings"], len(document["problems"])) == (1, 5, 6)
    assert document["problems"][3] == {
        "path": "c.md", "line": 2, "why": "key 'x' is unknown", "code": "not-used", "severity": "warning", "count": 7,
    }  # fmt: skip


def test_github_gets_annotations_that_cannot_be_broken_out_of() -> None:
    lines = checks.format_github(SOME, prefix="docs/").split("\n")
    assert len(lines) == len(SOME)
    assert lines[2] == "::error file=docs/b%2C c.md,line=1,title=kb check%3A link::100%25 wrong:%0Ayes"
