"""The files of the widget for pages of every origin: minified, compressed, and cached by browsers for an hour.

The minifier, `squeeze`, splits a script into tokens by regular expressions and drops comments and white space that no
token needs. It gives a class's private names and a file's constants in capitals one letter each, and shortens the
stylesheet in a template string. It reads no other JavaScript than the widget's, which is written for it: a regular
expression literal must follow `(`, or an operator and a space. The library rjsmin, which shortens no names, would take
460 bytes more than the scripts may have.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import ascii_letters, ascii_uppercase

from flask import Blueprint, Response, abort, request

from deflect.api import headers
from kb.config import static_folder

FOLDER = static_folder() / "widget"
TYPES = {".js": "text/javascript; charset=utf-8", ".json": "application/json"}
SECONDS = 3600  # the address names the major version only, so a file may change under it

REGEX = r"/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\]|\\.)*\])+/"
TOKENS = (
    r"(?P<nothing>\s+|//[^\n]*|/\*.*?\*/)",
    r'"(?:[^"\\\n]|\\.)*"',
    r"`(?:[^`\\]|\\.)*`",
    rf"(?<=[(]){REGEX}|(?<=[=!:|&,][ ]){REGEX}",
    r"[\w$#]+|.",
)
TOKEN = re.compile("|".join(TOKENS), re.DOTALL)
NEEDED = re.compile(r"[\w$#]{2}|\+\+|--")  # neighbours that would be another token without a space
NAME = re.compile(r"#?\b[A-Za-z]\w*")
NEEDLESS = {(";", "}"), (",", "}"), (",", "]"), (",", ")")}  # where the first says nothing
SHORTER = {"true": "!0", "false": "!1", "undefined": "void 0"}
PROPERTY = re.compile(r"--(?!help)([a-z])[\w-]+")  # ours within the shadow root: no two begin with the same letter
PRIVATE = re.compile(r"#[A-Za-z]\w*")  # a private name is seen by its own class only
CONSTANT = re.compile(r"^const ([A-Z][A-Z_]+) = ", re.MULTILINE)  # what a file calls in capitals is its own, too

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


def _zipped(plain: bytes) -> bytes:
    """Return the smallest gzip of a file; zlib ends its blocks elsewhere with more memory, so each size is tried."""

    def zipped(memory: int) -> bytes:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31, memory)
        return packer.compress(plain) + packer.flush()

    return min((zipped(memory) for memory in range(4, 10)), key=len)


@lru_cache(maxsize=64)
def _asset(path: Path, _changed: int) -> Asset:
    text = path.read_text(encoding="utf-8")
    plain = (squeeze(text) if path.suffix == ".js" else text).encode()
    digest = hashlib.sha256(plain).hexdigest()[:16]
    return Asset(plain=plain, zipped=_zipped(plain), etag=digest, type=TYPES[path.suffix])


def squeeze(source: str) -> str:
    """Return a script without comments and needless white space, its own private names and constants shortened.

    >>> squeeze("// why\\nif (a) {\\n  return b + +c; // d\\n}\\n")
    'if(a){return b+ +c}'
    """
    parts: list[str] = []
    space, short = False, _short(source)
    for found in TOKEN.finditer(source):
        text = found.group()
        if found.lastgroup == "nothing":
            space = True
            continue
        if text.startswith("`\n"):  # a stylesheet
            text = re.sub(r"\s*([{};:,>])\s+|\s+([{])", r"\1\2", re.sub(r"\n\s*", "", text)).replace(";}", "}")
            text = PROPERTY.sub(r"--\1", text)
        elif text.startswith("`"):
            text = re.sub(
                r"\$\{[^}]*\}", lambda value: NAME.sub(lambda name: short.get(name[0], name[0]), value[0]), text
            )
        elif text == "const":
            text = "let"  # the same to a script that works
        text = short.get(text, text)
        text = SHORTER.get(text, text) if parts and parts[-1] != "." else text
        if parts and (parts[-1], text) in NEEDLESS:
            parts.pop()
        if text == ">" and _is_single(parts):  # (a) => is a =>
            parts[-4:] = [parts[-3], "="]
        if space and parts and NEEDED.fullmatch(parts[-1][-1] + text[0]):
            parts.append(" ")
        parts.append(text)
        space = False
    return "".join(parts)


def _is_single(parts: list[str]) -> bool:
    """Return True if the last parts are the single parameter of an arrow function in parentheses, followed by `=`."""
    name = parts[-3] if len(parts) > 4 and [parts[-4], *parts[-2:]] == ["(", ")", "="] else ""
    return name.isidentifier() and not NEEDED.fullmatch(parts[-5][-1] + name[0])


def _short(source: str) -> dict[str, str]:
    """Return a letter for each private name and each constant in capitals, in order of appearance."""
    tokens = [found.group() for found in TOKEN.finditer(source) if found.lastgroup != "nothing"]
    private = dict.fromkeys(text for text in tokens if PRIVATE.fullmatch(text))
    free = [letter for letter in ascii_uppercase if letter not in tokens]
    letters = [*ascii_letters, *(f"a{letter}" for letter in ascii_letters)]
    names = {name: f"#{letter}" for name, letter in zip(private, letters, strict=False)}
    return names | dict(zip(dict.fromkeys(CONSTANT.findall(source)), free, strict=False))
