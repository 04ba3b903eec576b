"""The checks of `kb check` on articles: links, anchors, images, titles, reviews, files and queries."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from kb.check import references
from kb.check.near import Names
from kb.check.references import Facts, Picture, Reference
from kb.check.source_shown import open_fence
from kb.content.article import Article
from kb.content.article_keys import nearest
from kb.content.library import Library
from kb.content.links import Target, normal
from kb.content.look import ICONS, PICTURES
from kb.content.site_file import FILE
from kb.errors import Problem, Severity
from kb.foreign.routes import WIKI
from kb.render.rendered import nearby

NO_ADDRESS = "an image has no address, or one that is not allowed, and is not shown; store it as a file and link to it"
IN_CSS = re.compile(r"""url\(\s*["']?([^"')]+)""", re.IGNORECASE)
TOP = 3  # an article must be among the first three for its own `queries:`

Find = Callable[[str, str, str], Sequence[str]]  # (query, language, article id) -> ids, best first


def check(
    library: Library, *, now: datetime, find: Find | None = None, cache: Path | None = None
) -> tuple[Problem, ...]:
    """Return the problems of `library`, in order of files and lines.

    `find` searches an index without the query itself; if it is None, `queries:` are not checked. `cache` is a file that
    keeps the facts of each article until it changes.
    """
    known = references.gather(library, cache=cache)
    names = Names([*(article.path for article in library.articles), *library.files])
    shown = {article.path for article in library.published(now)}
    problems = list(library.problems)
    for article in (*library.articles, *library.barred):
        own = known[article.path]
        problems += _of_article(article, own, library, now)
        problems += _links(article, own.links, library, known, names, shown)
        problems += _images(article, own.images, library, names)
        problems += _shown(article, own)
        if find is not None:
            problems += _queries(article, library, find)
    problems += _foreign(library, known)
    problems += _lost(library, known)
    problems += _titles(library)
    problems += _unused(library, known)
    problems += _redirects(library)
    return tuple(sorted(problems, key=lambda p: (p.path, p.line, p.code, p.why)))


def _of_article(article: Article, own: Facts, library: Library, now: datetime) -> Iterator[Problem]:
    if own.error:
        yield Problem(article.path, own.error[0], own.error[1], "render", "error")
    elif own.empty and article.status == "published":
        yield Problem(article.path, article.body_line, "the article has no text", "empty")
    if article.status == "archived" and article.replaced_by and not library.way_on(article):
        why = f"replaced_by is '{article.replaced_by}', which is not an article or an address"
        yield Problem(article.path, 1, why, "broken-link", "error")
    if article.outdated and article.status == "published":
        why = "the original has changed since this translation was last edited; update the translation"
        yield Problem(article.path, 1, why, "outdated-translation")
    if article.review_every and article.status == "published":
        yield from _review(article, article.review_every, now)


def _review(article: Article, every: int, now: datetime) -> Iterator[Problem]:
    who = f"; ask {article.owner}" if article.owner else ""
    if article.verified is None:
        why = f"never reviewed; after a review, add 'verified: {now:%Y-%m-%d}'{who}"
        yield Problem(article.path, 1, why, "review")
    elif (due := article.verified + timedelta(days=every)) < now.date():
        late = (now.date() - due).days
        yield Problem(article.path, 1, f"review has been overdue since {due} ({late} days){who}", "review")


def _unread(article: Article, link: Reference, library: Library) -> Iterator[Problem]:
    """Yield a problem if a link leads to an article that exists but cannot be read; another problem has the reason."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(article.path), unquote(_bare(link.target))))
    if any(problem.path == path and problem.code == "article" for problem in library.problems):
        yield Problem(
            article.path, link.line, f"links to {path}, which cannot be read; fix that file first", "broken-link"
        )


def _links(
    article: Article,
    links: Sequence[Reference],
    library: Library,
    known: dict[str, Facts],
    names: Names,
    shown: set[str],
) -> Iterator[Problem]:
    """Yield the problems of an article's links; `shown` are the paths of the articles that visitors may see."""
    for link in links:
        target = library.addresses.resolve(link.target, article=article)
        if target.kind == "missing":
            yield from [*_unread(article, link, library)] or [_missing(article, link, names)]
        elif target.kind == "redirect":
            why = f"{_bare(link.target)} redirects to {target.href}; link to that address"
            yield Problem(article.path, link.line, why, "redirected-link")
        if target.article and target.anchor:
            yield from _anchor(article, link, target, known)
        hidden = target.kind == "article" and target.article not in shown
        if hidden and shown and article.status == "published":
            yield Problem(article.path, link.line, f"links to {target.article}, which is not published", "broken-link")


def _foreign(library: Library, known: dict[str, Facts]) -> Iterator[Problem]:
    """Yield one problem for each kind of foreign address, such as `/en-US/kb/`, that was resolved to articles."""
    first: dict[str, Problem] = {}
    files: dict[str, set[str]] = defaultdict(set)
    for article in library.articles:
        for link in known[article.path].links:
            if library.addresses.resolve(link.target, article=article).kind == "guessed":
                house = _bare(link.target).rpartition("/")[0] + "/"
                why = (
                    f"links to {house}… belong to another help center; each leads to the article of the same name here"
                )
                first.setdefault(house, Problem(article.path, link.line, why, "foreign-link"))
                files[house].add(article.path)
    for house, problem in first.items():
        yield replace(problem, count=len(files[house]))


def _missing(article: Article, link: Reference, names: Names) -> Problem:
    if not link.target.strip():
        return Problem(article.path, link.line, "a link has no address; add one", "broken-link", "error")
    meant = names.meant(link.target, source=article.path)
    if link.target.startswith("/") and not link.target.startswith(WIKI):  # possibly an address of another server
        why = f"{_bare(link.target)} is not a page of this help center{meant}"
        return Problem(article.path, link.line, why, "broken-link")
    why = f"links to {_bare(link.target)}, which does not exist{meant}"
    return Problem(article.path, link.line, why, "broken-link", "error")


def _shown(article: Article, own: Facts) -> Iterator[Problem]:
    """Yield a problem for each kind of Markdown that readers see as source, and for code that does not end."""
    for line, kind, said in own.shown:
        short = said if len(said) <= 40 else said[:39] + "…"
        why = f"{kind} is shown as source: {short}; put code in backticks, and an empty line around blocks"
        yield Problem(article.path, line, why, "source-shown")
    if begun := open_fence(article.markdown):
        line, marks = begun
        why = f"{marks} is not closed, so all that follows is shown as code; add a line '{marks}' after the code"
        yield Problem(article.path, article.body_line + line, why, "open-fence")


def _bare(target: str) -> str:
    return unquote(target).removeprefix(WIKI).split("#")[0][:120] if WIKI in target else target.split("#")[0][:120]


def _anchor(article: Article, link: Reference, target: Target, known: dict[str, Facts]) -> Iterator[Problem]:
    anchors = known[target.article].anchors if target.article else ()
    if not (nearby(target.anchor, anchors) if target.kind in ("anchor", "guessed") else target.anchor in anchors):
        where = "here" if target.article == article.path else f"in {target.article}"
        why = f"there is no heading #{target.anchor[:80]} {where}{nearest(target.anchor, anchors)}"
        yield Problem(article.path, link.line, why, "broken-anchor")


def _images(article: Article, images: Sequence[Picture], library: Library, names: Names) -> Iterator[Problem]:
    for image in images:
        severity: Severity = "warning" if image.target.startswith("/") else "error"
        target = library.addresses.resolve(image.target, article=article)
        name = PurePosixPath(_bare(image.target)).name
        if target.kind not in ("file", "outside"):
            meant = names.meant(image.target, source=article.path)
            why = f"image {_bare(image.target)} does not exist{meant}" if image.target else NO_ADDRESS
            yield Problem(article.path, image.line, why, "missing-image", severity)
        elif image.target.lower().startswith("http:"):
            why = f"image {name} is loaded over http, which browsers block on https pages; use https, or store it here"
            yield Problem(article.path, image.line, why, "insecure-image")
        if image.alt is None or (not image.alt.strip() and not image.decorative):
            why = "an image has no text for people who cannot see it; write the text in the brackets: ![text](…)"
            yield Problem(article.path, image.line, why, "alt")
        elif _is_file_name(image.alt, name):
            why = "the text of an image is its file name; describe the image instead"
            yield Problem(article.path, image.line, why, "alt")


def _is_file_name(alt: str, name: str) -> bool:
    stem = PurePosixPath(name).stem.casefold()
    return alt.strip().casefold() in {name.casefold(), stem, "image", "screenshot", "img", "picture"}


def _queries(article: Article, library: Library, find: Find) -> Iterator[Problem]:
    for query in article.queries:
        ids = list(find(query, article.lang, article.id))
        if article.id in ids[:TOP]:
            continue
        place = f"is number {ids.index(article.id) + 1}" if article.id in ids else "is not found"
        first = f", after {', '.join(ids[:TOP])}" if ids else ""
        why = f"query '{query}': the article {place}{first}; use these words in its text"
        yield Problem(article.path, references.line_of(library.folder / article.path, query), why, "query", "error")


def _lost(library: Library, known: dict[str, Facts]) -> Iterator[Problem]:
    holders: dict[str, list[Article]] = defaultdict(list)
    for article in library.articles:
        for name in known[article.path].lost:
            holders[name].append(article)
    for name, articles in sorted(holders.items()):
        line = references.line_of(library.folder / articles[0].path, f"<{name}")
        why = f"<{name}> is not allowed in articles; the element and its content are not shown"
        yield Problem(articles[0].path, line, why, "not-shown", count=len(articles))


def _titles(library: Library) -> Iterator[Problem]:
    first: dict[tuple[str, str], str] = {}
    for article in library.articles:
        if article.status == "archived":
            continue
        other = first.setdefault((article.lang, " ".join(article.title.casefold().split())), article.path)
        if other != article.path:
            why = f"title '{article.title}' is also the title of {other}; readers cannot tell them apart"
            yield Problem(article.path, 1, why, "duplicate-title")


def _unused(library: Library, known: dict[str, Facts]) -> Iterator[Problem]:
    used = _used_by_look(library)
    # A file that site.toml names wrongly is not one to remove.
    unread = any(problem.path == FILE and problem.severity == "error" for problem in library.problems)
    brand = {*PICTURES, *ICONS} if unread else set()
    for article in library.articles:
        own = known[article.path]
        for written in [link.target for link in own.links] + [image.target for image in own.images]:
            target = library.addresses.resolve(written, article=article)
            if target.kind == "file":
                used.add(normal(target.href))
    for path in library.files:
        if normal(library.addresses[path]) not in used and PurePosixPath(path).suffix.lower() not in brand:
            yield Problem(path, 1, "no article uses this file; remove it", "unused-file")


def _used_by_look(library: Library) -> set[str]:
    """Return the addresses of the files that site.toml names, and of those in its stylesheet."""
    named = {normal(library.addresses[file.name]) for file in library.look.files.values() if file.name in library.files}
    css = library.look.files.get("stylesheet")
    return named | {normal(address) for address in IN_CSS.findall(css.text if css else "")}


def _redirects(library: Library) -> Iterator[Problem]:
    for old, new in sorted(library.redirects.items()):
        if new.startswith("/") and not library.addresses.leads_somewhere(new):
            why = f"{old} redirects to {new}, which is not a page of this help center"
            yield Problem("_redirects.yml", 1, why, "redirect")
