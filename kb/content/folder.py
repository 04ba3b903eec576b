"""The files of an articles folder: articles, settings and attachments, and none from outside."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from kb.errors import BadArticle, Problem

SUFFIXES = (".md", ".mdx", ".markdown")
ATTACHMENTS = frozenset(
    ".png .jpg .jpeg .gif .webp .avif .svg .ico .pdf .zip .txt .csv .json .ods .odt .odp .docx .xlsx .pptx "
    ".mp4 .webm".split()
)
MAX_FILES = 200_000


def walk(folder: Path, root: Path, problems: list[Problem]) -> Iterator[str]:
    """Yield the path of every file; a link that leads out of `root`, and what cannot be read, are problems."""
    stack, seen, count = [""], {root}, 0
    while stack:
        below = stack.pop()
        for entry in _entries(folder, below, problems):
            path = f"{below}{entry.name}"
            if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
                why = "the link leads out of the articles folder; copy the file in"
                problems.append(Problem(path, 1, why, "link-outside", "error"))
            elif entry.is_dir():
                real = Path(entry.path).resolve() if entry.is_symlink() else Path(entry.path)
                if not entry.name.startswith("_") and real not in seen:
                    seen.add(real)
                    stack.append(f"{path}/")
            elif entry.is_file():
                count += 1
                if count > MAX_FILES:
                    why = f"the folder holds over {MAX_FILES:,} files; name the articles' own folder"
                    raise BadArticle(str(folder), 1, why)
                yield path


def _entries(folder: Path, below: str, problems: list[Problem]) -> list[os.DirEntry[str]]:
    try:
        found = sorted(os.scandir(folder / below), key=lambda entry: entry.name, reverse=True)
    except OSError as error:
        problems.append(Problem(below or ".", 1, f"the folder cannot be read: {error.strerror}", "article", "error"))
        return []
    return [entry for entry in found if not entry.name.startswith(".") and entry.name != "node_modules"]


def sort_out(paths: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """Return articles, files that begin with an underscore, and attachments."""
    documents, specials, files = [], [], []
    for path in sorted(paths):
        name = path.rpartition("/")[2]
        suffix = os.path.splitext(name)[1].lower()
        if name.startswith("_"):
            specials += [path] if suffix in (".yml", ".yaml") else []
        elif suffix in SUFFIXES:
            documents.append(path)
        elif suffix in ATTACHMENTS:
            files.append(path)
    return documents, specials, files


def read_text(folder: Path, path: str, problems: list[Problem]) -> str:
    """Return the text of a file; one that cannot be read is a problem, and empty."""
    try:
        return (folder / path).read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(path, 1, f"the file cannot be read as UTF-8: {error}", "settings", "error"))
        return ""
