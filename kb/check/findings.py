"""Findings of the checks as text for people, as JSON for programs, and as annotations for GitHub."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from kb.content.problem import Problem

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
    return "\n".join([*lines, total if problems else "Nothing is wrong."])


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
