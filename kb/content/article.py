"""An article: one Markdown file, read from its front matter, its path and its text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any, Literal, NamedTuple

from kb import languages
from kb.content import article_keys, foreign_keys, foreign_markdown, frontmatter
from kb.content.foreign_keys import Note
from kb.content.frontmatter import FrontMatter
from kb.errors import BadArticle

Status = Literal["draft", "published", "archived"]

MAX_BYTES = 256 * 1024
MAX_TITLE = 300
LONGEST_HEADING = 2_000  # characters that are read
KEYS = {key.name: key for key in article_keys.ARTICLE_KEYS}
_ATX = re.compile(r" {0,3}#{1,6}[ \t]")
_ATTRIBUTES = re.compile(r"\{[:#.][^{}]*\}$")
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

    >>> identity("account/reset.es.md", default_lang="en"), identity("es/account/reset.md", default_lang="en")
    (Version(id='account/reset', lang='es'), Version(id='account/reset', lang='es'))
    """
    stem, lang = PurePosixPath(path).with_suffix("").as_posix(), None
    name, dot, suffix = stem.rpartition(".")
    if dot and not name.endswith("/"):
        lang = languages.normalise(suffix.removeprefix("_"))
        stem = name if lang else stem
    top, slash, rest = stem.partition("/")
    if slash and top not in folders and (folder_lang := languages.normalise(top)):
        return Version(rest, lang or folder_lang)
    return Version(stem, lang or default_lang)


def parse(path: str, text: bytes | str, *, default_lang: str, folders: Collection[str] = ()) -> Article:
    """Return the article in a file; raise BadArticle with the line of the error."""
    return read(path, text, default_lang=default_lang, folders=folders)[0]


def read(
    path: str, data: bytes | str, *, default_lang: str, folders: Collection[str] = ()
) -> tuple[Article, tuple[Note, ...]]:
    """Return the article, with notes on the parts of its file that were removed or ignored."""
    raw = data.encode() if isinstance(data, str) else data
    written, body, body_line = _parts(path, _decode(path, raw))
    keys, key_notes = foreign_keys.translate_keys(written, default_lang=default_lang)
    shown = foreign_markdown.lists_used(body)
    body, body_notes = foreign_markdown.translate(body, written.values, first_line=body_line)
    values, value_notes = _values(path, keys)
    meant = next((f"; line {note.line}: {note.why}" for note in value_notes if note.why.endswith("'title'?")), "")
    values["title"], body = _title(path, body, values.get("title", ""), line=keys.lines.get("title", 1), meant=meant)
    id, lang = identity(path, default_lang=default_lang, folders=folders)
    said = values.pop("lang", None)
    if said and _says_nothing(path, lang, default_lang, folders):
        lang = said
    article = Article(
        id=id,
        lang=lang,
        path=path,
        summary=values.pop("summary", ""),
        category=values.pop("category", "") or id.rpartition("/")[0] or "general",
        markdown=body,
        body_line=body_line,
        address=_address(id, lang, values.pop("slug", None), values.pop("permalink", None)),
        revision=hashlib.sha256(raw).hexdigest()[:12],
        **values,
    )
    return article, tuple(note for note in (*key_notes, *value_notes, *body_notes) if note.key not in shown)


def _parts(path: str, text: str) -> tuple[FrontMatter, str, int]:
    """Return the front matter, the body, and the line on which the body begins."""
    head, body, body_line = frontmatter.split(text)
    if head is None and re.match(r"---\n[\w-]+:", text):
        raise BadArticle(path, 1, "front matter is not closed; add a line '---' after it")
    return frontmatter.load(path, head) if head else FrontMatter(), body, body_line


def _decode(path: str, raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise BadArticle(path, 1, f"the file is over {MAX_BYTES // 1024} KB; split it into several articles")
    if re.search(r"[?#%\\\x00-\x1f]", path):
        raise BadArticle(path, 1, "the file name contains ? # % \\ or a control character; rename it")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadArticle(path, line, "the file is not UTF-8; save it as UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _values(path: str, head: FrontMatter) -> tuple[dict[str, Any], list[Note]]:
    """Return the converted values of known keys, and notes on unknown ones; report all invalid values in one error."""
    values: dict[str, Any] = {}
    notes, wrong = [], []
    for name, value in head.values.items():
        line = head.lines[name]
        key = KEYS.get(name)
        if key is None:
            notes.append(Note(name, line, f"key '{name}' is unknown and ignored{article_keys.nearest(name, KEYS)}"))
        elif value is not None:
            try:
                values[name] = key.read(value)
            except ValueError:
                shown = value if isinstance(value, str) else "a list" if isinstance(value, list) else "a mapping"
                wrong.append((line, f"{name} is {str(shown)[:60]!r}; it must be {key.takes}"))
    if wrong:
        more = "".join(f". Line {line}: {why}" for line, why in wrong[1:])
        raise BadArticle(path, wrong[0][0], wrong[0][1] + more)
    return values, notes


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


def _title(path: str, body: str, said: str, *, line: int, meant: str) -> tuple[str, str]:
    """Return the title, and the body without the heading that is or repeats it.

    The lines of that heading become empty. Without a title in the front matter, the first heading is the title.
    `meant` is appended to the error if there is no title: it names a misspelt key.
    """
    if len(said) > MAX_TITLE:
        raise BadArticle(path, line, f"title is over {MAX_TITLE} characters; shorten it")
    lines = body.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    for number, heading, length in _headings(lines):
        if said and (number > first or _folded(heading) != _folded(said)):
            break
        lines[number : number + length] = [""] * length
        said = said or heading[:MAX_TITLE]
        break
    if not said:
        raise BadArticle(path, 1, "title is missing; add 'title: …' or a first heading" + meant)
    return said, "\n".join(lines)


def _headings(lines: list[str]) -> Iterator[tuple[int, str, int]]:
    """Yield headings outside code: line, text, number of lines."""
    fence = ""
    for number, line in enumerate(lines):
        if mark := _FENCE.match(line):
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        elif not fence and (match := _ATX.match(line)) and (text := _heading_text(line[match.end() :])):
            yield number, text, 1
        elif not fence and line.strip() and _UNDERLINE.fullmatch("".join(lines[number + 1 : number + 2])):
            yield number, _plain(line[:LONGEST_HEADING]), 2


def _heading_text(rest: str) -> str:
    return _plain(_ATTRIBUTES.sub("", rest.strip()[:LONGEST_HEADING]).rstrip().rstrip("#"))


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub(lambda match: match[1] or "", text).split())


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", " ", _plain(text)).strip().casefold()
