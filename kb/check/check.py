"""`kb check`: the checks of a folder, with a search that leaves out the question it is asked, and the output."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from kb import progress
from kb.check import lint, outside_links, vanished
from kb.config import Settings
from kb.content import library
from kb.content.article import Version
from kb.content.library import Library
from kb.errors import Problem
from kb.server.indexing import encoder_or_reason
from search.index import build
from search.rank.searcher import Searcher

Problems = tuple[Problem, ...]

CACHE = "checks.json"  # in the data folder
BY_FILE = frozenset({"alt"})  # said once for each file; everything else once for all files


def document(problems: Sequence[Problem]) -> dict[str, Any]:
    """Return the JSON document of `kb check`."""
    counted = {severity: sum(problem.severity == severity for problem in problems) for severity in ("error", "warning")}
    return {"errors": counted["error"], "warnings": counted["warning"], "problems": [asdict(p) for p in problems]}


def format_json(problems: Sequence[Problem]) -> str:
    """Return one JSON document."""
    return json.dumps(document(problems), ensure_ascii=False, indent=2)


def format_text(problems: Sequence[Problem]) -> str:
    """Return one line a finding, errors first; a warning of several places is said once, with their number.

    Each error is said by itself, since each must be mended.
    """
    lines = []
    for severity in ("error", "warning"):
        alike: dict[tuple[str, str, str], list[Problem]] = {}
        for problem in problems:
            if problem.severity == severity:
                file = problem.path if severity == "error" or problem.code in BY_FILE else ""
                alike.setdefault((problem.code, problem.why, file), []).append(problem)
        lines += [_line(severity, places) for places in alike.values()]
    counts = document(problems)
    total = f"{_plural(counts['errors'], 'error')}, {_plural(counts['warnings'], 'warning')}"
    return "\n".join([*lines, total if problems else "No problems found."])


def _line(severity: str, places: Sequence[Problem]) -> str:
    first, files = places[0], {problem.path for problem in places}
    if first.count > 1:
        more = f" ({first.count:,} files)"
    elif len(files) > 1:
        more = f" ({len(places):,} times in {len(files):,} files)"
    else:
        lines = [str(problem.line) for problem in places[1:]]
        more = f" (and on line {', '.join(lines)})" if lines else ""
    return f"{severity}: {first.path}:{first.line}: {first.why}{more}"


def _plural(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def format_github(problems: Sequence[Problem], *, prefix: str = "") -> str:
    """Return workflow commands that GitHub shows beside the lines; `prefix` is the folder's path in the repository."""
    return "\n".join(
        f"::{problem.severity} file={_property(prefix + problem.path)},line={problem.line},"
        f"title={_property('kb check: ' + problem.code)}::{_data(str(problem).split(': ', 1)[1])}"
        for problem in problems
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def shown(problems: Problems, *, style: str, folder: Path) -> str:
    """Return the output: as text, as JSON, or as annotations on the files of `folder`, seen from the working folder."""
    if style == "github":
        return format_github(problems, prefix=f"{os.path.relpath(folder)}/")
    return format_json(problems) if style == "json" else format_text(problems)


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
        found += outside_links.check(shelf, settings, now=now.timestamp(), cache=settings.data / CACHE)
    return tuple(replace(problem, severity="error") for problem in found) if strict else found


def _found(settings: Settings, shelf: Library, *, queries: bool, now: datetime) -> Problems:
    kept = settings.data / CACHE
    if not queries:
        return lint.check(shelf, now=now, cache=kept)
    settings.data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.data) as place:
        return lint.check(shelf, now=now, cache=kept, find=finder(settings, shelf, Path(place), now=now))


def failed(problems: Problems) -> bool:
    """Return True if there is an error among the problems."""
    return any(problem.severity == "error" for problem in problems)


def finder(settings: Settings, shelf: Library, place: Path, *, now: datetime) -> lint.Find:
    """Return a search that leaves out the unit of the question it is asked.

    The n-th question of every article is left out of the n-th index, so that a handful of indexes serve all.
    """
    encoder, _ = encoder_or_reason(settings)
    numbers = {(a.version, query): n for a in shelf.articles for n, query in enumerate(a.queries)}

    @cache
    def searcher(number: int) -> Searcher:
        articles = tuple(replace(a, queries=a.queries[:number] + a.queries[number + 1 :]) for a in shelf.articles)
        partial = replace(shelf, articles=articles, fingerprint=f"{shelf.fingerprint}-{number}")
        report = progress.reporter(f"Trying questions, round {number + 1}")
        path = build.build(
            partial, place / "index", cache=settings.data / "vectors", embedder=encoder, now=now, progress=report
        )
        return Searcher.open(path, settings=settings, encoder=encoder)

    def find(query: str, lang: str, article: str) -> Sequence[str]:
        asked = searcher(numbers[Version(article, lang), query])
        found = asked.ranked_query(query, lang=lang, k=lint.TOP)  # the order alone: the floor is no matter of an author
        return [asked.collection.documents[number].article for number, _ in found.ranked]

    return find
