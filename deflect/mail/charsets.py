"""Decode text whose charset is declared wrongly, loosely or not at all.

A label is evidence, not the truth. In this order:

1. A byte order mark decides, and so do the escape sequences of ISO-2022 in bytes that are otherwise ASCII.
2. Bytes that are valid UTF-8 are UTF-8, because other charsets hardly ever make valid UTF-8 by chance. Only a label of
   an East Asian charset can contradict: two characters of GBK may also be valid UTF-8.
3. A label means the charset that the Encoding Standard of the WHATWG gives it: `iso-8859-1` is Windows-1252, `gb2312`
   is GB 18030, `shift_jis` is Windows-31J. The declared charset wins unless its text is implausible
   (`deflect.mail.plausible`) and the text of another charset is clearly better. `us-ascii` and `iso-8859-1` count less
   than other labels: programs write them without looking.
4. Without a label the most plausible charset wins, the more frequent one if two are equal. If none is plausible,
   charset-normalizer decides, which knows charsets and languages that are not in our lists.

Detection looks at a few kilobytes, so it takes the same time for any e-mail.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence

import webencodings
from charset_normalizer import from_bytes

from deflect.mail.plausible import plausibility

SAMPLE = 4096  # bytes that detection looks at
MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
# Charsets to try, the more frequent first.
USUAL = (
    "cp1252", "cp1251", "gb18030", "cp932", "big5hkscs", "cp949", "euc_jp", "cp1250", "koi8-u", "cp1253", "cp1254",
    "cp1255", "cp1256", "cp1257", "cp874", "cp1258", "iso8859-2", "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-13",
    "cp850", "mac-roman", "cp866", "mac-cyrillic",
)  # fmt: skip
RARE = ("cp850", "mac-roman", "cp866", "mac-cyrillic")  # without a label
EAST_ASIAN = ("gb18030", "cp932", "big5hkscs", "cp949", "euc_jp", "johab")
WEAK = ("cp1252", "ascii")
# The Windows charset that programs use under the label of an ISO charset.
SIBLINGS = {
    "iso8859-2": "cp1250", "iso8859-5": "cp1251", "iso8859-6": "cp1256", "iso8859-7": "cp1253", "iso8859-8": "cp1255",
    "iso8859-4": "cp1257", "iso8859-13": "cp1257", "iso8859-15": "cp1252", "iso8859-16": "cp1250",
    "iso2022_jp_ext": "cp932",
}  # fmt: skip
# Labels that the Encoding Standard lacks, or whose text it refuses because browsers must.
MORE = {
    "iso-2022-kr": "cp949", "csiso2022kr": "cp949", "iso-2022-cn": "gb18030", "iso-2022-cn-ext": "gb18030",
    "hz-gb-2312": "hz", "x-user-defined": "ascii",
    "x-mac-ce": "mac-latin2", "x-mac-greek": "mac-greek", "x-mac-turkish": "mac-turkish", "gbk": "gb18030",
    "iso-2022-jp": "iso2022_jp_ext", "iso-2022-jp-ms": "iso2022_jp_ext", "x-windows-949": "cp949",
    "unicode-1-1-utf-7": "utf-7", "koi8-r": "koi8-u",  # it has letters where KOI8-R has frames
}  # fmt: skip
# Charsets of text, as opposed to Python's other codecs.
CHARSETS = re.compile(r"(utf|iso|cp|koi8|big5|gb|euc|shift|mac|ascii|johab|hz|tis|ptcp|kz)", re.IGNORECASE)
NUMBERED = re.compile(r"(?:x-)?(?:cp|ibm|windows|win|dos|ms|oem|codepage)[-_ ]?(\d{3,5})")
ESCAPES = re.compile(rb"\x1b(?:\$[@AB]|\$\([CDOPQ]|\([JI])")
SHIFTED = re.compile(rb"\x0e([^\x0e\x0f\r\n]*)\x0f?")
DESIGNATED = re.compile(rb"\x1b\$\)([AC])")
META = re.compile(
    rb"""<(?:meta|\?xml)\b[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE
)


def decoded(data: bytes, *labels: str) -> str:
    """Decode bytes, given the labels of their charset, the most credible first. See the module for the rules.

    >>> decoded("Größe".encode(), "us-ascii"), decoded(b"5 \\x80", "iso-8859-1"), decoded(b"caf\\xe9", "unknown")
    ('Größe', '5 €', 'café')
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    names = list(dict.fromkeys(name for label in labels if (name := codec(label))))
    if data.isascii():
        return _seven_bits(data, names)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _read(data, _chosen(_sample(data), names, utf8=False))
    if (names and names[0] in EAST_ASIAN) or _is_wide(data, names):
        return _read(data, _chosen(_sample(data), names, utf8=True))
    return text


def codec(label: str) -> str | None:
    """Return Python's name of the charset that a label means, or None if it is unknown or not a charset.

    >>> codec("gb2312"), codec("cp-850"), codec("iso-8859-8-i"), codec("x-unknown"), codec("rot13")
    ('gb18030', 'cp850', 'iso8859-8', None, None)
    """
    wanted = label.strip().strip("'\"").strip().lower()[:40]
    numbered = NUMBERED.fullmatch(wanted)
    for name in (wanted, f"cp{numbered[1]}" if numbered else "", wanted.removeprefix("x-").removeprefix("_")):
        if name in MORE:
            return MORE[name]
        found = webencodings.lookup(name)
        if found is not None and found.name != "replacement":
            return MORE.get(found.name, str(found.codec_info.name))
        if name and (python := _of_python(name)):
            return python
    return None


def meta_charset(html: bytes) -> str:
    """Return the charset that HTML declares in itself, or ""."""
    found = META.search(html[:4096])
    return found[1].decode("ascii", "replace") if found else ""


def _of_python(name: str) -> str | None:
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if CHARSETS.match(found) else None


def _seven_bits(data: bytes, names: Sequence[str]) -> str:
    """Decode bytes below 128: ISO-2022 by its escape sequences, or a declared charset that is not based on ASCII."""
    if ESCAPES.search(data):
        return _read(data, "iso2022_jp_ext")
    if found := DESIGNATED.search(data):
        return _shifted(data, "cp949" if found[1] == b"C" else "gb18030")
    if _is_wide(data, names):
        return _read(data, _chosen(_sample(data), names, utf8=False))
    if names and names[0] in ("hz", "utf-7"):
        return _read(data, names[0])
    return data.decode("ascii")


def _is_wide(data: bytes, names: Sequence[str]) -> bool:
    """Return True if bytes look like UTF-16 or UTF-32: every other byte, or more of them, is often zero."""
    if names and names[0].startswith(("utf-16", "utf-32")):
        return b"\0" in data
    zeros = [data[:SAMPLE][start::2].count(0) for start in (0, 1)]
    return len(data) % 2 == 0 and min(zeros) == 0 and max(zeros) > len(data[:SAMPLE]) // 4


def _shifted(data: bytes, name: str) -> str:
    """Decode ISO-2022-KR or ISO-2022-CN: bytes between SO and SI are characters of two bytes without their high bit."""
    plain = DESIGNATED.sub(b"", data)
    return _read(SHIFTED.sub(lambda found: bytes(byte | 0x80 for byte in found[1]), plain), name)


def _read(data: bytes, name: str) -> str:
    return data.decode(name, "japanese" if "jp" in name else "replace")


def _chosen(sample: bytes, names: Sequence[str], *, utf8: bool) -> str:
    """Return the charset whose reading of the sample is best, with a bonus for what was declared."""
    size = sum(byte > 127 for byte in sample) or 1
    scores: dict[str, float] = {}
    for place, name in enumerate(_candidates(sample, names)):
        bonus = _bonus(name, names, size=size) + (size / 2 if utf8 and name == "utf-8" else 0)
        scores[name] = plausibility(_read(_even(sample, name), name)) + bonus - place * 0.01
    best = max(scores, key=lambda name: scores[name])
    if scores[best] < 0.0 and not set(names) - set(WEAK):
        return _detected(sample) or names[0] if names else _detected(sample) or "cp1252"
    return best


def _candidates(sample: bytes, names: Sequence[str]) -> Iterator[str]:
    unit = "32" if names and names[0].startswith("utf-32") else "16"
    wide = (f"utf-{unit}-le", f"utf-{unit}-be") if b"\0" in sample else ()
    tried = [*names, *(SIBLINGS[name] for name in names if name in SIBLINGS), *wide, "utf-8", *USUAL]
    return iter(dict.fromkeys(name for name in tried if name not in ("ascii", "utf-7", "hz", "utf-16", "utf-32")))


def _bonus(name: str, names: Sequence[str], *, size: int) -> float:
    """Return the score that a declaration is worth: more for longer texts, less for a label that says little."""
    siblings = [SIBLINGS.get(one) for one in names]
    if name in names:
        return 0.5 if name in WEAK else 1.0 + 0.25 * size
    if name in siblings:
        return 0.5 + 0.2 * size
    return -0.7 if name in RARE else 0.0


def _sample(data: bytes) -> bytes:
    """Return the lines with bytes above 127, up to SAMPLE bytes, from the first such byte's line on."""
    if b"\0" in data:
        return data[:SAMPLE]
    first = next((n for n, byte in enumerate(data) if byte > 127), 0)
    kept: list[bytes] = []
    room = SAMPLE
    for line in data[max(data.rfind(b"\n", 0, first) + 1, first - 100) :][: 16 * SAMPLE].split(b"\n"):
        if not line.isascii() and room > 0:
            kept.append(line[:room])
            room -= len(line) + 1
    return b"\n".join(kept)


def _even(sample: bytes, name: str) -> bytes:
    """Return the sample without a last character that is cut off."""
    decoder = codecs.getincrementaldecoder(name)("ignore")
    decoder.decode(sample)
    rest = decoder.getstate()[0]
    return sample[: len(sample) - len(rest)] if rest else sample


def _detected(sample: bytes) -> str | None:
    found = from_bytes(sample, cp_exclusion=["utf_16", "utf_32", "utf_7"]).best()
    return _of_python(found.encoding) if found else None


def _japanese(error: UnicodeError) -> tuple[str, int]:
    """Decode a character that Windows adds to the Japanese standards: circled digits and some characters of names."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = [byte & 0x7F for byte in error.object[error.start : error.start + 2]]
    if len(pair) < 2 or not all(0x21 <= byte <= 0x7E for byte in pair):
        return "\ufffd", error.start + 1
    lead, trail = (
        (pair[0] - 0x21) // 2 + 0x81,
        pair[1] + (0x1F if pair[1] < 0x60 else 0x20) if pair[0] % 2 else pair[1] + 0x7E,
    )
    try:
        return bytes([lead if lead < 0xA0 else lead + 0x40, trail]).decode("cp932"), error.start + 2
    except UnicodeDecodeError:
        return "\ufffd", error.start + 1


codecs.register_error("japanese", _japanese)
