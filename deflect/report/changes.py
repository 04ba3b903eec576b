"""What changed meanwhile: commits of the articles, and new index generations; marks on a trend."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deflect.store.clock import SECOND
from deflect.store.store import Store

PATIENCE = 5.0  # seconds that a very long history may take; a trend without marks is still a trend

RANKERS = """
    SELECT ranker, min(at) AS at FROM (
        SELECT json_extract(data, '$.ranker') AS ranker, received AS at FROM events WHERE type IN ('offer', 'search'))
    WHERE ranker IS NOT NULL GROUP BY ranker HAVING min(at) >= :start AND min(at) < :end ORDER BY at, ranker
    """


@dataclass(frozen=True, slots=True)
class Change:
    """Something that changed: `what` is "articles" or "index"."""

    at: int
    what: str
    detail: str


def changes(store: Store, articles: Path, *, start: int, end: int) -> list[Change]:
    """Return the changes of a period, the oldest first."""
    rows = store.rows(RANKERS, {"start": start, "end": end})
    found = [Change(row["at"], "index", str(row["ranker"])) for row in rows]
    return sorted([*found, *_commits(articles, start=start, end=end)], key=lambda change: (change.at, change.detail))


def _commits(folder: Path, *, start: int, end: int) -> Iterator[Change]:
    """Yield the commits that touched the articles; none outside a repository."""
    command = ["git", "-C", str(folder), "log", "--format=%ct %s", f"--since=@{start // SECOND}"]
    command += [f"--until=@{end // SECOND}", "--", "."]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return
    for line in done.stdout.decode("utf-8", "replace").splitlines() if done.returncode == 0 else ():
        seconds, _, subject = line.partition(" ")
        if start <= int(seconds) * SECOND < end:
            yield Change(int(seconds) * SECOND, "articles", subject)
