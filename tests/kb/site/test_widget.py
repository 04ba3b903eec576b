"""The widget's files as they are served: small, the same as their source, and open to strict pages of any origin."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kb.config import static_folder
from kb.site import widget
from kb.site.bundle import PARTS, bundle
from kb.site.widget import LOADER
from tests.support.widget_files import bytes_by_use, fetched, late, source, weight

SCRIPTS = sorted(path.name for path in widget.FOLDER.glob("*.js"))
CATALOGUES = sorted(path.stem for path in (widget.FOLDER / "words").glob("*.json"))
ZIPPED = {"Accept-Encoding": "gzip, br"}
KB = 1024  # bytes


@pytest.fixture
def client() -> FlaskClient:
    """A client of an application that serves only the widget's files."""
    app = Flask(__name__)
    app.register_blueprint(widget.blueprint)
    return app.test_client()


def imported(name: str) -> set[str]:
    """Return a script with every script that it imports, directly or not."""
    found, left = set[str](), {name}
    while left:
        script = left.pop()
        found.add(script)
        left |= set(re.findall(r'from "\./([\w-]+\.js)"', source(script))) - found
    return found


def test_each_use_of_the_widget_stays_within_its_bytes() -> None:
    sizes = bytes_by_use()
    for use, size in sizes.items():
        print(f"{use}: {size:,} bytes")
    assert sizes["loader"] <= 3 * KB
    assert sizes["loader"] + sizes["offer"] <= 18 * KB
    assert sizes["draft"] <= 7 * KB
    assert sizes["panel"] <= 12 * KB


def test_the_manual_states_the_bytes_of_each_use() -> None:
    manual = Path("articles/site-owners/widget-sizes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:the|an) (loader|offer|draft|panel)\b[^|]*\| ([\d.]+) KB", manual, re.MULTILINE)
    assert dict(rows) == {use: f"{size / 1000:.1f}" for use, size in bytes_by_use().items()}


def test_the_manual_states_the_bytes_of_what_only_some_pages_fetch() -> None:
    manual = Path("articles/site-owners/widget-sizes.md").read_text(encoding="utf-8")
    for name, words in late().items():
        assert f"| {words} | {weight(name, joined=True) / 1000:.1f} KB more |" in manual


def test_the_files_weigh_on_the_wire_as_they_are_counted(client: FlaskClient) -> None:
    assert len(client.get(f"/widget/1/{LOADER}", headers=ZIPPED).data) == weight(LOADER)


@pytest.mark.parametrize("part", ["form", "keep", "panel"])
def test_a_part_is_one_file_with_all_that_it_imports(part: str) -> None:
    assert fetched(part) == imported(f"{part}.js") | (imported("embedded.js") if part == "form" else set())
    text = bundle(widget.FOLDER, PARTS[f"{part}.js"])
    assert set(re.findall(r'from "\./([\w-]+)\.js"', text)) == (set() if part == "form" else {"form"})
    assert "import {" not in text.partition("\n")[2]


def test_a_module_keeps_its_text_in_the_file_of_its_part() -> None:
    text = bundle(widget.FOLDER, PARTS["form.js"])
    for name in fetched("form"):
        for line in source(name).splitlines():
            assert line.startswith("import {") or line.removeprefix("export ") in text


def test_modules_that_import_each_other_are_named(tmp_path: Path) -> None:
    for name, other in (("form", "place"), ("place", "form"), ("embedded", "form")):
        (tmp_path / f"{name}.js").write_text(f'import {{ a }} from "./{other}.js";\nexport const b = 1;\n')
    with pytest.raises(ValueError, match=r"form.js imports itself by way of form and place"):
        bundle(tmp_path, PARTS["form.js"])


def test_every_script_belongs_to_a_use_and_every_line_is_short() -> None:
    assert set(SCRIPTS) == fetched("form") | fetched("keep") | fetched("panel") | {LOADER, *late()}
    paths = [path for kind in ("*.js", "*.css") for path in static_folder().rglob(kind)]
    long = [
        f"{path.name}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) >= 120 and 'url("data:' not in line
    ]
    assert long == []


@pytest.mark.parametrize("lang", CATALOGUES)
def test_a_catalogue_is_small(lang: str) -> None:
    assert weight(f"words/{lang}.json") <= 1_500


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_still_a_script_when_it_is_served(client: FlaskClient, name: str, tmp_path: Path) -> None:
    served = client.get(f"/widget/1/v/0/{name}").get_data(as_text=True)
    assert len(client.get(f"/widget/1/{name}").data) < len(source(name).encode())
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is missing, so the syntax was not checked here; the browser tests run the same bytes")
    (tmp_path / "served.mjs").write_text(served, encoding="utf-8")
    assert subprocess.run([node, "--check", tmp_path / "served.mjs"], check=False).returncode == 0


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


def test_the_loader_fetches_files_of_its_own_version_which_browsers_keep(client: FlaskClient) -> None:
    loader = client.get(f"/widget/1/{LOADER}").get_data(as_text=True)
    folder = re.search(r'FOLDER="\./(v/\w+)/"', loader)
    assert folder is not None
    ours = client.get(f"/widget/1/{folder[1]}/form.js")
    other = client.get("/widget/1/v/0123/form.js")
    assert ours.data == other.data
    assert "immutable" in ours.headers["Cache-Control"]
    assert "immutable" not in other.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["../site.css", "nothing.js", "words", "%2e%2e/site.js", "words/../../site.js"])
def test_nothing_else_is_served_there(client: FlaskClient, name: str) -> None:
    assert client.get(f"/widget/1/{name}").status_code == 404
