"""The widget's files as they are served: small, the same as their source, and open to strict pages of any origin."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kb.site import widget
from kb.site.widget import squeeze

SCRIPTS = sorted(path.name for path in widget.FOLDER.glob("*.js"))
CATALOGUES = sorted(path.stem for path in (widget.FOLDER / "words").glob("*.json"))
ZIPPED = {"Accept-Encoding": "gzip, br"}


@pytest.fixture
def client() -> FlaskClient:
    """A client of an application with nothing but the widget's files."""
    app = Flask(__name__)
    app.register_blueprint(widget.blueprint)
    return app.test_client()


def weight(client: FlaskClient, name: str) -> int:
    """Return the bytes that a file takes on the wire."""
    return len(client.get(f"/widget/1/{name}", headers=ZIPPED).data)


def test_the_loader_with_its_first_paint_is_at_most_3_kb(client: FlaskClient) -> None:
    assert weight(client, "help-widget.js") <= 3_000


def test_everything_is_at_most_12_kb(client: FlaskClient) -> None:
    assert sum(weight(client, name) for name in SCRIPTS) <= 12_288


@pytest.mark.parametrize("lang", CATALOGUES)
def test_a_catalogue_is_at_most_1_kb_and_has_every_word(client: FlaskClient, lang: str) -> None:
    assert weight(client, f"words/{lang}.json") <= 1_000
    words = json.loads((widget.FOLDER / "words" / f"{lang}.json").read_text(encoding="utf-8"))
    source = (widget.FOLDER / "help.js").read_text(encoding="utf-8")
    english = source.split("const english = {")[1].split("};")[0]
    assert set(words) == {line.split(":")[0].strip() for line in english.splitlines() if ":" in line}
    assert {"{n}" in words["offered"], "{ticket}" in words["number"]} == {True}


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_served_says_the_same_as_the_source(name: str, tmp_path: Path) -> None:
    source = (widget.FOLDER / name).read_text(encoding="utf-8")
    served = squeeze(source)
    assert squeeze(served) == served
    assert len(served) < len(source)
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is missing, so the syntax was not looked at here; the browser tests run the same bytes")
    (tmp_path / "served.mjs").write_text(served, encoding="utf-8")
    assert subprocess.run([node, "--check", tmp_path / "served.mjs"], check=False).returncode == 0


def test_no_two_properties_of_ours_are_one_when_shortened() -> None:
    source = "".join((widget.FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS)
    names = {found[0] for found in widget.PROPERTY.finditer(source)}
    assert len({name[:3] for name in names}) == len(names) > 5


def test_private_names_and_constants_are_short_and_no_public_name_is() -> None:
    source = "const FIRST = 1;\nclass A { #secret = FIRST; get open() { return this.#secret + FIRST; } }\n"
    assert squeeze(source) == "let B=1;class A{#a=B;get open(){return this.#a+B}}"
    assert squeeze("a((event) => true, [b, c,])") == "a(event=>!0,[b,c])"


def test_strings_and_patterns_stay_as_they_are_when_a_script_is_squeezed() -> None:
    source = 'const a = "x  // y"; // z\nconst b = /\\/ [/"] +/g;\nreturn a  in  b ? c++ + ++d : `t  ${ e }`;\n'
    assert squeeze(source) == 'let a="x  // y";let b=/\\/ [/"] +/g;return a in b?c++ + ++d:`t  ${ e }`;'


def test_pages_of_any_origin_may_load_the_files_and_keep_them(client: FlaskClient) -> None:
    first = client.get("/widget/1/help-widget.js", headers=ZIPPED)
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert first.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert first.headers["Content-Type"].startswith("text/javascript")
    assert first.headers["Vary"] == "Accept-Encoding"
    assert "max-age" in first.headers["Cache-Control"]
    assert gzip.decompress(first.data) == client.get("/widget/1/help-widget.js").data
    again = client.get("/widget/1/help-widget.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["../site.css", "nothing.js", "words", "%2e%2e/site.js", "words/../../site.js"])
def test_nothing_else_is_served_there(client: FlaskClient, name: str) -> None:
    assert client.get(f"/widget/1/{name}").status_code == 404
