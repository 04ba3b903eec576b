"""`kb check`: run the checks on a folder, search for the questions in `queries:`, and format the problems."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from kb import progress
from kb.check import lint, outside_links, vanished
from kb.config import Settings
from kb.content import library
from kb.content.article import Version
from kb.content.dialect import Choice
from kb.content.library import Library
from kb.errors import Problem
from kb.server.indexing import encoder_or_reason
from search.index import build
from search.rank.searcher import Searcher

Problems = tuple[Problem, ...]

CACHE = "checks.json"  # in the data folder
BY_FILE = frozenset({"alt"})  # reported once per file; other warnings once for all files


@dataclass(frozen=True, slots=True)
class Report:
    """The problems of a folder, and the dialect of its Markdown."""

    problems: Problems
    markdown: Choice


def document(problems: Sequence[Problem]) -> dict[str, Any]:
    """Return the JSON document of `kb check`, without the dialect."""
    counted = {severity: sum(problem.severity == severity for problem in problems) for severity in ("error", "warning")}
    return {"errors": counted["error"], "warnings": counted["warning"], "problems": [asdict(p) for p in problems]}


def format_json(report: Report) -> str:
    """Return the JSON document as text."""
    return json.dumps(document(report.problems) | {"markdown": asdict(report.markdown)}, ensure_ascii=False, indent=2)


def format_text(problems: Sequence[Problem]) -> str:
    """Return one line per problem, errors first.

    A warning that occurs in several places is one line with their number. Each error is a separate line, because
    each must be fixed.
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
    """Return GitHub workflow commands, shown beside the lines; `prefix` is the folder's path in the repository."""
    return "\n".join(
        f"::{problem.severity} file={_property(prefix + problem.path)},line={problem.line},"
        f"title={_property('kb check: ' + problem.code)}::{_data(str(problem).split(': ', 1)[1])}"
        for problem in problems
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def shown(report: Report, *, style: str, folder: Path) -> str:
    """Return the report as text, JSON, or GitHub annotations with paths relative to the working folder."""
    if style == "github":
        return format_github(report.problems, prefix=f"{os.path.relpath(folder)}/")
    if style == "json":
        return format_json(report)
    return f"Markdown: {report.markdown.sentence()}.\n{format_text(report.problems)}"


def check(
    settings: Settings,
    folder: Path,
    *,
    queries: bool,
    strict: bool = False,
    against: str | None = None,
    external: bool = False,
    now: datetime,
) -> Report:
    """Return the report on the articles in `folder`; with `strict` all problems are errors.

    `against` is a commit whose published addresses and anchors must still work. With `external`, links to other sites
    are requested. The facts of each article are cached until it changes.
    """
    shelf = library.load(folder, default_lang=settings.lang)
    found = _found(settings, shelf, queries=queries, now=now)
    if against is not None:
        found += vanished.check(shelf, against, now=now, cache=settings.data / CACHE)
    if external:
        found += outside_links.check(shelf, settings, now=now.timestamp(), cache=settings.data / CACHE)
    if strict:
        found = tuple(replace(problem, severity="error") for problem in found)
    return Report(found, shelf.markdown)


def _found(settings: Settings, shelf: Library, *, queries: bool, now: datetime) -> Problems:
    kept = settings.data / CACHE
    if not queries:
        return lint.check(shelf, now=now, cache=kept)
    settings.data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.data) as place:
        return lint.check(shelf, now=now, cache=kept, find=finder(settings, shelf, Path(place), now=now))


def failed(report: Report) -> bool:
    """Return True if there is an error among the problems."""
    return any(problem.severity == "error" for problem in report.problems)


def finder(settings: Settings, shelf: Library, place: Path, *, now: datetime) -> lint.Find:
    """Return a search in an index without the question that is searched for.

    The n-th index leaves out the n-th question of every article, so that a few indexes serve all questions.
    """
    encoder, _ = encoder_or_reason(settings)
    numbers = {(a.version, query): n for a in shelf.articles for n, query in enumerate(a.queries)}

    @cache
    def searcher(number: int) -> Searcher:
        articles = tuple(replace(a, queries=a.queries[:number] + a.queries[number + 1 :]) for a in shelf.articles)
        partial = replace(shelf, articles=articles, fingerprint=f"{shelf.fingerprint}-{number}")
        report = progress.reporter(f"Checking questions, round {number + 1}")
        path = build.build(
            partial, place / "index", cache=settings.data / "vectors", embedder=encoder, now=now, progress=report
        )
        return Searcher.open(path, settings=settings, encoder=encoder)

    def find(query: str, lang: str, article: str) -> Sequence[str]:
        asked = searcher(numbers[Version(article, lang), query])
        found = asked.ranked_query(query, lang=lang, k=lint.TOP)  # the floor does not matter here
        return [asked.collection.documents[number].article for number, _ in found.ranked]

    return find
