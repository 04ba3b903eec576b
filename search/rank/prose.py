"""Tell prose from code, and take the marks of Markdown out of it, for the sentences that people are shown."""

from __future__ import annotations

import re
from functools import lru_cache

MOST_SIGNS = 0.08  # share of signs that only code has many of, from which a line is code
LEAST = 12  # characters from which a line without a space is an address, a name or code

_SIGNS = re.compile(r"[{}\[\]<>=;|\\_$`*#&+~^]|\"[:,]|[\w)]\(|\)[.;{]|::|--")
_CODE = re.compile(
    r"\s*(?:[$%>] ?\w|//|/\*|</?\w+[ >/]|<!|<\?|[{}\[\]]|\"[^\"]+\"\s*:|'[^']+'\s*:|@\w+[( ]|#!|\w+\(.*\)[;{]?$"
    r"|[a-z_][\w.-]*\s*[:=]\s*(?:[\"'{\[<$]|true\b|false\b|null\b|\d)|[\w.-]+\s*=\s*\S"
    r"|(?:sudo|npm|npx|yarn|pnpm|pip3?|git|curl|wget|docker|kubectl|apt|apt-get|brew|cd|chmod) [-\w./@]+(?:\s|$))"
)
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NAMES = "note|tip|info|warning|caution|danger|important|success|details|example|question|bug|abstract|quote"
_ADMONITION = re.compile(
    rf"^\s*(?::::+\s*(?:{_NAMES})?|>?\s*\[!(?:{_NAMES})\][+-]?)\s*",
    re.IGNORECASE,
)
_MKDOCS = re.compile(
    rf"^\s*(?:!!!|\?\?\?\+?)\s*(?:{_NAMES})\b(?:[^\S\n]*\"[^\"\n]*\")?[^\S\n]*", re.IGNORECASE | re.MULTILINE
)
_MARKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r":::+\s*$"), ""),
    (re.compile(r"\{\{[<%].*?[%>]\}\}|\{%.*?%\}|\{:?\s*[#.][\w-]+[^}]*\}"), ""),  # shortcodes, tags, attributes
    (re.compile(r"!?\[([^\]\[]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)"), r"\1"),
    (re.compile(r"\[\[(?:[^\]|]*\|)?([^\]|]*)\]\]"), r"\1"),
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"`+([^`]+)`+"), r"\1"),
    (re.compile(r"^\s*(?:#{1,6}|[-*+]|>|\d{1,2}[.)])\s+"), ""),
    (re.compile(r"^\s*\|\s*|\s*\|\s*$"), ""),
    (re.compile(r"</?(?:br|b|i|em|strong|code|kbd|p|div|span|details|summary|img|a)\b[^<>]*>", re.IGNORECASE), " "),
    (re.compile(r"^(?:\s*,)+\s*|(?<=[:(])(?:\s*,)+|,\s*(?=,)"), ""),  # of a list whose items were marks
)
_SUSPECT = re.compile(r"[*`\[{:!?<>#|+_-]|\d[.)]")


@lru_cache(maxsize=4096)
def is_prose(line: str) -> bool:
    """Return True for a sentence, a list's item or a table's row; False for code, JSON, a command or an address.

    >>> [is_prose(line) for line in ("Open Settings (top right).", '"port": 8000,', "$ kb serve", "kb_data=/srv")]
    [True, False, False, False]
    """
    text = line.strip()
    if _CODE.match(text) or not any(char.isalnum() for char in text):
        return False
    if " " not in text and len(text) >= LEAST and not _UNSPACED.search(text):
        return False
    return len(_SIGNS.findall(text)) <= MOST_SIGNS * len(text)


def opened(text: str) -> str:
    """Return a text without the marks that open MkDocs' admonitions, which would be taken for ends of sentences."""
    return _MKDOCS.sub("", text) if "!!!" in text or "???" in text else text


def plain(line: str) -> str:
    """Return a line without marks of Markdown that the renderer left: of admonitions, links, emphasis and tags.

    >>> plain("::: tip Use **two** [devices](/en/devices)"), plain("[!NOTE] It is `off`.")
    ('Use two devices', 'It is off.')
    """
    if not _SUSPECT.search(line):
        return line.strip()
    text = _ADMONITION.sub("", line, count=1)
    for pattern, kept in _MARKS:
        text = pattern.sub(kept, text)
    return text.strip()
