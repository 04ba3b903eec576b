"""The widget's files, for pages of any origin: few bytes, cached, and with the headers that strict pages ask for."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, request

from kb.config import static_folder

FOLDER = static_folder() / "widget"
TYPES = {".js": "text/javascript; charset=utf-8", ".json": "application/json"}
SECONDS = 3600  # the address names the major version only, so a file may change under it

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
    """Answer one of the widget's files; module scripts are fetched with CORS, and COEP asks for CORP."""
    path = (FOLDER / name).resolve()
    if path.suffix not in TYPES or not path.is_relative_to(FOLDER.resolve()) or not path.is_file():
        abort(404, "The widget has no such file.")
    asset = _asset(path, path.stat().st_mtime_ns)
    zipped = "gzip" in request.accept_encodings
    response = Response(asset.zipped if zipped else asset.plain, content_type=asset.type)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = f"public, max-age={SECONDS}, stale-while-revalidate=86400"
    response.set_etag(asset.etag, weak=True)
    return response.make_conditional(request)


def squeeze(source: str) -> str:
    """Return a script without indentation and lines that are only a comment; nothing else of it changes.

    >>> squeeze("// why\\nif (a) {\\n  b();\\n}\\n")
    'if (a) {\\nb();\\n}\\n'
    """
    lines = (line.strip() for line in source.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith(("//", "/** ")))


@lru_cache(maxsize=64)
def _asset(path: Path, _changed: int) -> Asset:
    text = path.read_text(encoding="utf-8")
    plain = (squeeze(text) if path.suffix == ".js" else text).encode()
    digest = hashlib.sha256(plain).hexdigest()[:16]
    return Asset(plain=plain, zipped=gzip.compress(plain, 9, mtime=0), etag=digest, type=TYPES[path.suffix])
