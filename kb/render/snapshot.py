"""The snapshot of a generation: its rendered articles in an SQLite file and files of pages, which the site reads."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import threading
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any

import sqlite_utils

from kb.content import channels, contexts, look, site_file
from kb.content.article import Version
from kb.content.categories import way
from kb.content.channels import Table
from kb.content.contexts import Context
from kb.content.library import Category, Library
from kb.content.links import normal
from kb.content.look import Look
from kb.errors import BadGeneration
from kb.languages import nearest
from kb.render import bundles
from kb.render import entry as entries
from kb.render.bundles import PageFiles, Place
from kb.render.entry import CATEGORY_TYPES, COLUMNS, PLACE, TYPES, Entry, Heading
from kb.render.rendered import Rendered

__all__ = ["Entry", "Heading", "Snapshot", "write"]

FILE = "library.db"
PAGE = ("headings", "files")  # columns with values only for articles that were rendered
_COMPARED = ("id", "lang", *(name for name in TYPES if name not in ("id", "lang", *PAGE, *PLACE)), *PLACE)
_SOURCE = "revision || ' ' || path"  # as Article.source
_ARTICLES = re.compile(r"/([a-z0-9-]+)/articles/(.+)")
# An article with an audience must not show by its language, its category, or in place of a public version.
_SEEN = (
    "(audience = '[]' OR EXISTS (SELECT 1 FROM json_each(audience) WHERE value IN (SELECT value FROM json_each(?))))"
)
# One version per public article: the requested language, else the default one, else the first by name.
_BEST = f"""
    SELECT {COLUMNS} FROM (
        SELECT *, row_number() OVER (
            PARTITION BY id ORDER BY
                lang = :lang DESC, lang = (SELECT value FROM meta WHERE key = 'default_lang') DESC, lang
        ) AS rank
        FROM entries WHERE status = 'published' AND audience = '[]' AND category = :category
    ) WHERE rank = 1 ORDER BY ord IS NULL, ord, title COLLATE NOCASE, id
"""


def write(
    folder: Path,
    library: Library,
    rendered: Mapping[Version, Rendered],
    *,
    now: datetime,
    kept: Collection[Version] = (),
    before: Path | None = None,
) -> None:
    """Write the articles that are published at `now` to `folder`.

    `rendered` are new pages, `kept` are the articles whose pages are in the generation `before`. A published article
    without a page is left out.
    """
    path = folder / FILE
    path.unlink(missing_ok=True)
    if before is not None and kept:
        shutil.copyfile(before / FILE, path)
    db = sqlite_utils.Database(path)
    try:
        db.execute("PRAGMA secure_delete = ON")  # deleted text stays in no file
        db.execute("PRAGMA journal_mode = OFF")  # after a kill the folder is never read, so no rollback is needed
        db.execute("PRAGMA synchronous = OFF")  # checksums detect a file damaged by a power cut
        with db.conn:
            if not (before is not None and kept):
                _create(db)
            rows = db.execute(f"SELECT {', '.join(_COMPARED)} FROM entries").fetchall()
            known = {Version(*row[:2]): row for row in rows}  # the last columns are the place
            right = {version: Place(*row[-4:]) for version, row in known.items() if version in kept}
            places = bundles.write(folder, rendered, right, before=before)
            _update(db, known, entries.of_articles(library, rendered, places, now=now))
            leads = ({"place": old, "target": new} for old, new in library.redirects.items())
            meta = {"default_lang": library.default_lang, "fingerprint": library.fingerprint, "recipe": library.recipe}
            meta |= {"addresses": library.addresses.fingerprint, **library.rules}
            _replace(db, "redirects", leads)
            _replace(db, "categories", entries.of_categories(library))
            _replace(db, "meta", ({"key": key, "value": value} for key, value in meta.items()))
    finally:
        db.close()


def _create(db: sqlite_utils.Database) -> None:
    db.table("entries").create(TYPES, pk=("id", "lang"))
    db.table("redirects").create({"place": str, "target": str}, pk="place")
    db.table("categories").create(CATEGORY_TYPES, pk=("name", "lang"))
    db.table("meta").create({"key": str, "value": str}, pk="key")
    db.table("entries").create_index(["place"])
    db.table("entries").create_index(["category", "lang"])


def _update(
    db: sqlite_utils.Database, known: Mapping[Version, tuple[Any, ...]], articles: Iterable[dict[str, Any]]
) -> None:
    """Update the entries; the row of an article that was not rendered again is written only if it has changed."""
    values = itemgetter(*_COMPARED)
    left, fresh = set(known), []
    for row in articles:
        version = Version(row["id"], row["lang"])
        left.discard(version)
        if "files" in row:
            fresh.append(row)
        elif known[version] != values(row):
            db.table("entries").update(version, row)
    for version in sorted(left):
        db.table("entries").delete(version)
    db.table("entries").upsert_all(fresh, pk=("id", "lang")) if known else db.table("entries").insert_all(fresh)


def _replace(db: sqlite_utils.Database, table: str, found: Iterable[dict[str, Any]]) -> None:
    db.table(table).delete_where()
    db.table(table).insert_all(found)


class Snapshot:
    """A snapshot held open for reading, by any number of threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._pid = 0
        self._connection: sqlite3.Connection | None = None
        meta = dict(self._query("SELECT key, value FROM meta"))
        self.default_lang: str = meta["default_lang"]
        self.fingerprint: str = meta["fingerprint"]
        self.recipe: str = meta.get("recipe", "")
        self.addresses: str = meta.get("addresses", "")  # the fingerprint of Addresses
        self.channels: Table = channels.read(meta.get(channels.FILE, ""))
        self.look: Look = look.loads(meta.get(site_file.FILE, ""))
        self.contexts: tuple[Context, ...] = contexts.read(meta.get(contexts.FILE, ""))
        spoken = self._query("SELECT DISTINCT lang FROM entries WHERE status = 'published' AND audience = '[]'")
        self.languages: tuple[str, ...] = tuple(sorted({self.default_lang, *(lang for (lang,) in spoken)}))
        names = self._query("SELECT DISTINCT bundle FROM entries WHERE status = 'published'")
        self._pages = PageFiles(path.parent, (name for (name,) in names))

    @classmethod
    def open(cls, folder: Path) -> Snapshot:
        """Open the snapshot in a generation's folder; raise BadGeneration if it is missing or cannot be read."""
        path = folder / FILE
        if not path.is_file():
            raise BadGeneration(f"{path} is missing; run 'kb index' to build it again")
        try:
            return cls(path)
        except KeyError as error:
            raise BadGeneration(f"{path} lacks {error}; run 'kb index' to build it again") from error

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None
        self._pages.close()

    def entry(self, id: str, lang: str) -> Entry | None:
        """Return a published article in exactly this language."""
        sql = f"SELECT {COLUMNS} FROM entries WHERE id = ? AND lang = ? AND status = 'published'"
        return self._one(sql, (id, lang))

    def best(self, id: str, lang: str, *, audience: Collection[str] | None = ()) -> Entry | None:
        """Return a published article in the nearest language, else in the default language, else in any.

        It is a version that somebody of the `audience` may see; None may see all.
        """
        seen = (e for e in self.translations(id) if audience is None or e.is_for(audience))
        versions = {entry.lang: entry for entry in seen}
        return (
            versions.get(nearest(lang, versions) or "")
            or versions.get(self.default_lang)
            or next(iter(versions.values()), None)
        )

    @cached_property
    def limited_files(self) -> frozenset[str]:
        """The files used only by articles with an audience, by path below the articles folder."""
        limited = self._files("audience != '[]'")
        return limited - self._files("audience = '[]' AND status = 'published'") if limited else limited

    def _files(self, which: str) -> frozenset[str]:
        found = self._query(f"SELECT files FROM entries WHERE {which} AND files != '[]'")
        return frozenset(name for (files,) in found for name in json.loads(files))

    def versions(self) -> set[Version]:
        """Return the id and language of every published article."""
        return set(map(Version._make, self._query("SELECT id, lang FROM entries WHERE status = 'published'")))

    def translations(self, id: str) -> tuple[Entry, ...]:
        """Return a published article in all its languages."""
        return self._entries(
            f"SELECT {COLUMNS} FROM entries WHERE id = ? AND status = 'published' ORDER BY lang", (id,)
        )

    def entries(self, lang: str) -> tuple[Entry, ...]:
        """Return the published articles in this language."""
        sql = f"SELECT {COLUMNS} FROM entries WHERE lang = ? AND status = 'published' ORDER BY id"
        return self._entries(sql, (lang,))

    def category_entries(self, name: str, lang: str) -> tuple[Entry, ...]:
        """Return a category's public articles, each once, in this language or else the default or another one."""
        return self._entries(_BEST, {"lang": lang, "category": name})

    def categories(self, lang: str, *, audience: Iterable[str] = ()) -> tuple[Category, ...]:
        """Return the categories with an article for an audience, in themselves or in a category below, in their order.

        Titles are in this language if available.
        """
        sql = """
            SELECT name, title, ord, summary, offers, lang FROM categories WHERE lang IN (?, ?) ORDER BY lang = ? DESC
        """
        holding = self._query(
            f"SELECT DISTINCT category FROM entries WHERE status = 'published' AND {_SEEN}",
            [json.dumps(list(audience))],
        )
        shown = {name for (category,) in holding for name in way(category)}
        found: dict[str, Category] = {}
        for name, title, order, summary, offers, code in self._query(sql, (lang, self.default_lang, lang)):
            if name not in shown:
                continue
            found.setdefault(name, Category(name, title, order, summary, bool(offers), code))
        return tuple(sorted(found.values(), key=lambda c: (c.order is None, c.order or 0, c.title.casefold(), c.name)))

    def category(self, name: str, lang: str, *, audience: Iterable[str] = ()) -> Category | None:
        """Return one category with its title in this language, or None if it has no article for this audience."""
        return next((category for category in self.categories(lang, audience=audience) if category.name == name), None)

    def html(self, entry: Entry) -> str:
        """Return the HTML of an article, which was sanitised when it was rendered."""
        place = self._query(f"SELECT {', '.join(PLACE)} FROM entries WHERE id = ? AND lang = ?", (entry.id, entry.lang))
        return self._pages.html(Place(*place[0])) if place else ""

    def headings(self, entry: Entry) -> tuple[Heading, ...]:
        """Return an article's headings in order."""
        found = self._query("SELECT headings FROM entries WHERE id = ? AND lang = ?", (entry.id, entry.lang))
        return tuple(Heading(*row) for row in json.loads(found[0][0])) if found else ()

    def pages(self, recipe: str) -> dict[str, Rendered]:
        """Return every page by its article's source, for the next generation, or {} if it has another recipe."""
        if self.recipe != recipe:
            return {}
        found = self._query(f"SELECT {_SOURCE}, {', '.join(PLACE)} FROM entries WHERE status = 'published'")
        return {source: self._pages.page(Place(*place)) for source, *place in found}

    def by_address(self, path: str) -> Entry | None:
        """Return the published article at this address."""
        return self._one(f"SELECT {COLUMNS} FROM entries WHERE place = ? AND status = 'published'", (normal(path),))

    def redirect(self, path: str) -> str | None:
        """Return the target of an old address: an address of this help center or a URL."""
        place = normal(path)
        if found := self._query("SELECT target FROM redirects WHERE place = ?", (place,)):
            return str(found[0][0])
        if match := _ARTICLES.fullmatch(place):
            entry = self.entry(match[2], match[1])
            return entry.address if entry and normal(entry.address) != place else None
        return None

    def is_gone(self, path: str) -> Entry | None:
        """Return the archived or expired article that was at this address."""
        place = normal(path)
        gone = self._one(f"SELECT {COLUMNS} FROM entries WHERE place = ? AND status = 'gone'", (place,))
        if gone is None and (match := _ARTICLES.fullmatch(place)):
            sql = f"SELECT {COLUMNS} FROM entries WHERE id = ? AND lang = ? AND status = 'gone'"
            return self._one(sql, (match[2], match[1]))
        return gone

    def _one(self, sql: str, parameters: tuple[Any, ...]) -> Entry | None:
        return next(iter(self._entries(sql, parameters)), None)

    def _entries(self, sql: str, parameters: tuple[Any, ...] | dict[str, Any]) -> tuple[Entry, ...]:
        return tuple(entries.entry(row) for row in self._query(sql, parameters))

    def _query(self, sql: str, parameters: Iterable[Any] | dict[str, Any] = ()) -> list[Any]:
        try:
            with self._lock:
                return self._open().execute(sql, parameters).fetchall()  # type: ignore[arg-type]
        except sqlite3.DatabaseError as error:
            raise BadGeneration(f"{self.path} cannot be read ({error}); run 'kb index' to build it again") from error

    def _open(self) -> sqlite3.Connection:
        """Return the connection of this process; a connection from before a fork must not be used."""
        if self._connection is None or self._pid != os.getpid():
            uri = f"{self.path.resolve().as_uri()}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
            self._pid = os.getpid()
        return self._connection
