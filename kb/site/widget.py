"""Serve the widget's files to pages of every origin: minified, compressed, and cached by browsers for an hour.

At the address with the version, which the loader uses, `form.js` and `panel.js` contain everything of their part.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, request

from deflect.api import headers
from kb.config import static_folder
from kb.site.assets import YEAR, version
from kb.site.bundle import PARTS, bundle
from kb.site.minify import minified

FOLDER = static_folder() / "widget"
LOADER = "help-widget.js"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
}
HOURLY = "public, max-age=3600, stale-while-revalidate=86400"
SHEET = re.compile(r"(?<=replaceSync\(`)[^`]*")

blueprint = Blueprint("widget", __name__, url_prefix="/widget/1")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served, plain and compressed."""

    plain: bytes
    zipped: bytes
    etag: str
    type: str


@blueprint.get("/<path:name>")
def file(name: str) -> Response:
    """Return one of the widget's files, for an hour: the address contains only the major version."""
    return _file(name, HOURLY)


@blueprint.get("/v/<tag>/<path:name>")
def versioned(tag: str, name: str) -> Response:
    """Return one of the widget's files at the address that the loader uses, for a year if it is the present version."""
    keep = HOURLY if tag != version() else f"public, max-age={YEAR}, immutable"
    return _file(name, keep, joined=name in PARTS)


def _file(name: str, keep: str, *, joined: bool = False) -> Response:
    """Return a file with CORS headers, which browsers require for module scripts."""
    path = (FOLDER / name).resolve()
    if path.suffix not in TYPES or not path.is_relative_to(FOLDER.resolve()) or not path.is_file():
        abort(404, "The widget has no such file.")
    found = asset(path, joined=joined)
    zipped = request.accept_encodings.quality("gzip") > 0
    response = Response(found.zipped if zipped else found.plain, content_type=found.type)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    headers.publish(response)
    response.headers["Cache-Control"] = keep
    response.set_etag(found.etag, weak=True)
    response.make_conditional(request)
    return response


def asset(path: Path, *, joined: bool = False) -> Asset:
    """Return a file in its served form; `joined` with all modules and stylesheets of its part."""
    files = FOLDER.iterdir() if joined else [path]
    return _asset(path, max(file.stat().st_mtime_ns for file in files), joined=joined)


@lru_cache(maxsize=64)
def _asset(path: Path, _changed: int, *, joined: bool) -> Asset:
    text = bundle(FOLDER, PARTS[path.name], shorten=_sheet) if joined else path.read_text(encoding="utf-8")
    if path.name == LOADER:
        text = text.replace('const FOLDER = "./"', f'const FOLDER = "./v/{version()}/"')
        text = SHEET.sub(lambda found: _sheet(found[0]), text)
    plain = minified(text, name=path.name).encode()
    digest = hashlib.sha256(plain).hexdigest()[:16]
    return Asset(plain=plain, zipped=gzip.compress(plain, mtime=0), etag=digest, type=TYPES[path.suffix])


def _sheet(text: str) -> str:
    """Return a stylesheet within a script minified."""
    return minified(text, name="sheet.css")
