"""Read from git when each article last changed, and find translations whose original has changed since."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from kb.content import article
from kb.content.article import Article
from kb.errors import BadArticle

SECONDS = 10.0  # limit for reading the history; files that were not reached have no date
_COMMIT = "\x01"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its time, its hash, and the number of later commits in the history."""

    at: datetime
    name: str
    after: int


def updated(folder: Path, paths: Collection[str]) -> dict[str, datetime]:
    """Return the time of the last commit of each path below `folder`, or {} outside a repository."""
    return {path: commit.at for path, commit in commits(folder, paths).items()}


def commits(folder: Path, paths: Collection[str]) -> dict[str, Commit]:
    """Return the last commit of each path below `folder`, or {} outside a repository.

    The oldest commit of a shallow clone is ignored, because it seems to have changed every file.
    """
    head = output(folder, "rev-parse", "HEAD").decode().strip()
    return _read(folder, head, frozenset(paths)) if head else {}


def contents(folder: Path, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """Return the contents of files below `folder` by (commit, path), without files that did not exist."""
    below = output(folder, "rev-parse", "--show-prefix").decode().strip()
    given = "".join(f"{commit}:{below}{path}\n" for commit, path in wanted if "\n" not in path)
    done = _run(folder, "cat-file", "--batch", given=given.encode())
    data = done.stdout if done else b""  # if a damaged object stopped git, the files before it are complete
    found, at = {}, 0
    for key in wanted:  # each is "<name> blob <size>\n<contents>\n" or "<request> missing\n"
        begins = data.find(b"\n", at) + 1
        if not begins or "\n" in key[1]:
            continue
        head = data[at : begins - 1]
        at = begins
        if not head.endswith(b" missing"):
            at = begins + int(head.rpartition(b" ")[2]) + 1
            found[key] = data[begins : at - 1]
    return found


def output(folder: Path, *words: str, timeout: float | None = None) -> bytes:
    """Return the output of a git command in a folder, or b"" if it fails, takes too long, or git is missing."""
    done = _run(folder, *words, timeout=timeout)
    return done.stdout if done and done.returncode == 0 else b""


def _run(
    folder: Path, *words: str, given: bytes = b"", timeout: float | None = None
) -> subprocess.CompletedProcess[bytes] | None:
    """Run git in a folder; return None if it takes too long or git is missing."""
    command = _command(folder, *words)
    try:
        return subprocess.run(command, input=given, capture_output=True, timeout=timeout, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None


def _command(folder: Path, *words: str) -> list[str]:
    return ["git", "-C", str(folder), *words]


@lru_cache(maxsize=1)
def _read(folder: Path, head: str, paths: frozenset[str]) -> dict[str, Commit]:
    """Return the last commits as of `head`; cached, so that a process that stays reads each history once."""
    words = ["-c", "core.quotepath=off", "log", "--no-renames", "--relative", "--name-only"]
    command = _command(folder, *words, "-z", f"--format={_COMMIT}%ct %H %D", "--", ".")
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    except OSError:
        return {}
    missing, found = set(paths), dict[str, Commit]()
    deadline = time.monotonic() + SECONDS
    with process:
        commit: Commit | None = None
        rest, count = b"", 0
        while missing and time.monotonic() < deadline and (block := _next(process)):
            *names, rest = (rest + block).split(b"\0")
            for raw in names:
                name = raw.decode("utf-8", "replace").strip("\n")
                if name.startswith(_COMMIT):
                    seconds, hash, refs = name[1:].split(" ", 2)
                    at = datetime.fromtimestamp(int(seconds), UTC)
                    commit = None if "grafted" in refs else Commit(at, hash, count)
                    count += 1
                elif name in missing:
                    missing.discard(name)
                    if commit:
                        found[name] = commit
        process.kill()
    return found


def _next(process: subprocess.Popen[bytes]) -> bytes:
    """Return the next block of git's output, waiting for it."""
    return os.read(process.stdout.fileno(), 1 << 16) if process.stdout else b""


Said = tuple[str, str, str]  # title, summary and text, as readers see them


def outdated(folder: Path, articles: Sequence[Article], *, default_lang: str) -> frozenset[str]:
    """Return the paths of translations whose original has changed since their last commit.

    A commit that changes only keys of the original, such as `verified`, does not outdate its translations. Any commit
    of a translation brings it up to date. Without git the result is empty.
    """
    changed = commits(folder, [one.path for one in articles])
    originals = {one.id: one for one in articles if one.lang == default_lang and one.path in changed}
    pairs = [
        (changed[one.path].name, one, original)
        for one in articles
        if one.path in changed and (original := originals.get(one.id)) is not None
        if changed[original.path].after < changed[one.path].after
    ]
    then = _then(folder, tuple((commit, each.path) for commit, *both in pairs for each in both))
    return frozenset(
        one.path
        for commit, one, original in pairs
        if _revision(then.get((commit, one.path), b"")) == one.revision  # else it has uncommitted changes
        and (data := then.get((commit, original.path))) is not None
        and _said_by(original.path, data, lang=default_lang) not in (None, _said(original))
    )


@lru_cache(maxsize=1)
def _then(folder: Path, wanted: tuple[tuple[str, str], ...]) -> dict[tuple[str, str], bytes]:
    """Return the contents of files at commits; cached, so that a process that stays asks git once."""
    return contents(folder, wanted) if wanted else {}


def _revision(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def _said_by(path: str, data: bytes, *, lang: str) -> Said | None:
    try:
        return _said(article.parse(path, data, default_lang=lang))
    except BadArticle:
        return None


def _said(one: Article) -> Said:
    return one.title, one.summary, " ".join(one.markdown.split())
