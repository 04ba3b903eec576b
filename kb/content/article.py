"""An article: one Markdown file, read from its front matter, its path and its text."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any, Literal, NamedTuple

from kb import languages
from kb.content import article_keys, dialect, foreign_keys, heads
from kb.content.article_keys import Key
from kb.content.frontmatter import FrontMatter, Value
from kb.errors import BadArticle
from kb.foreign import markdown as foreign
from kb.foreign.note import Note

Status = Literal["draft", "published", "archived"]

MAX_TITLE = 300
LONGEST_HEADING = 2_000  # characters that are read
KEYS = {key.name: key for key in article_keys.ARTICLE_KEYS}
_UNREADABLE = re.compile(r"[?#%\\\x00-\x1f]+")  # in addresses
_TRANSLATED = re.compile(r"((?:.*/)?)i18n/([\w-]+)/docusaurus-plugin-content-docs/current/(.+)")
_SECTION = re.compile(r"/_index(?:\.[\w-]+)?\.\w+$")
_H1 = re.compile(r" {0,3}<h1\b[^>]*>(.*?)</h1>", re.IGNORECASE)
_ATX = re.compile(r" {0,3}#{1,6}[ \t\xa0]")
_ATTRIBUTES = re.compile(r"\\?\{[:#.][^{}]*\}$")
_CLOSING = re.compile(r"(?:^|(?<=[ \t]))#+$")  # not of `# C#`
_UNDERLINE = re.compile(r"=+[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_MARKS = re.compile(r"[*_`~]+|!?\[([^\]]*)\]\([^)]*\)|</?[a-z][^>]*>", re.IGNORECASE)


class Version(NamedTuple):
    """An article in one language."""

    id: str
    lang: str


@dataclass(frozen=True, slots=True)
class Article:
    """One language version of an article; `id` is its path without suffix and language."""

    id: str  # "account/reset-password"
    lang: str
    path: str  # below the articles folder, with slashes: "account/reset-password.es.md"
    title: str
    summary: str
    category: str
    markdown: str  # the body, without front matter and without the heading that repeats the title
    body_line: int  # the line of the file, from 1, where the body begins
    address: str  # "/en/articles/account/reset-password", or from slug or permalink
    revision: str  # the first 12 hex digits of the file's sha256
    queries: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()  # other names to find it by
    routes: tuple[str, ...] = ()  # other paths by which links of the system it comes from know it
    owner: str = ""
    review_every: int | None = None  # days
    verified: date | None = None
    status: Status = "published"
    publish_at: datetime | None = None
    expire_at: datetime | None = None
    replaced_by: str = ""  # an article's path or an address
    audience: tuple[str, ...] = ()  # empty: everyone
    order: int | None = None
    updated: datetime | None = None  # the last commit that touched the file; None outside git
    mark: str = ""  # of Python-Markdown in the text, which tells the dialect of the folder
    outdated: bool = False  # a translation whose original has changed since

    @property
    def version(self) -> Version:
        """Its id and language, which are unique."""
        return Version(self.id, self.lang)

    @property
    def source(self) -> str:
        """A cache key that changes with the file's content and path."""
        return f"{self.revision} {self.path}"


def identity(path: str, *, default_lang: str, folders: Collection[str] = ()) -> Version:
    """Return the id and language of a path; `folders` are top folders that are categories, not languages.

    A file `_index.md` is the page of its folder, as in Hugo. Characters that have a meaning in addresses are left out.

    >>> identity("account/reset.es.md", default_lang="en"), identity("es/account/reset.md", default_lang="en")
    (Version(id='account/reset', lang='es'), Version(id='account/reset', lang='es'))
    """
    stem, lang = _UNREADABLE.sub("", PurePosixPath(path).with_suffix("").as_posix()), None
    name, dot, suffix = stem.rpartition(".")
    if dot and not name.endswith("/"):
        lang = languages.normalise(suffix.removeprefix("_"))
        stem = name if lang else stem
    if stem.rpartition("/")[2] == "_index":
        stem = stem.removesuffix("/_index").replace("_index", "index")
    if moved := _TRANSLATED.fullmatch(stem):
        return Version(moved[1] + "docs/" + moved[3], lang or languages.normalise(moved[2]) or default_lang)
    top, slash, rest = stem.partition("/")
    if slash and top not in folders and (folder_lang := languages.normalise(top)):
        return Version(rest, lang or folder_lang)
    return Version(stem, lang or default_lang)


def is_section(path: str) -> bool:
    """Return True if a file is the page of its folder in Hugo, `_index.md` below the top."""
    return bool(_SECTION.search(path))


def parse(path: str, text: bytes | str, *, default_lang: str, folders: Collection[str] = ()) -> Article:
    """Return the article in a file; raise BadArticle with the line of the error."""
    article, notes = read(path, text, default_lang=default_lang, folders=folders)
    for note in notes:
        if note.error:
            raise BadArticle(path, note.line, note.why)
    return article


def read(
    path: str, data: bytes | str, *, default_lang: str, folders: Collection[str] = ()
) -> tuple[Article, tuple[Note, ...]]:
    """Return the article, with notes on the parts of its file that were removed or ignored.

    A note that is an error says why nobody may see the article.
    """
    raw = data.encode() if isinstance(data, str) else data
    if re.search(r"[\x00-\x1f]", path):
        raise BadArticle(path, 1, "the file name contains a control character; rename it")
    text, text_notes = heads.decoded(path, raw)
    parts = heads.parted(path, text)
    written, body, body_line = parts.head, parts.body, parts.body_line
    keys, key_notes = foreign_keys.translate_keys(written, default_lang=default_lang)
    shown, mark = foreign.lists_used(body), dialect.mark(body)
    body, body_notes = foreign.translate(body, written.values, first_line=body_line, mdx=path.lower().endswith(".mdx"))
    values, value_notes = _values(keys)
    values["title"], body, title_notes = _title(path, body, values.get("title", ""), line=keys.lines.get("title", 1))
    id, lang = identity(path, default_lang=default_lang, folders=folders)
    said = values.pop("lang", None)
    if said and _says_nothing(path, lang, default_lang, folders):
        lang = said
    notes = (*text_notes, *parts.notes, *key_notes, *value_notes, *title_notes, *body_notes)
    article = Article(
        id=id,
        lang=lang,
        path=path,
        summary=values.pop("summary", ""),
        category=values.pop("category", "") or (id if is_section(path) else id.rpartition("/")[0]) or "general",
        markdown=body,
        body_line=body_line,
        address=_address(id, lang, values.pop("slug", None), values.pop("permalink", None)),
        revision=hashlib.sha256(raw).hexdigest()[:12],
        mark=mark,
        **values,
    )
    return article, tuple(note for note in notes if note.key not in shown)


def _values(head: FrontMatter) -> tuple[dict[str, Any], list[Note]]:
    """Return the converted values of known keys, and notes on unknown ones and on values that are ignored.

    A wrong `audience` alone is an error: without it the article would be shown to everyone.
    """
    values: dict[str, Any] = {}
    notes = []
    for name, value in head.values.items():
        line = head.lines[name]
        key = KEYS.get(name)
        if name in ("names", "routes"):
            values[name] = article_keys.texts(value)
        elif key is None:
            notes.append(Note(name, line, f"key '{name}' is unknown and ignored{article_keys.nearest(name, KEYS)}"))
        elif value is not None:
            try:
                values[name] = key.read(value)
            except ValueError:
                values |= _meant(name, value)
                notes.append(_wrong(key, value, line, values.get(name)))
    return values, notes


def _meant(name: str, value: Value) -> dict[str, Any]:
    """Return {} or the value that a misspelt status means; a draft with a typing error stays hidden."""
    near = difflib.get_close_matches(str(value).lower(), ("draft", "archived"), n=1, cutoff=0.7)
    return {name: near[0]} if near and name == "status" else {}


def _wrong(key: Key, value: Value, line: int, meant: object) -> Note:
    shown = value if isinstance(value, str) else "a list" if isinstance(value, list) else "a mapping"
    why = f"{key.name} is {str(shown)[:60]!r}; it must be {key.takes}"
    error = key.name == "audience"
    then = "; the article is not shown" if error else f"; it was read as '{meant}'" if meant else "; it is ignored"
    return Note(f"{key.name}: {str(shown)[:60]}", line, why + then, error)


def _says_nothing(path: str, lang: str, default_lang: str, folders: Collection[str]) -> bool:
    """Return True if neither the file's name nor its top folder names a language."""
    if lang != default_lang:
        return False
    other = "de" if default_lang == "en" else "en"
    return identity(path, default_lang=other, folders=folders)[1] == other


def _address(id: str, lang: str, slug: str | None, permalink: str | None) -> str:
    if permalink:
        return permalink
    if slug and slug.startswith("/"):
        return f"/{lang}/articles{slug}"
    if slug:
        folder = id.rpartition("/")[0]
        return f"/{lang}/articles/{folder}/{slug}" if folder else f"/{lang}/articles/{slug}"
    return f"/{lang}/articles/{id}"


def _title(path: str, body: str, said: str, *, line: int) -> tuple[str, str, list[Note]]:
    """Return the title, the body without the heading that is or repeats it, and notes.

    The lines of that heading become empty. Without a title in the front matter, the first heading of level 1 is the
    title, else the file's name.
    """
    notes = []
    if len(said) > MAX_TITLE:
        notes.append(Note("title long", line, f"title is over {MAX_TITLE} characters and was cut; shorten it"))
    lines = body.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    for number, heading, length, level in _headings(lines):
        if said and (number > first or _folded(heading) != _folded(said)):
            break
        if said or level == 1:
            lines[number : number + length] = [""] * length
            said = said or heading
            break
    return (said or named(path))[:MAX_TITLE], "\n".join(lines), notes


def named(path: str) -> str:
    """Return a title made of a file's name.

    >>> named("guides/02-first_steps.md"), named("Async-Await.md"), named("guides/index.md"), named("index.md")
    ('First steps', 'Async-Await', 'Guides', 'Home')
    """
    stem = PurePosixPath(path).with_suffix("")
    name = re.sub(r"\.[a-z]{2}(-\w+)?$", "", stem.name)
    if name.casefold() in ("index", "_index", "readme"):
        name = stem.parent.name or "home"
    if name != name.lower() or " " in name:
        return name
    words = re.sub(r"[-_\s]+", " ", re.sub(r"^\d+[-_.]+(?=\D)", "", name)).strip()
    return words[:1].upper() + words[1:] or name


def _headings(lines: list[str]) -> Iterator[tuple[int, str, int, int]]:
    """Yield headings outside code: line, text, number of lines, level."""
    fence = ""
    for number, line in enumerate(lines):
        if mark := _FENCE.match(line):
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        elif fence:
            continue
        elif (match := _ATX.match(line)) and (text := _heading_text(line[match.end() :])):
            yield number, text, 1, _level(line)
        elif line.strip() and _UNDERLINE.fullmatch("".join(lines[number + 1 : number + 2])):
            yield number, _plain(_without_attributes(line)), 2, 1
        elif (match := _H1.match(line[:LONGEST_HEADING])) and (text := _plain(match[1])):
            yield number, text, 1, 1


def _level(line: str) -> int:
    bare = line.lstrip(" ")
    return len(bare) - len(bare.lstrip("#"))


def _heading_text(rest: str) -> str:
    return _plain(_CLOSING.sub("", _without_attributes(rest)))


def _without_attributes(text: str) -> str:
    return _ATTRIBUTES.sub("", text.strip()[:LONGEST_HEADING]).rstrip()


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub(lambda match: match[1] or "", text).split())


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", " ", _plain(text)).strip().casefold()
