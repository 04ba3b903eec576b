"""`kb check`: the checks of a folder, with a search that leaves out the question it is asked, and the output."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

from kb import progress
from kb.check import findings, lint, outside, vanished
from kb.config import Settings
from kb.content import library
from kb.content.article import Article
from kb.content.library import Library
from kb.content.problem import Problem
from kb.server.indexing import encoder_or_reason
from search.index import index
from search.rank.searcher import Searcher

Problems = tuple[Problem, ...]

CACHE = "checks.json"  # in the data folder

STYLES: dict[str, Callable[[Problems], str]] = {"text": findings.format_text, "json": findings.format_json}


def shown(problems: Problems, *, style: str, folder: Path) -> str:
    """Return the output: as text, as JSON, or as annotations on the files of `folder`, seen from the working folder."""
    if style != "github":
        return STYLES[style](problems)
    return findings.format_github(problems, prefix=f"{os.path.relpath(folder)}/")


def check(
    settings: Settings,
    folder: Path,
    *,
    queries: bool,
    strict: bool = False,
    against: str | None = None,
    external: bool = False,
    now: datetime,
) -> Problems:
    """Return what is wrong with the articles in `folder`, when strict all of it as errors.

    `against` is a commit: what was published there must still be found. With `external` links to other sites are tried,
    too. What was learned of each article is kept until it changes.
    """
    shelf = library.load(folder, default_lang=settings.lang)
    found = _found(settings, shelf, queries=queries, now=now)
    if against is not None:
        found += vanished.check(shelf, against, now=now, cache=settings.data / CACHE)
    if external:
        found += outside.check(shelf, settings, now=now.timestamp(), cache=settings.data / CACHE)
    return tuple(replace(problem, severity="error") for problem in found) if strict else found


def _found(settings: Settings, shelf: Library, *, queries: bool, now: datetime) -> Problems:
    kept = settings.data / CACHE
    if not queries:
        return lint.check(shelf, now=now, cache=kept)
    with tempfile.TemporaryDirectory(dir=_made(settings.data)) as place:
        return lint.check(shelf, now=now, cache=kept, find=finder(settings, shelf, Path(place), now=now))


def failed(problems: Problems) -> bool:
    """Tell whether the check failed."""
    return any(problem.severity == "error" for problem in problems)


def finder(settings: Settings, shelf: Library, place: Path, *, now: datetime) -> lint.Find:
    """Return a search that leaves out the unit of the question it is asked.

    The n-th question of every article is left out of the n-th index, so that a handful of indexes serve all.
    """
    encoder, _ = encoder_or_reason(settings)
    numbers = {(a.id, a.lang, query): n for a in shelf.articles for n, query in enumerate(a.queries)}

    @cache
    def searcher(number: int) -> Searcher:
        articles = tuple(_without(article, number) for article in shelf.articles)
        partial = replace(shelf, articles=articles, fingerprint=f"{shelf.fingerprint}-{number}")
        report = progress.reporter(f"Trying questions, round {number + 1}")
        path = index.build(
            partial, place / "index", cache=settings.data / "vectors", embedder=encoder, now=now, progress=report
        )
        return Searcher.open(path, settings=settings, encoder=encoder)

    def find(query: str, lang: str, article: str) -> Sequence[str]:
        asked = searcher(numbers[article, lang, query])
        found = asked.ranked_query(query, lang=lang, k=lint.TOP)  # the order alone: the floor is no matter of an author
        return [asked.collection.documents[number].article for number, _ in found.ranked]

    return find


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _without(article: Article, number: int) -> Article:
    return replace(article, queries=article.queries[:number] + article.queries[number + 1 :])
