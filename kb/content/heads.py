"""Read an article's file as it is in the world: its encoding, and its head in YAML, TOML or JSON.

What cannot be read is left out with a note, and the article is shown without it. Only `audience` is an error.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from kb.content import frontmatter
from kb.content.frontmatter import FrontMatter, Value
from kb.errors import BadArticle
from kb.foreign.note import Note

MAX_BYTES = 256 * 1024
_BEFORE = re.compile(
    r"(?:\s|<!--(?:(?!-->).)*-->)*(?=---[ \t]*\n[ \t]*(?:#[^\n]*\n)*[\w\"'$@-]+[ \t]*:|\+\+\+[ \t]*\n)", re.S
)
_KEY = re.compile(r"""(?:([\w$@.-]+)|"([^"\n]+)"|'([^'\n]+)')[ \t]*:(?:[ \t]+|$)""")
_GUARDED = "audience"  # whose loss could show an article to everyone


@dataclass(frozen=True, slots=True)
class Parts:
    """A file in parts: its keys, its text, the line on which the text begins, and notes on what was left out."""

    head: FrontMatter
    body: str
    body_line: int
    notes: tuple[Note, ...] = ()


def decoded(path: str, raw: bytes) -> tuple[str, list[Note]]:
    """Return the text of a file, which should be UTF-8; raise BadArticle if it is too large or no text."""
    if len(raw) > MAX_BYTES:
        raise BadArticle(path, 1, f"the file is over {MAX_BYTES // 1024} KB; split it into several articles")
    notes: list[Note] = []
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = raw.decode("utf-16", "replace")
        notes.append(Note("encoding", 1, "the file is UTF-16; save it as UTF-8"))
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            if b"\0" in raw:
                raise BadArticle(path, line, "the file is not text; save it as UTF-8") from error
            text = raw.decode("cp1252", "replace")
            why = "the file is not UTF-8 and was read as Windows-1252; save it as UTF-8"
            notes.append(Note("encoding", line, why))
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""), notes


def parted(path: str, text: str) -> Parts:
    """Return the parts of an article's text."""
    if text.startswith("{"):
        return _json(text) or Parts(FrontMatter(), text, 1)
    before = _BEFORE.match(text)
    start = before.end() if before else 0
    above = text.count("\n", 0, start)
    rest = text[start:]
    if rest.startswith("+++"):
        return _toml(rest, above) or Parts(FrontMatter(), text, 1)
    head, body, body_line = frontmatter.split(rest)
    if head is not None and head.startswith("\n"):
        return Parts(FrontMatter(), text, 1)  # a rule, not a head
    if head is None:
        if not (before or re.match(r"---\n[\w-]+:", rest)):
            return Parts(FrontMatter(), text, 1)
        head, gap, body = rest.partition("\n")[2].partition("\n\n")  # not closed: up to the first empty line
        lines = head.count("\n") + 2 + gap.count("\n")
        unclosed = Note("front matter", above + 1, "front matter is not closed; add a line '---' after it")
        keys, notes = _yaml(path, head, above + 2)
        return Parts(keys, body, above + lines, (unclosed, *notes))
    keys, notes = _yaml(path, head, above + 2)
    return Parts(keys, body, above + body_line, notes)


def _yaml(path: str, text: str, line: int) -> tuple[FrontMatter, tuple[Note, ...]]:
    """Return the keys of YAML; if it cannot be read as a whole, each key is read by itself."""
    try:
        return frontmatter.load(path, text, first_line=line), ()
    except BadArticle:
        if len(text) > frontmatter.MAX_CHARACTERS:
            raise
    values: dict[str, Value] = {}
    lines: dict[str, int] = {}
    notes: list[Note] = []
    for name, block, at in _blocks(text, line):
        if name in values:
            why = f"{name} appears twice; the first one counts; remove one"
            notes.append(Note(f"{name} twice", at, why, error=name == _GUARDED))
            continue
        value, note = _block(path, name, block, at)
        notes += [note] if note else []
        if value is not None:
            values[name], lines[name] = value, at
    if not values and not notes:
        notes.append(
            Note("front matter", line, "front matter is not a mapping and is ignored; write 'key: value' lines")
        )
    return FrontMatter(values, lines), tuple(notes)


def _blocks(text: str, line: int) -> list[tuple[str, str, int]]:
    """Return the keys at the left edge, each with its lines and the number of the first."""
    found: list[tuple[str, list[str], int]] = []
    for number, row in enumerate(text.split("\n"), line):
        if match := _KEY.match(row):
            found.append((match[1] or match[2] or match[3], [row], number))
        elif found:
            found[-1][1].append(row)
    return [(name, "\n".join(rows), number) for name, rows, number in found]


def _block(path: str, name: str, block: str, line: int) -> tuple[Value, Note | None]:
    for text in (block, block.expandtabs(4)):
        try:
            return frontmatter.load(path, text, first_line=line).values.get(name), None
        except BadArticle as error:
            why = error.why
    match = _KEY.match(block)
    rest = block[match.end() :].strip() if match else ""
    if name != _GUARDED and rest and "\n" not in rest and rest[0] not in "&*[{!|>":
        return rest, Note(f"{name} as text", line, f"{name} was read as text: {why}")
    return None, Note(f"{name} unread", line, f"{name} is ignored: {why}", error=name == _GUARDED)


def _toml(text: str, above: int) -> Parts | None:
    lines = text.split("\n")
    end = next((number for number, row in enumerate(lines[1:], 1) if row.rstrip() == "+++"), None)
    if end is None:
        return None
    head, body = "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])
    try:
        table: Mapping[str, object] = tomllib.loads(head)
    except (ValueError, RecursionError) as error:
        guarded = _GUARDED in head
        note = Note("front matter", above + 2, f"front matter is not TOML and is ignored: {error}", error=guarded)
        return Parts(FrontMatter(), body, above + end + 2, (note,))
    return Parts(_converted(table, lines, above + 1), body, above + end + 2)


def _json(text: str) -> Parts | None:
    """Return the parts of a file that begins with a JSON object, or None if it doesn't.

    An object in a sentence is text, unless it names who may see the article.
    """
    try:
        table, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None
    rest = text[end:].lstrip(" \t")
    alone = rest[:1] in ("", "\n")
    if not isinstance(table, dict) or not table or not (alone or _GUARDED in table):
        return None
    line = text.count("\n", 0, end) + 1
    return Parts(_converted(table, text[:end].split("\n"), 1), rest.removeprefix("\n"), line + alone)


def _converted(table: Mapping[str, object], lines: list[str], first_line: int) -> FrontMatter:
    places: dict[str, int] = {}
    for number, row in enumerate(lines, first_line):
        if match := re.match(r"""[\s{,]*["']?([\w.-]+)["']?\s*[:=]""", row):
            places.setdefault(match[1], number)
    values = {str(key): _value(value) for key, value in table.items()}
    return FrontMatter(values, {key: places.get(key, first_line) for key in values})


def _value(value: object, depth: int = 0) -> Value:
    if depth > frontmatter.MAX_DEPTH or value is None:
        return None
    if isinstance(value, Mapping):
        return {str(key): _value(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_value(inner, depth + 1) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime | date | time) else str(value).strip()
