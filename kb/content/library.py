"""Load a folder of articles. An invalid file never stops the others, and no file is read from outside the folder."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from kb.content import article_keys, channels, contexts, dialect, git, look, redirects, site_file
from kb.content.article import Article, Version, is_section
from kb.content.cache import Parsed, recipe
from kb.content.categories import Category, Pin, way
from kb.content.categories import load as load_categories
from kb.content.categories import pins as load_pins
from kb.content.categories import synonyms as load_synonyms
from kb.content.dialect import Choice
from kb.content.git import outdated
from kb.content.links import Addresses, is_ours, normal
from kb.content.look import Look
from kb.content.site_file import SiteFile
from kb.errors import BadArticle, Problem
from kb.foreign import generator
from kb.foreign.note import Note

__all__ = ["Category", "Library", "Pin", "Problem", "load"]

SUFFIXES = (".md", ".mdx", ".markdown")
ATTACHMENTS = frozenset(
    ".png .jpg .jpeg .gif .webp .avif .svg .ico .pdf .zip .txt .csv .json .ods .odt .odp .docx .xlsx .pptx "
    ".mp4 .webm".split()
)
# Folders of other systems that hold pictures, though their names begin like those of hidden folders.
PICTURE_FOLDERS = frozenset(".gitbook _static _images _assets _media _img _attachments".split())
MAX_FILES = 200_000
_SECTION = re.compile(r"_index(\.[\w-]+)?\.(md|markdown)")  # the page of a folder, in Hugo


@dataclass(frozen=True)
class Library:
    """The content of a folder of articles at one moment."""

    folder: Path
    articles: tuple[Article, ...]
    categories: tuple[Category, ...] = ()
    redirects: Mapping[str, str] = field(default_factory=dict)  # old path -> address or URL
    synonyms: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)  # language -> groups
    pins: tuple[Pin, ...] = ()
    problems: tuple[Problem, ...] = ()
    fingerprint: str = ""  # changes with the files, their dates and our code
    default_lang: str = "en"
    barred: tuple[Article, ...] = ()  # not shown for an error in their front matter; only checked
    files: tuple[str, ...] = ()  # images and other attachments, by their path
    addresses: Addresses = field(default_factory=Addresses)
    rules: Mapping[str, str] = field(default_factory=dict)  # special files by name, checked, as a generation keeps them
    markdown: Choice = field(default_factory=Choice)
    look: Look = field(default_factory=Look)

    @property
    def site(self) -> SiteFile:
        """The settings in `site.toml`."""
        return self.look.site

    @property
    def recipe(self) -> str:
        """A hash that changes with the code and the dialect that make pages of the articles."""
        return f"{recipe()}-{self.markdown.dialect}"

    def published(self, now: datetime) -> tuple[Article, ...]:
        """Return the articles that visitors may see at `now`."""
        return tuple(article for article in self.articles if _shown(article, now))

    def gone(self, now: datetime) -> tuple[Article, ...]:
        """Return the archived and expired articles."""
        return tuple(article for article in self.articles if _is_gone(article, now))

    def next_change(self, now: datetime) -> datetime | None:
        """Return the next time at which an article appears or expires, or None."""
        times = (time for a in self.articles if a.status == "published" for time in (a.publish_at, a.expire_at))
        return min((time for time in times if time and time > now), default=None)

    def way_on(self, article: Article) -> str:
        """Return the address of the target in `replaced_by` (an article's path or id, or an address), or ""."""
        if not article.replaced_by:
            return ""
        target = self.addresses.resolve(article.replaced_by, article=article)
        if target.kind in ("missing", "anchor", "guessed"):
            id = article.replaced_by.removesuffix(".md")
            at_top = self.addresses.resolve(f"/{article.lang}/articles/{id}", article=article)
            return at_top.href if at_top.kind in ("article", "redirect") else ""
        return target.href if target.kind != "outside" or target.href.startswith(("https://", "http://")) else ""


def _shown(article: Article, now: datetime) -> bool:
    begun = article.publish_at is None or article.publish_at <= now
    return article.status == "published" and begun and not _is_gone(article, now)


def _is_gone(article: Article, now: datetime) -> bool:
    expired = article.expire_at is not None and article.expire_at <= now
    return article.status == "archived" or (article.status == "published" and expired)


def load(folder: Path, *, default_lang: str = "en", parsed: Parsed | None = None) -> Library:
    """Return the library in `folder`; errors in its files are its `problems`.

    `parsed` caches the articles until their files change. Raise BadArticle if the folder itself cannot be read.
    """
    if not folder.is_dir():
        known = "this is a file; give the folder that contains it"
        why = known if folder.exists() else "this folder does not exist; create it, or set KB_ARTICLES"
        raise BadArticle(str(folder), 0, why)
    problems: list[Problem] = []
    documents, specials, files = sort_out(walk(folder, folder.resolve(), problems))
    tops = frozenset(
        Path(path).parts[0] for path in specials if path.endswith("/_category.yml") and path.count("/") == 1
    )
    parsed = parsed or Parsed()
    parsed.begin(default_lang=default_lang, folders=tops)
    articles, barred, digest = _read_all(folder, documents, parsed, problems)
    parsed.save()
    articles = _inherit(_distinct(articles, default_lang, problems), default_lang)
    dates = git.updated(folder, [article.path for article in articles])
    late = outdated(folder, articles, default_lang=default_lang)
    articles = [replace(a, updated=dates[a.path], outdated=a.path in late) if a.path in dates else a for a in articles]
    texts = {path: read_text(folder, path, problems) for path in specials}
    leads = _redirects(articles, texts, problems)
    system = generator.find(folder)
    looks = _look(folder, texts.get(site_file.FILE, ""), articles, problems)
    choice = dialect.choose(looks.site.markdown, folder, articles)
    for path, text in sorted(texts.items()):
        digest.update(f"{path}\0{text}\0".encode())
    digest.update("\0".join(f"{role} {file.tag}" for role, file in sorted(looks.files.items())).encode())
    said = [recipe(), choice.dialect, default_lang, repr(system)]
    digest.update("\0".join([*said, *files, *map(str, sorted(dates.items())), *sorted(late)]).encode())
    categories = load_categories(texts, articles, default_lang=default_lang, problems=problems)
    articles = [_first(article) if is_section(article.path) else article for article in articles]
    articles = [article for article in articles if not is_section(article.path) or article.markdown.strip()]
    return Library(
        folder=folder,
        articles=tuple(articles),
        categories=categories,
        redirects=leads,
        synonyms=load_synonyms(texts, default_lang=default_lang, problems=problems),
        pins=load_pins(texts, articles, default_lang=default_lang, problems=problems),
        rules=_rules(texts, articles, problems)
        | ({site_file.FILE: look.dumps(texts[site_file.FILE], looks)} if site_file.FILE in texts else {}),
        markdown=choice,
        look=looks,
        problems=tuple(sorted(problems, key=lambda problem: (problem.path, problem.line, problem.code))),
        fingerprint=digest.hexdigest()[:16],
        default_lang=default_lang,
        barred=tuple(barred),
        files=tuple(files),
        addresses=Addresses(articles, files=files, redirects=leads, default_lang=default_lang, generator=system),
    )


def _read_all(
    folder: Path, paths: list[str], parsed: Parsed, problems: list[Problem]
) -> tuple[list[Article], list[Article], hashlib._Hash]:
    """Return the articles, those that nobody may see for an error of theirs, and a hash of all.

    Unreadable files and ignored parts become problems.
    """
    articles: list[Article] = []
    barred: list[Article] = []
    notes: dict[str, list[tuple[str, Note]]] = {}
    digest = hashlib.sha256()
    for path in paths:
        try:
            read = parsed.read(folder, path)
        except BadArticle as error:
            problems.append(Problem(error.path, error.line, error.why, "article", "error"))
            continue
        except OSError as error:
            problems.append(Problem(path, 1, f"the file cannot be read: {error.strerror}", "article", "error"))
            continue
        if read is None:
            continue
        article, found = read
        wrong = [note for note in found if note.error]
        problems += [Problem(path, note.line, note.why, "article", "error") for note in wrong]
        (barred if wrong else articles).append(article)
        digest.update(f"{path}\0{article.revision}\0".encode())
        for key in {note.key: note for note in found if not note.error}.values():
            notes.setdefault(key.key, []).append((path, key))
    for found_at in notes.values():
        path, note = found_at[0]
        problems.append(Problem(path, note.line, note.why, "not-used", count=len(found_at)))
    return articles, barred, digest


def _distinct(articles: list[Article], default_lang: str, problems: list[Problem]) -> list[Article]:
    """Return the articles with unique ids and addresses; the default language has priority."""
    kept: dict[Version, Article] = {}
    taken: dict[str, str] = {}
    for article in sorted(articles, key=lambda a: (a.lang != default_lang, a.path)):
        if other := kept.get(article.version):
            why = f"{other.path} is the same article in the same language; rename one"
            problems.append(Problem(article.path, 1, why, "duplicate-article", "error"))
            continue
        address = article.address
        own = _free(f"/{article.lang}/articles/{article.id}", taken)
        if is_ours(address):
            why = f"{address} is a page of the help center itself; the article is served at {own}"
            problems.append(Problem(article.path, 1, why, "reserved-address"))
            address = own
        elif other_path := taken.get(normal(address)):
            why = f"{address} is also the address of {other_path}; the article is served at {own}"
            problems.append(Problem(article.path, 1, why, "duplicate-address"))
            address = own
        taken.setdefault(normal(address), article.path)
        kept[article.version] = article if address == article.address else replace(article, address=address)
    return [kept[version] for version in sorted(kept)]


def _free(address: str, taken: Mapping[str, str]) -> str:
    """Return an address that no other article has; two file names may differ only in what addresses leave out."""
    number, free = 1, address
    while normal(free) in taken:
        number += 1
        free = f"{address}-{number}"
    return free


def _inherit(articles: list[Article], default_lang: str) -> list[Article]:
    """Return the articles, with missing values of a translation taken from the article in the default language.

    The audience matters most: a translation must not show everyone an article that only some may see.
    """
    defaults = {article.id: article for article in articles if article.lang == default_lang}
    return [
        replace(
            article,
            audience=article.audience or original.audience,
            category=original.category if article.category == _folder(article) else article.category,
            order=original.order if article.order is None else article.order,
        )
        if (original := defaults.get(article.id)) is not None and original is not article
        else article
        for article in articles
    ]


def _first(section: Article) -> Article:
    """Return the page of a folder as the first article of its category, which takes its own order."""
    return replace(section, order=-article_keys.MOST)


def _folder(article: Article) -> str:
    return article.id.rpartition("/")[0] or "general"


def _redirects(articles: list[Article], texts: Mapping[str, str], problems: list[Problem]) -> dict[str, str]:
    live = {normal(article.address): article.path for article in articles}
    written, wrong = redirects.read(texts.get(redirects.FILE, ""), articles={a.path: a.address for a in articles})
    ends, found = redirects.follow([*written, *redirects.aliases(articles)], live=live)
    problems += [*wrong, *found]
    return ends


def _look(folder: Path, text: str, articles: list[Article], problems: list[Problem]) -> Look:
    """Return the look of the site with its settings and files, and check what it promotes."""
    if not text:
        return Look()
    site = site_file.read(text, problems=problems)
    look.check_topics(site, text=text, topics=_topics(articles), problems=problems)
    return look.load(site, folder, text=text, problems=problems)


def _topics(articles: Iterable[Article]) -> set[str]:
    """Return the categories of the articles and those above them."""
    return {name for article in articles for name in way(article.category)}


def _rules(texts: Mapping[str, str], articles: list[Article], problems: list[Problem]) -> dict[str, str]:
    """Check `_channels.yml` and `_contexts.yml` and return their texts; their readers parse them again."""
    if channels.FILE not in texts and contexts.FILE not in texts:
        return {}
    channels.read(texts.get(channels.FILE, ""), topics=_topics(articles), problems=problems)
    contexts.read(texts.get(contexts.FILE, ""), articles={article.id for article in articles}, problems=problems)
    return {name: texts[name] for name in (channels.FILE, contexts.FILE) if name in texts}


def walk(folder: Path, root: Path, problems: list[Problem]) -> Iterator[str]:
    """Yield the path of every file; links out of `root` and unreadable folders are problems."""
    stack, seen, count = [""], {root}, 0
    while stack:
        below = stack.pop()
        for entry in _entries(folder, below, problems):
            path = f"{below}{entry.name}"
            if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
                why = "the link points outside the articles folder; copy the file in"
                problems.append(Problem(path, 1, why, "link-outside", "error"))
            elif entry.is_dir():
                if path == site_file.FILE or (entry.name.startswith("_") and entry.name.endswith((".yml", ".yaml"))):
                    why = "this is a folder, and a file of this name is read; move the folder"
                    problems.append(Problem(path, 1, why, "settings", "error"))
                real = Path(entry.path).resolve() if entry.is_symlink() else Path(entry.path)
                if (not entry.name.startswith("_") or entry.name in PICTURE_FOLDERS) and real not in seen:
                    seen.add(real)
                    stack.append(f"{path}/")
            elif entry.is_file():
                count += 1
                if count > MAX_FILES:
                    why = (
                        f"the folder contains over {MAX_FILES:,} files; give the folder that contains only the articles"
                    )
                    raise BadArticle(str(folder), 1, why)
                yield path


def _entries(folder: Path, below: str, problems: list[Problem]) -> list[os.DirEntry[str]]:
    try:
        found = sorted(os.scandir(folder / below), key=lambda entry: entry.name, reverse=True)
    except OSError as error:
        problems.append(Problem(below or ".", 1, f"the folder cannot be read: {error.strerror}", "article", "error"))
        return []
    hidden = ("node_modules", *(entry.name for entry in found if entry.name.startswith(".")))
    return [entry for entry in found if entry.name in PICTURE_FOLDERS or entry.name not in hidden]


def sort_out(paths: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """Return articles, settings (`site.toml` and YAML files that begin with an underscore), and attachments."""
    documents, specials, files = [], [], []
    for path in sorted(paths):
        name = path.rpartition("/")[2]
        suffix = os.path.splitext(name)[1].lower()
        if not PICTURE_FOLDERS.isdisjoint(path.split("/")[:-1]):
            files += [path] if suffix in ATTACHMENTS and not is_hidden(path) else []
        elif path == site_file.FILE:
            specials.append(path)
        elif name.startswith("_") and not _SECTION.fullmatch(name):
            specials += [path] if suffix in (".yml", ".yaml") else []
        elif suffix in SUFFIXES:
            documents.append(path)
        elif suffix in ATTACHMENTS:
            files.append(path)
    return documents, specials, files


def is_hidden(path: str) -> bool:
    """Return True if a part of a path begins with a dot or an underscore, but for the folders of pictures.

    >>> is_hidden("guide/_draft.png"), is_hidden(".gitbook/assets/a.png")
    (True, False)
    """
    return any(part.startswith((".", "_")) and part not in PICTURE_FOLDERS for part in path.split("/"))


def read_text(folder: Path, path: str, problems: list[Problem]) -> str:
    """Return the text of a file; an unreadable file is empty and a problem."""
    try:
        return (folder / path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        line, why = 1, f"the file cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        why = "the file is not UTF-8 and is ignored; save it as UTF-8"
    problems.append(Problem(path, line, why, "settings", "error"))
    return ""
