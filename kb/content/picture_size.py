"""Read the width and height of a picture from its first bytes, so that a page can leave the right room for it."""

from __future__ import annotations

import re
import struct

_NUMBER = r"\s*([\d.]+)(?:px)?\s*"
_SVG = re.compile(rb"<svg\b[^>]*>", re.IGNORECASE)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers of a JPEG that hold its size

_BEGINS = (b"\x89PNG\r\n\x1a\n", b"GIF8", b"\xff\xd8", b"RIFF", b"\0\0\1\0")  # the last is an ICO

Size = tuple[int, int]


def is_picture(data: bytes) -> bool:
    """Return True if a file begins as a PNG, GIF, JPEG, WebP or ICO, or has the element of an SVG."""
    return data.startswith(_BEGINS) or _SVG.search(data[:20_000]) is not None


def size(data: bytes) -> Size | None:
    """Return width and height in pixels of a PNG, GIF, JPEG, WebP or SVG picture, None if they can't be told."""
    try:
        found = _size(data)
    except (struct.error, IndexError, ValueError):
        return None
    return found if found and min(found) > 0 else None


def _size(data: bytes) -> Size | None:
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return _pair(">II", data, 16)
    if data[:4] == b"GIF8":
        return _pair("<HH", data, 6)
    if data[:2] == b"\xff\xd8":
        return _jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    return _svg(data)


def _pair(form: str, data: bytes, at: int) -> Size:
    first, second = struct.unpack_from(form, data, at)
    return first, second


def _jpeg(data: bytes) -> Size | None:
    at = 2
    while data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        if marker in _FRAMES:
            height, width = _pair(">HH", data, at + 5)
            return width, height
        at += 2 + length
    return None


def _webp(data: bytes) -> Size | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = _pair("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _svg(data: bytes) -> Size | None:
    head = _SVG.search(data[:20_000])
    if not head:
        return None
    tag = head[0].decode("utf-8", "replace")
    sides = [re.search(rf"\s{side}\s*=\s*[\"']{_NUMBER}[\"']", tag) for side in ("width", "height")]
    box = re.search(rf"\sviewBox\s*=\s*[\"']{_NUMBER}[\s,]{_NUMBER}[\s,]{_NUMBER}[\s,]{_NUMBER}[\"']", tag)
    if all(sides):
        numbers = [float(side[1]) for side in sides if side]
    elif box:
        numbers = [float(box[3]), float(box[4])]
    else:
        return None
    return round(numbers[0]), round(numbers[1])
