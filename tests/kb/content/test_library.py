"""A folder of articles: the files that are read, the files that are left out and reported, and changes over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kb.content import library
from kb.content.heads import MAX_BYTES
from kb.content.library import Library
from kb.errors import BadArticle, Problem
from tests.conftest import git, write_articles

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def load(folder: Path, **files: str) -> Library:
    """Return the library of files; in their names, __ stands for / and a name without a suffix is an article."""
    named = {name.replace("__", "/"): text for name, text in files.items()}
    write_articles(folder, {name if "." in name else f"{name}.md": text for name, text in named.items()})
    return library.load(folder, default_lang="en")


def problems(shelf: Library, code: str) -> list[Problem]:
    """Return the problems of one kind."""
    return [problem for problem in shelf.problems if problem.code == code]


def test_one_bad_article_is_left_out_and_named_and_stops_nobody(tmp_path: Path) -> None:
    shelf = load(tmp_path, good="# Good", bad="---\ntitle: A\naudience: {a: b}\n---\n", worse="x" * MAX_BYTES + "x")
    assert [article.id for article in shelf.articles] == ["good"]
    assert [(p.path, p.line, p.severity) for p in shelf.problems] == [("bad.md", 3, "error"), ("worse.md", 1, "error")]


def test_a_settings_file_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_bytes('accent = "#0b6b4f"\nname = "Crème"'.encode("latin-1"))
    (problem,) = load(tmp_path, a="# A").problems
    assert str(problem) == "site.toml:2: the file is not UTF-8 and is ignored; save it as UTF-8"


@pytest.mark.parametrize("name", ["site.toml", "guide/_category.yml"])
def test_a_folder_in_place_of_a_settings_file_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir(parents=True)
    (problem,) = load(tmp_path, guide__a="# A").problems
    assert (problem.path, problem.severity) == (name, "error")
    assert problem.why == "this is a folder, and a file of this name is read; move the folder"


def test_a_missing_folder_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A", encoding="utf-8")
    with pytest.raises(BadArticle, match=r"a\.md: this is a file; give the folder that contains it"):
        library.load(tmp_path / "a.md")
    with pytest.raises(BadArticle, match=r"missing: this folder does not exist; create it, or set KB_ARTICLES"):
        library.load(tmp_path / "missing")


def test_an_unknown_key_is_one_warning_with_the_number_of_its_files(tmp_path: Path) -> None:
    head = "---\ntitle: A{n}\nsumary: b\n---\n"
    shelf = load(tmp_path, **{f"a{n}": head.format(n=n) for n in range(5)})
    (problem,) = shelf.problems
    assert (problem.path, problem.line, problem.count, problem.severity) == ("a0.md", 3, 5, "warning")
    assert str(problem).endswith("did you mean 'summary'? (5 files)")


def test_what_begins_with_a_dot_or_an_underscore_is_no_article(tmp_path: Path) -> None:
    write_articles(tmp_path, {"_draft.md": "# A", ".hidden.md": "# B", "_parts/c.md": "# C", ".git/d.md": "# D"})
    assert library.load(tmp_path).articles == ()


def test_a_readme_is_an_article_only_where_it_says_so(tmp_path: Path) -> None:
    assert load(tmp_path, README="# About this folder").articles == ()
    assert [article.title for article in load(tmp_path, README="---\ntitle: About\n---\n").articles] == ["About"]


def test_a_link_that_leads_out_of_the_folder_is_refused_and_named(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("# Secret", encoding="utf-8")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.md").write_text("# A", encoding="utf-8")
    folder = write_articles(tmp_path / "articles", {"own.md": "# Own"})
    (folder / "file.md").symlink_to(tmp_path / "secret.md")
    (folder / "place").symlink_to(tmp_path / "outside")
    (folder / "inner.md").symlink_to(folder / "own.md")
    (folder / "loop").symlink_to(folder)
    shelf = library.load(folder)
    assert [article.id for article in shelf.articles] == ["inner", "own"]
    assert [problem.path for problem in problems(shelf, "link-outside")] == ["file.md", "place"]


def test_equal_names_in_two_folders_do_not_clash(tmp_path: Path) -> None:
    shelf = load(tmp_path, a__reset="# A", b__reset="# B")
    assert [article.address for article in shelf.articles] == ["/en/articles/a/reset", "/en/articles/b/reset"]
    assert not shelf.problems


def test_the_same_language_twice_is_an_error_and_the_first_is_kept(tmp_path: Path) -> None:
    write_articles(tmp_path, {"a.es.md": "# A", "es/a.md": "# B"})
    shelf = library.load(tmp_path)
    assert [article.title for article in shelf.articles] == ["A"]
    assert [problem.path for problem in problems(shelf, "duplicate-article")] == ["es/a.md"]


def test_two_articles_of_one_address_are_both_served_and_the_second_is_named(tmp_path: Path) -> None:
    head = "---\ntitle: A\npermalink: /help/\n---\n"
    write_articles(tmp_path, {"a.md": head, "a.es.md": head})
    shelf = library.load(tmp_path)
    assert [article.address for article in shelf.articles] == ["/help/", "/es/articles/a"]
    assert [problem.path for problem in problems(shelf, "duplicate-address")] == ["a.es.md"]


@pytest.mark.parametrize(
    "address", ["/admin/x", "/api/v1/search", "/files/a.png", "/en", "/es/search", "/en/contact/", "/healthz"]
)
def test_an_article_cannot_take_the_place_of_a_page_of_the_site(tmp_path: Path, address: str) -> None:
    shelf = load(tmp_path, a=f"---\ntitle: A\npermalink: {address}\n---\n")
    assert shelf.articles[0].address == "/en/articles/a"
    assert [problem.code for problem in shelf.problems] == ["reserved-address"]


def test_drafts_scheduled_expired_and_archived_articles_are_told_apart(tmp_path: Path) -> None:
    shelf = load(
        tmp_path,
        plain="# Plain",
        draft="---\ntitle: A\nstatus: draft\n---\n",
        later="---\ntitle: B\npublish_at: 2026-12-01\n---\n",
        begun="---\ntitle: C\npublish_at: 2026-10-01\nexpire_at: 2027-01-01\n---\n",
        expired="---\ntitle: D\nexpire_at: 2026-10-01\n---\n",
        archived="---\ntitle: E\nstatus: archived\n---\n",
    )
    assert [article.id for article in shelf.published(NOW)] == ["begun", "plain"]
    assert [article.id for article in shelf.gone(NOW)] == ["archived", "expired"]
    assert shelf.next_change(NOW) == datetime(2026, 12, 1, tzinfo=UTC)
    assert shelf.next_change(NOW + timedelta(days=365)) is None


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("new.md", "/en/articles/new"),
        ("new", "/en/articles/new"),
        ("/en/articles/new", "/en/articles/new"),
        ("https://example.com/new", "https://example.com/new"),
        ("missing", ""),
        ("mailto:a@b.example", ""),
    ],
)
def test_an_archived_article_may_say_the_way_on(tmp_path: Path, written: str, address: str) -> None:
    shelf = load(tmp_path, new="# New", old=f"---\ntitle: A\nstatus: archived\nreplaced_by: {written}\n---\n")
    assert shelf.way_on(shelf.articles[1]) == address


def test_the_way_on_may_be_a_file_seen_from_the_top(tmp_path: Path) -> None:
    old = "---\ntitle: Old\nstatus: archived\nreplaced_by: billing/new.md\n---\n"
    write_articles(tmp_path, {"billing/new.md": "# New", "billing/old.md": old})
    shelf = library.load(tmp_path)
    assert {article.path: shelf.way_on(article) for article in shelf.articles}[
        "billing/old.md"
    ] == "/en/articles/billing/new"


def test_a_translation_takes_what_it_does_not_say_from_the_default_language(tmp_path: Path) -> None:
    own = "---\ntitle: A\naudience: [client]\ncategory: money\norder: 3\n---\n"
    write_articles(
        tmp_path, {"x/a.md": own, "x/a.es.md": "# A", "x/a.fr.md": "---\ntitle: A\naudience: [staff]\n---\n"}
    )
    shelf = library.load(tmp_path)
    assert [(a.lang, a.audience, a.category, a.order) for a in shelf.articles] == [
        ("en", ("client",), "money", 3),
        ("es", ("client",), "money", 3),
        ("fr", ("staff",), "money", 3),
    ]


def test_categories_have_titles_in_their_languages_and_their_order(tmp_path: Path) -> None:
    write_articles(
        tmp_path,
        {
            "billing/_category.yml": "title: Money\norder: 2\nsummary: What you pay.\nes: {title: Dinero}\n",
            "billing/a.md": "# A",
            "safety/_category.yml": "title: Safety\norder: 1\noffers: none\n",
            "safety/_category.fr.yml": "title: Sécurité\n",
            "safety/b.md": "# B",
            "es/safety/_category.yml": "title: Seguridad\n",
            "plain-words/c.md": "# C",
            "d.md": "---\ntitle: D\ncategory: elsewhere\n---\n",
            "unused/_category.yml": "title: Unused\n",
        },
    )
    shelf = library.load(tmp_path)
    titles = {(c.name, c.lang): c.title for c in shelf.categories}
    assert titles == {
        ("safety", "en"): "Safety",
        ("safety", "es"): "Seguridad",
        ("safety", "fr"): "Sécurité",
        ("billing", "en"): "Money",
        ("billing", "es"): "Dinero",
        ("plain-words", "en"): "Plain words",
        ("elsewhere", "en"): "Elsewhere",
    }
    assert [c.name for c in shelf.categories if c.lang == "en"] == ["safety", "billing", "elsewhere", "plain-words"]
    assert {c.name: c.offers for c in shelf.categories if c.lang in ("en", "fr")}["safety"] is False
    assert all(not c.offers for c in shelf.categories if c.name == "safety")


def test_a_category_file_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    write_articles(tmp_path, {"a/_category.yml": "titel: A\norder: first\n", "a/b.md": "# B"})
    assert [str(problem) for problem in library.load(tmp_path).problems] == [
        "a/_category.yml:1: key 'titel' is unknown and ignored; did you mean 'title'?",
        "a/_category.yml:2: order is 'first'; it must be a whole number",
    ]


def test_a_top_folder_named_like_a_language_is_a_category_where_it_says_so(tmp_path: Path) -> None:
    write_articles(tmp_path, {"it/_category.yml": "title: IT\n", "it/printers.md": "# Printers"})
    (article,) = library.load(tmp_path).articles
    assert (article.id, article.lang, article.category) == ("it/printers", "en", "it")


def test_synonyms_are_groups_of_a_language(tmp_path: Path) -> None:
    write_articles(
        tmp_path, {"_synonyms.yml": "en:\n  - [Invoice, bill]\n  - 2fa, two factor\nes: [solo]\nxx: [a, b]\n"}
    )
    shelf = library.load(tmp_path)
    assert shelf.synonyms == {"en": (("invoice", "bill"), ("2fa", "two factor")), "es": (("solo",),)}
    assert [problem.line for problem in shelf.problems] == [5]


def test_pins_name_articles_and_an_unknown_one_is_an_error(tmp_path: Path) -> None:
    shelf = load(
        tmp_path, reset="# A", codes="# B", **{"_pins.yml": "password: reset\nes:\n  clave: [codes.md, gone]\n"}
    )
    assert [(pin.query, pin.articles, pin.lang) for pin in shelf.pins] == [
        ("password", ("reset",), "en"),
        ("clave", ("codes",), "es"),
    ]
    assert "'clave' is pinned to gone" in shelf.problems[0].why


def test_a_pin_may_hold_until_a_day(tmp_path: Path) -> None:
    pins = "password: {articles: reset, until: 2027-01-31}\nes:\n  clave: {articles: [reset], until: soon}\n"
    shelf = load(tmp_path, reset="# A", **{"_pins.yml": pins})
    assert [(pin.query, str(pin.until)) for pin in shelf.pins] == [("password", "2027-01-31")]
    assert "'soon', which is not a date" in shelf.problems[0].why


def test_aliases_and_redirects_lead_to_addresses(tmp_path: Path) -> None:
    shelf = load(
        tmp_path, a="---\ntitle: A\naliases: [/old.html]\n---\n", **{"_redirects.yml": "/older: /old.html\n/b: a.md\n"}
    )
    assert shelf.redirects == {"/older": "/en/articles/a", "/b": "/en/articles/a", "/old.html": "/en/articles/a"}


def test_the_fingerprint_changes_with_every_file_that_visitors_notice(tmp_path: Path) -> None:
    prints = [load(tmp_path, a="# A").fingerprint]
    for name, text in [
        ("a.md", "# B"),
        ("_synonyms.yml", "en: [[a, b]]"),
        ("c/_category.yml", "title: C"),
        ("x.png", ""),
    ]:
        write_articles(tmp_path, {name: text})
        prints.append(library.load(tmp_path).fingerprint)
    assert len(set(prints)) == 5
    assert library.load(tmp_path).fingerprint == prints[-1]


def test_an_article_was_updated_by_the_last_commit_that_touched_it(tmp_path: Path) -> None:
    folder = write_articles(tmp_path / "articles", {"a.md": "# A", "b é.md": "# B"})
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    write_articles(folder, {"a.md": "# A2", "new.md": "# New"})
    git(tmp_path, "add", "articles/a.md")
    git(tmp_path, "commit", "-qm", "two", when="2026-02-03T00:00:00Z")
    updated = {article.id: article.updated for article in library.load(folder).articles}
    assert updated == {
        "a": datetime(2026, 2, 3, tzinfo=UTC),
        "b é": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "new": None,
    }


def test_a_shallow_clone_dates_nothing_wrongly(tmp_path: Path) -> None:
    folder = write_articles(tmp_path / "own", {"a.md": "# A"})
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    write_articles(folder, {"b.md": "# B"})
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "two")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{folder}", "clone")
    assert [article.updated for article in library.load(tmp_path / "clone").articles] == [None, None]


def test_outside_git_nothing_has_a_date(tmp_path: Path) -> None:
    assert [article.updated for article in load(tmp_path, a="# A").articles] == [None]
