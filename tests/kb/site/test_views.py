"""The pages as a visitor without a script gets them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import Markup

from deflect.store.services import EXTENSION
from kb.site.frame import NONCE, interface_attributes
from tests.support.sample import fresh, help_center


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center."""
    return help_center(tmp_path_factory.mktemp("site"))


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    """A browser without cookies."""
    with app.test_client() as client:
        yield client


def text(client: FlaskClient, path: str, *, status: int = 200, **headers: str) -> str:
    """Return the page at a path, which must answer with this status."""
    answer = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def words(html: str) -> str:
    """Return the visible text of a page."""
    return " ".join(Markup(re.sub(r"<(script|style).*?</\1>", "", html, flags=re.DOTALL)).striptags().split())


@pytest.mark.parametrize(
    ("accept", "lang"),
    [("es-MX,es;q=0.9,en;q=0.5", "es"), ("ar", "ar"), ("de", "en"), ("", "en"), ("en;q=.2,es;q=.1", "en")],
)
def test_the_first_page_is_in_the_language_of_the_browser(client: FlaskClient, accept: str, lang: str) -> None:
    answer = client.get("/", headers={"Accept-Language": accept})
    assert answer.location == f"/{lang}/"
    assert answer.headers["Vary"] == "Accept-Language"


def test_the_home_page_has_search_topics_articles_and_the_way_to_contact(client: FlaskClient) -> None:
    page = text(client, "/en/")
    assert 'action="/en/search"' in page
    assert 'href="/en/categories/account"' in page
    assert "Sign in and change who you are." in page
    assert 'href="/en/articles/account/reset-password"' in page
    assert 'href="/en/contact"' in page


def test_a_category_lists_its_articles_and_says_which_are_in_another_language(client: FlaskClient) -> None:
    page = words(text(client, "/es/categories/account"))
    assert "Tu cuenta" in page
    assert "Cambia tu contraseña" in page
    assert "Sign in with a passkey en inglés" in page


def test_a_category_that_shows_nothing_is_not_there(client: FlaskClient) -> None:
    text(client, "/en/categories/nothing", status=404)


def test_an_article_has_its_way_its_contents_and_where_it_stands(client: FlaskClient) -> None:
    page = text(client, "/en/articles/account/reset-password")
    assert '<a href="#without-the-phone">Without the phone</a>' in page
    assert '<h2 id="without-the-phone">' in page
    assert re.search(r"Home.*Your account.*Reset your password", words(page))
    assert "overdue since October 31, 2026" in words(page) or "Verified on October 1, 2026" in words(page)
    assert "Was this helpful?" in words(page)
    assert "It's out of date" in words(page)


def test_an_article_that_is_not_translated_is_shown_in_another_language_and_says_so(client: FlaskClient) -> None:
    page = text(client, "/es/articles/account/passkey")
    assert '<html lang="es"' in page
    assert "aún no está disponible en español. Aquí lo tiene en inglés." in words(page)
    assert '<article data-article="account/passkey"' in page
    assert re.search(r'<article [^>]*lang="en" dir="ltr"', page)
    assert '/en/articles/account/passkey">' in re.findall(r'<link rel="canonical" href="[^"]*">', page)[0]


def test_an_article_in_arabic_is_read_from_the_right(client: FlaskClient) -> None:
    page = text(client, "/ar/articles/account/reset-password")
    assert '<html lang="ar" dir="rtl">' in page
    assert '<header class="top">' in page
    assert "هل كان هذا المقال مفيدًا؟" in words(page)


@pytest.mark.parametrize(("lang", "attribute"), [("sv", ' lang="en"'), ("es-mx", ""), ("ar", ""), ("en", "")])
def test_english_of_the_interface_is_marked_in_pages_of_another_language(lang: str, attribute: str) -> None:
    assert interface_attributes(lang) == attribute


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/it/", "Information technology"),
        ("/it", "Information technology"),
        ("/it/search", "Search for IT"),
        ("/fr/", "Comment pouvons-nous vous aider"),
        ("/fr/contact", "Nous contacter"),
        ("/fr/articles/account/search", "Search for IT"),
    ],
)
def test_an_address_of_an_article_wins_over_a_language_without_articles(tmp_path: Path, path: str, title: str) -> None:
    files = {
        "it.md": "---\ntitle: Information technology\npermalink: /it/\n---\n\nAsk IT.\n",
        "account/search.md": "---\ntitle: Search for IT\naliases: [/it/search]\n---\n\nSearch.\n",
    }
    client = help_center(tmp_path, files=files).test_client()
    assert title in client.get(path, follow_redirects=True).get_data(as_text=True)


def test_an_article_stands_at_the_address_that_its_author_gave_it(client: FlaskClient) -> None:
    assert "Download an invoice" in text(client, "/help/invoices")
    assert client.get("/en/articles/billing/invoice").location == "/help/invoices"
    assert client.get("/help/invoices/").location == "/help/invoices"


def test_an_old_address_leads_on(client: FlaskClient) -> None:
    answer = client.get("/old/reset.html")
    assert answer.status_code == 301
    assert answer.location == "/en/articles/account/reset-password"


def test_a_withdrawn_article_is_gone_and_what_comes_nearest_is_shown(client: FlaskClient) -> None:
    page = words(text(client, "/en/articles/account/old-sign-in", status=410))
    assert "has been withdrawn" in page
    assert "Sign in with a passkey" in page


def test_a_missing_page_searches_for_the_words_of_its_address(client: FlaskClient) -> None:
    page = text(client, "/support/reset_your-pasword.html", status=404)
    assert 'value="support reset your pasword"' in page
    assert "Reset your password" in words(page)


@pytest.mark.parametrize("path", ["/nowhere", "/nowhere/", "/xx/contact", "/sv/", "/en/nowhere"])
def test_an_address_with_nothing_at_it_is_not_found(client: FlaskClient, path: str) -> None:
    text(client, path, status=404)


def test_results_have_title_marks_and_the_way_they_were_found(client: FlaskClient) -> None:
    page = text(client, "/en/search?q=recovery+code")
    assert '<a href="/en/articles/account/reset-password#without-the-phone"' in page
    assert '<p class="path">Without the phone</p>' in page
    assert "<mark>recovery</mark>" in page
    assert "1 article found. words only" in words(page)


def test_many_results_come_ten_at_first_and_more_when_asked(tmp_path: Path) -> None:
    files = {f"note-{n}.md": f"---\ntitle: Note {n}\n---\n\nAbout the zebra, part {n}.\n" for n in range(14)}
    client = help_center(tmp_path, files=files | {"other.md": "# Another matter\n\nOf no animal.\n"}).test_client()
    first = text(client, "/en/search?q=zebra")
    assert "Top 10 results." in words(first)
    assert first.count('data-source="search"') == 10
    assert "/en/search?q=zebra&amp;more=1" in first
    more = text(client, "/en/search?q=zebra&more=1")
    assert "14 articles found." in words(more)
    assert "Show more" not in words(more)


def test_a_corrected_search_says_so_and_offers_the_words_as_typed(client: FlaskClient) -> None:
    page = text(client, "/en/search?q=reset+pasword")
    assert "Showing results for reset password. Search for reset pasword instead" in words(page)
    assert "q=reset+%22pasword%22" in page or "q=reset%20%22pasword%22" in page


def test_a_search_without_a_hit_helps_on_and_takes_the_words_along(client: FlaskClient) -> None:
    page = text(client, "/en/search?q=xylophone")
    assert "No articles found for “xylophone”." in words(page)
    assert 'href="/en/contact?subject=xylophone"' in page
    assert "Good places to start" in words(page)  # nobody opened anything yet


def test_above_the_rate_a_search_says_that_it_goes_by_words_and_far_above_it_asks_to_wait(
    app: Flask, tmp_path: Path
) -> None:
    client = fresh(app, tmp_path, rate_search=1).test_client()
    assert "words only Search by meaning isn't available" in words(text(client, "/en/search?q=passkey"))
    second = words(text(client, "/en/search?q=passkey"))
    assert "words only" in second
    assert "Sign in with a passkey" in second
    assert "Too many requests" not in text(client, "/en/search")  # nothing is searched there
    for _ in range(2):
        client.get("/en/search?q=passkey")
    refused = client.get("/en/search?q=passkey")
    assert refused.status_code == 429
    assert "Too many requests. Try again in a minute." in refused.text
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_a_missing_page_counts_as_a_search_and_stays_missing_without_one(app: Flask, tmp_path: Path) -> None:
    client = fresh(app, tmp_path, rate_search=1).test_client()
    pages = [text(client, "/support/reset_your-password.html", status=404) for _ in range(5)]
    assert ["These articles match the words in its address" in page for page in pages] == [True] * 4 + [False]
    assert client.get("/en/search?q=passkey").status_code == 429


def test_a_search_is_logged_and_sets_the_visitors_cookie(app: Flask, client: FlaskClient) -> None:
    client.get("/en/search?q=passkey+for+jo@example.com")
    made = client.get_cookie("visitor")
    assert made is not None
    assert re.fullmatch(r"[0-9a-f]{32}", made.value)
    assert not made.http_only
    assert made.same_site == "Lax"
    row = app.extensions[EXTENSION].store.one(
        "SELECT type, text FROM events JOIN event_texts ON event = id WHERE key = ?", [f"visitor:{made.value}"]
    )
    assert row["type"] == "search"
    assert "passkey" in row["text"]
    assert "jo@example.com" not in row["text"]


@pytest.mark.parametrize(
    "path", ["/en/", "/en/categories/account", "/en/articles/account/passkey", "/en/contact", "/en/search"]
)
def test_a_first_view_sets_no_cookie(client: FlaskClient, path: str) -> None:
    assert "Set-Cookie" not in client.get(path).headers


@pytest.mark.parametrize("path", ["/en/", "/en/articles/account/reset-password", "/en/categories/account"])
def test_a_page_that_the_browser_has_is_not_sent_again(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert "Content-Security-Policy" not in again.headers  # the page that the browser has keeps its own nonce


def test_every_script_of_a_page_has_the_nonce_of_its_policy(client: FlaskClient) -> None:
    answer = client.get("/en/contact")
    nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
    scripts = re.findall(r"<script[^>]*src=[^>]*>", answer.get_data(as_text=True))
    assert nonce
    assert scripts
    assert all(f'nonce="{nonce[1]}"' in script for script in scripts)


@pytest.mark.parametrize(
    "path", ["/en/", "/en/contact", "/en/articles/account/reset-password", "/en/search?q=password"]
)
def test_no_page_has_a_style_or_a_handler_in_its_html(client: FlaskClient, path: str) -> None:
    page = text(client, path)
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)


SECRET = ("zebra", "clandestine", "rebate")


@pytest.mark.parametrize(
    "path",
    [
        *("/en/", "/es/", "/en/categories/account", "/en/articles/account/passkey", "/sitemap.xml", "/llms.txt"),
        *("/en/search?q=zebra", "/en/search?q=rebate", "/api/v1/search?q=rebate", "/api/v1/complete?q=clan"),
    ],
)
def test_drafts_and_articles_for_some_show_nowhere(client: FlaskClient, path: str) -> None:
    page = text(client, path).lower()
    shown = re.sub(
        r'(q|subject|query|value)("?[=:] ?"?)[^"&]*|“[^”]*”|<title>.*?</title>', "", page
    )  # what was asked is said back
    assert not [word for word in SECRET if word in shown]


@pytest.mark.parametrize(
    "path",
    [
        *("/en/articles/account/clients", "/en/articles/account/clients.md", "/es/articles/account/clients", "/rebate"),
        *("/en/articles/account/draft", "/en/articles/account/draft.md", "/api/v1/articles/account/clients"),
    ],
)
def test_what_is_not_for_everybody_is_as_if_it_were_not_there(client: FlaskClient, path: str) -> None:
    page = words(text(client, path, status=404))
    assert "Clandestine" not in page
    assert "Unfinished" not in page


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/en/articles/account/passkey.md", {}),
        ("/en/articles/account/passkey", {"Accept": "text/markdown"}),
        ("/help/invoices.md", {}),
    ],
)
def test_an_article_is_there_as_markdown_too(client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    answer = client.get(path, headers=headers)
    assert answer.content_type == "text/markdown; charset=utf-8"
    assert answer.get_data(as_text=True).startswith("# ")
    assert "title:" not in answer.get_data(as_text=True)


def test_an_article_with_a_name_in_any_script_is_there_as_markdown_too(tmp_path: Path) -> None:
    app = help_center(tmp_path, files={"パスワード.md": "# パスワード\n\nText"})
    answer = app.test_client().get("/en/articles/パスワード.md")
    assert answer.status_code == 200
    assert answer.headers["Link"].isascii()


def test_markdown_that_changed_after_it_was_published_is_not_given(tmp_path: Path) -> None:
    app = help_center(tmp_path)
    file = tmp_path / "articles" / "account" / "passkey.md"
    file.write_text(file.read_text() + "\nNot reviewed yet.\n")
    assert app.test_client().get("/en/articles/account/passkey.md").status_code == 404


def test_what_people_ask_is_text_on_every_page(client: FlaskClient) -> None:
    attack = '"><img src=x onerror=alert(1)><script>alert(1)</script>'
    for path in ("/en/search?q=", "/en/contact?subject=", "/"):
        page = client.get(f"{path}{attack}").get_data(as_text=True)
        assert "<img src=x" not in page
        assert "<script>alert" not in page


def test_while_nothing_is_indexed_writing_to_us_works_and_reading_says_what_to_do(tmp_path: Path) -> None:
    client = help_center(tmp_path, index=False).test_client()
    assert client.get("/en/contact").status_code == 200
    answer = client.get("/en/")
    assert answer.status_code == 503
    assert "The help center isn't ready yet." in words(answer.get_data(as_text=True))
    assert client.get("/en/nowhere").status_code in (404, 503)


def test_what_stands_for_the_nonce_is_never_sent(client: FlaskClient) -> None:
    for path in ("/en/", "/en/articles/account/passkey", "/en/contact", "/en/search?q=password", "/nowhere"):
        assert NONCE not in client.get(path).get_data(as_text=True)


def test_an_article_asked_for_twice_has_two_nonces_and_is_one_page(client: FlaskClient) -> None:
    first, second = (client.get("/en/articles/account/passkey") for _ in range(2))
    assert first.headers["ETag"] == second.headers["ETag"]
    assert first.headers["Content-Security-Policy"] != second.headers["Content-Security-Policy"]
    assert first.data != second.data


def test_a_page_in_memory_says_nothing_of_who_asked_before(client: FlaskClient) -> None:
    text(client, "/en/articles/account/passkey?secret=4711&thanks=4712")
    page = text(client, "/en/articles/account/passkey")
    assert "4711" not in page
    assert "4712" not in page
    assert "Thank you" not in words(page)


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("/en/contact/", "/en/contact"),
        ("/en/search/?q=two+words", "/en/search?q=two+words"),
        ("/en/categories/account/", "/en/categories/account"),
    ],
)
def test_an_address_with_a_slash_too_many_leads_to_the_one_without(client: FlaskClient, asked: str, place: str) -> None:
    answer = client.get(asked)
    assert (answer.status_code, answer.headers["Location"]) == (301, place)
