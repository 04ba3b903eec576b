"""Translate Hugo's shortcodes: notes, tabs, links and pictures are kept, and others are dropped with what they hold."""

from __future__ import annotations

import re
from urllib.parse import quote

from kb.foreign.lines import ADDED, CLOSE, OPEN, in_step, line_ends, own_line
from kb.foreign.note import Note

# No part can match past the next opening, so that unclosed ones take linear time.
_CODE = re.compile(
    r"\{\{(?P<mark>[<%])-?\s*(?P<close>/?)\s*(?P<name>\w[\w./-]*)(?P<rest>(?:(?!\{\{|\}\})[^\0]){0,3000}?)"
    r"(?P<void>/?)\s*-?[>%]\}\}"
)
_ESCAPED = re.compile(r"\{\{([<%])/\*(.*?)\*/([>%])\}\}", re.DOTALL)
_NAMED = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|`([^`]*)`|([^\s"]+))""")
_WORD = re.compile(r"""(?:^|\s)(?:"([^"]*)"|`([^`]*)`|([^\s"=]+))(?=\s|$)""")
_NOTES = {
    "caution": "warning",
    "callout": "note",
    "alert": "note",
    "notice": "note",
    "admonition": "note",
    "hint": "tip",
    "important": "info",
    "success": "tip",
    **{name: name for name in ("note", "tip", "warning", "info", "danger")},
}
_PICTURES = frozenset("figure img image imgproc picture video-img".split())
_HELD = frozenset("details expand collapse card cards steps step columns column md markdown comment-text".split())
_INLINE = frozenset("heading glossary_tooltip term kbd badge button link".split())


def translate(text: str, *, first_line: int) -> tuple[str, list[Note]]:
    """Return `text`, without code, without shortcodes, and a note for each kind that was dropped."""
    if "{{<" not in text and "{{%" not in text:
        return text, []
    notes: dict[str, Note] = {}
    closed = {match["name"] for match in _CODE.finditer(text) if match["close"]}
    parts, last, skipped = [], 0, ""
    for match in _CODE.finditer(text):
        before = text[last : match.start()]
        parts.append(in_step("", before) if skipped else before)
        last = match.end()
        name = match["name"].rpartition("/")[2].removesuffix(".html").casefold()
        if skipped:
            skipped = "" if match["close"] and match["name"] == skipped else skipped
            found = ""
        else:
            known = _known(name, match)
            found = known or ""
            if known is None:
                why = f"the shortcode '{name}' is not supported and was removed"
                paired = match["name"] in closed and not match["void"] and not match["close"]
                skipped = match["name"] if paired and (match["mark"] == "<" or name == "comment") else ""
                why += " with what it holds" if skipped else ""
                if name not in notes:
                    notes[name] = Note(f"shortcode {name}", first_line + line_ends(text, match.start()), why)
        parts.append(in_step(found, match[0]))
    whole = "".join([*parts, text[last:]])
    whole = _ESCAPED.sub(lambda match: "{{" + match[1] + match[2] + match[3] + "}}", whole)
    return whole, list(notes.values())


def _known(name: str, match: re.Match[str]) -> str | None:
    """Return the translation of a shortcode, or None if it has none."""
    rest, close = match["rest"], bool(match["close"])
    given = {key: a or b or c for key, a, b, c in _NAMED.findall(rest)}
    words = [a or b or c for a, b, c in _WORD.findall(_NAMED.sub("", rest))]
    first = words[0] if words else ""
    if name in ("ref", "relref"):
        return quote("/_wiki/" + (first or given.get("path", "")).lstrip("/"), safe="/#")
    if name in _NOTES:
        if close:
            return own_line(":::", match)
        kind = given.get("type") or given.get("color") or (first if first in _NOTES else name)
        title = given.get("title", "")
        return own_line(f":::{_NOTES.get(kind, _NOTES[name])}" + (f"[{title}]" if title else ""), match)
    if name in ("tab", "tabitem"):
        label = (given.get("name") or given.get("title") or given.get("header") or first or "Tab").replace('"', "”")
        return own_line("</TabItem>" if close else f'<TabItem label="{label}">', match)
    if name in _PICTURES and (src := given.get("src") or given.get("link") or first):
        return "" if close else f"![{given.get('alt') or given.get('caption') or ''}](<{src}>)"
    if name in ("youtube", "vimeo") and (number := given.get("id") or first):
        place = "https://www.youtube.com/watch?v=" if name == "youtube" else "https://vimeo.com/"
        return f"[▶ {given.get('title') or place.split('/')[2].removeprefix('www.')}]({place}{number})"
    if name == "highlight":
        return own_line("```" if close else "```" + re.sub(r"\W.*", "", first), match)
    if name in _INLINE:
        return given.get("text") or given.get("title") or ("" if close else first)
    if name in _HELD:
        title = "" if close else given.get("summary") or given.get("title") or first
        return (f"**{title}**\n{ADDED}" if title else "") + own_line(CLOSE if close else OPEN, match)
    return "" if name in ("tabs", "tabpane", "br", "toc", "param") or close else None
