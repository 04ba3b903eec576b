"""Collections and systems side by side: every ranking of every collection, measured by one command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from kb.config import Settings
from search.evaluate import evaluation
from search.evaluate.beir import BadCollection, Folder
from search.rank.ranking import System

Wanted = System | Literal["all"] | None


def evaluate(
    settings: Settings, folder: Path, *, system: Wanted = None, learn_from: Sequence[str] = (), **options: Any
) -> dict[str, Any]:
    """Return the document of one collection and system, or of several `{"collections": [...]}`.

    `folder` is a collection or a folder of them. Where no system is named, one collection is ranked as the product
    ranks it untaught, and several are ranked by all systems; `learned` only where there is another split to learn from.
    """
    several = not (folder / "corpus.jsonl").is_file()
    if not several and system != "all":
        return evaluation.evaluate(settings, folder, system=system or "hybrid", learn_from=learn_from, **options)
    split = options.get("split", "dev")
    folders = _collections(folder, split) if several else [folder]
    runs = [run for one in folders for run in _systems(one, split, system, learn_from)]
    if system in (None, "all") and settings.embedder == "none":
        runs = [run for run in runs if run[1] != "dense"]
    for name in ("run", "against"):
        if options.get(name) is not None:
            raise BadCollection(f"--{name} names the ranking of one collection; name one with --system, too")
    return {
        "collections": [
            evaluation.evaluate(settings, one, system=own, learn_from=taught, **options) for one, own, taught in runs
        ]
    }


def _collections(folder: Path, split: str) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if (path / "qrels" / f"{split}.tsv").is_file())
    if not found:
        raise BadCollection(f"{folder} holds neither corpus.jsonl nor folders with qrels/{split}.tsv")
    return found


def _systems(
    folder: Path, split: str, wanted: Wanted, learn_from: Sequence[str]
) -> list[tuple[Path, System, Sequence[str]]]:
    """Return what ranks a collection, and what each learns from: the split `train` unless others are named."""
    names: Sequence[System] = get_args(System) if wanted in (None, "all") else [wanted]  # type: ignore[list-item]
    known = [name for name in learn_from or ["train"] if name in Folder(folder).splits and name != split]
    return [(folder, name, known if name == "learned" else ()) for name in names if name != "learned" or known]
