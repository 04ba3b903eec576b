"""Find macros in office documents by their content, since a document works the same if its parts have other names."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from xml.parsers import expat

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # begins a compound file, in which VBA is stored
ZIP = b"PK\x03\x04"  # begins a document inside a document
VBA = "_VBA_PROJECT".encode("utf-16-le")  # a directory entry of a compound file with VBA
LARGEST = 30_000_000  # bytes of a document's compound files, and of each XML part, that are read
DECLARED = re.compile(r"vbaproject|macroenabled|macrosheet|xlmacro", re.IGNORECASE)
LOADED = re.compile(r"attachedtemplate|oleobject|subdocument|/frame", re.IGNORECASE)  # can bring macros along
DEEPEST = 3  # documents in documents
ELSEWHERE = re.compile(r"\s*(?:https?:|ftp:|file:/*[^/:|]+/|[/\\]{2})", re.IGNORECASE)  # on another machine
SCRIPTS = ("basic/", "scripts/")  # of documents of LibreOffice


class _Declared(Exception):
    """An XML part declares a macro, or has a document type, which office programs never write."""


def has_macros(archive: zipfile.ZipFile, *, depth: int = DEEPEST) -> bool:
    """Return True if a document, or one inside it, has macros, loads a part from elsewhere, or is too large to tell."""
    compound = []
    for part in archive.infolist():
        name = part.filename.replace("\\", "/").removeprefix("./").lstrip("/").lower()
        if name.endswith("vbaproject.bin") or name.startswith(SCRIPTS) or "/macrosheets/" in name:
            return True
        if name == "[content_types].xml" or name.endswith(".rels"):
            if _declares_macros(archive, part):
                return True
        elif _begins(archive, part).startswith((OLE, ZIP)):
            compound.append(part)
    if sum(part.file_size for part in compound) > LARGEST or (compound and not depth):
        return True
    return any(_hides_macros(archive.read(part), depth=depth) for part in compound)


def _hides_macros(data: bytes, *, depth: int) -> bool:
    """Return True if a compound file has VBA, or a document inside a document has macros or can't be read."""
    if data.startswith(OLE):
        return VBA in data
    try:
        with zipfile.ZipFile(BytesIO(data)) as inner:
            return has_macros(inner, depth=depth - 1)
    except zipfile.BadZipFile:
        return True


def _begins(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    with archive.open(part) as file:
        return file.read(len(OLE))


def _declares_macros(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Return True if an attribute of an XML part names a macro or a part elsewhere, as a parser reads it."""

    def start(_tag: str, attributes: dict[str, str]) -> None:
        loaded = LOADED.search(attributes.get("Type", "")) and ELSEWHERE.match(attributes.get("Target", ""))
        if loaded or any(map(DECLARED.search, attributes.values())):
            raise _Declared

    def doctype(*_: object) -> None:
        raise _Declared

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.StartDoctypeDeclHandler = start, doctype
    try:
        with archive.open(part) as file:
            parser.Parse(file.read(LARGEST), True)
            return bool(file.read(1))
    except (_Declared, expat.ExpatError):
        return True
