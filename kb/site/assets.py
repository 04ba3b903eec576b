"""Serve static files: our scripts and styles, and the images and other files of articles.

The address of a script or style contains a digest of all of them, so browsers may cache it for a year. Attachments are
served from the articles' folder, except source and hidden files. A file that only limited articles refer to needs a
key, which is part of the links in those articles.
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

from flask import Blueprint, Response, request, send_from_directory

from deflect.store.services import services
from deflect.tickets import file_links
from kb.config import static_folder
from kb.content.library import is_hidden
from kb.errors import NotFound
from kb.site.minify import minified

YEAR = 365 * 24 * 3600
TEXTS = frozenset(
    {".md", ".markdown", ".yml", ".yaml", ".html", ".htm", ".js", ".mjs", ".xhtml", ".xml", ".py", ".toml"}
)

IMPORT = re.compile(r'^import .*?"(\./[^"]+)";$', re.MULTILINE)
PACKED = frozenset({".css", ".js", ".svg"})

blueprint = Blueprint("files", __name__)


@cache
def version() -> str:
    """Return the digest of all scripts and styles for their addresses."""
    folder = static_folder()
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def asset(name: str) -> str:
    """Return the address of one of our static files."""
    return f"/static/v/{version()}/{name}"


def imports(names: Iterable[str]) -> list[str]:
    """Return the scripts that some scripts import, directly or not, so that a browser can fetch all at once."""
    return sorted({inner for name in names for inner in _imports(name)})


@cache
def _imports(name: str) -> frozenset[str]:
    source = (static_folder() / name).read_text(encoding="utf-8")
    direct = {posixpath.normpath(posixpath.join(posixpath.dirname(name), found)) for found in IMPORT.findall(source)}
    return frozenset(direct.union(*(_imports(inner) for inner in direct)))


@blueprint.get("/static/v/<tag>/<path:name>")
def assets(tag: str, name: str) -> Response:
    """Return a static file. Only the address of the current version is cached for a year."""
    response = send_from_directory(static_folder(), name, max_age=YEAR if tag == version() else 0)
    response.cache_control.public = True
    response.cache_control.immutable = tag == version()
    response.vary.add("Accept-Encoding")
    if response.status_code == 200 and Path(name).suffix in PACKED:
        return _packed(response, static_folder() / name, zipped=request.accept_encodings["gzip"] > 0)
    return response


def _packed(response: Response, path: Path, *, zipped: bool) -> Response:
    """Return the answer with the file minified, and compressed for a browser that takes it."""
    response.direct_passthrough = False
    response.close()
    plain, packed = _small(path, path.stat().st_mtime_ns)
    response.data = packed if zipped else plain
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
        etag, _weak = response.get_etag()
        response.set_etag(f"{etag}-gzip")
    return response


@lru_cache(maxsize=64)
def _small(path: Path, _changed: int) -> tuple[bytes, bytes]:
    plain = minified(path.read_text(encoding="utf-8"), name=path.name).encode()
    return plain, gzip.compress(plain, mtime=0)


@blueprint.get("/files/<path:name>")
def attachment(name: str) -> Response:
    """Return an image or another file from the articles' folder.

    A file that only articles with an audience refer to needs the key in their links.
    """
    folder = services().settings.articles.resolve()
    limited = servable(folder, name) and limited_name(folder, name)
    if not servable(folder, name) or (
        limited and not file_links.opens_article_file(services(), limited, request.args.get("key", ""))
    ):
        raise NotFound(f"there is no file {name}")
    response = send_from_directory(folder, name, max_age=None if limited else 3600)
    response.cache_control.public = not limited
    if limited:
        response.headers["Cache-Control"] = "private, no-store"
    return response


def limited_name(folder: Path, name: str) -> str:
    """Return the name of a file that only articles with an audience refer to, for any spelling of `name`, or ""."""
    limited = services().current.get().snapshot.limited_files
    real = (folder / name).resolve().relative_to(folder).as_posix()
    names = (posixpath.normpath(name), real, *limited) if limited else ()
    return next((one for one in names if one in limited and (folder / one).resolve() == folder / real), "")


def servable(folder: Path, name: str) -> bool:
    """Return True if `name` is a file in `folder` after following links, and neither source nor hidden."""
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder) and path.is_file()
    except (OSError, ValueError, RuntimeError):  # too long, not a valid name, a link to itself
        return False
    source = TEXTS.intersection((path.suffix.lower(), Path(name).suffix.lower()))
    return inside and not is_hidden(name) and not source
