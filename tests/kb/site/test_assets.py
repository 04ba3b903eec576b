"""Attachments and static files: served files and refused files."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient

from kb.site import assets
from tests.support.sample import help_center


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample help center, a secret beside its articles, and links to it."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "secret.png").write_text("classified")
    (folder / "outside").mkdir()
    (folder / "outside" / "plan.pdf").write_text("classified")
    return folder


@pytest.fixture(scope="module")
def client(folder: Path) -> FlaskClient:
    """The sample help center, with links that lead out of its articles."""
    client = help_center(folder).test_client()
    articles = folder / "articles"
    (articles / "link.png").symlink_to(folder / "secret.png")
    (articles / "away").symlink_to(folder / "outside")
    (articles / "loop.png").symlink_to(articles / "loop.png")
    (articles / "inside.png").symlink_to(articles / "billing" / "page.png")
    (articles / "source.png").symlink_to(articles / "account" / "draft.md")
    (articles / ".gitbook" / "assets").mkdir(parents=True)
    (articles / ".gitbook" / "assets" / "page.png").write_bytes((articles / "billing" / "page.png").read_bytes())
    (articles / ".git").mkdir()
    (articles / ".git" / "key.pdf").write_text("classified")
    return client


@pytest.mark.parametrize("name", ["billing/page.png", "inside.png", ".gitbook/assets/page.png"])
def test_a_picture_among_the_articles_is_served(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/files/{name}", buffered=True)
    assert answer.status_code == 200
    assert answer.content_type == "image/png"
    assert "max-age" in answer.headers["Cache-Control"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert (
        client.get(f"/files/{name}", headers={"If-None-Match": answer.headers["ETag"]}, buffered=True).status_code
        == 304
    )


@pytest.mark.parametrize(
    "name",
    [
        *(
            "account/draft.md",
            "account/_category.yml",
            "link.png",
            "away/plan.pdf",
            "loop.png",
            "source.png",
            ".git/key.pdf",
        ),
        *("../secret.png", "..%2fsecret.png", "%2e%2e/secret.png", "billing/../../secret.png", "..\\secret.png"),
        *("/etc/passwd", "billing", "nothing.png", "a%00.png", "x" * 5000),
    ],
)
def test_nothing_else_is_served(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/files/{name}", buffered=True)
    assert answer.status_code in (404, 308)
    assert b"classified" not in answer.data


def test_a_script_may_be_kept_for_a_year_under_its_version(client: FlaskClient) -> None:
    answer = client.get(assets.asset("site.js"), buffered=True)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert f"max-age={assets.YEAR}" in answer.headers["Cache-Control"]


def test_a_script_is_sent_packed_to_whoever_can_unpack_it(client: FlaskClient) -> None:
    plain = client.get(assets.asset("site.css"), buffered=True)
    packed = client.get(assets.asset("site.css"), headers={"Accept-Encoding": "gzip"}, buffered=True)
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.data) < len(plain.data) / 2


def test_a_script_under_another_version_is_not_kept(client: FlaskClient) -> None:
    answer = client.get("/static/v/0123/site.js", buffered=True)
    assert answer.status_code == 200
    assert "immutable" not in answer.headers["Cache-Control"]


@pytest.mark.parametrize(("path", "script"), [("/en/", ""), ("/en/contact", "contact.js")])
def test_a_page_announces_every_script_that_its_scripts_import(client: FlaskClient, path: str, script: str) -> None:
    page = client.get(path).text
    announced = set(re.findall(r'rel="modulepreload" href="([^"]+)"', page))
    asked = [assets.asset(name) for name in ("site.js", script) if name]
    found = set()
    while asked:
        source = client.get(asked.pop(), buffered=True)
        names = re.findall(r'\bimport\b[^;"]*"(\./[^"]+)";', source.text)
        inner = {urljoin(source.request.path, name) for name in names}
        asked += inner - found
        found |= inner
    assert announced == found > {assets.asset("widget/service.js")}


@pytest.mark.parametrize("name", ["../kb/site.py", "%2e%2e/kb/site.py", "nothing.js"])
def test_no_other_file_is_static(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/v/{assets.version()}/{name}").status_code == 404
