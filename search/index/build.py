"""Build a generation of the index from the articles, and make it current.

A generation is written to a temporary folder, its manifest last, and then renamed. One more rename makes it current.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from kb.content.article import Article, Version
from kb.content.library import Library
from kb.errors import BadGeneration
from kb.progress import Report, silent
from kb.render import snapshot
from kb.render.rendered import Rendered
from search.index import generation, reuse
from search.index.embedder import Embedder
from search.index.generation import Checksums
from search.index.learned import Learned
from search.index.reuse import ANALYSIS, Before, Kept
from search.index.write import WORDS as WORDS  # the recipe of a generation without vectors
from search.index.write import About, Content, Encoding, write

CURRENT = "current"


class Memory:
    """The generation that a process built last, kept in memory for the next build."""

    def __init__(self) -> None:
        self.checksums = Checksums()
        self._before: Before | None = None

    def before(self, path: Path | None) -> Before | None:
        """Return the generation in `path`, to reuse its parts. It is read again only if it has changed."""
        if self._before is None or path != self._before.folder or not intact(path, self):
            known = self._before.segments if self._before is not None else {}
            self._before = reuse.before(path, checksums=self.checksums)
            if self._before is not None:
                self._before.segments = known  # a segment never changes, and its name is in no other index
            if path is not None:
                self.checksums.forget_others(path)
        return self._before


def fingerprint(library: Library, *, recipe: str, now: datetime, taught: Learned | None = None) -> str:
    """Return the name of the generation that is built from `library` at `now`."""
    published = sorted(article.version for article in library.published(now))
    gone = sorted(article.version for article in library.gone(now))
    parts = [generation.VERSION, ANALYSIS, library.fingerprint, recipe, library.default_lang, published, gone]
    parts += [taught.fingerprint] if taught is not None else []
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def build(
    library: Library,
    folder: Path,
    *,
    embedder: Embedder | None,
    now: datetime,
    cache: Path | None = None,
    taught: Learned | None = None,
    progress: Report = silent,
    memory: Memory | None = None,
) -> Path:
    """Build the generation of `library` in `folder` and return its path. An intact one is not built again.

    Without an embedder, the generation answers by words only. Passages and vectors of unchanged articles are reused.
    `taught` is the ranking learned from solved questions, if any.
    """
    recipe = embedder.recipe if embedder else WORDS
    name = fingerprint(library, recipe=recipe, now=now, taught=taught)
    memory = memory or Memory()
    if intact(folder / name, memory):
        return folder / name
    before = memory.before(current_path(folder))
    rendered, kept = _rendered(library, before, now)
    silent = {category.name for category in library.categories if not category.offers}
    contents = [
        Content(
            article,
            rendered[article.version].sections if article.version in rendered else (),
            article.category not in silent,
            source=article.source,
            kept=kept.get(article.version),
        )
        for article in library.published(now)
        if article.version in rendered or article.version in kept
    ]
    with _workshop(folder) as work, ThreadPoolExecutor(1) as beside:
        known = before.folder if before else None
        pages = beside.submit(snapshot.write, work, library, rendered, now=now, kept=kept, before=known)
        if taught is not None:
            taught.save(work)
        extra = {
            "synonyms": {lang: [list(group) for group in groups] for lang, groups in library.synonyms.items()},
            "pins": [asdict(p) | {"until": p.until.isoformat() if p.until else None} for p in library.pins],
            "next_change": due.isoformat() if (due := library.next_change(now)) else None,
        }
        write(
            work,
            contents,
            about=About(name, library.fingerprint, library.default_lang, extra),
            encoding=Encoding(embedder, cache or folder.parent / "vectors", progress),
            before=before,
            checksums=memory.checksums,
            beside=pages.result,
        )
        return _settle(work, folder / name)


def _rendered(
    library: Library, before: Before | None, now: datetime
) -> tuple[dict[Version, Rendered], dict[Version, Kept]]:
    """Render the published articles, and return the rendered ones and the ones whose pages in `before` are kept."""
    from kb.render import render  # not at the top, because serving needs no Markdown

    published = library.published(now)
    right = _still_right(library, before, published) if before else frozenset()
    kept: dict[Version, Kept] = {}
    for article in published:
        if before and article.source in right and (found := before.share(article.source, article.version)):
            kept[article.version] = found
    fresh = [article for article in published if article.version not in kept]
    return render.render_all(fresh, addresses=library.addresses, dialect=library.markdown.dialect), kept


def _still_right(library: Library, before: Before, articles: Sequence[Article]) -> Set[str]:
    """Return the sources of pages in `before` rendered by the same code, with links that lead to the same places."""
    from kb.render import render

    try:
        with closing(snapshot.Snapshot.open(before.folder)) as known:
            if known.addresses == library.addresses.fingerprint:
                return before.sources if known.recipe == library.recipe else frozenset()
            return render.still_right(articles, addresses=library.addresses, kept=known.pages(library.recipe))
    except BadGeneration:
        return frozenset()


def build_from_contents(
    contents: Sequence[Content],
    folder: Path,
    *,
    name: str,
    default_lang: str,
    embedder: Embedder | None,
    cache: Path,
    progress: Report = silent,
) -> Path:
    """Build a generation without pages from articles in memory, such as a collection to evaluate."""
    if intact(folder / name):
        return folder / name
    with _workshop(folder) as work:
        write(
            work,
            contents,
            about=About(name, name, default_lang),
            encoding=Encoding(embedder, cache, progress),
        )
        return _settle(work, folder / name)


def activate(path: Path) -> None:
    """Make a generation current with one rename."""
    link = path.parent / f".{CURRENT}-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(path.name)
    link.replace(path.parent / CURRENT)


def current_path(folder: Path) -> Path | None:
    """Return the generation that `current` points to, or None if it is missing or this version can't read it."""
    try:
        target = folder / os.readlink(folder / CURRENT)
        generation.read_manifest(target)
    except (OSError, BadGeneration):
        return None
    return target


def intact(path: Path, memory: Memory | None = None) -> bool:
    """Return True if `path` contains a generation and all files match the checksums in its manifest."""
    try:
        manifest = generation.read_manifest(path)
        return not generation.damaged(path, manifest, checksums=memory.checksums if memory else None)
    except BadGeneration:
        return False


def prune(folder: Path, *, keep: int = 1) -> list[str]:
    """Remove all generations except the current one and the `keep` newest others. Return the removed names."""
    current = current_path(folder)
    others = [path for path in generation.complete(folder) if path != current]
    stale = others[keep:] + [path for path in folder.glob(".build-*") if _abandoned(path)]
    for path in stale:
        (path / generation.MANIFEST).unlink(missing_ok=True)  # without a manifest it is no longer a generation
        shutil.rmtree(path, ignore_errors=True)
    return [path.name for path in stale]


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder to build a generation in. It is removed if the build fails."""
    folder.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix=f".build-{os.getpid()}-", dir=folder))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _abandoned(path: Path) -> bool:
    try:
        os.kill(int(path.name.split("-")[1]), 0)
    except (ProcessLookupError, ValueError, IndexError):
        return True
    except PermissionError:
        return False
    return False


def _settle(work: Path, target: Path) -> Path:
    """Move a finished generation to its final name, replacing a damaged one of that name."""
    if target.exists():
        if intact(target):
            return target
        broken = target.with_name(f".build-0-{target.name}-{os.getpid()}")
        target.rename(broken)
        shutil.rmtree(broken, ignore_errors=True)
    work.rename(target)
    return target
