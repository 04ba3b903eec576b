"""Serve the widget's files to pages of every origin: minified, compressed, and cached by browsers for an hour."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import rcssmin
import rjsmin
from flask import Blueprint, Response, abort, request

from deflect.api import headers
from kb.config import static_folder

FOLDER = static_folder() / "widget"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
}
MINIFIERS = {".css": rcssmin.cssmin, ".js": rjsmin.jsmin}
SECONDS = 3600  # the address contains only the major version, so the file may change

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
    """Return one of the widget's files. Browsers fetch module scripts with CORS, so pages of every origin may."""
    path = (FOLDER / name).resolve()
    if path.suffix not in TYPES or not path.is_relative_to(FOLDER.resolve()) or not path.is_file():
        abort(404, "The widget has no such file.")
    found = asset(path)
    zipped = request.accept_encodings.quality("gzip") > 0
    response = Response(found.zipped if zipped else found.plain, content_type=found.type)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    headers.publish(response)
    response.headers["Cache-Control"] = f"public, max-age={SECONDS}, stale-while-revalidate=86400"
    response.set_etag(found.etag, weak=True)
    response.make_conditional(request)
    return response


def asset(path: Path) -> Asset:
    """Return a file as it is served."""
    return _asset(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _asset(path: Path, _changed: int) -> Asset:
    text = path.read_text(encoding="utf-8")
    minify = MINIFIERS.get(path.suffix, str)
    plain = minify(text).encode()
    digest = hashlib.sha256(plain).hexdigest()[:16]
    return Asset(plain=plain, zipped=gzip.compress(plain, mtime=0), etag=digest, type=TYPES[path.suffix])
