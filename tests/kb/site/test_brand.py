"""The look of `site.toml` on the pages, in their policy, and in the files that they load."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kb.server.indexing import refresh
from tests.support.logging_in import PASSWORD, log_in, services_of
from tests.support.sample import ARTICLES, help_center

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 32"><script>alert(1)</script></svg>'
SITE = """
name = { en = "Acme help", es = "Ayuda de Acme" }
accent = "#e0512f"
logo = "brand/logo.svg"
favicon = "brand/logo.svg"
stylesheet = "brand/own.css"
head = "brand/head.html"
analytics = ["https://stats.example"]
topics = ["billing"]
[banner]
text = { en = "Orders are <late>", es = "Llegan tarde" }
link = "https://status.example/"
until = 2999-12-31
[[footer]]
label = { en = "Terms", es = "Condiciones" }
href = "https://acme.example/terms"
"""
BRAND = {
    "site.toml": SITE,
    "brand/logo.svg": LOGO,
    "brand/own.css": "/* ours */ .hero h1 { color: red }",
    "brand/head.html": '<script>counted = 1</script>\n<SCRIPT src="https://stats.example/a.js" async></SCRIPT>\n',
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center with a look of its own."""
    return help_center(
        tmp_path_factory.mktemp("brand"), files=ARTICLES | BRAND, admin_password=PASSWORD, site_scripts=True
    )


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor."""
    return app.test_client()


@pytest.mark.parametrize(
    ("path", "name", "banner", "link"),
    [
        ("/en/", "Acme help", "Orders are &lt;late&gt;", "Terms"),
        ("/es/", "Ayuda de Acme", "Llegan tarde", "Condiciones"),
        ("/en/articles/account/passkey", "Acme help", "Orders are &lt;late&gt;", "Terms"),
        ("/en/nowhere", "Acme help", "Orders are &lt;late&gt;", "Terms"),
    ],
)
def test_each_page_has_the_name_the_banner_and_the_links(
    client: FlaskClient, path: str, name: str, banner: str, link: str
) -> None:
    page = client.get(path).text
    assert re.search(rf"<title>[^<]*{name}</title>", page)
    assert f'<a href="https://status.example/">{banner}</a>' in page
    assert f'<a href="https://acme.example/terms" rel="noopener"><bdi>{link}</bdi></a>' in page


def test_a_wide_logo_stands_for_the_name_and_has_its_size(client: FlaskClient) -> None:
    page = client.get("/en/articles/account/passkey").text
    assert re.search(
        r'<img class="logo plate" src="/brand/logo-\w+.svg" alt="Acme help" width="120" height="32">', page
    )


def test_feeds_and_llms_txt_have_the_name(client: FlaskClient) -> None:
    assert "<title>Ayuda de Acme</title>" in client.get("/es/feed.xml").text
    assert client.get("/llms.txt").text.startswith("# Acme help\n")


@pytest.mark.parametrize("path", ["/en/", "/en/categories/account"])
def test_topics_of_the_file_come_first(client: FlaskClient, path: str) -> None:
    shown = re.split('<ul class="cards">|<nav class="tree"', client.get(path).text)[1]
    assert re.findall(r'href="/en/categories/([\w/-]+)"', shown)[0] == "billing"


def test_the_files_are_kept_for_a_year_and_cannot_run(client: FlaskClient) -> None:
    page = client.get("/en/").text
    for address in set(re.findall(r'"(/brand/[^"]+)"', page)):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" not in client.get("/brand/logo-000000000000.svg").headers["Cache-Control"]


@pytest.mark.parametrize("path", ["head-1.html", "head-1.svg", "nothing-1.png", "other-1.css", "dark_logo-1.svg"])
def test_no_other_file_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(f"/brand/{path}").status_code == 404


def test_the_stylesheet_has_the_corrected_colours_and_then_the_own_rules(client: FlaskClient) -> None:
    (address,) = re.findall(r'<link rel="stylesheet" href="(/brand/[^"]+)">', client.get("/en/").text)
    text = client.get(address).text
    assert "--accent:#c63712" in text
    assert "@media (prefers-color-scheme:dark){:root{--accent:#f66543" in text
    assert text.endswith(".hero h1{color:red}")


def test_scripts_of_the_head_run_under_the_policy(client: FlaskClient) -> None:
    answer = client.get("/en/articles/account/passkey")
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    nonce = re.findall(r"'nonce-([^']+)'", policy["script-src"])[0]
    assert policy["script-src"] == f"'nonce-{nonce}' https://stats.example"
    assert policy["connect-src"] == "'self' https://stats.example"
    assert policy["trusted-types"] == "help-widget default"
    assert f'<script nonce="{nonce}">counted = 1</script>' in answer.text
    assert f'<script nonce="{nonce}" src="https://stats.example/a.js" async></SCRIPT>' in answer.text


def test_agents_pages_have_the_name_and_the_colour_but_no_script_of_the_head(app: Flask) -> None:
    agent = app.test_client()
    log_in(agent)
    admin = agent.get("/admin/")
    assert "<span>Acme help</span>" in admin.text
    assert "/brand/colours-" in admin.text
    assert '<link rel="icon" href="/brand/favicon-' in admin.text
    assert "stats.example" not in admin.headers["Content-Security-Policy"] + admin.text
    assert "counted" not in admin.text


def test_a_change_is_seen_in_the_next_generation(tmp_path: Path) -> None:
    app = help_center(tmp_path, files=ARTICLES | {"site.toml": 'name = "Before"\nlogo = "l.svg"\n', "l.svg": LOGO})
    client, settings = app.test_client(), services_of(app).settings
    before = client.get("/en/").text
    (settings.articles / "site.toml").write_text('name = "After"\nlogo = "l.svg"\n')
    (settings.articles / "l.svg").write_text(LOGO.replace("120", "20"))
    refresh(settings, words_only=True, now=datetime.now(UTC))
    after = client.get("/en/").text
    assert ("Before" in before, "After" in after) == (True, True)
    assert re.findall(r"/brand/logo-\w+", before) != re.findall(r"/brand/logo-\w+", after)


@pytest.mark.parametrize(("until", "shown"), [("2000-01-01", False), ("2999-01-01", True)])
def test_a_banner_goes_after_its_last_day(tmp_path: Path, until: str, shown: bool) -> None:
    app = help_center(tmp_path, files=ARTICLES | {"site.toml": f'[banner]\ntext = "Late"\nuntil = {until}\n'})
    assert ("announce" in app.test_client().get("/en/").text) is shown


def test_the_page_with_a_sent_message_has_no_script_that_could_send_its_address(client: FlaskClient) -> None:
    page = client.get("/en/contact/sent?ticket=T234567890&key=x")
    assert page.status_code == 200
    assert "counted" not in page.text


def test_scripts_are_kept_out_until_the_operator_lets_them_in(tmp_path: Path) -> None:
    page = help_center(tmp_path, files=ARTICLES | BRAND).test_client().get("/en/")
    assert "counted" not in page.text
    assert "stats.example" not in page.headers["Content-Security-Policy"]
    assert "/brand/style-" in page.text


def test_without_the_file_the_title_of_the_settings_is_shown(tmp_path: Path) -> None:
    client = help_center(tmp_path, title="From settings").test_client()
    page = client.get("/en/")
    assert "From settings" in page.text
    assert "/brand/" not in page.text
    assert "stats" not in page.headers["Content-Security-Policy"]


def test_the_look_stays_usual_while_there_is_no_index(tmp_path: Path) -> None:
    client = help_center(tmp_path, files=ARTICLES | BRAND, index=False).test_client()
    page = client.get("/en/contact")
    assert page.status_code == 200
    assert "/brand/" not in page.text
