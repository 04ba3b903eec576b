"""Translations whose original says something else than it did when they were last changed, as git has it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from kb.content import article, history
from kb.content.article import Article
from kb.errors import BadArticle

Said = tuple[str, str, str]  # title, summary and text: what readers see


def outdated(folder: Path, articles: Sequence[Article], *, default_lang: str) -> frozenset[str]:
    """Return the paths of translations that their original has moved on from; none where there is no git.

    A commit that changes only keys of the original, such as `verified`, leaves its translations as good as they were.
    Any commit of the translation brings it up to date.
    """
    commits = history.commits(folder, [one.path for one in articles])
    originals = {one.id: one for one in articles if one.lang == default_lang and one.path in commits}
    pairs = [
        (commits[one.path].name, one, original)
        for one in articles
        if one.path in commits and (original := originals.get(one.id)) is not None
        if commits[original.path].after < commits[one.path].after
    ]
    then = _then(folder, tuple((commit, each.path) for commit, *both in pairs for each in both))
    return frozenset(
        one.path
        for commit, one, original in pairs
        if _revision(then.get((commit, one.path), b"")) == one.revision  # else it is being changed right now
        and (data := then.get((commit, original.path))) is not None
        and _said_by(original.path, data, lang=default_lang) not in (None, _said(original))
    )


@lru_cache(maxsize=1)
def _then(folder: Path, wanted: tuple[tuple[str, str], ...]) -> dict[tuple[str, str], bytes]:
    """Return files at commits: a process that indexes again and again asks git once."""
    return history.contents(folder, wanted) if wanted else {}


def _revision(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def _said_by(path: str, data: bytes, *, lang: str) -> Said | None:
    try:
        return _said(article.parse(path, data, default_lang=lang))
    except BadArticle:
        return None


def _said(one: Article) -> Said:
    return one.title, one.summary, " ".join(one.markdown.split())
