"""Detect the type of a file from its content, never from its name or the type that the sender gives."""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

from deflect.store.macros import has_macros

MB = 1_000_000
HEAD = 4096  # bytes that identify every type except text and documents
BLOCK = 1 << 16
HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
MOST_PARTS, LONGEST_LIST = 5000, 1 << 20  # of a document, whose list of parts is read into memory
OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN = "application/vnd.oasis.opendocument."

# Media types with their file name extensions. A name with another extension gets the first.
KINDS: Mapping[str, tuple[str, ...]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "application/pdf": (".pdf",),
    f"{OFFICE}wordprocessingml.document": (".docx",),
    f"{OFFICE}spreadsheetml.sheet": (".xlsx",),
    f"{OPEN}text": (".odt",),
    f"{OPEN}spreadsheet": (".ods",),
    "text/plain": (".txt", ".log", ".csv", ".tsv", ".md", ".json", ".ics"),
}
# Pictures that browsers show and that cannot run scripts.
PREVIEWED = ("image/png", "image/jpeg", "image/gif", "image/webp")

MARKUP = re.compile(rb"\s*<(?:[!?/]|[a-z])", re.IGNORECASE)
NOT_TEXT = bytes({*range(0x20), 0x7F} - set(b"\t\n\r\f\x1b"))  # ESC is allowed: it starts colour codes in logs
MAGIC = ((b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"), (b"\xff\xd8\xff", "image/jpeg"),
         (b"GIF87a", "image/gif"), (b"GIF89a", "image/gif"), (b"%PDF-", "application/pdf"))  # fmt: skip


def kind_of(path: Path) -> str | None:
    """Return the media type of the file at `path`, None if the type is not accepted.

    Programs, scripts, HTML, SVG and other markup, archives and documents with macros are not accepted.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    for magic, media in MAGIC:
        if head.startswith(magic):
            return media
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in HEIC:
        return "image/heic"
    if head.startswith(b"PK\x03\x04"):
        return _document(path)
    return "text/plain" if _is_text(path) else None


def readable(size: int) -> str:
    """Return a size in kB or MB, for people.

    >>> readable(900), readable(81_234), readable(1_250_000), readable(12_000_000)
    ('1 kB', '81 kB', '1.2 MB', '12 MB')
    """
    if size < MB:
        return f"{max(1, round(size / 1000))} kB"
    return f"{size / MB:.1f} MB" if size < 10 * MB else f"{round(size / MB)} MB"


def _document(path: Path) -> str | None:
    """Return the media type of an office document, which is a ZIP archive. Return None for other archives."""
    try:
        if not _has_short_list(path):
            return None
        with zipfile.ZipFile(path) as archive:
            if has_macros(archive):
                return None
            parts = {name.lower() for name in archive.namelist()}
            first = archive.infolist()[0]
            if first.filename == "mimetype" and first.compress_type == zipfile.ZIP_STORED and first.file_size < 100:
                media = archive.read(first).decode("ascii", "replace").strip()
                return media if media in KINDS else None
    except (zipfile.BadZipFile, OSError, ValueError, IndexError, NotImplementedError, RuntimeError, struct.error):
        return None
    if "[content_types].xml" not in parts:
        return None
    found = {"word/document.xml": "wordprocessingml.document", "xl/workbook.xml": "spreadsheetml.sheet"}
    return next((OFFICE + media for part, media in found.items() if part in parts), None)


def _has_short_list(path: Path) -> bool:
    """Return True if an archive's list of parts is short enough to be a document's, without reading the list."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 22 - 0xFFFF))
        end = file.read().rpartition(b"PK\x05\x06")[2]
    count, length = struct.unpack_from("<HI", end, 6)
    return bool(count <= MOST_PARTS and length <= LONGEST_LIST)


def _is_text(path: Path) -> bool:
    """Return True if a file is plain text, in an encoding based on ASCII or in UTF-16 with a byte order mark."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        wide = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(head[:2])
        if wide:
            file.seek(2)
            try:
                data = file.read().decode(wide).encode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                return False
            return _reads_as_text(data[:HEAD]) and data.translate(None, NOT_TEXT) == data
        if not _reads_as_text(head.removeprefix(b"\xef\xbb\xbf")):
            return False
        file.seek(0)
        while block := file.read(BLOCK):
            if block.translate(None, NOT_TEXT) != block:
                return False
    return True


def _reads_as_text(head: bytes) -> bool:
    """Return True if a text does not start like markup, which a browser might run, or like a script."""
    return bool(head) and not MARKUP.match(head) and not head.startswith((b"#!", b"@echo", b"%!"))
