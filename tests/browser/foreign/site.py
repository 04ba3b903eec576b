"""Serve the foreign pages with the libraries that some of them need, beside a fake help center."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

from flask import Flask, Response, abort, send_from_directory

from kb.site import widget
from tests.browser.foreign.case import Case
from tests.browser.shop import Help, help_app, serving

HERE = Path(__file__).parent
LIBRARIES = HERE / "node_modules"
NO_LIBRARIES = "npm's libraries are missing; install them with 'make npm'"
REACT = {
    "scheduler": "scheduler/cjs/scheduler.production.js",
    "react": "react/cjs/react.production.js",
    "react-dom": "react-dom/cjs/react-dom.production.js",
    "react-dom/client": "react-dom/cjs/react-dom-client.production.js",
}


def has(library: str) -> bool:
    """Return True if a page needs no library, or npm has installed it."""
    return not library or (LIBRARIES / library).is_dir()


def body(case: Case) -> Path:
    """Return the file with the body of a case."""
    return HERE / "bodies" / f"{case.name}.html"


def whole(case: Case) -> str:
    """Return a page of a case with the line that embeds the widget."""
    return (
        f'<!doctype html>\n<html lang="{case.lang}"><head><meta charset="utf-8"><title>{case.title}</title></head>'
        f"<body>{case.html or body(case).read_text(encoding='utf-8')}\n"
        f'<script type="module" src="HELP/widget/1/help-widget.js" data-form="{escape(case.form)}"></script>'
        "</body></html>"
    )


def react() -> str:
    """Return React as one module: its files expect a `require`, which browsers lack."""
    parts = [
        f"files[{name!r}] = (exports, require) => {{\n{(LIBRARIES / path).read_text(encoding='utf-8')}\n}};"
        for name, path in REACT.items()
    ]
    return (
        "const files = {}, made = {}, process = { env: { NODE_ENV: 'production' } };\n"
        "const require = (name) => {\n"
        "  if (!made[name]) files[name]((made[name] = {}), require);\n  return made[name];\n};\n"
        + "\n".join(parts)
        + "\nexport const React = require('react'), client = require('react-dom/client');\n"
    )


def foreign_app(help: Help, cases: Iterable[Case]) -> Flask:
    """Return the site whose pages are the cases and the files of `pages/`."""
    app = Flask("foreign", static_folder=None)
    made = {case.name: whole(case) for case in cases if case.html or body(case).is_file()}

    @app.get("/<name>.html")
    def _page(name: str) -> Response:
        file = HERE / "pages" / f"{name}.html"
        if name not in made and not file.is_file():
            abort(404)
        text = made.get(name) or file.read_text(encoding="utf-8")
        return Response(text.replace("HELP", help.origin), content_type="text/html; charset=utf-8")

    @app.get("/npm/<path:name>")
    def _library(name: str) -> Response:
        return send_from_directory(LIBRARIES, name, max_age=3600)

    @app.get("/dist/<name>")
    def _script(name: str) -> Response:
        if name == "react.js":
            return Response(react(), content_type="text/javascript")
        return send_from_directory(HERE / "scripts", name)

    @app.get("/modules/<words>/<name>")
    def _module(words: str, name: str) -> Response:
        return send_from_directory(widget.FOLDER, name, max_age=3600)

    @app.route("/send", methods=["GET", "POST"])
    def _send() -> str:
        return "<!doctype html><title>Thanks</title><p id=done>Thank you."

    @app.get("/favicon.ico")
    def _icon() -> Response:
        return Response(status=204)

    return app


@contextmanager
def foreign_and_help(cases: Iterable[Case]) -> Iterator[Help]:
    """Serve both; the pages are another site, localhost instead of 127.0.0.1."""
    help = Help()
    help.gate.set()
    with serving(help_app(help)) as origin, serving(foreign_app(help, cases)) as site:
        help.origin, help.shop = origin, site.replace("127.0.0.1", "localhost")
        yield help
