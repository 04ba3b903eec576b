"""The look of the site in `site.toml`: what is right applies, and what is wrong is said with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kb.content import look
from kb.content.library import Library, load
from kb.content.picture_size import size
from kb.content.site_file import KEYS, READERS, Banner, Link, said

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 32"><path d="M0 0h9v9z"/></svg>'
FILES = {
    "brand/logo.svg": SVG,
    "brand/own.css": "h1 { color: red }",
    "brand/words.png": "This is no picture.",
    "brand/head.html": '<script>counted = 1</script>\n<script async src="https://stats.example/a.js"></script>',
    "start/a.md": "# A\n\nText.\n",
}
WHOLE = """
name = { en = "Acme help", es = "Ayuda de Acme" }
accent = "#0B6B4F"
logo = { light = "brand/logo.svg", dark = "brand/logo.svg" }
favicon = "./brand/logo.svg"
stylesheet = "brand/own.css"
head = "brand/head.html"
analytics = ["https://stats.example/"]
topics = ["start"]

[banner]
text = { en = "Late", es = "Tarde" }
link = "/en/articles/start/a"
level = "warning"
until = 2026-12-31

[[footer]]
label = "Terms"
href = "https://acme.example/terms"
"""


def library(folder: Path, text: str, **files: str) -> Library:
    """Return the library of a folder with a `site.toml`."""
    for name, content in (FILES | files | {"site.toml": text}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return load(folder)


def problems(folder: Path, text: str, **files: str) -> list[tuple[int, str, str]]:
    """Return line, severity and sentence of each problem of `site.toml`."""
    return [(p.line, p.severity, p.why) for p in library(folder, text, **files).problems]


def test_everything_that_is_right_applies(tmp_path: Path) -> None:
    found = library(tmp_path, WHOLE)
    assert [p.why for p in found.problems] == [
        "accent #0b6b4f can't be read well on one background; the site uses #54a687 in the dark theme, with a contrast "
        "of at least 4.5:1"
    ]
    site = found.look.site
    assert (found.look.name("es-MX"), found.look.name("fr")) == ("Ayuda de Acme", "Acme help")
    assert site.banner == Banner(
        (("en", "Late"), ("es", "Tarde")), "/en/articles/start/a", "warning", date(2026, 12, 31)
    )
    assert site.footer == (Link((("", "Terms"),), "https://acme.example/terms"),)
    assert site.analytics == ("https://stats.example",)
    assert sorted(found.look.files) == ["dark_logo", "favicon", "head", "logo", "stylesheet"]


def test_a_generation_gives_back_the_same_look(tmp_path: Path) -> None:
    found = library(tmp_path, WHOLE).look
    again = look.loads(look.dumps(WHOLE, found))
    assert (again.site, dict(again.files), again.themes) == (found.site, dict(found.files), found.themes)
    assert look.loads("").files == {}


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('\nacent = "#000000"', 2, "key 'acent' is unknown; did you mean 'accent'?"),
        ('accent = "red"', 1, "accent is not a colour; write it as #rrggbb"),
        ("accent = 7", 1, "accent must be a text of 1 to 300 characters"),
        ('logo = "no.svg"', 1, "logo: no.svg cannot be read: No such file or directory; the key is ignored"),
        ('logo = "../x.svg"', 1, "logo must be a file in the articles folder"),
        ('logo = "/etc/x.svg"', 1, "logo must be a file in the articles folder"),
        ('logo = "brand/own.css"', 1, "logo: brand/own.css must end in .svg, .png"),
        ('logo = "brand/words.png"', 1, "logo: brand/words.png is not a picture; save it again as one; the key is"),
        ('\n[logo]\ndark = "brand/logo.svg"', 2, "logo needs 'light'"),
        ('stylesheet = "brand/logo.svg"', 1, "stylesheet: brand/logo.svg must end in .css"),
        ('analytics = "stats.example"', 1, "analytics must be origins such as https://stats.example, without a path"),
        ('analytics = ["https://a.example/x"]', 1, "analytics must be origins"),
        ("analytics = [\"https://a.example; script-src 'unsafe-inline'\"]", 1, "analytics must be origins"),
        ('topics = ["start", 3]', 1, 'topics must be a list of texts, such as ["account", "billing"]'),
        ('topics = ["strat"]', 1, "strat is not a topic; did you mean 'start'?"),
        ('name = { english = "x" }', 1, "name has the key 'english', which is not a language"),
        ('[banner]\nlink = "/x"', 1, "banner needs 'text'"),
        ('[banner]\ntext = "x"\nlevel = "loud"', 3, "level must be one of info, warning, danger"),
        ('[banner]\ntext = "x"\nuntil = "soon"', 3, "until must be a day such as 2026-12-31"),
        ('[banner]\ntext = "x"\nlink = "javascript:x()"', 3, "link must be an address that begins with"),
        ('[[footer]]\nlabel = "a"\nhref = "/a"\n[[footer]]\nlabel = "b"', 4, "this link needs 'href'"),
        ('[[footer]]\nlabel = "a"\nhref = "//evil.example"', 3, "href must be an address that begins with"),
        ('footer = "x"', 1, "footer must be tables [[footer]]"),
        ('name = "x"\naccent = ', 2, "Invalid value"),
    ],
)
def test_a_wrong_value_is_an_error_on_its_line(tmp_path: Path, text: str, line: int, why: str) -> None:
    (found,) = problems(tmp_path, text)
    assert found[:2] == (line, "error")
    assert found[2].startswith(why)


def test_the_rest_applies_beside_a_wrong_value(tmp_path: Path) -> None:
    found = library(tmp_path, 'accent = "red"\nname = "Acme"\nlogo = "no.svg"\n[banner]\ntext = "Hi"\ncolor = "x"\n')
    assert [p.line for p in found.problems] == [1, 3, 6]
    assert found.look.name("en") == "Acme"
    assert found.look.site.banner == Banner((("", "Hi"),))


def test_a_banner_whose_last_day_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    assert library(tmp_path, '[banner]\ntext = "x"\nuntil = "soon"').look.site.banner is None


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ("<p>Hello</p>", "<p> can't be in the head of a page"),
        ("<style>p { color: red }</style>", "<style> can't be in the head of a page"),
        ("</head><body>", "<body> can't be in the head of a page"),
        ("<script>let a = 1;", "<script> is not closed and would hide the page; add </script>"),
        ("<!-- old <script>a</script>", "<!-- is not closed and would hide the page; add -->"),
        ('<noscript><link href="a.css">', "<noscript> is not closed and would hide the page; add </noscript>"),
    ],
)
def test_a_head_that_would_break_the_page_is_left_out(tmp_path: Path, html: str, why: str) -> None:
    found = library(tmp_path, 'head = "brand/head.html"', **{"brand/head.html": html})
    assert found.problems[0].why.startswith(why)
    assert (found.problems[0].path, found.look.files) == ("brand/head.html", {})


@pytest.mark.parametrize(
    "html",
    [
        "<SCRIPT>a = '<!-- <script>'</SCRIPT >",
        "<!-- <script> and <noscript> --><meta name=a>",
        "<noscript><meta name=a></noscript>",
    ],
)
def test_a_head_whose_elements_are_closed_is_used(tmp_path: Path, html: str) -> None:
    found = library(tmp_path, 'head = "brand/head.html"', **{"brand/head.html": html})
    assert (found.problems, [*found.look.files]) == ((), ["head"])


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("head.html", '<script src="https://x.example/a.js"></script>', "loads a script from https://x.example, which"),
        ("head.html", '<link rel="x" onload="y()">', "has an attribute such as onload, which"),
        ("own.css", "@import 'x.css';", "loads styles or fonts from another address"),
        ("own.css", "@font-face { src: url(https://x.example/a.woff2) }", "loads styles or fonts from another address"),
    ],
)
def test_what_the_policy_refuses_is_a_warning(tmp_path: Path, name: str, content: str, why: str) -> None:
    key = "head" if name == "head.html" else "stylesheet"
    (found,) = problems(tmp_path, f'{key} = "brand/{name}"', **{f"brand/{name}": content})
    assert found[:2] == (1, "warning")
    assert found[2].startswith(f"brand/{name} {why}")


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.svg").write_text("classified")
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "logo.svg").symlink_to(tmp_path / "secret.svg")
    found = library(tmp_path / "articles", 'logo = "logo.svg"')
    assert found.look.files == {}
    assert any("is outside the articles folder" in p.why for p in found.problems)


def test_a_changed_file_makes_another_generation(tmp_path: Path) -> None:
    before = library(tmp_path, WHOLE).fingerprint
    assert library(tmp_path, WHOLE).fingerprint == before
    assert library(tmp_path, WHOLE, **{"brand/own.css": "h1 { color: blue }"}).fingerprint != before


def test_the_manual_lists_every_key() -> None:
    assert {key.name for key in KEYS} == {*READERS, "logo", "footer", "banner"}


@pytest.mark.parametrize(("lang", "expected"), [("es", "b"), ("es-MX", "b"), ("fr", "a"), ("en", "a")])
def test_a_text_is_shown_in_the_nearest_language(lang: str, expected: str) -> None:
    assert said((("", "a"), ("es", "b")), lang) == expected
    assert said((("en", "a"), ("es", "b")), lang) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (SVG.encode(), (120, 32)),
        (b'<svg width="24px" height="12">', (24, 12)),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x05\0\0\0\x07", (5, 7)),
        (b"GIF89a\x05\0\x07\0", (5, 7)),
        (b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\0\x07\0\x05", (5, 7)),
        (b"RIFF1234WEBPVP8X\n\0\0\0\0\0\0\0\x04\0\0\x06\0\0", (5, 7)),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"\xff\xd8\xff", None),
        (b"<svg>", None),
        (b"", None),
    ],
)
def test_the_size_of_a_picture(data: bytes, expected: tuple[int, int] | None) -> None:
    assert size(data) == expected
