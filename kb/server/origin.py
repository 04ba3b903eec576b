"""Remember the folder that an index was built from, so that no command silently uses other articles."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Literal

from kb.config import Settings, default_articles
from kb.errors import HelpCenterError
from kb.files import written_aside

FILE = "articles.json"
MANUAL = "the manual"  # in any place of installation

# A command builds the index, reads only the articles, uses articles and an index of the same folder, or looks things up
# in an index of any articles.
Use = Literal["builds", "reads", "uses", "looks"]


class OtherArticles(HelpCenterError):
    """The index was built from another folder of articles than the one a command would use."""


def remember(settings: Settings) -> None:
    """Store the folder that the index is built from, atomically and only if it has changed."""
    path, document = settings.generations / FILE, _document(settings)
    if _read(path) != document:
        with written_aside(path) as file:
            file.write(json.dumps(document, ensure_ascii=False).encode())


def other(settings: Settings) -> str:
    """Return the folder that the index was built from if it differs from the settings, or "".

    A data folder that was moved together with its articles still has the same ones.
    """
    known, mine = _read(settings.generations / FILE), _document(settings)
    same = not known or known["articles"] == mine["articles"] or known["from_here"] == mine["from_here"]
    return "" if same else known["articles"]


def judge(settings: Settings, use: Use, *, named: bool) -> str:
    """Return a warning if the index was built from other articles, or "".

    Raise OtherArticles if the command would use articles that were not `named`, or an index of other articles than
    the named ones.
    """
    built = other(settings)
    if not built or (named and use == "reads"):
        return ""
    where, mine = settings.generations, settings.articles.resolve()
    if use == "looks" and not named:
        return f"{where} was built from {built}; results come from those articles"
    if use == "builds" and named:
        return f"{where} was built from {built}; from now on it is built from {mine}"
    if named:
        raise OtherArticles(f"{where} was built from {built}, not from {mine}; run 'kb index --articles {mine}' first")
    keep = str(default_articles()) if built == MANUAL else built
    raise OtherArticles(
        f"{where} was built from {built}, but this command would use {mine}; "
        f"choose one with --articles {keep} or --articles {mine}, or set KB_ARTICLES"
    )


def _document(settings: Settings) -> dict[str, str]:
    articles = settings.articles.resolve()
    name = MANUAL if articles == default_articles().resolve() else str(articles)
    return {"articles": name, "from_here": os.path.relpath(articles, settings.generations.resolve())}


def _read(path: Path) -> dict[str, str]:
    """Return the stored document, or {} if it is missing or cannot be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {"articles": str(document["articles"]), "from_here": str(document["from_here"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
