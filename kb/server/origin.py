"""Which folder of articles an index was built from: remembered beside it, so that no command takes another unsaid."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Literal

from kb.config import Settings, default_articles
from kb.errors import HelpCenterError
from kb.files import written_aside

FILE = "articles.json"
MANUAL = "the manual"  # wherever it is installed

Use = Literal["builds", "reads", "uses", "looks"]  # what a command does: it builds the index, reads the articles
# alone, needs articles and index to be of one folder, or answers from the index whatever that was built from


class OtherArticles(HelpCenterError):
    """The index was built from another folder of articles than a command would take."""


def remember(settings: Settings) -> None:
    """Note from which articles the index is built; written whole or not at all, and only when it is another."""
    path, document = settings.generations / FILE, _document(settings)
    if _read(path) != document:
        with written_aside(path) as file:
            file.write(json.dumps(document, ensure_ascii=False).encode())


def other(settings: Settings) -> str:
    """Return the folder that the index was built from if it is another than that of the settings, else nothing.

    A checkout or a data folder that was moved together with its articles has not got others.
    """
    known, mine = _read(settings.generations / FILE), _document(settings)
    same = not known or known["articles"] == mine["articles"] or known["from_here"] == mine["from_here"]
    return "" if same else known["articles"]


def judge(settings: Settings, use: Use, *, named: bool) -> str:
    """Return what to say of an index that was built from other articles, or nothing.

    Raises OtherArticles where a command would take articles that nobody named, or an index that is not of those named.
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
    """Return what is remembered; nothing where nobody did, or where it cannot be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {"articles": str(document["articles"]), "from_here": str(document["from_here"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
