"""Check links to other sites, with limits on time and requests; good results are cached for a week."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from werkzeug.urls import iri_to_uri

from kb import outbound
from kb.check import references
from kb.config import Settings
from kb.content.library import Library
from kb.errors import Problem
from kb.files import keep_if_possible
from kb.outbound import BadAddress

CACHE = "links.json"  # in the data folder: the time of each address's last good response
WEEK = 7 * 86400.0
MOST = 500  # addresses per run
SECONDS = 60.0  # no more requests are sent after this time
AT_ONCE = 8  # hosts; each gets one request at a time
AGENT = "Shortstop link check"
NOT_FOR_US = frozenset({401, 402, 403, 405, 406, 407, 429, 451, 503})  # a reader may get another response
ENOUGH = frozenset({429, 503})  # the host gets no more requests in this run

Place = tuple[str, int]  # path and line


def check(shelf: Library, settings: Settings, *, now: float, cache: Path | None = None) -> tuple[Problem, ...]:
    """Return a warning for each link or image on another site that fails; `now` is in seconds."""
    written = _written(shelf, cache)
    known = _load(settings.data / CACHE)
    good = {url: at for url, at in known.items() if url in written and 0 <= now - at < WEEK}
    ask = [url for url in sorted(written) if url not in good]
    answers = _ask_all(ask[:MOST], settings)
    good |= {url: now for url, why in answers.items() if not why}
    keep_if_possible(settings.data / CACHE, json.dumps(good, ensure_ascii=False).encode())
    problems = [
        Problem(path, line, f"{url[:200]} {why}", "outside-link")
        for url, why in answers.items()
        if why
        for path, line in written[url]
    ]
    if left := [url for url in ask if url not in answers]:
        path, line = written[left[0]][0]
        why = f"{len(left):,} links to other sites were not checked, from {left[0][:200]} on; run the check again"
        problems.append(Problem(path, line, why, "outside-link-unasked"))
    return tuple(sorted(problems, key=lambda p: (p.path, p.line, p.why)))


def _written(shelf: Library, cache: Path | None) -> Mapping[str, list[Place]]:
    """Return the files and lines in which each address of another site occurs."""
    known = references.gather(shelf, cache=cache)
    found: dict[str, list[Place]] = defaultdict(list)
    for article in shelf.articles:
        own = known[article.path]
        links = [(link.target, link.line) for link in own.links] + [(image.target, image.line) for image in own.images]
        for written, line in links if article.status == "published" else ():
            target = shelf.addresses.resolve(written, article=article)
            href = f"https:{target.href}" if target.href.startswith("//") else target.href
            if target.kind == "outside" and href.lower().startswith(("http://", "https://")):
                found[href.partition("#")[0]].append((article.path, line))
    return found


def _ask_all(urls: list[str], settings: Settings) -> dict[str, str]:
    """Return the fault of each address requested in time, "" if it has none."""
    hosts: dict[str, list[str]] = defaultdict(list)
    for url in urls:
        hosts[_host(url)].append(url)
    until = time.monotonic() + SECONDS

    def ask(urls: list[str]) -> list[tuple[str, str]]:
        return list(_ask_host(urls, settings, until))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return {url: why for answers in pool.map(ask, hosts.values()) for url, why in answers}


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _ask_host(urls: list[str], settings: Settings, until: float) -> Iterator[tuple[str, str]]:
    """Request the addresses of one host in turn; yield each with its fault, "" if it has none."""
    for url in urls:
        if time.monotonic() >= until:
            return
        status, why = _ask(url, settings)
        yield url, "" if status in NOT_FOR_US else why
        if status in ENOUGH:
            return


def _ask(url: str, settings: Settings) -> tuple[int, str]:
    """Return the status of an address, 0 without a response, and its fault."""
    try:
        status = outbound.look(
            iri_to_uri(url), judge=lambda at: outbound.judge(at, allow=settings.allow_networks), agent=AGENT
        )
    except (outbound.Unreadable, BadAddress) as error:
        return 0, f"cannot be opened: {error}"
    except ValueError:
        return 0, "is not a valid address"
    return status, f"returns {status}; change or remove the link" if status >= 400 else ""


def _load(path: Path) -> dict[str, float]:
    try:
        return {str(url): float(at) for url, at in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
