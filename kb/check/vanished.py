"""Find addresses of articles and anchors of headings that were published at a commit and no longer work."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from kb.check import references
from kb.check.references import Facts
from kb.content import git, library
from kb.content.article import Article
from kb.content.library import SUFFIXES, Library
from kb.content.links import normal
from kb.errors import HelpCenterError, Problem
from kb.foreign.anchors import slug
from kb.i18n import interface_languages

READ = (*SUFFIXES, ".yml", ".yaml")
LIKE = 0.4  # the least difflib ratio of two anchors at which one is taken for the other, renamed


class NoSuchCommit(HelpCenterError):
    """The commit to compare with is not in the repository of the articles."""


@dataclass(frozen=True, slots=True)
class Past:
    """The articles at a commit, and the files renamed since."""

    ref: str
    library: Library
    renamed: Mapping[str, str]  # old path -> path now


def check(now_there: Library, ref: str, *, now: datetime, cache: Path | None = None) -> tuple[Problem, ...]:
    """Return an error for each address and anchor that was published at `ref` and no longer works.

    The comparison is with the merge base of `ref` and HEAD, so that a branch without the newest articles is not
    reported to have lost them. Raise NoSuchCommit.
    """
    with TemporaryDirectory() as place:
        past = _past(now_there, ref, Path(place))
    problems = [*_addresses(past, now_there, now), *_anchors(past, now_there, now, cache)]
    return tuple(sorted(problems, key=lambda p: (p.path, p.line, p.code, p.why)))


def _past(now_there: Library, ref: str, place: Path) -> Past:
    folder = now_there.folder
    wanted = ("--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    commit = git.output(folder, "rev-parse", *wanted).decode().strip()
    if not commit:
        raise NoSuchCommit(
            f"{ref} is not a commit in a git repository that contains {folder}; give a branch, a tag or a commit, "
            "and fetch it first (in GitHub's checkout: fetch-depth: 0)"
        )
    parted = git.output(folder, "merge-base", commit, "HEAD").decode().strip() or commit
    _write(folder, parted, place)
    names = git.output(folder, "diff", "--name-status", "-z", "--find-renames", "--diff-filter=R", "--relative", parted)
    words = iter(names.decode("utf-8", "replace").split("\0"))
    renamed = {old: new for score, old, new in zip(words, words, words, strict=False) if score}
    return Past(ref, library.load(place, default_lang=now_there.default_lang), renamed)


def _write(folder: Path, commit: str, place: Path) -> None:
    """Write the articles and the YAML files of a commit to an empty folder."""
    paths = []
    for row in git.output(folder, "ls-tree", "-r", "-z", commit).decode("utf-8", "replace").split("\0"):
        what, _, path = row.partition("\t")
        if what.startswith("100") and path.lower().endswith(READ):
            paths.append(path)
    for (_, path), data in git.contents(folder, [(commit, path) for path in paths]).items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(data)


def _published(articles: Iterable[Article]) -> dict[str, Article]:
    """Return the articles for everyone by their addresses, including the default ones that redirect to a slug."""
    shown = [article for article in articles if not article.audience]
    by_id = {normal(f"/{article.lang}/articles/{article.id}"): article for article in shown}
    return by_id | {normal(article.address): article for article in shown}


def _addresses(past: Past, there: Library, now: datetime) -> Iterator[Problem]:
    """Yield the lost addresses, except those of archived articles and of translations that the original replaces."""
    live = _published([*there.published(now), *there.gone(now)])
    speaks = there.addresses.languages.union(interface_languages())
    live |= {normal(f"/{lang}/articles/{a.id}"): a for lang in speaks for a in there.published(now) if not a.audience}
    before = {normal(article.address): article for article in past.library.published(now) if not article.audience}
    same = {article.version: article for article in there.published(now)}
    for place, article in before.items():
        if place not in live and place not in there.redirects:
            yield _lost(past, there, place, article, same.get(article.version))
    for place in past.library.redirects:
        if place not in live and place not in there.redirects and place not in before:
            target = past.library.redirects[place]
            why = f"{place} redirected to {target} at {past.ref} and no longer works; add it to _redirects.yml"
            yield Problem(_now_at(past, there, target) or "_redirects.yml", 1, why, "vanished-address", "error")


def _now_at(past: Past, there: Library, address: str) -> str:
    """Return the present file of the article that was at an address, or ""."""
    before = {normal(article.address): article for article in past.library.articles}.get(normal(address))
    found = before and _moved(past, there, before)
    return found.path if found else ""


def _moved(past: Past, there: Library, article: Article) -> Article | None:
    """Return the present version of an article: the same file, its renamed file, or a file with the same content."""
    path = past.renamed.get(article.path, article.path)
    same = [a for a in there.articles if a.path == path]
    return next(iter(same or [a for a in there.articles if a.revision == article.revision]), None)


def _lost(past: Past, there: Library, place: str, article: Article, same: Article | None) -> Problem:
    what = f"{place} was published at {past.ref} and no longer works"
    found = same or _moved(past, there, article)
    if found is None:
        why = (
            f"{what}; add it to 'aliases:' of the article that replaces it, or to _redirects.yml, "
            "or keep the file with 'status: archived'"
        )
        return Problem(article.path, 1, why, "vanished-address", "error")
    if found.status != "published":
        return Problem(found.path, 1, f"{what}; set 'status: archived' to withdraw it", "vanished-address", "error")
    return Problem(found.path, 1, f"{what}; add it here: aliases: [{place}]", "vanished-address", "error")


def _anchors(past: Past, there: Library, now: datetime, cache: Path | None) -> Iterator[Problem]:
    known = references.gather(there, cache=cache)
    live = _published(there.published(now))
    sources = {article.source for article in there.articles}
    for article in past.library.published(now):
        place = normal(article.address)
        found = live.get(place) or live.get(normal(there.redirects.get(place, ""))) or _moved(past, there, article)
        if article.audience or found is None or article.source in sources:
            continue
        was = references.learn(article, there.markdown.dialect)
        yield from _headings(past, article, was, found, known[found.path], there.folder)


def _headings(past: Past, before: Article, was: Facts, found: Article, own: Facts, folder: Path) -> Iterator[Problem]:
    fresh = sorted(set(own.anchors) - set(was.anchors))
    for anchor in sorted(set(was.anchors) - set(own.anchors)):
        if anchor.startswith(("fn:", "fnref")):  # the numbers of footnotes change
            continue
        near = difflib.get_close_matches(anchor, fresh, n=1, cutoff=LIKE)
        where = f"the heading #{near[0]}" if near else "the heading that replaces it"
        why = (
            f"#{anchor} of {normal(before.address)} existed at {past.ref} and is gone; "
            f"add {{#{anchor}}} after {where} to keep its address"
        )
        line = _line(folder / found.path, near[0]) if near else 1
        yield Problem(found.path, line, why, "vanished-anchor", "error")


def _line(path: Path, anchor: str) -> int:
    """Return the line of the heading whose words make this anchor."""
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((n for n, line in enumerate(lines, 1) if line.startswith("#") and slug(line) == anchor), 1)
