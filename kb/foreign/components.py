"""Translate the components of MDX, as in Docusaurus and Starlight, to Markdown, and keep what they hold.

No script is run: an attribute or expression counts if it is a text, an imported file, or a key of the front matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from kb.foreign.lines import ADDED, CLOSE, OPEN, around, in_step, line_ends, own_line
from kb.foreign.note import Note

_BRACES = r"\{[^{}]{0,3000}\}"
for _ in range(6):  # levels of braces within braces
    _BRACES = rf"\{{(?:[^{{}}]|{_BRACES}){{0,3000}}\}}"
_SAID = rf"""(?:"[^"]{{0,3000}}"|'[^']{{0,3000}}'|{_BRACES})"""
_PART = re.compile(
    rf"""<(?P<close>/?)(?P<name>[A-Za-z][\w.]*)(?P<rest>(?:\s+(?:[\w:@.-]+(?:\s*=\s*{_SAID})?"""
    rf"""|\{{\s*\.\.\.[^{{}}]{{0,200}}\}}))*)\s*(?P<void>/?)>|(?<![\\$\w])(?P<braces>{_BRACES})"""
)
_ATTRIBUTES = re.compile(rf"([\w:@.-]+)(?:\s*=\s*({_SAID}))?")
_ESM = re.compile(r"^(?:import|export)\b[^\n]*(?:\n(?![ \t]*\n)[^\n]*){0,200}", re.MULTILINE)
_ONE_LINE = re.compile(
    r"^(?:import\s+(?:.+?\s+from\s+)?['\"][^'\"\n]+['\"];?|export\s+(?:const|default|function)\b[^\n]*)[ \t]*$",
    re.MULTILINE,
)
_FROM = re.compile(r"""import\s+([\w$*{},\s]+?)\s+from\s+["']([^"']+)["']""")
_CONST = re.compile(r"""export\s+const\s+(\w+)\s*=\s*(["'`])([^"'`\n]*)\2""")
_TEXT = re.compile(r"""\s*(["'`])((?:(?!\1)[^\\$])*)\1\s*""")
_CODE = re.compile("\0\\d+\0\4*")  # that was set aside
_BASE_URL = re.compile(r"""\s*useBaseUrl\(\s*["'`]([^"'`]+)["'`]\s*\)\s*""")
_REQUIRE = re.compile(r"""\s*require\(\s*["'`](?:!!?[\w-]+!)*([^"'`]+)["'`]\s*\)(?:\.default)?\s*""")
_QUOTED = re.compile(r"""["'`]([^"'`\s]+\.(?:png|jpe?g|gif|webp|svg|avif))["'`]""", re.IGNORECASE)
_MEMBER = re.compile(r"\s*(?:front[mM]atter|page\.frontmatter|\$frontmatter)\.(\w+)\s*")
_SCRIPT = re.compile(r"\s*(?:[\w$.]+(?:\(.*\))?|.*(?:=>|&&|\|\||\?\.|\.map\().*)\s*", re.DOTALL)
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|avif)(?:[?#].*)?$", re.IGNORECASE)

_TABS = frozenset("tabitem tabpanel tabs.tab codeblocktab".split())
_ASIDES = {
    name: kind
    for kind, names in {
        "note": "note aside callout admonition alert",
        "tip": "tip check success hint",
        "info": "info important",
        "warning": "warning caution",
        "danger": "danger error",
    }.items()
    for name in names.split()
}
_LINKS = frozenset("link navlink linkbutton button a.link nextlink docslink anchor".split())
_FRAMES = frozenset("iframe video reactplayer youtube vimeo liteyoutubeembed youtubeembed".split())
_TITLED = frozenset("card accordion details expandable step".split())
_WRAPPERS = _TITLED | frozenset("tabs steps cardgrid cards columns column filetree codegroup fragment grid".split())
# Without an import, these are components in a .md file too; others are words in angle brackets.
_KNOWN = frozenset("Tabs TabItem LinkCard CardGrid Steps FileTree Badge ThemedImage CodeGroup".split())
_VIDEOS = {"youtube": "https://www.youtube.com/watch?v=", "vimeo": "https://vimeo.com/"}


@dataclass(slots=True)
class Translation:
    """One text's imports, and the notes on what was removed."""

    values: Mapping[str, object]
    mdx: bool
    first_line: int
    files: dict[str, str] = field(default_factory=dict)  # imported name -> path
    names: set[str] = field(default_factory=set)  # imported components
    texts: dict[str, str] = field(default_factory=dict)  # exported name -> text
    notes: dict[str, Note] = field(default_factory=dict)
    closing: list[tuple[str, str]] = field(default_factory=list)  # of open components: name, text at its end

    def run(self, text: str) -> str:
        """Return `text`, without code, in Markdown; each removed line end is kept."""
        self.mdx = self.mdx or bool(_FROM.search(text) and _ONE_LINE.search(text))
        text = (_ESM if self.mdx else _ONE_LINE).sub(self._import, text)
        parts, last, skip_to = [], 0, ""
        for match in _PART.finditer(text):
            if skip_to:
                parts.append(in_step("", text[last : match.end()]))
                last = match.end()
                skip_to = "" if match["close"] and match["name"].lower() == skip_to else skip_to
                continue
            parts.append(text[last : match.start()])
            last = match.end()
            found = self._expression(match) if match["braces"] else self._tag(match)
            parts.append(in_step(found, match[0]))
            if match["name"] and match["name"].lower() in ("iframe", "video") and found != match[0]:
                end = text.find(f"</{match['name']}>", last, last + 5000)
                skip_to = match["name"].lower() if end >= 0 and not match["void"] else ""
        return "".join([*parts, text[last:]])

    def _import(self, match: re.Match[str]) -> str:
        for names, path in _FROM.findall(match[0]):
            words = re.findall(r"[\w$]+", re.sub(r"\w+\s+as\s+", "", names))
            self.names.update(word for word in words if word[:1].isupper())
            self.files |= dict.fromkeys(words, path)
        self.texts |= {name: text for name, _, text in _CONST.findall(match[0])}
        self.names.update(re.findall(r"export\s+(?:const|function)\s+([A-Z]\w*)", match[0]))
        self._note("mdx", match, "MDX imports and exports are not supported and were removed")
        return in_step("", match[0])

    def _expression(self, match: re.Match[str]) -> str:
        inner = match["braces"][1:-1]
        if inner.lstrip().startswith("/*") and inner.rstrip().endswith("*/"):
            return ""
        value = self._value(match["braces"]) if self.mdx or _MEMBER.fullmatch(inner) else None
        if value is not None:
            return value
        if not self.mdx or not _SCRIPT.fullmatch(inner) or inner.strip().isdigit():
            return match[0]
        self._note(
            "mdx expression", match, f"the expression {{{inner.strip()[:40]}}} has no value here and was removed"
        )
        return ""

    def _value(self, said: str) -> str | None:
        """Return the text of an attribute or an expression, or None if only a script would know it."""
        if said[0] in "\"'":
            return said[1:-1]
        inner = said[1:-1]
        if found := _TEXT.fullmatch(inner):
            return found[2]
        if _CODE.fullmatch(inner):
            return inner
        if found := _BASE_URL.fullmatch(inner):
            return found[1] if "://" in found[1] else "/" + found[1].lstrip("/")
        if found := _REQUIRE.fullmatch(inner):
            return found[1]
        if found := _MEMBER.fullmatch(inner):
            value = self.values.get(found[1])
            return value if isinstance(value, str) else ""
        name = inner.strip().removesuffix(".src")
        if name in self.texts or name in self.files:
            return self.texts.get(name, self.files.get(name, ""))
        return inner.strip() if inner.strip().isdigit() else None

    def _tag(self, match: re.Match[str]) -> str:
        name, whole = match["name"], match[0]
        low = name.lower()
        if name[0].islower() and low not in ("iframe", "video"):
            return self._html(match) if "{" in match["rest"] else whole
        ours = self.mdx or name.split(".")[0] in self.names or name in _KNOWN or "=" in match["rest"]
        ours = ours or bool(match["close"] and any(open == low for open, _ in self.closing))
        if low in _FRAMES and not match["close"] and (ours or low in ("iframe", "video")):
            return self._frame(match, low) or whole
        if not ours:
            return whole
        if match["close"]:
            return self._end(low, match)
        given = self._attributes(match["rest"])
        if (simple := self._simple(low, given, match)) is not None:
            return simple
        if match["void"]:
            self._note(f"mdx component {name}", match, f"component <{name}> is not supported and was removed")
            return ""
        return self._begin(low, given, match)

    def _attributes(self, text: str) -> dict[str, str]:
        found = {}
        for name, said in _ATTRIBUTES.findall(text):
            value = self._value(said) if said else ""
            if value is None and (path := _QUOTED.search(said)):
                value = path[1]
            if value is not None:
                found[name] = value
        return found

    def _html(self, match: re.Match[str]) -> str:
        """Return an HTML tag with plain attributes."""
        given = self._attributes(match["rest"])
        given = {"class" if name == "className" else name: value for name, value in given.items() if name != "style"}
        words = "".join(f' {name}="{escape(value)}"' if value else f" {name}" for name, value in given.items())
        return f"<{match['name']}{words}{match['void'] and ' /'}>"

    def _frame(self, match: re.Match[str], low: str) -> str:
        """Return a link to what a frame or a video shows, since neither is shown here."""
        given = self._attributes(match["rest"])
        src = given.get("src") or given.get("url") or ""
        if not src and low == "video":
            inside = re.search(r"""<source\b[^>]*?\bsrc=["']([^"']+)""", match.string[match.end() : match.end() + 2000])
            src = inside[1] if inside else ""
        number = given.get("id") or given.get("videoId") or given.get("youTubeId") or ""
        if not src and number and low != "video":
            src = _VIDEOS["vimeo" if low == "vimeo" else "youtube"] + number
        if not src:
            return ""
        label = given.get("title") or re.sub(r"^(?:https?:)?//(?:www\.)?", "", src)
        self._note("frame", match, "videos and frames are shown as links to them")
        return f'<a href="{escape(src)}">▶ {escape(label)}</a>'

    def _simple(self, low: str, given: dict[str, str], match: re.Match[str]) -> str | None:
        """Return a component that holds nothing, or None for others."""
        src = given.get("src") or given.get("sources") or given.get("image") or given.get("light") or ""
        if match["void"] and _PICTURE.search(src):
            size = "".join(f' {key}="{given[key]}"' for key in ("width", "height") if given.get(key, "").isdigit())
            return f'<img src="{escape(src)}" alt="{escape(given.get("alt", ""))}"{size}>'
        href = given.get("href") or given.get("to") or given.get("url")
        title = given.get("title") or given.get("label") or given.get("text")
        if match["void"] and href and title:
            more = given.get("description")
            return f'<a href="{escape(href)}">{escape(title)}</a>' + (f": {more}" if more else "")
        if match["void"] and low in ("badge", "kbd", "tag", "label") and title:
            return title
        return "" if low in ("icon", "br", "spacer", "tableofcontents", "toc", "toclink") else None

    def _begin(self, low: str, given: dict[str, str], match: re.Match[str]) -> str:
        href = given.get("href") or given.get("to")
        title = given.get("title") or given.get("label") or given.get("summary") or ""
        if (low in _LINKS or low.endswith("link")) and href:
            self.closing.append((low, "</a>"))
            return f'<a href="{escape(href)}">'
        if low in _TABS or (low == "tab" and title):
            label = (title or given.get("value") or given.get("name") or "Tab").replace('"', "”")
            self.closing.append((low, "</TabItem>"))
            return own_line(f'<TabItem label="{label}">', match)
        if low in _ASIDES:
            kind = _ASIDES.get(given.get("type", given.get("intent", low)).lower(), _ASIDES[low])
            self.closing.append((low, ":::"))
            return own_line(f":::{kind}" + (f"[{title}]" if title else ""), match)
        if low not in _WRAPPERS:
            why = f"component <{match['name']}> is not supported; its text is shown without it"
            self._note(f"mdx component {match['name']}", match, why)
        if not any(around(match)):
            self.closing.append((low, CLOSE))
            head = f"{ADDED}**{title}**\n{ADDED}\n" if title and low in _TITLED else ""
            return head + own_line(OPEN, match)
        self.closing.append((low, ""))
        return f"**{title}** " if title and low in _TITLED else ""

    def _end(self, low: str, match: re.Match[str]) -> str:
        for number in range(len(self.closing) - 1, -1, -1):
            if self.closing[number][0] == low:
                text = self.closing[number][1]
                del self.closing[number:]
                return text if text in ("", "</a>") else own_line(text, match)
        return ""

    def _note(self, key: str, match: re.Match[str], why: str) -> None:
        if key not in self.notes:
            self.notes[key] = Note(key, self.first_line + line_ends(match.string, match.start()), why)
