"""Translate what Obsidian, MkDocs and others write within a line: wiki links, embeds, comments, icons, attributes."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import quote

from kb.foreign.anchors import slug
from kb.foreign.lines import in_step, line_ends
from kb.foreign.note import Note
from kb.foreign.routes import WIKI

_COMMENT = re.compile(r"(?<![\w%])%%(?!%)((?:(?!%%)[^\0]){1,5000})%%(?![\w%])")
_WIKI = re.compile(
    r"(?P<embed>!?)\[\[(?!\s|_?toc_?\]|_TOC)(?P<page>[^\[\]|#\n\0]{0,300})(?P<at>#[^\[\]|\n\0]{1,300})?"
    r"(?:\\?\|(?P<text>[^\[\]\n]{0,300}))?\]\](?![(\[])",
    re.IGNORECASE,
)
_BLOCK_ID = re.compile(r"(?:(?<=\S)[ \t]+|^)\^[A-Za-z0-9][A-Za-z0-9-]{2,40}[ \t]*$", re.MULTILINE)
_MARK = re.compile(r"(?<![=\w])==(?=[^\s=])([^=\n]{0,400}?[^\s=])==(?![=\w])")
_ICON = re.compile(r"(?<![\w:]):(?:material|fontawesome|octicons|simple|lucide)-[\w-]+:(?:\{[^{}\n]*\})?")
_ATTRIBUTES = re.compile(
    r"(?<=[\])`\0])[ \t]*\{:?[ \t]*"
    r"((?:[.#]?[\w:-]+(?:=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s{}\"]+))?[ \t]*){1,20})\}"
)
_ALONE = re.compile(r"^[ \t]*\{:?[ \t]*(?:\.[\w-]+[ \t]*)+\}[ \t]*$", re.MULTILINE)
_KEPT = re.compile(r"#[\w:.-]+|(?:width|height|title|start)=(?:\"[^\"]*\"|'[^']*'|\S+)")
_SNIPPET = re.compile(
    r"^[ \t]*-{1,9}8<-{1,9}(?:[ \t]+[^\n]*|[ \t]*\n(?:(?!-+8<)[^\n]*\n){1,50}?[ \t]*-{1,9}8<-{1,9}[ \t]*)$",
    re.MULTILINE,
)
_INCLUDED = re.compile(r"^[ \t]*(?:<<<[ \t]*[@.\w/][^\n]*|@\[code[^\n]*|<!--@include:[^\n]*-->)$", re.MULTILINE)
_HEADING = re.compile(r"^(#{1,6}[ \t][^\n]*?)[ \t]*\\?\{:?[^{}\n]*#([\w:.-]+)[^{}\n]*\}[ \t]*$", re.MULTILINE)
_BELOW = re.compile(r"^(#{1,6}[ \t][^\n{}]*)\n[ \t]*\{:[^{}\n]*#([\w:.-]+)[^{}\n]*\}[ \t]*$", re.MULTILINE)
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|avif|bmp)$", re.IGNORECASE)
_SIZE = re.compile(r"(\d{1,5})(?:x(\d{1,5}))?")


def translate(text: str, *, first_line: int) -> tuple[str, list[Note]]:
    """Return `text`, without code, in our Markdown, and notes on what was removed."""
    notes = []
    if "%%" in text:
        text = _COMMENT.sub(lambda match: in_step("", match[0]), text)
    if "[[" in text:
        text = _WIKI.sub(_link, text)
    if "^" in text:
        text = _BLOCK_ID.sub("", text)
    if "==" in text:
        text = _MARK.sub(r"<mark>\1</mark>", text)
    if "-" in text and ":" in text:
        text = _ICON.sub("", text)
    if "{" in text:
        text = _BELOW.sub(r"\1 {#\2}\n", text)
        text = _HEADING.sub(r"\1 {#\2}", text)
        text = _ATTRIBUTES.sub(_attributes, _ALONE.sub("", text))
    for pattern in (_SNIPPET, _INCLUDED):
        if match := pattern.search(text):
            line = first_line + line_ends(text, match.start())
            notes.append(Note("included", line, "parts of other files are not included; copy their text"))
            text = pattern.sub(lambda match: in_step("", match[0]), text)
    return text.replace("pathname://", ""), notes


def _link(match: re.Match[str]) -> str:
    page, at, text = match["page"].strip(), (match["at"] or "")[1:], (match["text"] or "").strip()
    heading = at.rpartition("#")[2]
    if match["embed"] and _PICTURE.search(page):
        return _picture(page, text)
    anchor = "" if not heading or heading.startswith("^") else "#" + slug(heading)
    name = page.rpartition("/")[2].removesuffix(".md")
    shown = text or " > ".join(filter(None, (name, heading if anchor else "")))
    target = (WIKI + quote(page) if page else "") + anchor
    return f"[{shown}]({target})" if target else shown


def _picture(page: str, text: str) -> str:
    """Return a picture; in Obsidian the text after a bar may be its width."""
    *words, last = text.split("|")
    size = _SIZE.fullmatch(last.strip())
    alt = escape(" ".join(words) if size else text)
    if not size:
        return f"![{alt}]({WIKI}{quote(page)})"
    height = f' height="{size[2]}"' if size[2] else ""
    return f'<img src="{WIKI}{quote(page)}" alt="{alt}" width="{size[1]}"{height}>'


def _attributes(match: re.Match[str]) -> str:
    """Return the attributes that have an effect here, as `{: width="300" }`; classes have none."""
    if match.string.startswith("#", match.string.rfind("\n", 0, match.start()) + 1):
        return match[0]  # of a heading
    kept = _KEPT.findall(match[1])
    return "{: " + " ".join(kept) + " }" if kept else ""
